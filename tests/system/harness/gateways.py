"""Gateways side by side, their switches, and nothing behind them that would ever be asked."""
from concurrent.futures import ThreadPoolExecutor

import requests

from .cluster import Server
from .engines import Redis
from .process import wait_until

READS, WRITES = "/bulkhead/services/medical/reads", "/bulkhead/services/medical/writes"
FLIP, LOG = "/bulkhead/toggle/", "/bulkhead/toggles/log"
NOWHERE = {"WRITE_SERVERS": "127.0.0.1:9", "READ_SERVERS": "127.0.0.1:9"}


class Gateways:
    """As many as a test asks for, and the Redis that they share."""

    def __init__(self, site, name):
        self.site, self.folder = site, site.folder / name
        self.folder.mkdir()
        self.redis = Redis(f"{name}-redis", self.folder, site.ports.take())
        self.all = []

    def new(self, **settings):
        server = Server(f"gateway-{len(self.all)}", self.folder, self.site.ports, **{
            "SERVER_TYPE": "bulkhead", "REDIS_URL": self.redis.url(), **NOWHERE, **settings})
        self.all.append(server)
        return server

    def start(self, **settings):
        return self.new(**settings).start().await_ready()

    def alone(self, **settings):
        """One that has no Redis."""
        server = self.new(**settings)
        del server.settings["REDIS_URL"]
        return server.start().await_ready()

    def state_dir(self, name):
        folder = self.folder / name
        folder.mkdir()
        return folder

    def close(self):
        for process in [*self.all, self.redis]:
            process.kill()
            process.forget()


def switch(gateway, enabled, why="a drill", path=READS, **headers):
    """Sets a switch, and returns what was answered."""
    answer = gateway.request("PUT", path, json={"enabled": enabled, "why": why}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(gateway, path=READS):
    answer = gateway.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def changes(gateway, limit=1000):
    return gateway.get(f"{LOG}?limit={limit}").json()["changes"]


def await_same(gateways, seconds=3, path=READS):
    """Every one of them shows the switch alike, down to who and why."""
    def are_same():
        states = [shown(gateway, path) for gateway in gateways]
        return all(state == states[0] for state in states) and states[0]

    return wait_until(are_same, seconds, f"{[g.name for g in gateways]} to agree")


def flip_at_once(gateways, times):
    """Flips the reads so often, here and there at once."""
    def flip(number):
        address = gateways[number % len(gateways)].address
        answer = requests.post(f"http://{address}{FLIP}", json={"service_name": "GET"}, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["status"]

    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(flip, range(times)))

"""Which server the gateway asks: ejected ones not, until they answer again; each service has its
own opinion of a server; and a principal keeps its place."""
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from harness.process import wait_until

ENTRIES, IMAGES = "/v1/medical/entries", "/v1/imaging/images"
EJECTION_S, LONGEST_S = 5, 30  # a probe that is outrun lengthens it


class Backend(ThreadingHTTPServer):
    """A server that says its name; of the services in `broken` it hangs up on every request."""
    daemon_threads = True

    def __init__(self, name):
        super().__init__(("127.0.0.1", 0), Handler)
        self.name, self.broken, self.asked = name, set(), Counter()
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/ping":  # a check of the gateway's
            self.answer(200, b"")
            return
        service = self.path.split("/")[2]
        self.server.asked[service] += 1
        if service in self.server.broken:
            self.close_connection = True
            return
        self.answer(200, json.dumps({"name": self.server.name}).encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def backends():
    made = [Backend(f"backend-{n}") for n in range(3)]
    yield made
    for one in made:
        one.shutdown()
        one.server_close()


@pytest.fixture
def gateway(new_cluster, backends):
    def start(**settings):
        bulkhead = new_cluster(reads=0).bulkhead
        bulkhead.settings.update(READ_SERVERS=",".join(b.address for b in backends), **settings)
        return bulkhead.start().await_ready()

    return start


def ask(gateway, path=ENTRIES):
    answer = gateway.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["name"]


def mostly(gateway):
    """Who answers, but for hedges."""
    [(name, count)] = Counter(ask(gateway) for _ in range(50)).most_common(1)
    assert count >= 45
    return name


def events(gateway, *names):
    lines = [json.loads(line) for line in gateway.log().splitlines() if line.startswith("{")]
    return [(line["event"], line["service"], line["server"]) for line in lines
            if line["event"] in names]


def test_a_server_is_ejected_for_the_service_that_it_fails_and_asked_for_the_others(
        gateway, backends):
    server, bad = gateway(THREADS=2), backends[1]
    bad.broken.add("medical")
    resting_until = time.monotonic() + EJECTION_S
    for _ in range(100):
        if time.monotonic() < resting_until:  # the machine may be busy
            ask(server)
    assert bad.asked["medical"] == 3
    assert events(server, "gateway.ejection") == [("gateway.ejection", "medical", bad.address)]
    wait_until(lambda: ask(server, IMAGES) == bad.name, 5, "it to be asked for another service")


def test_one_that_answers_again_is_back_after_its_ejection(gateway, backends):
    server, bad = gateway(), backends[0]
    bad.broken.add("medical")
    while not events(server, "gateway.ejection"):
        asked_at = time.monotonic()
        ask(server)
    bad.broken.clear()
    wait_until(lambda: ask(server) == bad.name, LONGEST_S, "it to be asked again")
    assert time.monotonic() - asked_at > EJECTION_S / 2
    assert [event for event, *_ in events(server, "gateway.ejection", "gateway.return")] == [
        "gateway.ejection", "gateway.return"]


def test_though_every_server_fails_one_is_still_asked(gateway, backends):
    server = gateway()
    for one in backends:
        one.broken.add("medical")
    for _ in range(20):
        assert server.get(ENTRIES).status_code == 502
    assert len(events(server, "gateway.ejection")) == 2
    for one in backends:
        one.broken.clear()
    ask(server)


def test_the_principal_is_asked_alone_and_has_its_place_again_when_it_is_back(gateway, backends):
    server, principal = gateway(POLICY="principal", THREADS=2), backends[0]
    assert mostly(server) == "backend-0"
    principal.broken.add("medical")
    assert mostly(server) == "backend-1"
    principal.broken.clear()
    wait_until(lambda: ask(server) == "backend-0", LONGEST_S, "the principal to be back")
    assert mostly(server) == "backend-0"
    assert events(server, "gateway.failover", "gateway.failback") == [
        ("gateway.failover", "medical", backends[1].address),
        ("gateway.failback", "medical", principal.address)]

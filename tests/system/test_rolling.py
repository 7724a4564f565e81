"""Every server of every role restarted, one after the other, under 200 requests a second: nobody
sees it."""
import time
from collections import Counter
from functools import partial
from itertools import count

import pytest
from harness.balancer import Balancer
from harness.connection import Connection
from harness.load import ENTRIES, Clients, everything_is_everywhere
from harness.process import wait_until

CLIENTS, RATE = 20, 200
WRITE_EVERY = 4
IN_SERVICE = 20  # good answers


class Installation:
    """Two gateways behind a load balancer, two writers, three readers."""

    def __init__(self, cluster):
        self.cluster = cluster
        second = cluster.new_write("write-2")
        self.writes, self.reads = [cluster.write, second], cluster.reads
        places = {"WRITE_SERVERS": ",".join(write.address for write in self.writes)}
        for one in [*self.reads, cluster.bulkhead]:
            one.settings |= places
        self.gateways = [cluster.bulkhead, cluster.new_server(
            "bulkhead-2", "bulkhead", READ_SERVERS=cluster.bulkhead.settings["READ_SERVERS"],
            **places)]
        self.balancer = Balancer(f"{cluster.name}-balancer", cluster.folder, cluster.site.ports,
                                 self.gateways)
        cluster.processes.append(self.balancer)
        self.roles = {"read": self.reads, "write": self.writes, "gateway": self.gateways}

    def start(self):
        self.cluster.start()
        for server in [self.writes[1], self.gateways[1]]:
            server.start().await_ready()
        self.balancer.start()
        return self


class Users(Clients):
    """While in its block: every fourth request of each is a new entry, the others look at what was
    there before. None gives a key, and none repeats a request."""

    def __init__(self, installation, records):
        super().__init__()
        self.balancer, self.records = installation.balancer, records
        self.acknowledged, self.failures = [], Counter()
        self.what_happens = "nothing is restarted"
        self.jobs = [partial(self._work, number) for number in range(CLIENTS)]

    def _work(self, number):
        connection, began = Connection(self.balancer), time.monotonic()
        for turn in count():
            due = began + (turn + number / CLIENTS) * CLIENTS / RATE
            if self.stopping.wait(max(0, due - time.monotonic())):
                return
            if turn % WRITE_EVERY == 0:
                self._create(connection, f"usuario {number}, {turn}")
            else:
                self._look(connection, self.records[(turn + number) % len(self.records)])

    def _create(self, connection, title):
        answer = connection.ask("POST", ENTRIES, {"title": title})
        if self._is_well("POST", answer, 201, lambda said: said["title"] == title):
            self.acknowledged.append(title)

    def _look(self, connection, record):
        answer = connection.ask("GET", f"{ENTRIES}/{record['id']}")
        self._is_well("GET", answer, 200, lambda said: said["title"] == record["title"])

    def _is_well(self, method, answer, status, is_right):
        if answer is not None and answer.status == status and is_right(answer.json()):
            return True
        said = "broken" if answer is None else f"{answer.status} {answer.body[:200].decode()}"
        self.failures[f"{method}: {said}, while {self.what_happens}"] += 1
        return False


@pytest.fixture
def installation(new_cluster):
    return Installation(new_cluster(reads=3, THREADS=1, DRAIN_SECONDS=1)).start()


def test_rolling_restarts_of_every_role_fail_no_request(installation, is_long, say):
    cluster = installation.cluster
    records = [cluster.create(title=f"Antes {number}") for number in range(20)]
    cluster.await_everywhere(*records)
    restarts = 20 if is_long else 2
    with Users(installation, records) as users:
        for number in range(restarts):
            for servers in installation.roles.values():
                roll(users, servers[number % len(servers)])
            if is_long:
                say(f"{number + 1} of {restarts} restarts of every role,"
                    f" {len(users.acknowledged)} writes, failed: {users.failures.total()}")
    assert not users.failures, "\n".join(f"{n} × {what}" for what, n in users.failures.items())
    check_what_is_stored(cluster, users, records)


def roll(users, server):
    """Done when it has its share of the work again."""
    users.what_happens = f"{server.name} stops"
    assert server.stop() == 0
    users.what_happens = f"{server.name} starts"
    server.start().await_ready()
    wait_until(lambda: answers(server) > IN_SERVICE, 20, f"{server.name} to be in service")


def answers(server):
    """That were good ones. A write server's are creations."""
    code = 201 if server.settings["SERVER_TYPE"] == "write" else 200
    return sum(int(line.split()[-1]) for line in server.admin("/metrics").text.splitlines()
               if line.startswith(f'mamparo_http_answers_total{{code="{code}"}}'))


def check_what_is_stored(cluster, users, records):
    everything_is_everywhere(cluster)
    stored = Counter(title for [title] in cluster.written(
        "SELECT body::json->>'title' FROM medical.entries"))
    expected = Counter([*users.acknowledged, *(record["title"] for record in records)])
    assert stored == expected, "each that was acknowledged once, and no other"

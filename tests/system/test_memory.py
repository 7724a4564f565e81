"""However much more is asked than can be served: it is refused, and costs no memory."""
import json
from collections import Counter
from contextlib import contextmanager

import pytest
from harness.connection import Connection
from harness.load import ENTRIES, Clients
from harness.process import wait_until

CLIENTS = 200  # twice of what has a place: a batch of 32 under way, and 64 waiting
BODY = json.dumps({"title": "Larga", "content": "x" * 200_000}).encode()

# The times are long enough for a slow machine, but for the wait in the queue, which must be too
# short for some.
SETTINGS = {
    "THREADS": 1, "DATABASE_CONNECTIONS": 1, "DATABASE_QUEUE": 64, "QUEUE_MS": 500,
    "STATEMENT_TIMEOUT_MS": 60_000, "MAX_BODY_BYTES": 300_000, "MAX_CONNECTIONS": 1000}
SERVED = (201, None, False)
FULL = (503, "queue_full", True)
LATE = (503, "queue_timeout", True)


class Flood(Clients):
    """While in its block: each client posts a large entry as soon as it heard of the one before."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.endings = Counter()  # (status, reason, has Retry-After) → how often
        self.jobs = [self._pour] * CLIENTS

    def await_answers(self, more):
        target = self.endings.total() + more
        wait_until(lambda: self.endings.total() >= target or not self.server.is_running(), 300,
                   f"{more} more answers")
        assert self.server.is_running(), "it ended by itself"

    def _pour(self):
        connection = Connection(self.server, timeout=60)
        while not self.stopping.is_set():
            self.endings[ending(connection.ask("POST", ENTRIES, BODY))] += 1


def ending(answer):
    if answer is None:
        return "broken"
    reason = None if answer.status == 201 else answer.json()["reason"]
    return answer.status, reason, "Retry-After" in answer.headers


@contextmanager
def slowness(connection):
    """In the block every insert takes its time."""
    connection.execute("CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS"
                       " $$ BEGIN PERFORM pg_sleep(0.01); RETURN new; END $$")
    connection.execute("CREATE TRIGGER slow BEFORE INSERT ON medical.entries"
                       " FOR EACH ROW EXECUTE FUNCTION linger()")
    yield
    connection.execute("DROP TRIGGER slow ON medical.entries")


@pytest.fixture
def cluster(new_cluster):
    """A write server alone, that takes little at once."""
    cluster = new_cluster(reads=0, **SETTINGS)
    cluster.make_databases()
    cluster.redis.start()
    cluster.write.start().await_ready()
    return cluster


def test_memory_stays_flat_under_far_more_load_than_the_database_takes(cluster, is_long):
    half = 20_000 if is_long else 2000
    server = cluster.write
    with (Flood(server) as flood, cluster.postgres.connect(cluster.write_database) as connection,
          slowness(connection)):
        flood.await_answers(half)
        first = server.memory_peak()
        flood.await_answers(half)
        second = server.memory_peak()
    print(f"peaks of {first} and {second} bytes; answers: {dict(flood.endings)}")
    assert set(flood.endings) == {SERVED, FULL, LATE}
    assert second < 1.25 * first
    assert server.post(ENTRIES, {"title": "Después"}, timeout=2).status_code == 201

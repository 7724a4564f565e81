"""Queries that take long: they end in time, hold nobody up, and end when nobody waits for them."""
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

import pytest
from harness.connection import Connection
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"
LONG_MS = 60_000


def new_patient(new_cluster, **settings):
    """One read server, which lets a query take a minute unless it is told otherwise."""
    cluster = new_cluster(reads=1)
    cluster.reads[0].settings.update({
        "LOCK_TIMEOUT_MS": LONG_MS, "QUERY_TIMEOUT_MS": LONG_MS, "QUEUE_MS": LONG_MS, **settings})
    cluster.bulkhead.settings.update(TRY_TIMEOUT_MS=LONG_MS, REQUEST_TIMEOUT_MS=2 * LONG_MS)
    cluster.start()
    cluster.record = cluster.create(title="Rápida")
    cluster.await_everywhere(cluster.record)
    return cluster


@pytest.fixture
def patient(new_cluster):
    return new_patient(new_cluster)


def database(cluster):
    return f"{cluster.name}_read_1"


@contextmanager
def slow_lists(cluster):
    """Lists wait for a lock on the totals; nothing else does."""
    postgres = cluster.site.postgres
    with postgres.connect(database(cluster)) as connection, connection.transaction():
        connection.execute("LOCK TABLE mamparo.totals IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def sleeping_lists(cluster):
    """Lists really run, for a minute: the totals sleep."""
    with cluster.site.postgres.connect(database(cluster)) as connection:
        connection.execute("ALTER TABLE mamparo.totals RENAME TO real_totals")
        connection.execute("CREATE VIEW mamparo.totals AS SELECT t.* FROM mamparo.real_totals t,"
                           " LATERAL (SELECT pg_sleep(60 + 0 * t.total)) AS pause")
        connection.execute("GRANT SELECT ON mamparo.totals TO mamparo")
    yield


def running(cluster):
    """How many lists PostgreSQL is at."""
    [(count,)] = cluster.site.postgres.query(database(cluster), """
        SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()
        AND state = 'active' AND strpos(query, 'mamparo.totals') > 0 AND pid <> pg_backend_pid()""")
    return count


def ask_without_waiting(server, path=ENTRIES):
    client = socket.create_connection((server.host.address, server.port), timeout=10)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


def answered(server, code):
    line = f'mamparo_http_answers_total{{code="{code}"}} '
    return next(int(text.removeprefix(line)) for text in server.admin("/metrics").text.splitlines()
                if text.startswith(line))


def seconds_of_look_ups(cluster, count):
    connection, took = Connection(cluster.reads[0]), []
    for _ in range(count):
        begin = time.monotonic()
        assert connection.ask("GET", f"{ENTRIES}/{cluster.record['id']}").status == 200
        took.append(time.monotonic() - begin)
    return took


@pytest.mark.parametrize("cause", ["QUERY_TIMEOUT_MS", "LOCK_TIMEOUT_MS"])
def test_a_query_that_takes_too_long_is_504_with_a_reason_of_its_own(new_cluster, cause):
    cluster = new_patient(new_cluster, **{cause: 300})
    with slow_lists(cluster):
        for server in [cluster.reads[0], cluster.bulkhead]:
            answer = server.get(ENTRIES)
            assert answer.status_code == 504, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["reason"] == "query_timeout"
        old = cluster.reads[0].get("/database/read/")
        assert (old.status_code, old.json()["reason"]) == (504, "query_timeout")
        assert running(cluster) == 0
    assert cluster.reads[0].get(ENTRIES).status_code == 200


def test_every_connection_of_the_read_role_has_a_statement_timeout(new_cluster):
    cluster = new_patient(new_cluster, QUERY_TIMEOUT_MS=1234)
    with sleeping_lists(cluster):
        answer = cluster.reads[0].get(ENTRIES)
        assert (answer.status_code, answer.json()["reason"]) == (504, "query_timeout")


def test_look_ups_stay_fast_while_as_many_queries_as_may_are_slow(patient):
    server = patient.reads[0]
    before = median(seconds_of_look_ups(patient, 200))
    with ThreadPoolExecutor(40) as threads:
        with slow_lists(patient):
            slow = [threads.submit(Connection(server, LONG_MS / 1000).ask, "GET", ENTRIES)
                    for _ in range(40)]
            wait_until(lambda: running(patient) >= 4, 10, "the slow queries to run")
            during = median(seconds_of_look_ups(patient, 200))
            assert not any(one.done() for one in slow)
        assert {one.result().status for one in slow} == {200}
    print(f"a look-up takes {before * 1000:.2f} ms, beside slow queries {during * 1000:.2f} ms")
    assert during < 20 * before


@pytest.mark.parametrize("slow", [slow_lists, sleeping_lists])
@pytest.mark.parametrize("door", ["read", "bulkhead"])
def test_a_query_whose_client_left_is_ended(patient, slow, door):
    server = patient.reads[0] if door == "read" else patient.bulkhead
    with slow(patient):
        clients = [ask_without_waiting(server) for _ in range(3)]
        wait_until(lambda: running(patient) == 3, 10, "the queries to run")
        clients.pop().close()
        wait_until(lambda: running(patient) == 2, 10, "the first to end")
        for client in clients:
            client.close()
        wait_until(lambda: running(patient) == 0, 10, "the others to end")
        assert answered(server, 499) == 3
        assert patient.reads[0].is_ready()
        assert seconds_of_look_ups(patient, 1)
    assert "database.down" not in patient.reads[0].log()


def test_a_query_that_waits_for_its_turn_is_dropped_with_its_client(new_cluster):
    cluster = new_patient(new_cluster, QUERY_CONNECTIONS=1, THREADS=1)
    server = cluster.reads[0]
    with slow_lists(cluster):
        first = ask_without_waiting(server)
        wait_until(lambda: running(cluster) == 1, 10, "the first to run")
        waiting = [ask_without_waiting(server) for _ in range(20)]
        for client in waiting:
            client.close()
        wait_until(lambda: answered(server, 499) == 20, 10, "the others to be dropped")
        assert running(cluster) == 1
    assert first.recv(15) == b"HTTP/1.1 200 OK"
    first.close()
    assert server.get(ENTRIES).status_code == 200


def test_clients_that_come_and_leave_leave_nothing_behind(patient):
    server = patient.reads[0]
    with slow_lists(patient):
        for _ in range(10):
            for client in [ask_without_waiting(server) for _ in range(10)]:
                client.close()
            wait_until(lambda: running(patient) == 0, 10, "all of them to be ended")
        assert server.is_ready()
    wait_until(lambda: server.get(ENTRIES).status_code == 200, 10, "lists to be answered")
    assert "database.down" not in server.log()


def test_a_write_whose_client_left_is_done_all_the_same(patient):
    with (patient.postgres.connect(patient.write_database) as connection,
          connection.transaction()):
        connection.execute("LOCK TABLE medical.entries IN ACCESS EXCLUSIVE MODE")
        body = b'{"title":"Sin esperar"}'
        client = socket.create_connection((patient.write.host.address, patient.write.port))
        client.sendall(b"POST /v1/medical/entries HTTP/1.1\r\nHost: x\r\nContent-Type: "
                       b"application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        wait_until(lambda: waiting_writes(patient) == 1, 10, "the write to wait for the lock")
        client.close()
        time_to_notice(patient.write)
    wait_until(lambda: patient.written(
        "SELECT count(*)::int FROM medical.entries WHERE body LIKE '%%Sin esperar%%'") == [(1,)], 10,
               "the write to be done")


def waiting_writes(cluster):
    [(count,)] = cluster.written("""
        SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock'""")
    return count


def time_to_notice(server):
    """Some turns of the server's loop, as its own clock tells: those that look for who has left."""
    for _ in range(20):
        assert server.get("/v1/openapi.json").status_code == 200

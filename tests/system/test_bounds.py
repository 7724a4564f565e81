"""Nothing waits without end, and nothing is taken without limit: what is too much is refused in
time, in so many words, and the others are served on."""
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from harness.load import ENTRIES
from harness.process import wait_until

JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024
FULL = (503, "queue_full", True)
LATE = (503, "queue_timeout", True)
SLACK_S = 2.5  # of a slow machine


@pytest.fixture
def new_server(cluster, request):
    """Further servers on the cluster's databases, of the role and with the settings wanted."""
    made = []

    def make(role, **settings):
        name = f"{role}-{request.node.name}"
        if role == "write":
            server = cluster.new_write(name)
        elif role == "read":
            server = cluster.new_read(name, "read_1")
        else:
            server = cluster.new_server(name, role, READ_SERVERS=cluster.reads[0].address,
                                        WRITE_SERVERS=cluster.write.address)
        server.settings.update(settings)
        made.append(server)
        return server.start().await_ready()

    yield make
    for server in made:
        server.kill()


def is_problem(answer, status, reason):
    assert (answer.status_code, answer.json()["reason"]) == (status, reason), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    return True


def ending(answer):
    """What became of a request: status, reason and whether it says when to come again."""
    if answer.status_code < 400:
        return answer.status_code, None, False
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    wait = answer.headers.get("Retry-After", "")
    return answer.status_code, answer.json()["reason"], wait.isdigit() and int(wait) > 0


def timed(ask):
    """An answer, and how many seconds it took."""
    began = time.monotonic()
    return ask(), time.monotonic() - began


@contextmanager
def held(connection, statement, *parameters):
    """Locks what the statement locks, while in the block."""
    with connection, connection.transaction():
        connection.execute(statement, parameters)
        yield


def whole_table(cluster, role):
    database = f"{cluster.name}_read_1" if role == "read" else cluster.write_database
    return held(cluster.site.postgres.connect(database), "LOCK TABLE medical.entries")


def row_of(cluster, record):
    return held(cluster.postgres.connect(cluster.write_database),
                "SELECT FROM medical.entries WHERE id = %s FOR UPDATE", record["id"])


def await_lock_waits(cluster, count):
    """Until so many statements, of whichever database, wait for a lock."""
    def waiting():
        [(found,)] = cluster.site.postgres.query(
            "postgres", "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return found >= count

    wait_until(waiting, 5, "a statement to wait for the lock")


# Queues

NARROW = {"THREADS": 1, "DATABASE_CONNECTIONS": 1, "QUEUE_MS": 1000, "LOCK_TIMEOUT_MS": 20_000,
          "STATEMENT_TIMEOUT_MS": 20_000, "QUERY_CONNECTIONS": 1, "QUERY_TIMEOUT_MS": 20_000}


@pytest.mark.parametrize("queue", [1, 8])
@pytest.mark.parametrize("role", ["write", "read"])
def test_what_the_queue_does_not_take_is_refused_at_once_and_what_it_takes_in_time(
        cluster, new_server, role, queue):
    def ask():
        if role == "read":
            return server.get(ENTRIES, timeout=30)
        return server.post(ENTRIES, {"title": "Cola"}, timeout=30)

    server = new_server(role, DATABASE_QUEUE=queue, **NARROW)
    with ThreadPoolExecutor(24) as pool:
        with whole_table(cluster, role):
            first = pool.submit(ask)
            await_lock_waits(cluster, 1)
            answers = [one.result() for one in [pool.submit(timed, ask) for _ in range(20)]]
            assert server.is_live()
        assert first.result().status_code == (200 if role == "read" else 201)
    endings = Counter(ending(answer) for answer, _ in answers)
    assert set(endings) == {FULL, LATE}
    assert endings[LATE] >= queue
    for answer, seconds in answers:
        if ending(answer) == LATE:
            assert 0.9 < seconds < 1 + SLACK_S
    assert min(seconds for answer, seconds in answers if ending(answer) == FULL) < 0.5
    assert ask().status_code < 300


def test_the_gateway_passes_on_when_to_come_again(cluster, new_server):
    write = new_server("write", DATABASE_QUEUE=1, **NARROW)
    gateway = new_server("bulkhead", WRITE_SERVERS=write.address, REQUEST_TIMEOUT_MS=20_000)
    with ThreadPoolExecutor(12) as pool:
        with whole_table(cluster, "write"):
            first = pool.submit(gateway.post, ENTRIES, {"title": "Cola"})
            await_lock_waits(cluster, 1)
            answers = list(pool.map(lambda _: gateway.post(ENTRIES, {"title": "Cola"}), range(8)))
        assert first.result().status_code == 201
    assert set(map(ending, answers)) <= {FULL, LATE}


# Statements

@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("method", ["PATCH", "DELETE", "batch"])
def test_a_statement_waits_for_a_lock_only_so_long_and_its_neighbours_succeed(
        cluster, new_server, method, connections):
    def change():
        if method == "batch":
            return server.post(f"{ENTRIES}/batch", [{"id": record["id"], "title": "Otra"}])
        return server.request(method, path, json={"title": "Otra"})

    server = new_server("write", THREADS=1, DATABASE_CONNECTIONS=connections, LOCK_TIMEOUT_MS=400,
                        STATEMENT_TIMEOUT_MS=20_000, QUEUE_MS=10_000)
    record = cluster.create(title="Cerrada")
    path = f"{ENTRIES}/{record['id']}"
    with ThreadPoolExecutor(24) as pool, row_of(cluster, record):
        blocked = pool.submit(timed, change)
        neighbours = list(pool.map(
            lambda n: server.post(ENTRIES, {"title": f"Vecina {n}"}).status_code, range(20)))
        answer, seconds = blocked.result()
    assert is_problem(answer, 504, "timeout")
    assert 0.4 <= seconds < 0.4 + SLACK_S
    assert neighbours == [201] * 20
    assert server.get(path).json() == record
    assert cluster.written(
        "SELECT version FROM mamparo.events WHERE subject = %s", record["id"]) == [(1,)]
    assert change().status_code < 300


@pytest.mark.parametrize("role", ["write", "read"])
def test_a_statement_runs_only_so_long(cluster, new_server, role):
    def ask():
        return server.get(ENTRIES) if role == "read" else server.post(ENTRIES, {"title": "Larga"})

    server = new_server(role, THREADS=1, STATEMENT_TIMEOUT_MS=400, QUERY_TIMEOUT_MS=400,
                        LOCK_TIMEOUT_MS=20_000)
    with whole_table(cluster, role):
        answer, seconds = timed(ask)
    assert is_problem(answer, 504, "query_timeout" if role == "read" else "timeout")
    assert 0.4 <= seconds < 0.4 + SLACK_S
    assert ask().status_code < 300


# Bodies

def large_body(size):
    begin, end = b'{"title":"Grande","content":"', b'"}'
    return begin + b"x" * (size - len(begin) - len(end)) + end


def post(server, body):
    return server.request("POST", ENTRIES, data=body, headers=JSON)


def send_if_open(connection, data):
    """Some may have been refused already."""
    try:
        connection.sendall(data)
    except ConnectionError:
        pass


@contextmanager
def half_sent(server, count, size=900_000, sent=900_000):
    """So many connections, each with a body of which only a part is sent."""
    head = (f"POST {ENTRIES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {size + 1}\r\n\r\n").encode()
    connections = []
    try:
        for _ in range(count):
            connections.append(socket.create_connection(("127.0.0.1", server.port), timeout=5))
            send_if_open(connections[-1], head + b"x" * sent)
        yield connections
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("role", ["write", "bulkhead"])
def test_while_many_bodies_are_held_large_ones_are_refused_and_small_ones_taken(
        new_server, role, threads):
    server = new_server(role, THREADS=threads, BODY_BUDGET_BYTES=MIB, MAX_BODY_BYTES=MIB)
    assert post(server, large_body(900_000)).status_code == 201
    with half_sent(server, 16):
        wait_until(lambda: ending(post(server, large_body(900_000))) == FULL, 5,
                   "a large body to be refused")
        for _ in range(10):
            assert ending(post(server, large_body(900_000))) == FULL
            assert post(server, large_body(500)).status_code == 201
        assert server.is_ready()
    wait_until(lambda: post(server, large_body(900_000)).status_code == 201, 5,
               "a large body to be taken again")
    assert [post(server, large_body(900_000)).status_code for _ in range(5)] == [201] * 5


def test_bodies_that_were_begun_before_the_budget_was_spent_do_not_go_beyond_it_either(new_server):
    """All heads first, which cost nothing yet, and then the bodies, little by little."""
    count, size, rounds = 64, 900_000, 20
    server = new_server("write", THREADS=1, BODY_BUDGET_BYTES=4 * MIB, MAX_BODY_BYTES=MIB)
    server.memory_peak()
    before = server.memory_peak()
    with half_sent(server, count, size, sent=1) as connections:
        for _ in range(rounds):
            for connection in connections:
                send_if_open(connection, b"x" * (size // rounds))
            assert post(server, large_body(500)).status_code == 201
            time.sleep(0.05)  # a client's pace
        held = server.memory_peak() - before
    assert held < count * size / 2


@pytest.mark.parametrize("role", ["write", "bulkhead", "read"])
def test_a_body_beyond_the_limit_is_413(new_server, role):
    server = new_server(role, MAX_BODY_BYTES=2048)
    at_most = post(server, large_body(2048))
    assert at_most.status_code == (405 if role == "read" else 201), at_most.text
    for size in [2049, 20_000, 3 * MIB]:
        assert is_problem(post(server, large_body(size)), 413, "too_large")


def nested(levels, begin, end):
    """A document so many levels deep, of which the outer ones begin and end like this."""
    inner = levels - begin.count("[") - begin.count("{")
    return begin + "[" * inner + "]" * inner + end


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "batch"])
@pytest.mark.parametrize("door", ["write", "bulkhead"])
def test_a_body_of_33_levels_is_400_and_one_of_32_is_read(cluster, door, method):
    def send(levels):
        if method == "batch":
            return ask("POST", f"{ENTRIES}/batch", nested(levels, '[{"title":', "}]"))
        path = ENTRIES if method == "POST" else f"{ENTRIES}/{record['id']}"
        return ask(method, path, nested(levels, '{"title":', "}"))

    def ask(verb, path, body):
        return getattr(cluster, door).request(verb, path, data=body, headers=JSON)

    record = cluster.create(title="Llana")
    read = send(32)
    if method == "batch":
        assert [one["status"] for one in read.json()["outcomes"]] == [422]
    else:
        assert is_problem(read, 422, "invalid")
    for levels in [33, 34, 1000, 100_000]:
        answer = send(levels)
        assert is_problem(answer, 400, "bad_request")
        assert "32" in answer.json()["detail"]
    assert cluster.write.get(f"{ENTRIES}/{record['id']}").json() == record

"""Compartments: so many of a service's reads, or writes, are under way at once, so many more wait for
a moment, and whatever happens to these, the others do not notice."""
import re
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.cluster import Server
from harness.connection import Connection
from harness.held_server import HeldServer
from harness.process import Ports, wait_until

MEDICAL, IMAGING = "/v1/medical/entries", "/v1/imaging/images"
IN_FLIGHT, QUEUE = 4, 8
LONG_MS = 60_000
SLACK_S = 2.5  # of a slow machine


@pytest.fixture
def ports():
    return Ports()


@pytest.fixture
def behind(ports):
    with HeldServer(ports.take()) as server:
        yield server


@pytest.fixture
def new_gateway(ports, behind, tmp_path):
    made = []

    def make(**settings):
        gateway = Server("gateway", tmp_path, ports, SERVER_TYPE="bulkhead",
                         **{"READ_SERVERS": behind.address, "WRITE_SERVERS": behind.address,
                            "READ_IN_FLIGHT": IN_FLIGHT, "WRITE_IN_FLIGHT": IN_FLIGHT,
                            "TRY_TIMEOUT_MS": LONG_MS, "REQUEST_TIMEOUT_MS": LONG_MS,
                            "QUEUE_TIMEOUT_MS": LONG_MS, **settings})
        made.append(gateway)
        return gateway.start().await_ready()

    yield make
    for gateway in made:
        gateway.kill()
        gateway.forget()


class Crowd:
    """Clients, each with a request and a connection of its own."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.pool = ThreadPoolExecutor(100)
        self.asked = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pool.shutdown()

    def ask(self, count=1, method="GET", path=MEDICAL):
        body = {"title": "Cola"} if method == "POST" else None
        asked = [self.pool.submit(timed_ask, self.gateway, method, path, body)
                 for _ in range(count)]
        self.asked += asked
        return asked

    def endings(self):
        """What became of those who have their answer."""
        return Counter(ending(one.result()[0]) for one in self.asked if one.done())


def timed_ask(gateway, method, path, body):
    began = time.monotonic()
    answer = Connection(gateway, timeout=LONG_MS / 1000).ask(method, path, body)
    return answer, time.monotonic() - began


def ending(answer):
    """The status where it is good, else the reason, which is said as it should be."""
    if answer.status < 400:
        return answer.status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status
    if problem["reason"].startswith("queue"):
        assert answer.status == 503
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    return problem["reason"]


def metric(gateway, name, **labels):
    """Its value; 0 when there is none of those labels yet."""
    shown = ",".join(f'{label}="{value}"' for label, value in labels.items())
    found = re.search(rf"^mamparo_gateway_{name}{{{shown}}} (\d+)$",
                      gateway.admin("/metrics").text, re.M)
    return int(found[1]) if found else 0


def refused(gateway, reason):
    """Of all compartments."""
    shown = rf'^mamparo_gateway_refusals_total{{.*reason="{reason}"}} (\d+)$'
    return sum(map(int, re.findall(shown, gateway.admin("/metrics").text, re.M)))


def load(gateway, service="medical", side="reads"):
    """How many are in, and how many wait."""
    return (metric(gateway, "in_flight", service=service, side=side),
            metric(gateway, "waiting", service=service, side=side))


def await_load(gateway, in_flight, waiting, **which):
    wait_until(lambda: load(gateway, **which) == (in_flight, waiting), 10,
               f"{in_flight} to be in and {waiting} to wait")


def write_without_reading(gateway, path=MEDICAL):
    client = socket.create_connection((gateway.host.address, gateway.port), timeout=10)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("method, side", [("GET", "reads"), ("POST", "writes")])
def test_so_many_reach_the_server_so_many_wait_and_all_others_are_refused_at_once(
        new_gateway, behind, threads, method, side):
    gateway = new_gateway(THREADS=threads)
    behind.hold("medical")
    with Crowd(gateway) as crowd:
        crowd.ask(60, method)
        wait_until(lambda: sum(crowd.endings().values()) == 60 - IN_FLIGHT - QUEUE, 10,
                   "all those to be refused for whom there is no place")
        assert crowd.endings() == {"queue_full": 60 - IN_FLIGHT - QUEUE}
        assert load(gateway, side=side) == (IN_FLIGHT, QUEUE)
        wait_until(lambda: behind.inside["medical"] == IN_FLIGHT, 10, "the others to arrive")
        behind.let_go("medical")
    assert crowd.endings() == {"queue_full": 60 - IN_FLIGHT - QUEUE, 200: IN_FLIGHT + QUEUE}
    assert behind.most["medical"] == IN_FLIGHT
    assert len(behind.seen) == IN_FLIGHT + QUEUE
    assert refused(gateway, "queue_full") == 60 - IN_FLIGHT - QUEUE
    assert load(gateway, side=side) == (0, 0)


def test_the_limit_is_one_for_each_read_server(new_gateway, behind, ports):
    with HeldServer(ports.take()) as other:
        gateway = new_gateway(READ_SERVERS=f"{behind.address},{other.address}", READ_QUEUE=3)
        behind.hold("medical")
        other.hold("medical")
        with Crowd(gateway) as crowd:
            crowd.ask(30)
            wait_until(lambda: sum(crowd.endings().values()) == 30 - 2 * IN_FLIGHT - 3, 10,
                       "the others to be refused")
            assert load(gateway) == (2 * IN_FLIGHT, 3)
            assert metric(gateway, "in_flight_limit", service="medical",
                          side="reads") == 2 * IN_FLIGHT
            behind.let_go("medical")
            other.let_go("medical")
    assert behind.most["medical"] + other.most["medical"] == 2 * IN_FLIGHT


def test_nobody_waits_longer_than_the_deadline(new_gateway, behind):
    gateway = new_gateway(QUEUE_TIMEOUT_MS=250)
    behind.hold("medical")
    with Crowd(gateway) as crowd:
        crowd.ask(IN_FLIGHT + QUEUE)
        wait_until(lambda: crowd.endings() == {"queue_timeout": QUEUE}, 10, "the line to give up")
        assert load(gateway) == (IN_FLIGHT, 0)
        assert refused(gateway, "queue_timeout") == QUEUE
        late = [seconds for answer, seconds in (one.result() for one in crowd.asked if one.done())]
        behind.let_go("medical")
    # A loop's timers count from the beginning of its turn, so one may fire a little early.
    assert 0.25 / 2 < min(late) and max(late) < 0.25 + SLACK_S, late
    assert crowd.endings() == {"queue_timeout": QUEUE, 200: IN_FLIGHT}
    assert len(behind.seen) == IN_FLIGHT


def test_who_came_first_is_first_by_whichever_connection(new_gateway, behind):
    gateway = new_gateway(THREADS=3, READ_IN_FLIGHT=1, READ_QUEUE=10)
    behind.hold("medical")
    with Crowd(gateway) as crowd:
        for number in range(11):
            crowd.ask(path=f"{MEDICAL}?page={number + 1}")
            await_load(gateway, 1, number)
        for number in range(11):
            behind.let_one_go()
            wait_until(lambda: crowd.endings() == {200: number + 1}, 10, "the next one to go")
    assert behind.seen == [f"{MEDICAL}?page={number + 1}" for number in range(11)]
    assert behind.most["medical"] == 1


def test_clients_that_leave_the_line_give_their_places_back(new_gateway, behind):
    gateway = new_gateway()
    behind.hold("medical")
    with Crowd(gateway) as crowd:
        crowd.ask(IN_FLIGHT)
        await_load(gateway, IN_FLIGHT, 0)
        leaving = [write_without_reading(gateway, f"{MEDICAL}?q=gone") for _ in range(QUEUE)]
        await_load(gateway, IN_FLIGHT, QUEUE)
        for client in leaving:
            client.close()
        await_load(gateway, IN_FLIGHT, 0)
        crowd.ask(QUEUE)
        await_load(gateway, IN_FLIGHT, QUEUE)
        behind.let_go("medical")
    assert crowd.endings() == {200: IN_FLIGHT + QUEUE}
    assert refused(gateway, "cancelled") == QUEUE
    assert behind.seen == [MEDICAL] * (IN_FLIGHT + QUEUE)
    assert load(gateway) == (0, 0)


def test_clients_that_leave_while_they_are_served_let_others_in(new_gateway, behind):
    gateway = new_gateway()
    behind.hold("medical")
    served = [write_without_reading(gateway, f"{MEDICAL}?q=gone") for _ in range(IN_FLIGHT)]
    await_load(gateway, IN_FLIGHT, 0)
    with Crowd(gateway) as crowd:
        crowd.ask(QUEUE)
        await_load(gateway, IN_FLIGHT, QUEUE)
        for client in served:
            client.close()
        await_load(gateway, IN_FLIGHT, QUEUE - IN_FLIGHT)
        behind.let_go("medical")
    assert crowd.endings() == {200: QUEUE}
    await_load(gateway, 0, 0)


def test_another_compartment_does_not_notice_that_one_is_full(new_gateway, behind):
    gateway = new_gateway()
    behind.hold("medical")
    with Crowd(gateway) as crowd, Crowd(gateway) as others:
        crowd.ask(IN_FLIGHT + QUEUE)
        await_load(gateway, IN_FLIGHT, QUEUE)
        for _ in range(25):
            for one in others.ask(IN_FLIGHT, path=IMAGING):
                assert one.result()[0].status == 200
        assert load(gateway, "imaging") == (0, 0)
        assert crowd.endings() == {}
        writes = others.ask(method="POST")
        await_load(gateway, 1, 0, side="writes")
        behind.let_go("medical")
        assert writes[0].result()[0].status == 200
    assert others.endings() == {200: 25 * IN_FLIGHT + 1}
    assert refused(gateway, "queue_full") == 0


def test_the_refused_are_told_how_long_the_line_takes(new_gateway, behind):
    gateway = new_gateway()
    behind.pace_s = 1.5
    with Crowd(gateway) as crowd:
        crowd.ask(IN_FLIGHT)
        wait_until(lambda: crowd.endings() == {200: IN_FLIGHT}, 10, "the first to be answered")
        behind.pace_s = 0
        behind.hold("medical")
        crowd.ask(IN_FLIGHT + QUEUE)
        await_load(gateway, IN_FLIGHT, QUEUE)
        [last] = crowd.ask()
        answer, _ = last.result()
        behind.let_go("medical")
    assert ending(answer) == "queue_full"
    assert int(answer.headers["Retry-After"]) >= 1.5 * (IN_FLIGHT + QUEUE) / IN_FLIGHT


def test_whatever_becomes_of_requests_every_permit_comes_back(new_gateway, behind, chance):
    """Answers, broken connections, clients that leave, lines that are full or too slow."""
    def visit(seed):
        for step in range(40):
            way = (seed * 31 + step * 17) % 10
            if way == 0:
                client = write_without_reading(gateway)
                client.settimeout(0.001 * (step % 5 + 1))
                try:
                    client.recv(1)
                except TimeoutError:
                    pass
                client.close()
            else:
                path = f"{MEDICAL}?q=break" if way == 1 else MEDICAL
                answer, _ = timed_ask(gateway, "GET", path, None)
                with lock:
                    seen[ending(answer)] += 1

    gateway = new_gateway(QUEUE_TIMEOUT_MS=20)
    behind.pace_s = 0.005
    seen, lock = Counter(), threading.Lock()
    with ThreadPoolExecutor(32) as clients:
        for visited in [clients.submit(visit, chance.randrange(1000)) for _ in range(32)]:
            visited.result()
    await_load(gateway, 0, 0)
    assert {200, "queue_full", "queue_timeout"} <= set(seen), seen
    assert behind.most["medical"] <= IN_FLIGHT + refused(gateway, "cancelled")
    # Whoever left may have been refused first, without hearing it.
    for reason in ["queue_full", "queue_timeout", "upstream_failed"]:
        assert seen[reason] <= refused(gateway, reason) <= seen[reason] + 32 * 40
    behind.pace_s = 0
    behind.hold("medical")
    with Crowd(gateway) as crowd:
        crowd.ask(IN_FLIGHT)
        wait_until(lambda: load(gateway) == (IN_FLIGHT, 0), 10, "as many to be in as before")
        behind.let_go("medical")
    assert crowd.endings() == {200: IN_FLIGHT}


def test_the_counters_are_what_clients_saw(new_gateway, behind):
    gateway = new_gateway(QUEUE_TIMEOUT_MS=50)
    behind.pace_s = 0.03
    with Crowd(gateway) as crowd:
        crowd.ask(300)
    seen = crowd.endings()
    assert sum(seen.values()) == 300
    assert {200, "queue_full"} <= set(seen), seen
    for reason in set(seen) - {200}:
        assert refused(gateway, reason) == seen[reason]
    assert len(behind.seen) == seen[200]
    assert behind.most["medical"] <= IN_FLIGHT


def test_the_adaptive_limit_grows_with_use_and_shrinks_when_answers_slow_down(
        new_gateway, behind):
    def limit():
        return metric(gateway, "in_flight_limit", service="medical", side="reads")

    def insist():
        connection = Connection(gateway)
        while not done.is_set():
            assert connection.ask("GET", MEDICAL).status == 200

    gateway = new_gateway(READ_IN_FLIGHT=64, ADAPTIVE_LIMIT="on")
    done = threading.Event()
    behind.pace_s = 0.02
    begin = limit()
    assert begin < 64
    with ThreadPoolExecutor(12) as clients:
        asking = [clients.submit(insist) for _ in range(12)]
        try:
            wait_until(lambda: limit() > begin, 20, "the limit to grow")
            behind.pace_s = 0.3
            high = wait_until(lambda: behind.inside["medical"] and limit(), 10, "slow answers")
            wait_until(lambda: limit() < high, 20, "the limit to shrink")
        finally:
            behind.pace_s = 0
            done.set()
        for one in asking:
            one.result()
    assert behind.most["medical"] <= 64

"""RATE_LIMIT: a client gets its burst and its rate, another one is not touched, and what is refused
is counted exactly."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.connection import Connection
from harness.process import wait_until
from harness.recorder import Recorder, gateway_before

ENTRIES = "/v1/medical/entries"
BURST = 20
# No token comes back while a test runs: the slowest rate is one a second, so what may have come
# is counted in.
REFUSED = 'mamparo_gateway_refusals_total{service="",side="",reason="rate_limited"} '


@pytest.fixture
def behind():
    made = Recorder()
    yield made
    made.close()


@pytest.fixture
def start(behind, tmp_path):
    """Starts a gateway that limits."""
    opened = []

    def start(**settings):
        given = {"RATE_LIMIT": 1, "RATE_BURST": BURST, **settings}
        opened.append(gateway_before(behind, tmp_path, **given))
        return opened[-1].__enter__()

    yield start
    for one in opened:
        one.__exit__(None, None, None)


def ask_many(server, count, **headers):
    """Of that many requests, how many passed, and the seconds in which they were asked."""
    connection, began = Connection(server), time.monotonic()
    answers = [connection.ask("GET", ENTRIES, headers=headers) for _ in range(count)]
    assert {answer.status for answer in answers} <= {200, 429}
    return sum(answer.status == 200 for answer in answers), time.monotonic() - began


def is_burst(passed, seconds):
    return BURST <= passed <= BURST + int(seconds) + 1


def refused(server):
    lines = server.admin("/metrics").text.splitlines()
    return sum(int(line.removeprefix(REFUSED)) for line in lines if line.startswith(REFUSED))


def test_without_a_limit_there_is_none(start, behind):
    server = start(RATE_LIMIT=0)
    assert ask_many(server, 500)[0] == 500 == len(behind.requests)


def test_a_client_gets_its_burst_and_all_else_is_refused_and_counted(start, behind):
    server = start()
    passed, seconds = ask_many(server, 300)
    assert is_burst(passed, seconds)
    assert len(behind.requests) == passed
    assert refused(server) == 300 - passed


def test_the_loops_of_a_gateway_share_one_limit(start, behind):
    server, began = start(THREADS=4), time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        passed = sum(pool.map(lambda _: ask_many(server, 50)[0], range(8)))
    assert is_burst(passed, time.monotonic() - began)
    assert len(behind.requests) == passed and refused(server) == 400 - passed


def test_a_refusal_says_when_to_come_again_and_then_one_may(start):
    server = start(RATE_BURST=1)
    assert server.get(ENTRIES).status_code == 200
    answer = server.get(ENTRIES)
    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["reason"] == "rate_limited" and answer.headers["Retry-After"] == "1"
    assert answer.headers["X-Request-Id"]
    wait_until(lambda: server.get(ENTRIES).status_code == 200, 5, "the next token")


def test_how_long_one_has_to_wait_follows_from_the_rate(start):
    server = start(RATE_LIMIT=100, RATE_BURST=1, RATE_LIMIT_BY="key")
    answers = [server.get(ENTRIES) for _ in range(200)]
    refusals = [answer for answer in answers if answer.status_code == 429]
    assert refusals and {answer.headers["Retry-After"] for answer in refusals} == {"1"}


def test_the_older_paths_are_refused_in_their_own_words(start):
    server = start(RATE_BURST=1)
    server.get(ENTRIES)
    answer = server.get("/bulkhead/?page=1")
    assert answer.status_code == 429 and answer.json()["error"]
    assert answer.json()["reason"] == "rate_limited"


def test_health_is_never_refused(start):
    server = start(RATE_BURST=1)
    server.get(ENTRIES)
    assert {server.get("/database/health/").status_code for _ in range(50)} == {200}


def test_behind_a_trusted_proxy_each_client_has_its_own(start):
    server = start(TRUSTED_PROXIES="127.0.0.1")
    for client in ["192.0.2.1", "192.0.2.2", "2001:db8:1:1::1", "2001:db8:1:2::1"]:
        assert is_burst(*ask_many(server, 60, **{"X-Forwarded-For": f"9.9.9.9, {client}"}))
    same_site = ask_many(server, 60, **{"X-Forwarded-For": "2001:db8:1:1:ffff::"})
    assert same_site[0] <= same_site[1] + 2


def test_an_address_that_nobody_vouches_for_is_no_new_client(start):
    server, began = start(), time.monotonic()
    passed = sum(ask_many(server, 1, **{"X-Forwarded-For": f"10.0.0.{n}"})[0] for n in range(100))
    assert is_burst(passed, time.monotonic() - began)


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
def test_by_key_each_key_has_its_own(start, header):
    server = start(RATE_LIMIT_BY="key")
    for key in ["one", "another"]:
        assert is_burst(*ask_many(server, 60, **{header: key}))
    assert is_burst(*ask_many(server, 60)), "without a key it is the address"


def test_no_key_is_ever_shown(start):
    server = start(RATE_LIMIT_BY="key", RATE_BURST=1, LOG_LEVEL="debug")
    ask_many(server, 5, **{"X-API-Key": "secret-key-7", "Authorization": "Bearer secret-token-7"})
    said = server.log() + server.admin("/metrics").text + server.admin("/statusz").text
    assert "secret-" not in said

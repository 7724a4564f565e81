"""What the gateway makes of servers that fail: clients do not see it, and no server is asked more
than the budgets allow. The servers behind are none of ours (harness/backend.py)."""
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests
from harness.backend import (Backend, Blackhole, RECORD, for_paths, half, half_of, hanging,
                             resetting, saying, slow, unavailable, well)
from harness.cluster import Server
from harness.connection import Connection
from harness.process import wait_until

ENTRY = "/v1/medical/entries/01920000-0000-7000-8000-000000000001"
IMAGE = "/v1/imaging/images/01920000-0000-7000-8000-000000000001"
ENTRIES = "/v1/medical/entries"
TITLE = {"title": "Consulta"}
KEY = "Idempotency-Key"
FRESH = {"Read-After": ENTRY.removeprefix("/v1/medical/") + "@1"}
LEAST = 3  # what a budget always allows
REASONS = {"disabled", "queue_full", "queue_timeout", "breaker_open", "no_server", "too_stale",
           "timeout", "upstream_failed", "uncertain", "draining"}


class Site:
    """A gateway, and what it has behind it."""

    def __init__(self, folder, ports, reads, writes, behind, **settings):
        self.reads = [Backend(ports).start() for _ in range(reads)]
        self.writes = [Backend(ports).start() for _ in range(writes)]
        addresses = {"READ_SERVERS": ",".join(one.address for one in self.reads),
                     "WRITE_SERVERS": ",".join(one.address for one in self.writes)}
        self.gateway = Server("gateway", folder, ports, SERVER_TYPE="bulkhead",
                              CHECK_TIMEOUT_MS=2000,  # the machine may be busy
                              **{**addresses, **behind, **settings})

    def close(self):
        self.gateway.kill()
        self.gateway.forget()
        for one in [*self.reads, *self.writes]:
            one.stop()

    def get(self, path=ENTRY, **how):
        return self.gateway.get(path, **how)

    def post(self, **headers):
        return self.gateway.post(ENTRIES, TITLE, headers=headers)

    def gets(self, count, path=ENTRY):
        return Counter(self.get(path).status_code for _ in range(count))

    def attempts(self):
        return sum(len(read.asked) for read in self.reads)

    def at_once(self, count):
        with ThreadPoolExecutor(count) as pool:
            url = f"http://{self.gateway.address}{ENTRY}"
            return list(pool.map(lambda _: requests.get(url, timeout=10), range(count)))


@pytest.fixture
def new_site(site, tmp_path):
    made = []

    def make(reads=3, writes=2, behind=None, **settings):
        made.append(Site(tmp_path, site.ports, reads, writes, behind or {}, **settings))
        made[-1].gateway.start().await_ready()
        return made[-1]

    yield make
    for one in made:
        one.close()


@contextmanager
def taking(least, most):
    """The block takes so many seconds."""
    began = time.monotonic()
    yield
    assert least <= time.monotonic() - began <= most


def check_problem(answer):
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    assert answer.json()["reason"] in REASONS, answer.text
    assert answer.status_code == answer.json().get("status", answer.status_code)
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) >= 1


def refusals(gateway):
    name = "mamparo_gateway_refusals_total{"
    found = Counter()
    for line in gateway.admin("/metrics").text.splitlines():
        if line.startswith(name):
            found[line.split('reason="')[1].split('"')[0]] += int(float(line.split()[-1]))
    return found


# Reads

@pytest.mark.parametrize("behaviour", [unavailable, saying(502), resetting, half, hanging],
                         ids=["503", "502", "reset", "half", "hanging"])
def test_a_read_whose_server_fails_is_answered_by_another(new_site, behaviour):
    site = new_site(TRY_TIMEOUT_MS=300)
    bad, *good = site.reads
    bad.behave = behaviour
    for _ in range(12):
        answer = site.get()
        assert (answer.status_code, answer.content) == (200, RECORD)
    assert 1 <= len(bad.asked) <= LEAST, "three failures in a row eject it"
    assert 12 <= sum(len(one.asked) for one in good) <= 12 + LEAST


def test_a_read_whose_server_is_gone_is_answered_by_another(new_site):
    site = new_site()
    assert site.gets(12) == {200: 12}
    site.reads[0].stop()
    assert site.gets(30) == {200: 30}


def test_with_one_server_gone_and_one_hanging_reads_are_answered_by_the_third(new_site):
    site = new_site(TRY_TIMEOUT_MS=300)
    assert site.gets(12) == {200: 12}
    site.reads[0].stop()
    site.reads[1].behave = hanging
    assert site.gets(20) == {200: 20}


@pytest.mark.parametrize("bad", [0, 1])
def test_a_fresh_read_that_no_reader_answers_is_asked_of_every_write_server(new_site, bad):
    site = new_site(reads=1)
    for one in [*site.reads, site.writes[bad]]:
        one.behave = unavailable
    assert site.get(headers=FRESH).status_code == 200


def test_a_read_that_takes_long_is_asked_of_another_server_as_well(new_site):
    site = new_site(TRY_TIMEOUT_MS=5000, REQUEST_TIMEOUT_MS=10000)
    assert site.gets(200) == {200: 200}
    site.reads[0].behave = slow(2)
    for _ in range(100):
        with taking(0, 1):
            assert site.get().status_code == 200
    assert 300 < site.attempts() <= 300 * 1.05 + LEAST


def test_where_all_are_slow_few_reads_are_asked_twice(new_site):
    site = new_site()
    assert site.gets(100) == {200: 100}
    for read in site.reads:
        read.behave = slow(0.1)
    for _ in range(5):
        assert {answer.status_code for answer in site.at_once(40)} == {200}
    assert site.attempts() <= 300 * 1.05 + LEAST


def test_where_all_fail_few_reads_are_asked_again(new_site):
    site = new_site()
    for read in site.reads:
        read.behave = unavailable
    assert site.gets(200) == {503: 200}
    assert 200 <= site.attempts() <= 200 * 1.2 + LEAST


def test_a_request_is_asked_twice_at_most(new_site):
    site = new_site()
    for read in site.reads:
        read.behave = resetting
    check_problem(site.get())
    assert site.attempts() == 2


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_last_server_is_never_ejected(new_site, count):
    site = new_site(reads=count)
    for read in site.reads:
        read.behave = unavailable
    for number in range(30):
        before = site.attempts()
        assert site.get().status_code == 503
        assert site.attempts() > before, f"request {number} came to nobody"
    for read in site.reads:
        read.behave = well
    wait_until(lambda: site.get().status_code == 200, 3, "the first answer")


def test_an_ejected_server_comes_back_by_and_by(new_site):
    site = new_site()
    back, *others = site.reads
    back.behave = unavailable
    wait_until(lambda: site.gets(1) == {200: 1} and len(back.asked) >= LEAST, 10, "its ejection")
    before = len(back.asked)
    assert site.gets(30) == {200: 30}
    assert len(back.asked) == before, "it rests"
    back.behave = well
    wait_until(lambda: site.gets(1) == {200: 1} and len(back.asked) > before, 15, "its return")
    mark = [len(read.asked) for read in site.reads]
    assert site.gets(60) == {200: 60}
    first, *rest = [len(read.asked) - was for read, was in zip(site.reads, mark, strict=True)]
    assert first < min(rest), "it starts slowly"
    wait_until(lambda: shares_evenly(site, back, others), 20, "it to have its share again")


def shares_evenly(site, one, others):
    mark = [len(read.asked) for read in (one, *others)]
    site.gets(30)
    first, *rest = [len(read.asked) - was for read, was in zip((one, *others), mark, strict=True)]
    return 2 * first >= min(rest)


def test_half_open_only_one_request_probes_a_server(new_site):
    site = new_site(TRY_TIMEOUT_MS=1000)
    bad = site.reads[0]
    bad.behave = unavailable
    wait_until(lambda: site.gets(1) == {200: 1} and len(bad.asked) >= LEAST, 10, "its ejection")
    bad.behave = hanging
    before = len(bad.asked)
    wait_until(lambda: {answer.status_code for answer in site.at_once(10)} == {200}
               and len(bad.asked) > before, 15, "a probe")
    assert len(bad.asked) == before + 1


def test_a_server_that_fails_one_service_goes_on_serving_the_others(new_site):
    site = new_site()
    bad = site.reads[0]
    bad.behave = for_paths("/v1/imaging", resetting)
    assert site.gets(20, IMAGE) == {200: 20}
    before = len(bad.asked)
    assert site.gets(30) == {200: 30}
    assert len(bad.asked) > before


def test_the_principal_is_asked_as_long_as_it_can_be(new_site):
    site = new_site(POLICY="principal", CHECK_INTERVAL_MS=100)
    principal, *others = site.reads
    assert site.gets(20) == {200: 20}
    assert len(principal.asked) >= 20 and sum(len(one.asked) for one in others) <= LEAST
    principal.stop()
    assert site.gets(20) == {200: 20}
    assert sum(len(one.asked) for one in others) >= 20
    principal.start()
    before = len(principal.asked)
    wait_until(lambda: site.gets(1) == {200: 1} and len(principal.asked) > before + 20, 20,
               "the failback")


# Writes

def test_every_write_reaches_its_server_with_a_key(new_site):
    site = new_site(writes=1)
    for _ in range(3):
        assert site.post().status_code == 201
    assert site.post(**{KEY: "mine"}).status_code == 201
    *given, own = [asked.headers[KEY] for asked in site.writes[0].asked]
    assert len(set(given)) == 3 and all(1 <= len(key) <= 255 for key in given)
    assert own == "mine"


@pytest.mark.parametrize("key", [{}, {KEY: "mine"}], ids=["no key", "a key"])
@pytest.mark.parametrize("behaviour", [resetting, half], ids=["reset", "half"])
def test_a_write_whose_connection_breaks_is_asked_of_another_server(new_site, behaviour, key):
    site = new_site()
    broken, other = site.writes
    broken.behave = behaviour
    for _ in range(6):
        assert site.post(**key).status_code == 201
    assert broken.asked
    for first in broken.asked:
        assert (first.headers[KEY], first.body) in [(a.headers[KEY], a.body) for a in other.asked]
    if not key:
        assert len({asked.headers[KEY] for asked in other.asked}) == 6


def test_a_write_whose_server_is_gone_is_answered_by_another(new_site):
    site = new_site()
    assert site.post().status_code == 201
    site.writes[0].stop()
    for _ in range(10):
        assert site.post().status_code == 201


@pytest.mark.parametrize("reason", ["starting", "draining", "queue_full"])
def test_a_write_that_was_not_taken_up_is_asked_of_another_server(new_site, reason):
    site = new_site()
    site.writes[0].behave = saying(503, b'{"status":503,"reason":"%s"}' % reason.encode(),
                                   Retry_After=1)
    for _ in range(6):
        assert site.post().status_code == 201
    assert site.writes[0].asked


def test_a_write_is_uncertain_when_the_time_is_spent(new_site):
    site = new_site(REQUEST_TIMEOUT_MS=600)
    for write in site.writes:
        write.behave = hanging
    with taking(0.55, 3):
        answer = site.post()
    check_problem(answer)
    assert (answer.status_code, answer.json()["reason"]) == (503, "uncertain")


def test_a_write_that_reached_nobody_is_not_uncertain(new_site):
    site = new_site()
    for write in site.writes:
        write.stop()
    answer = site.post()
    check_problem(answer)
    assert answer.json()["reason"] != "uncertain"


# What is passed on

@pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 500])
def test_what_a_server_refuses_is_passed_on_as_it_is(new_site, status):
    site = new_site()
    body = b'{"reason":"as_it_is"}'
    for one in [*site.reads, *site.writes]:
        one.behave = saying(status, body)
    for answer in [site.get(), site.post()]:
        assert (answer.status_code, answer.content) == (status, body)
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert site.attempts() == (2 if status == 500 else 1)  # a replica's failure is not shown
    assert sum(len(write.asked) for write in site.writes) == 1


@pytest.mark.parametrize("headers", [{}, FRESH], ids=["any", "fresh"])
@pytest.mark.parametrize("status", [500, 503])
def test_a_large_refusal_is_passed_on_and_no_server_is_busy_for_ever(new_site, status, headers):
    site = new_site(ANSWER_BUFFER_BYTES=65536)
    body = b"x" * 1_000_000
    for one in site.reads + site.writes:
        one.behave = saying(status, body)
    for _ in range(4):
        answer = site.get(headers=headers)
        assert (answer.status_code, answer.content) == (status, body)

    def none_is_busy():
        sides = site.get("/bulkhead/services/").json()["medical"]
        return {server["in_flight"] for side in ("reads", "writes")
                for server in sides[side]["servers"]} == {0}

    wait_until(none_is_busy, 5, "the servers to be given back")


def test_head_has_the_head_of_get_and_no_body(new_site):
    site = new_site()
    for _ in range(3):  # on one connection: a body would be the next answer
        answer = site.gateway.request("HEAD", ENTRY)
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["Content-Length"]) == len(RECORD)
        assert answer.headers["ETag"] == '"1"'
    assert site.get().content == RECORD


def test_a_304_is_passed_on(new_site):
    site = new_site()
    for read in site.reads:
        read.behave = saying(304, b"", ETag='"1"')
    for _ in range(3):
        answer = site.get(headers={"If-None-Match": '"1"'})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", '"1"')
    assert {a.headers["If-None-Match"] for read in site.reads for a in read.asked} == {'"1"'}


@pytest.mark.parametrize("size", [100_000, 1_000_000, 8_000_000])
def test_a_large_answer_arrives_whole(new_site, size):
    site = new_site()
    body = bytes(range(256)) * (size // 256)
    for read in site.reads:
        read.behave = saying(200, body, Content_Type="application/json")
    answer = site.get()
    assert answer.status_code == 200
    assert answer.content == body


def test_a_large_answer_that_breaks_off_never_looks_whole(new_site):
    site, size = new_site(), 8_000_000
    site.reads[0].behave = half_of(size)
    for read in site.reads[1:]:
        read.behave = saying(200, bytes(size))
    for _ in range(9):
        answer = Connection(site.gateway).ask("GET", ENTRY)  # None: it broke off, and that shows
        assert answer is None or (answer.status, answer.body) == (200, bytes(size))
    assert site.reads[0].asked


def test_a_large_body_arrives_whole_at_both_servers(new_site):
    site = new_site()
    broken, other = site.writes
    broken.behave = resetting
    texts = ["x" * 900_000 + str(number) for number in range(4)]
    for text in texts:
        assert site.gateway.post(ENTRIES, {"title": text}).status_code == 201
    assert len(broken.asked) >= 1
    for asked in [*broken.asked, *other.asked]:
        assert any(text.encode() in asked.body for text in texts)


# Time

def test_one_try_has_a_deadline_of_its_own(new_site):
    site = new_site(reads=1, TRY_TIMEOUT_MS=200, REQUEST_TIMEOUT_MS=5000)
    site.reads[0].behave = hanging
    with taking(0.19, 2):
        answer = site.get()
    check_problem(answer)
    assert (answer.status_code, answer.json()["reason"]) == (504, "timeout")


def test_the_whole_request_has_a_deadline_of_its_own(new_site):
    site = new_site(TRY_TIMEOUT_MS=10000, REQUEST_TIMEOUT_MS=1000)
    for read in site.reads:
        read.behave = hanging
    with taking(0.99, 4):
        answer = site.get()
    check_problem(answer)
    assert (answer.status_code, answer.json()["reason"]) == (504, "timeout")


def test_connecting_has_a_deadline_of_its_own(new_site, site):
    """A write, since a read would be hedged."""
    with Blackhole(site.ports) as hole:
        good = Backend(site.ports).start()
        made = new_site(writes=0, behind={"WRITE_SERVERS": f"{hole.address},{good.address}"},
                        CONNECT_TIMEOUT_MS=100, REQUEST_TIMEOUT_MS=10000)
        for _ in range(4):
            with taking(0, 2):
                assert made.post().status_code == 201
        good.stop()


# Refusals

def test_a_read_that_reaches_nobody_says_why_and_when_to_come_again(new_site):
    site = new_site()
    for read in site.reads:
        read.stop()
    for _ in range(10):
        answer = site.get()
        check_problem(answer)
        assert answer.status_code == 503
    for read in site.reads:
        read.start()
    wait_until(lambda: site.get().status_code == 200, 10, "the servers to be found again")


def test_who_finds_the_queue_full_or_waits_too_long_is_refused_at_once(new_site):
    site = new_site(reads=1, THREADS=1, READ_IN_FLIGHT=2, READ_QUEUE=4, QUEUE_TIMEOUT_MS=1000,
                    TRY_TIMEOUT_MS=1500)
    site.reads[0].behave = hanging
    answers = site.at_once(12)
    for answer in answers:
        check_problem(answer)
    reasons = Counter(answer.json()["reason"] for answer in answers)
    assert reasons == {"queue_full": 6, "queue_timeout": 4, "timeout": 2}


def test_the_queue_is_served_in_time(new_site):
    site = new_site(reads=1, READ_IN_FLIGHT=4, READ_QUEUE=64, QUEUE_TIMEOUT_MS=5000)
    site.reads[0].behave = slow(0.05)
    assert {answer.status_code for answer in site.at_once(30)} == {200}
    assert most_at_once(site.reads[0].asked, 0.05) <= 4


def most_at_once(asked, seconds):
    """Of requests that each last so long at least."""
    return max(sum(0 <= other.at - one.at < seconds for other in asked) for one in asked)


def test_who_leaves_gives_his_place_back(new_site):
    site = new_site(reads=1, THREADS=1, READ_IN_FLIGHT=1, READ_QUEUE=1, QUEUE_TIMEOUT_MS=5000,
                    TRY_TIMEOUT_MS=20000, REQUEST_TIMEOUT_MS=20000)
    [read] = site.reads
    read.behave = hanging
    for number in range(1, 6):
        with socket.create_connection(("127.0.0.1", site.gateway.port)) as client:
            client.sendall(f"GET {ENTRY} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wait_until(lambda: len(read.asked) == number, 3, f"place {number}")
    read.behave = well
    assert site.get().status_code == 200


def test_what_is_counted_is_what_clients_saw(new_site):
    site = new_site(reads=1, READ_IN_FLIGHT=1, READ_QUEUE=1, QUEUE_TIMEOUT_MS=50,
                    TRY_TIMEOUT_MS=200, REQUEST_TIMEOUT_MS=400)
    before = refusals(site.gateway)
    seen = Counter()

    def see(*answers):
        seen.update(answer.json()["reason"] for answer in answers if answer.status_code >= 500)

    site.reads[0].behave = hanging
    see(*site.at_once(12))
    site.reads[0].behave = resetting
    see(*(site.get() for _ in range(5)))
    for write in site.writes:
        write.behave = hanging
    see(site.post())
    for one in [*site.reads, *site.writes]:
        one.stop()
    see(*(site.get() for _ in range(5)), site.post())
    assert refusals(site.gateway) - before == seen
    assert len(seen) >= 3

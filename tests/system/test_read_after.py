"""What a client has written it reads, however late replicas are: none stale, none missing."""
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests
from harness.connection import Connection
from harness.load import ENTRIES
from harness.process import wait_until
from harness.redis_proxy import RedisProxy

CLIENTS = 8
LATE_S = 2
DEADLINE_S = 3
SLACK_S = 2.5  # of a slow machine
COOKIE = "mamparo-read-after"
NOBODY = "018f3e7c-0000-7000-8000-00000000000a"


@pytest.fixture
def late(new_cluster):
    """A cluster whose first replica hears of everything two seconds late."""
    cluster = new_cluster()
    with RedisProxy(cluster.redis, cluster.site.ports.take()) as proxy:
        cluster.reads[0].settings["REDIS_URL"] = proxy.url()
        cluster.start()
        proxy.belate("XREAD", LATE_S, times=1 << 30)
        yield cluster
        cluster.close()


@contextmanager
def frozen(*servers):
    for server in servers:
        server.pause()
    try:
        yield
    finally:
        for server in servers:
            server.resume()


@contextmanager
def held_back(cluster, number):
    """While in its block, a replica applies nothing, and its reads go on."""
    with (cluster.site.postgres.connect(f"{cluster.name}_read_{number}") as connection,
          connection.transaction()):
        connection.execute("LOCK TABLE medical.entries IN EXCLUSIVE MODE")
        yield


def written(answer):
    """The record's path and the header that a read of it may carry."""
    assert answer.status_code in (200, 201, 204), answer.text
    token = answer.headers["Read-After"]
    return f"/v1/medical/{token.split('@')[0]}", {"Read-After": token}


def timed(ask):
    began = time.monotonic()
    return ask(), time.monotonic() - began


def is_problem(answer, status, reason):
    assert (answer.status_code, answer.json()["reason"]) == (status, reason), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    return True


def is_too_stale(answer):
    assert is_problem(answer, 503, "too_stale")
    return 1 <= int(answer.headers["Retry-After"]) <= 60


# Pairs

class Pairs:
    """A client that writes, reads what it wrote, changes it, and reads it again."""

    def __init__(self, cluster):
        self.connection, self.faults = Connection(cluster.bulkhead), []

    def run(self, count):
        record = None
        for number in range(count):
            record = self._pair(number, record if number % 2 else None)
        return self.faults

    def _pair(self, number, record):
        fields = {"title": f"Par {number}"}
        if record:
            wrote = self.connection.ask("PATCH", f"{ENTRIES}/{record['id']}", fields)
        else:
            wrote = self.connection.ask("POST", ENTRIES, fields)
        record = wrote.json()
        read = self.connection.ask("GET", f"{ENTRIES}/{record['id']}",
                                   headers={"Read-After": wrote.headers["Read-After"]})
        if read is None or read.status != 200 or read.json() != record:
            self.faults.append((record, read))
        return record


def test_none_is_stale_and_none_missing_though_one_replica_is_late_and_one_is_frozen(
        late, is_long, say):
    pairs = 10_000 if is_long else 500
    began = time.monotonic()
    with frozen(late.reads[1]), ThreadPoolExecutor(CLIENTS) as pool:
        runs = [pool.submit(Pairs(late).run, pairs // CLIENTS + 1) for _ in range(CLIENTS)]
        faults = [fault for run in runs for fault in run.result()]
    if is_long:
        say(f"{pairs} pairs in {time.monotonic() - began:.1f} s")
    assert faults == []


def test_without_what_it_has_seen_a_client_may_read_what_is_old(cluster):
    with held_back(cluster, 1):
        path, header = written(cluster.bulkhead.post(ENTRIES, {"title": "Aún no"}))
        assert cluster.reads[0].get(path).status_code == 404
        assert is_too_stale(cluster.reads[0].get(path, headers=header))


def test_lists_and_histories_have_what_was_written(late):
    with frozen(late.reads[1]):
        for number in range(10):
            path, header = written(late.bulkhead.post(ENTRIES, {"title": f"Lista {number}"}))
            page = late.bulkhead.get(ENTRIES, headers=header).json()
            assert path.endswith(page["data"][0]["id"])
            assert page["pagination"]["total_records"] == number + 1
            history = late.bulkhead.get(f"{path}/history", headers=header).json()
            assert history["pagination"]["total_records"] == 1
            assert late.bulkhead.request("HEAD", path, headers=header).status_code == 200


def test_what_was_deleted_is_gone_at_once(late):
    with frozen(late.reads[1]):
        for _ in range(5):
            path, _ = written(late.bulkhead.post(ENTRIES, {"title": "Efímera"}))
            _, header = written(late.bulkhead.request("DELETE", path))
            assert header["Read-After"].endswith("@2")
            assert late.bulkhead.get(path, headers=header).status_code == 404
            assert late.bulkhead.get(ENTRIES, headers=header).json()["data"] == []


def test_a_batch_answers_what_stands_for_all_of_it(late):
    with frozen(late.reads[1]):
        members = [{"title": f"Lote {number}"} for number in range(500)]
        members.append({"title": ""})  # is refused
        answer = late.bulkhead.post(f"{ENTRIES}/batch", members)
        _, header = written(answer)
        assert answer.json()["outcomes"][-2]["id"] in header["Read-After"]
        page = late.bulkhead.get(ENTRIES, headers=header).json()
        assert page["pagination"]["total_records"] == 500


def test_a_repeated_command_answers_the_same_again(cluster):
    how = {"json": {"title": "Una vez"}, "headers": {"Idempotency-Key": "read-after-1"}}
    first, again = [cluster.bulkhead.post(ENTRIES, **how) for _ in range(2)]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert written(first) == written(again)


def test_the_paths_of_the_system_before_know_it_too(late):
    with frozen(late.reads[1]):
        answer = late.bulkhead.post("/", {"title": "Como antes"})
        header = {"Read-After": answer.headers["Read-After"]}
        found = late.bulkhead.get(f"/?id={answer.json()['id']}", headers=header)
        assert found.json()["title"] == "Como antes"
    refused = late.bulkhead.get("/", headers={"Read-After": "todo"})
    assert refused.status_code == 400 and "Read-After" in refused.json()["error"]


# Who answers

def test_where_no_replica_has_it_the_write_side_answers_for_one_record(cluster):
    with held_back(cluster, 1), held_back(cluster, 2), held_back(cluster, 3):
        path, header = written(cluster.bulkhead.post(ENTRIES, {"title": "Sólo aquí"}))
        answer, seconds = timed(lambda: cluster.bulkhead.get(path, headers=header))
        assert answer.status_code == 200 and seconds < DEADLINE_S + SLACK_S
        assert "replica-lag-ms" not in answer.headers
        for whole in [ENTRIES, f"{path}/history"]:
            answer, seconds = timed(lambda: cluster.bulkhead.get(whole, headers=header))
            assert is_too_stale(answer) and seconds < DEADLINE_S + SLACK_S


def test_where_every_replica_is_frozen_the_write_side_answers_for_one_record(cluster):
    with frozen(*cluster.reads):
        path, header = written(cluster.bulkhead.post(ENTRIES, {"title": "Sólo aquí"}))
        answer, seconds = timed(lambda: cluster.bulkhead.get(path, headers=header))
        assert answer.status_code == 200 and seconds < DEADLINE_S + SLACK_S


def test_a_write_side_that_is_switched_off_is_not_asked_for_reads(cluster):
    switch = "/bulkhead/services/medical/writes"
    path, header = written(cluster.bulkhead.post(ENTRIES, {"title": "Antes"}))
    cluster.await_everywhere(cluster.write.get(path).json())
    header = {"Read-After": header["Read-After"].replace("@1", "@2")}
    try:
        cluster.bulkhead.request("PUT", switch, json={"enabled": False})
        assert is_too_stale(cluster.bulkhead.get(path, headers=header))
    finally:
        cluster.bulkhead.request("PUT", switch, json={"enabled": True})
    assert cluster.bulkhead.get(path, headers=header).json()["version"] == 1


def test_a_server_that_does_not_apply_itself_waits_too(fresh):
    twin = fresh.new_read("read-twin", "read_1").start().await_ready()
    wait_until(lambda: twin.admin("/statusz").json()["replica"] == "standby", 10, "the twin's place")
    for number in range(20):
        path, header = written(fresh.write.post(ENTRIES, {"title": f"Gemela {number}"}))
        assert twin.get(path, headers=header).json()["title"] == f"Gemela {number}"


def test_a_replica_that_is_being_filled_is_not_believed(fresh):
    path, header = written(fresh.bulkhead.post(ENTRIES, {"title": "Entre otras"}))
    fresh.await_everywhere(fresh.write.get(path).json())
    with fresh.site.postgres.connect(f"{fresh.name}_read_1") as connection:
        connection.execute("INSERT INTO mamparo.fills (service, noted, epoch, stage, after)"
                           " VALUES ('medical', '0-0', 'x', 'entries', '')")
    assert is_too_stale(fresh.reads[0].get(ENTRIES, headers=header))
    for _ in range(6):
        assert fresh.bulkhead.get(ENTRIES, headers=header).status_code == 200


def test_a_replica_answers_as_soon_as_it_has_it_and_says_too_stale_when_its_time_is_over(cluster):
    read = cluster.reads[0]
    with ThreadPoolExecutor(1) as pool:
        with held_back(cluster, 1):
            path, header = written(cluster.bulkhead.post(ENTRIES, {"title": "Pronto"}))
            answer, seconds = timed(lambda: read.get(path, headers=header))
            assert is_too_stale(answer) and 0.2 < seconds < 0.25 + SLACK_S
        wait_until(lambda: read.get(path, headers=header).status_code == 200, 10, "the record")
        assert pool.submit(read.get, path, headers=header).result().status_code == 200


def test_a_version_that_never_comes_is_refused_in_time_and_harms_nobody(cluster):
    path, header = written(cluster.bulkhead.post(ENTRIES, {"title": "Presente"}))
    cluster.await_everywhere(cluster.write.get(path).json())
    future = {"Read-After": header["Read-After"].replace("@1", "@9223372036854775807")}
    with ThreadPoolExecutor(32) as pool:
        waiting = [pool.submit(timed, lambda: requests.get(
            f"http://{cluster.bulkhead.address}{ENTRIES}", headers=future, timeout=10))
            for _ in range(32)]
        others = [timed(lambda: cluster.bulkhead.get(path)) for _ in range(50)]
    assert all(answer.status_code == 200 for answer, _ in others)
    for answer, seconds in (run.result() for run in waiting):
        assert is_too_stale(answer) and seconds < DEADLINE_S + SLACK_S
    assert is_too_stale(cluster.reads[0].get(path, headers=future))
    assert cluster.bulkhead.get(path, headers=future).json()["version"] == 1  # the newest there is


def test_only_so_many_reads_wait_at_once(fresh):
    read = fresh.reads[0]
    read.stop()
    read.settings.update(READ_AFTER_QUEUE=2, READ_AFTER_MS=1000, THREADS=1)
    read.start().await_ready()
    future = {"Read-After": f"entries/{NOBODY}@1"}
    with ThreadPoolExecutor(8) as pool:
        answers = [run.result() for run in [pool.submit(
            requests.get, f"http://{read.address}{ENTRIES}", headers=future, timeout=10)
            for _ in range(8)]]
    reasons = sorted(answer.json()["reason"] for answer in answers)
    assert all(answer.status_code == 503 and answer.headers["Retry-After"] for answer in answers)
    assert reasons.count("too_stale") >= 2 and reasons.count("queue_full") >= 1
    assert read.get(ENTRIES).status_code == 200


def test_whoever_leaves_while_waiting_is_forgotten(cluster):
    future = {"Read-After": f"entries/{NOBODY}@1"}
    for _ in range(100):
        with pytest.raises(requests.Timeout):
            requests.get(f"http://{cluster.reads[0].address}{ENTRIES}", headers=future,
                         timeout=0.005)
    assert cluster.reads[0].get(ENTRIES).status_code == 200


# Bad input

TOKEN = f"entries/{NOBODY}@1"


@pytest.mark.parametrize("value", [
    "", ",", TOKEN + ",", "," + TOKEN, f"{TOKEN},,{TOKEN}", ", ".join([TOKEN] * 9),
    f"entries/{NOBODY}", f"entries/{NOBODY}@", f"entries/{NOBODY}@0", f"entries/{NOBODY}@-1",
    f"entries/{NOBODY}@01", f"entries/{NOBODY}@1.0", f"entries/{NOBODY}@9223372036854775808",
    "entries/7@1", f"nada/{NOBODY}@1", f"images/{NOBODY}@1", f"medical/entries/{NOBODY}@1",
    f"entries/{NOBODY} @1", f"entries/{NOBODY}@1'; drop table medical.entries; --", "é", "x" * 4000])
def test_what_is_no_read_after_is_refused_by_its_name(cluster, value):
    for server in [cluster.bulkhead, cluster.reads[0]]:
        for path in [ENTRIES, f"{ENTRIES}/{NOBODY}", f"{ENTRIES}/{NOBODY}/history"]:
            answer = server.get(path, headers={"Read-After": value.encode()})
            assert is_problem(answer, 400, "bad_request")
            assert "Read-After" in answer.json()["detail"]
            assert "entries" in answer.json()["detail"]


def test_more_than_one_header_is_refused(cluster):
    for server in [cluster.bulkhead, cluster.reads[0]]:
        connection = Connection(server).http
        connection.putrequest("GET", ENTRIES)
        for _ in range(2):
            connection.putheader("Read-After", TOKEN)
        connection.endheaders()
        with connection.getresponse() as answer:
            assert answer.status == 400 and b"Read-After" in answer.read()


# Cookies

@pytest.fixture(scope="module")
def browsers(site):
    """A cluster whose gateway keeps cookies, and whose first two replicas are held back."""
    cluster = site.new_cluster()
    cluster.bulkhead.settings["READ_AFTER_COOKIE"] = "on"
    cluster.start()
    with held_back(cluster, 1), held_back(cluster, 2):
        yield cluster
    cluster.close()


@pytest.fixture
def browser(browsers):
    """One with a cookie jar, asking the gateway."""
    with requests.Session() as session:
        yield lambda method, path, **how: session.request(
            method, f"http://{browsers.bulkhead.address}{path}", timeout=10, **how)


def kept(answer):
    """The tokens of the cookie that was set, the newest first."""
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert attributes == ["Path=/v1/medical", "Max-Age=60", "HttpOnly", "SameSite=Lax"]
    name, _, value = cookie.partition("=")
    assert name == COOKIE
    return value.split("&")


def test_a_browser_reads_what_it_wrote_without_knowing_of_it(browser):
    for number in range(10):
        record = browser("POST", ENTRIES, json={"title": f"Navegador {number}"}).json()
        path = f"{ENTRIES}/{record['id']}"
        assert browser("GET", path).json() == record
        assert browser("GET", ENTRIES).json()["data"][0] == record
        browser("PATCH", path, json={"title": "Otra"})
        assert browser("GET", path).json()["version"] == 2
        browser("DELETE", path)
        assert browser("GET", path).status_code == 404


def test_the_cookie_keeps_the_newest_few_one_for_each_record(browser):
    answers = [browser("POST", ENTRIES, json={"title": f"Galleta {n}"}) for n in range(6)]
    tokens = [answer.headers["Read-After"] for answer in answers]
    for number, answer in enumerate(answers):
        assert kept(answer) == tokens[max(0, number - 3):number + 1][::-1]
    changed = browser("PATCH", f"/v1/medical/{tokens[3].split('@')[0]}", json={"title": "Otra"})
    assert kept(changed) == [tokens[3].replace("@1", "@2"), tokens[5], tokens[4], tokens[2]]


@pytest.mark.parametrize("value", [
    "", "x", f"{TOKEN},{TOKEN}", "&", f"nada/{NOBODY}@1", f"entries/{NOBODY}@0", "é", "y" * 4000,
    "&".join([TOKEN] * 9)])
def test_a_malformed_cookie_is_as_good_as_none(browser, value):
    header = {"Cookie": f"a=b; {COOKIE}={value}; c=d".encode()}
    assert browser("GET", ENTRIES, headers=header).status_code == 200
    answer = browser("POST", ENTRIES, json={"title": "Limpia"}, headers=header)
    assert kept(answer) == [answer.headers["Read-After"]]


def test_a_header_goes_before_the_cookie(browser):
    browser("POST", ENTRIES, json={"title": "Con galleta"})
    assert browser("GET", ENTRIES, headers={"Read-After": "todo"}).status_code == 400


def test_unless_it_is_wanted_there_is_no_cookie(cluster):
    cookie = {"Cookie": f"{COOKIE}={TOKEN}"}
    answer = cluster.bulkhead.post(ENTRIES, {"title": "Sin galleta"}, headers=cookie)
    assert answer.headers["Read-After"] and "Set-Cookie" not in answer.headers
    assert cluster.bulkhead.get(ENTRIES, headers=cookie).status_code == 200

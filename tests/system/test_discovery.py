"""How a gateway finds its servers, by lists, by names and in Redis, and how it watches them."""
import json
import os
import signal
import subprocess
import threading
import time

import pytest
from harness.process import Host, wait_until
from harness.program import run_to_end

ENTRIES = "/v1/medical/entries"
IMAGES = "/v1/imaging/images"
INDEX = "mamparo:{servers}"
EXPIRY_S = 3  # of an announcement
HOLD_S = 4.5  # for which a gateway keeps one that is gone from Redis


def known(gateway, side="reads"):
    """Server → its state."""
    return {server["server"]: server["state"]
            for server in gateway.admin("/statusz").json()["servers"][side]}


def await_state(gateway, server, state, seconds=10, side="reads"):
    wait_until(lambda: known(gateway, side).get(server.address) == state, seconds,
               f"{server.name} to be {state} at the gateway")


def announced(cluster):
    """Address → what the server there says of itself."""
    addresses = [address.decode() for address in cluster.redis.client.zrange(INDEX, 0, -1)]
    said = {address: cluster.redis.client.get(f"{INDEX}:{address}") for address in addresses}
    return {address: json.loads(text) for address, text in said.items() if text}


class Watcher:
    """While in its block: asks the gateway for a page all the time, and looks at whom it knows."""

    def __init__(self, gateway, path=ENTRIES):
        self.gateway, self.path = gateway, path
        self.statuses, self.sets = [], []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self.is_over.wait(0.005):
            self.statuses.append(self.gateway.get(self.path).status_code)
            self.sets.append(set(known(self.gateway)))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def await_more(self, seconds):
        """Watches for so long."""
        until = time.monotonic() + seconds
        wait_until(lambda: time.monotonic() > until, seconds + 1, "time to pass")

    def saw_no_failure(self):
        return len(self.statuses) > 0 and set(self.statuses) == {200}


@pytest.fixture
def new_gateway():
    """Makes gateways that know of nothing but what they are told."""

    def make(cluster, name="gateway", **settings):
        return cluster.new_server(name, "bulkhead", **settings)

    return make


@pytest.fixture(scope="module")
def shared(site):
    """Two readers, and a gateway without lists."""
    made = site.new_cluster(reads=2)
    made.gateway = made.new_server("gateway", "bulkhead", REDIS_URL=made.redis.url())
    made.start()
    made.gateway.start().await_ready()
    yield made
    made.close()


@pytest.fixture
def found(new_cluster, new_gateway):
    """The same, to be broken, and serving."""
    cluster = new_cluster(reads=2, DRAIN_SECONDS=4)
    cluster.gateway = new_gateway(cluster, REDIS_URL=cluster.redis.url())
    cluster.start()
    cluster.gateway.start().await_ready()
    for read in cluster.reads:
        await_state(cluster.gateway, read, "up")
    await_state(cluster.gateway, cluster.write, "up", side="writes")
    return cluster


# The question

def test_every_role_says_whether_it_may_be_asked(shared):
    for server, role in [(shared.write, "write"), (shared.reads[0], "read"),
                         (shared.bulkhead, "bulkhead")]:
        answer = server.get("/ping")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "role": role})
        assert ("replica-lag-ms" in answer.headers) == (role == "read")
        assert server.request("HEAD", "/ping").status_code == 200
        assert server.post("/ping").status_code == 405


def test_one_that_cannot_do_its_job_says_why(new_cluster):
    cluster = new_cluster(reads=1)
    cluster.reads[0].start()
    wait_until(cluster.reads[0].is_live, 10, "the reader to listen")
    answer = cluster.reads[0].get("/ping")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "role": "read",
                             "why": "the database has not been reached yet"}


# Registering

def test_servers_announce_themselves_with_what_they_serve(shared):
    wait_until(lambda: len(announced(shared)) == 3, 5, "all to have announced themselves")
    said = announced(shared)
    assert said[shared.write.address]["role"] == "write"
    for read in shared.reads:
        assert said[read.address]["role"] == "read"
        assert said[read.address]["services"] == ["imaging", "medical"]
        assert 0 < shared.redis.client.pttl(f"{INDEX}:{read.address}") <= EXPIRY_S * 1000


def test_a_gateway_without_lists_serves_by_those_who_registered(shared):
    for read in shared.reads:
        await_state(shared.gateway, read, "up", 2)
    await_state(shared.gateway, shared.write, "up", 2, "writes")
    answer = shared.gateway.post(ENTRIES, {"title": "Sin lista"})
    assert answer.status_code == 201
    path = f"{ENTRIES}/{answer.json()['id']}"
    wait_until(lambda: shared.gateway.get(path).status_code == 200, 10, "the record to be read")


def test_a_reader_that_starts_later_is_in_service_within_two_seconds(found):
    found.site.postgres.create(f"{found.name}_read_3")
    late = found.new_read("late", "read_3").start().await_ready()
    await_state(found.gateway, late, "up", 2)
    for read in found.reads:
        read.kill()
    wait_until(lambda: found.gateway.get(ENTRIES).status_code == 200, 5, "the late one to serve")


def test_a_server_leaves_before_it_stops_and_no_request_fails(found):
    leaver = found.reads[0]
    with Watcher(found.gateway) as watcher:
        leaver.signal(signal.SIGTERM)
        wait_until(lambda: leaver.address not in announced(found), 1, "it to be withdrawn")
        answer = leaver.get("/ping")
        assert (answer.status_code, answer.json()["status"]) == (503, "draining")
        await_state(found.gateway, leaver, "unready", 1)
        assert leaver.get(ENTRIES).status_code == 200  # whom it has not reached yet is served
        assert leaver.wait(20) == 0
        wait_until(lambda: leaver.address not in known(found.gateway), 10, "it to be forgotten")
    assert watcher.saw_no_failure()


def test_a_server_that_dies_is_down_at_once_and_leaves_when_its_announcement_has_expired(found):
    gone = found.reads[1]
    gone.kill()
    await_state(found.gateway, gone, "down", 2)
    wait_until(lambda: gone.address not in known(found.gateway), EXPIRY_S + HOLD_S + 5,
               "it to be forgotten")
    assert found.gateway.get(ENTRIES).status_code == 200


def test_without_redis_the_last_set_stays_and_an_empty_one_empties_nothing(found):
    everyone = {read.address for read in found.reads}
    with Watcher(found.gateway) as watcher:
        found.redis.kill()
        wait_until(lambda: found.gateway.admin("/statusz").json()["registry"] == "away", 10,
                   "the gateway to miss Redis")
        watcher.await_more(EXPIRY_S + HOLD_S)
        found.redis.start()  # it has kept nothing
        wait_until(lambda: len(announced(found)) == 3, 15, "all to announce themselves anew")
        watcher.await_more(1)
        found.redis.client.flushall()
        wait_until(lambda: len(announced(found)) == 3, 15, "all to announce themselves once more")
        watcher.await_more(1)
    assert watcher.saw_no_failure()
    assert all(seen == everyone for seen in watcher.sets)


def test_what_others_write_into_the_registry_is_left_out(shared):
    client = shared.redis.client
    everyone = {read.address for read in shared.reads}
    good = json.dumps({"role": "read", "services": ["medical"], "since": "now"})
    bad = {"localhost:1": good, "127.0.0.1": good, "127.0.0.1:0": good, "127.0.0.1:99999": good,
           "x" * 5000: good, "\r\n:1": good, "127.0.0.1:1": "[]", "127.0.0.1:2": "{" * 100,
           "127.0.0.1:3": '{"role":"bulkhead","services":[]}', "127.0.0.1:4": "x" * 100000,
           "127.0.0.1:5": '{"role":"read"}', "127.0.0.1:6": '{"role":"read","services":[]}'}
    try:
        for address, text in bad.items():
            client.set(f"{INDEX}:{address}", text)
            client.zadd(INDEX, {address: 2e9})
        wait_until(lambda: "gateway.bad_registrations" in shared.gateway.log(), 5, "the complaint")
        assert set(known(shared.gateway)) == everyone
        seen = shared.gateway.log().count("gateway.bad_registrations")
        wait_until(lambda: len(announced_after(shared)) > 0, 5, "a further reading")
        assert shared.gateway.log().count("gateway.bad_registrations") == seen
    finally:
        for address in bad:
            client.delete(f"{INDEX}:{address}")
            client.zrem(INDEX, address)


def announced_after(cluster):
    """Who has announced itself after now, by the time that its announcement lasts yet."""
    return [read for read in cluster.reads
            if cluster.redis.client.pttl(f"{INDEX}:{read.address}") > EXPIRY_S * 1000 - 50]


def test_an_index_of_another_kind_is_redis_away(found):
    everyone = set(known(found.gateway))
    found.redis.client.delete(INDEX)
    found.redis.client.set(INDEX, "nothing of ours")
    wait_until(lambda: found.gateway.admin("/statusz").json()["registry"] == "away", 5,
               "the gateway to miss it")
    assert set(known(found.gateway)) == everyone
    assert found.gateway.get(ENTRIES).status_code == 200


def test_who_is_to_be_found_elsewhere_or_not_at_all_says_so(new_cluster):
    cluster = new_cluster(reads=2)
    cluster.reads[0].settings["ANNOUNCE"] = "[fd00::7]:8000"
    cluster.reads[1].settings["ANNOUNCE"] = "off"
    cluster.start()
    wait_until(lambda: set(announced(cluster)) == {"[fd00::7]:8000", cluster.write.address}, 5,
               "the two to have announced themselves")


def test_who_listens_everywhere_announces_where_it_reaches_redis_from(new_cluster):
    cluster = new_cluster(reads=1, CLUSTER_KEY="a-key-of-the-tests-0123456789-abcdef")
    cluster.reads[0].settings["LISTEN"] = "0.0.0.0"
    cluster.start()
    wait_until(lambda: cluster.reads[0].address in announced(cluster), 5, "it to be announced")


# Watching

def test_a_server_that_is_frozen_is_noticed_by_the_monitor_and_again_when_it_thaws(found):
    frozen = found.reads[0]
    frozen.pause()
    try:
        await_state(found.gateway, frozen, "down", 2)
    finally:
        frozen.resume()
    await_state(found.gateway, frozen, "up", 5)


def test_a_server_of_another_role_is_not_asked(new_cluster, new_gateway):
    cluster = new_cluster(reads=1)
    gateway = new_gateway(cluster, WRITE_SERVERS=cluster.write.address,
                          READ_SERVERS=f"{cluster.write.address},{cluster.reads[0].address}")
    cluster.start()
    gateway.start().await_ready()
    await_state(gateway, cluster.reads[0], "up")
    await_state(gateway, cluster.write, "unready")
    assert [gateway.get(ENTRIES).status_code for _ in range(20)] == [200] * 20
    assert gateway.log().count("gateway.wrong_role") == 1


def test_the_states_of_the_servers_are_gauges_and_who_left_has_none(found):
    def gauge(server, side="reads"):
        name = f'mamparo_gateway_server_up{{side="{side}",server="{server.address}"}} '
        values = [line for line in found.gateway.admin("/metrics").text.splitlines()
                  if line.startswith(name)]
        return int(values[0].removeprefix(name)) if values else None

    first, second = found.reads
    assert [gauge(first), gauge(second), gauge(found.write, "writes")] == [1, 1, 1]
    second.kill()
    wait_until(lambda: gauge(second) == 0, 5, "the gauge to fall")
    wait_until(lambda: gauge(second) is None, 20, "the gauge to go")
    assert gauge(first) == 1


# Lists

def test_an_entry_for_one_service_serves_no_other(new_cluster, new_gateway):
    cluster = new_cluster(reads=2)
    common, own = cluster.reads
    gateway = new_gateway(cluster, WRITE_SERVERS=cluster.write.address,
                          READ_SERVERS=f"{common.address}, imaging={own.address}",
                          REDIS_URL=cluster.redis.url())
    cluster.start()
    gateway.start().await_ready()
    for read in cluster.reads:
        await_state(gateway, read, "up")
    own.kill()
    wait_until(lambda: gateway.get(IMAGES).status_code in (502, 503), 5, "images to be gone")
    assert gateway.get(ENTRIES).status_code == 200
    own.start().await_ready()
    common.kill()
    wait_until(lambda: gateway.get(IMAGES).status_code == 200, 10, "images to be back")
    assert gateway.get(ENTRIES).status_code in (502, 503)


@pytest.mark.parametrize("name", ["READ_SERVERS", "WRITE_SERVERS"])
def test_an_entry_for_a_service_that_no_model_has_is_refused(name):
    status, said = run_to_end("bulkhead", **{name: "ships=127.0.0.1:1"})
    assert status == 78
    assert name in said and "ships" in said


def test_without_a_list_and_without_redis_nothing_starts():
    status, said = run_to_end("bulkhead", without=["READ_SERVERS"])
    assert status == 78
    assert "READ_SERVERS" in said and "REDIS_URL" in said
    assert "WRITE_SERVERS" not in said


# Names

@pytest.fixture
def hosts(tmp_path):
    """A file in the place of /etc/hosts, for processes that are started in it."""
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        pytest.skip("a process may have no /etc/hosts of its own here")
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n", encoding="ascii")
    os.chmod(tmp_path, 0o755)

    def enclose(server):
        server.command = ["unshare", "--mount", "sh", "-c",
                          'mount --bind "$1" /etc/hosts && exec "$2"', "sh", path,
                          *server.command]
        return server

    enclose.path = path
    return enclose


def say_hosts(hosts, *lines):
    """In place, since that very file is what the process sees."""
    hosts.path.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]), encoding="ascii")


def test_a_name_that_is_unknown_at_start_becomes_known_and_may_be_several(
        new_cluster, new_gateway, hosts):
    cluster = new_cluster(reads=2, host_of=lambda name: Host(
        "127.0.0.2" if name == "read-2" else "127.0.0.1"))
    first, second = cluster.reads
    second.settings["PORT"] = first.port
    second.address = f"127.0.0.2:{first.port}"
    gateway = hosts(new_gateway(cluster, WRITE_SERVERS=cluster.write.address, RESOLVE_SECONDS=1,
                                READ_SERVERS=f"readers.test:{first.port}"))
    cluster.start()
    gateway.start().await_ready()
    assert "gateway.unknown_server" in gateway.log()
    assert gateway.get(ENTRIES).status_code == 503
    say_hosts(hosts, "127.0.0.1 readers.test")
    await_state(gateway, first, "up", 5)
    assert gateway.get(ENTRIES).status_code == 200
    say_hosts(hosts, "127.0.0.1 readers.test", "127.0.0.2 readers.test")
    await_state(gateway, second, "up", 5)
    say_hosts(hosts, "127.0.0.2 readers.test")
    wait_until(lambda: set(known(gateway)) == {second.address}, 5, "the first to leave")
    say_hosts(hosts)
    seen = gateway.log().count("gateway.unknown_server")
    wait_until(lambda: gateway.log().count("gateway.unknown_server") > seen, 10,
               "the name to be unknown again")
    assert set(known(gateway)) == {second.address}
    assert gateway.get(ENTRIES).status_code == 200


def test_a_gateway_that_knows_nobody_yet_is_not_ready(new_cluster, new_gateway):
    cluster = new_cluster(reads=1)
    cluster.redis.start()
    gateway = new_gateway(cluster, REDIS_URL=cluster.redis.url()).start()
    wait_until(gateway.is_live, 10, "the gateway to live")
    wait_until(lambda: "no server behind is known" in gateway.admin("/readyz").text, 5,
               "it to say why it is not ready")
    answer = gateway.get(ENTRIES)
    assert (answer.status_code, answer.json()["reason"]) == (503, "no_server")
    cluster.make_databases()
    for server in [cluster.write, *cluster.reads]:
        server.start()
    gateway.await_ready()
    wait_until(lambda: gateway.get(ENTRIES).status_code == 200, 10, "a read to pass")

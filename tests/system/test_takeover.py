"""Two write servers and three read servers on the same databases: one relay and one applier at a
time, another one soon when it dies or freezes, and no harm from one that wakes."""
import time
from contextlib import contextmanager

import psycopg
import pytest
from harness.load import ENTRIES, Load, check_promises, everything_is_everywhere
from harness.process import wait_until
from harness.witness import Witness

SECONDS = {"kill": 2, "pause": 5}  # within which another one is at work
each_way = pytest.mark.parametrize("way", SECONDS)


@pytest.fixture
def crowd(new_cluster):
    """The first of each lead. Replicas ask both write servers, and so does the gateway."""
    cluster = new_cluster(reads=1)
    cluster.writes = [cluster.write, cluster.new_write("write-2")]
    cluster.reads += [cluster.new_read(f"read-{n}", "read_1") for n in (2, 3)]
    addresses = ",".join(write.address for write in cluster.writes)
    for server in [*cluster.reads, cluster.bulkhead]:
        server.settings["WRITE_SERVERS"] = addresses
    cluster.bulkhead.settings["READ_SERVERS"] = ",".join(r.address for r in cluster.reads)
    cluster.site.postgres.create(cluster.write_database)
    cluster.site.postgres.create(f"{cluster.name}_read_1")
    cluster.redis.start()
    for server in [*cluster.writes, *cluster.reads, cluster.bulkhead]:
        server.start().await_ready()
    cluster.await_everywhere(cluster.create(title="Todos están"))
    return cluster


def state_of(server):
    told = server.admin("/statusz").json()
    return told["relay"] if "relay" in told else told["services"]["medical"]["state"]


def at_work(servers):
    """The one of them that publishes, or applies; all others stand by."""
    def only():
        states = {server: state_of(server) for server in servers}
        busy = [server for server, state in states.items() if state != "standby"]
        return len(busy) == 1 and states[busy[0]] in ("leading", "following") and busy[0]

    return wait_until(only, 5, f"one of {[server.name for server in servers]} to be at work")


def lose(server, others, way):
    """The server is killed or frozen. When that was."""
    began = time.monotonic()
    getattr(server, way)()
    others.remove(server)
    return began


def post(server, title):
    answer = server.post(ENTRIES, {"title": title})
    assert answer.status_code == 201, answer.text
    return answer.json()


def serves(server, record):
    return server.get(f"{ENTRIES}/{record['id']}").status_code == 200


def within(began, way, condition, what):
    """What follows the loss is there in time. The seconds it took."""
    wait_until(condition, SECONDS[way] - (time.monotonic() - began), what)
    return round(time.monotonic() - began, 2)


@each_way
def test_another_relay_publishes_in_time(crowd, way, record_property):
    first = at_work(crowd.writes)
    with Witness(crowd) as witness:
        with Load(crowd, creators=2, updaters=1) as load:
            load.await_progress(50)
            began = lose(first, crowd.writes, way)
            record = post(crowd.writes[0], "Tras el relevo")
            took = within(began, way, lambda: witness.saw(record), "its successor to publish")
            record_property("takeover_s", took)
            print(f"takeover of the relay after {way}: {took} s")
            if way == "pause":
                first.resume()
                crowd.writes.append(first)
            assert at_work(crowd.writes) is not first
            load.await_progress(50)
        witness.check()
    check_promises(load, witness.stream)


@each_way
def test_another_applier_applies_in_time_and_after_it_the_last_one(crowd, way, record_property):
    everyone = crowd.reads[:]
    with Witness(crowd) as witness:
        with Load(crowd, creators=2, updaters=1) as load:
            load.await_progress(50)
            for turn in range(2):
                began = lose(at_work(crowd.reads), crowd.reads, way)
                record = post(crowd.write, f"Tras el relevo {turn}")
                took = within(began, way, lambda: serves(crowd.reads[0], record),
                              "its successor to apply")
                record_property("takeover_s", took)
                print(f"takeover of the applier after {way}: {took} s")
            last = at_work(crowd.reads)
            if way == "pause":
                for server in everyone:
                    server.resume()
                crowd.reads = everyone
                assert at_work(crowd.reads) is last
            load.await_progress(50)
        witness.check()
    check_promises(load, witness.stream)


def test_a_relay_that_wakes_leaves_the_stream_and_its_leader_alone(crowd):
    """What it froze over lies in its sockets still, and its successor has published it."""
    first = at_work(crowd.writes)
    with Witness(crowd) as witness:
        lose(first, crowd.writes, "pause")
        for number in range(3):
            answer = crowd.writes[0].post(f"{ENTRIES}/batch", [
                {"title": f"Muchas {number} {one}"} for one in range(300)])
            assert answer.status_code == 200, answer.text
        successor = at_work(crowd.writes)
        record = post(successor, "Tras el relevo")
        wait_until(lambda: witness.saw(record), 5, "its successor to publish")
        first.resume()
        assert at_work([successor, first]) is successor
        crowd.await_everywhere(post(first, "Despierta"))
        witness.check()
    everything_is_everywhere(crowd)
    assert "relay.interrupted" not in successor.log(), "nobody took its stream away"


def test_one_that_freezes_while_it_fills_the_replica_loses_its_place_in_time(new_cluster):
    """It waits for a page, of a write server that froze before."""
    cluster = new_cluster(reads=1)
    first, second = cluster.reads[0], cluster.new_read("read-2", "read_1")
    cluster.site.postgres.create(cluster.write_database)
    cluster.site.postgres.create(f"{cluster.name}_read_1")
    cluster.redis.start()
    cluster.write.start().await_ready()
    for number in range(20):
        post_batch(cluster.write, [{"title": f"{number} {one}"} for one in range(1000)])
    first.start()
    wait_until(lambda: is_filling(first), 10, "the first to be amid filling")
    cluster.write.pause()
    second.start()
    wait_until(lambda: second.is_live() and state_of(second) == "standby", 10, "the second to wait")
    began = lose(first, cluster.reads, "pause")
    within(began, "pause", lambda: state_of(second) != "standby", "the second to take the place")
    cluster.write.resume()
    first.resume()
    cluster.reads = [second, first]
    second.await_ready()
    first.await_ready()
    cluster.bulkhead.start().await_ready()
    everything_is_everywhere(cluster)


def test_one_that_freezes_while_it_sends_a_block_loses_its_place_in_time(crowd):
    """To PostgreSQL it is not idle then."""
    [first, second, third], crowd.reads = crowd.reads, crowd.reads[:1]
    for server in (first, second, third):
        server.stop()
    with place_held(crowd.postgres.url(f"{crowd.name}_read_1"), "medical"):
        began = time.monotonic()
        first.start()
        wait_until(lambda: first.is_live() and state_of(first) == "standby", 5, "it to wait")
        within(began, "pause", lambda: state_of(first) == "following", "it to take the place")
        assert "replica.takes_over" in first.log()


@contextmanager
def place_held(url, service):
    """By a session that has sent a statement, and has not ended its transaction."""
    with psycopg.connect(url) as connection:
        connection.pgconn.enter_pipeline_mode()
        connection.pgconn.send_query_params(
            f"select pg_advisory_lock(hashtextextended('{service}', 7237412386095723))".encode(),
            None)
        connection.pgconn.flush()
        yield


def post_batch(server, records):
    answer = server.post(f"{ENTRIES}/batch", records)
    assert answer.status_code == 200, answer.text


def is_filling(server):
    if not server.is_live():
        return False
    told = server.admin("/statusz").json()["services"]["medical"]
    return told["state"] == "resynchronising" and told["resynchronised_records"] > 0

"""Replication that heals itself: places that the frozen lose, room that runs out, lag that is told."""
import itertools
import os
import signal

import pytest
from harness.events import Stream
from harness.load import Load, check_promises
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"


def status(server):
    return server.admin("/statusz").json()


def metric(server, name):
    return next(int(line.split()[-1]) for line in server.admin("/metrics").text.splitlines()
                if line.startswith(name))


def fillings(read):
    return read.log().count("replica.resynchronising")


def serves(server, record):
    return server.get(f"{ENTRIES}/{record['id']}").status_code == 200


def post_many(cluster, count):
    """Records of about a kilobyte, a thousand at a time."""
    for numbers in itertools.batched(range(count), 1000) if hasattr(itertools, "batched") else [
            range(at, min(at + 1000, count)) for at in range(0, count, 1000)]:
        answer = cluster.write.post(f"{ENTRIES}/batch", [
            {"title": f"Muchas {number}", "content": "x" * 700} for number in numbers])
        assert answer.status_code == 200, answer.text


def test_a_replica_that_freezes_loses_its_place_within_five_seconds(fresh):
    first = fresh.reads[0]
    twin = fresh.new_read("read-twin", "read_1").start().await_ready()
    fresh.await_everywhere(fresh.create(title="Antes"))
    with Load(fresh) as load:
        load.await_progress()
        first.pause()
        record = fresh.write.post(ENTRIES, {"title": "Mientras"}).json()
        wait_until(lambda: serves(twin, record), 5, "the twin to take the place")
        first.resume()
        load.await_progress()
    fresh.reads.append(twin)
    check_promises(load, Stream(fresh))


def test_a_relay_that_freezes_loses_its_place_within_five_seconds(fresh):
    fresh.await_everywhere(fresh.create(title="La primera dirige"))
    second = fresh.new_write("write-2").start().await_ready()
    fresh.write.pause()
    during = second.post(ENTRIES, {"title": "Mientras"}).json()
    wait_until(lambda: all(serves(read, during) for read in fresh.reads), 5,
               "the second relay to publish")
    fresh.write.resume()
    wait_until(lambda: status(fresh.write)["relay"] == "standby", 10, "the first one to stand by")
    after = fresh.write.post(ENTRIES, {"title": "Después"}).json()
    fresh.await_everywhere(during, after)


def test_a_relay_that_hears_nothing_of_the_log_says_so_and_leads_no_more(fresh):
    """PostgreSQL's own process hangs, and has the slot until it ends."""
    fresh.await_everywhere(fresh.create(title="Antes"))
    [(walsender,)] = fresh.written(
        "SELECT active_pid FROM pg_replication_slots WHERE slot_name = %s", fresh.name)
    os.kill(walsender, signal.SIGSTOP)
    try:
        during = fresh.create(title="Mientras")
        wait_until(lambda: metric(fresh.write, "mamparo_relay_leading") == 0, 20, "it to give up")
        wait_until(lambda: status(fresh.write)["relay"] == "standby", 10, "it to wait for the slot")
        assert "PostgreSQL does not answer" in fresh.write.log()
    finally:
        os.kill(walsender, signal.SIGCONT)
    fresh.await_everywhere(during, seconds=20)


def test_the_log_that_is_kept_is_told_while_redis_is_away(fresh):
    fresh.await_everywhere(fresh.create(title="Antes"))
    fresh.redis.kill()
    before = metric(fresh.write, "mamparo_relay_wal_kept_bytes")
    fresh.written("SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000))")
    wait_until(lambda: metric(fresh.write, "mamparo_relay_wal_kept_bytes") > before + 900000, 10,
               "the megabyte to be told")


def test_a_replica_that_reports_late_after_redis_lost_all_still_finds_what_comes_next(fresh):
    """What the others have applied is not trimmed before it had time to report."""
    fresh.await_everywhere(fresh.create(title="Antes"))
    late, others = fresh.reads[0], fresh.reads[1:]
    before = [fillings(read) for read in fresh.reads]
    late.pause()
    fresh.redis.kill()
    during = [fresh.create(title=f"Sin Redis {number}") for number in range(5)]
    fresh.redis.start()
    wait_until(lambda: all(serves(read, during[-1]) for read in others), 10, "the others to have it")
    late.resume()
    fresh.await_everywhere(*during)
    assert [fillings(read) for read in fresh.reads] == before


def test_a_full_stream_pauses_publishing_and_not_writing(new_cluster):
    cluster = new_cluster()
    cluster.write.settings["STREAM_MAX_ENTRIES"] = 100
    cluster.start()
    cluster.await_everywhere(cluster.create(title="Antes"))
    cluster.reads[0].pause()
    post_many(cluster, 3000)
    wait_until(lambda: status(cluster.write)["relay"] == "paused", 10, "publishing to pause")
    written = [cluster.create(title=f"En pausa {number}") for number in range(20)]
    assert metric(cluster.write, "mamparo_relay_leading") == 1
    cluster.reads[0].resume()
    cluster.await_everywhere(*written, seconds=20)
    wait_until(lambda: status(cluster.write)["relay"] == "leading", 10, "publishing to go on")


def test_a_replica_that_is_far_behind_says_so_and_is_not_ready(new_cluster):
    cluster = new_cluster()
    for read in cluster.reads:
        read.settings["LAG_MAX_MS"] = 500
    cluster.start()
    cluster.await_everywhere(cluster.create(title="Antes"))
    slow = cluster.reads[0]
    database = f"{cluster.name}_read_1"
    with cluster.site.postgres.connect(database) as locker, locker.transaction():
        locker.execute("LOCK TABLE medical.entries IN EXCLUSIVE MODE")
        created = [cluster.create(title=f"Tras el cerrojo {number}") for number in range(10)]
        cluster.reads[1].await_ready()
        wait_until(lambda: metric(slow, 'mamparo_replica_lag_milliseconds{service="medical"}') >
                   1000, 10, "the lag to be told")
        wait_until(lambda: not slow.is_ready(), 10, "the replica to be called late")
        assert "behind" in status(slow)["why"]
        assert cluster.reads[1].is_ready()
    cluster.await_everywhere(*created)
    wait_until(lambda: status(slow)["services"]["medical"]["lag_ms"] == 0, 10, "no lag")
    assert status(slow)["services"]["medical"]["lag_events"] == 0
    wait_until(slow.is_ready, 5, "the replica to be ready again")


@pytest.mark.parametrize("times", [3])
def test_a_resynchronisation_that_is_killed_goes_on_where_it_was(fresh, times):
    post_many(fresh, 12000)
    fresh.site.postgres.create(f"{fresh.name}_late")
    late = fresh.new_read("read-late", "late")
    for _ in range(times):
        late.start()
        wait_until(lambda: late.is_live() and
                   metric(late, 'mamparo_replica_filled_total{service="medical"}') > 0, 20,
                   "the first page")
        late.kill()
    late.start().await_ready()
    said = late.log_path.read_text()
    assert said.count('"event":"replica.resuming"') >= 1
    fresh.reads.append(late)
    fresh.await_everywhere(fresh.create(title="Al final"))
    totals = [read.get(f"{ENTRIES}?page_size=1").json()["pagination"]["total_records"]
              for read in fresh.reads]
    assert totals == [12001] * len(fresh.reads)
    histories = [fresh.site.postgres.query(f"{fresh.name}_{name}",
                                           "SELECT count(*) FROM mamparo.history")
                 for name in ("read_1", "late")]
    assert histories == [[(12001,)], [(12001,)]]


def test_how_far_a_replica_is_behind_goes_with_its_answers_and_is_known_at_the_gateway(new_cluster):
    cluster = new_cluster(reads=1).start()
    record = cluster.create(title="Antes")
    cluster.await_everywhere(record)
    paths = [ENTRIES, f"{ENTRIES}/{record['id']}", f"{ENTRIES}/{record['id']}/history",
             "/database/read/", f"{ENTRIES}/{'0' * 8}-0000-7000-8000-000000000000"]
    for path in paths:
        answer = cluster.reads[0].get(path)
        assert answer.headers["replica-lag-ms"] == "0", (path, answer.text)
    assert cluster.bulkhead.get(ENTRIES).headers["replica-lag-ms"] == "0"
    assert "replica-lag-ms" not in cluster.write.get(f"{ENTRIES}/{record['id']}").headers
    name = f'mamparo_gateway_replica_lag_milliseconds{{server="{cluster.reads[0].address}"}}'
    assert metric(cluster.bulkhead, name) == 0
    with (cluster.site.postgres.connect(f"{cluster.name}_read_1") as connection,
          connection.transaction()):
        connection.execute("LOCK TABLE medical.entries IN EXCLUSIVE MODE")
        cluster.create(title="Lo que no llega")
        wait_until(lambda: int(cluster.bulkhead.get(ENTRIES).headers["replica-lag-ms"]) > 100, 10,
                   "the lag to be told")
        assert metric(cluster.bulkhead, name) > 100
    wait_until(lambda: cluster.bulkhead.get(ENTRIES).headers["replica-lag-ms"] == "0", 10,
               "the lag to be gone")

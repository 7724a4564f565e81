"""Records served from memory: as fresh as those of the database, and never beyond the bound."""
import json

import pytest
from harness.connection import Connection
from harness.load import ENTRIES
from harness.memory import (Hammer, change, counts, follows, in_database, metric, path_of, small,
                            some, version_in_list, version_of_record, warm, warm_paths)
from harness.process import wait_until


# What is served

def test_what_is_served_from_memory_is_what_the_database_gave_and_asks_it_no_more(new_cluster):
    cluster = small(new_cluster)
    read = cluster.reads[0]
    record = cluster.create(title="Caliente", content="siempre la misma")
    cluster.await_everywhere(record)
    [first] = warm(read, record)
    [old] = warm(read, record, path=lambda record: f"/database/read/?id={record['id']}")
    with (cluster.site.postgres.connect(f"{cluster.name}_read_1") as connection,
          connection.transaction()):
        connection.execute("LOCK TABLE medical.entries")
        again = read.get(path_of(record))
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["etag"] == first.headers["etag"] == '"1"'
        assert read.request("HEAD", path_of(record)).headers["etag"] == '"1"'
        assert read.get(f"/database/read/?id={record['id']}").content == old.content
    assert counts(read)["hits"] == metric(read, "mamparo_cache_hits_total")
    assert counts(read)["misses"] == metric(read, "mamparo_cache_misses_total") > 0
    assert counts(read)["records"] == metric(read, "mamparo_cache_records") == 1
    assert counts(read)["bytes"] == metric(read, "mamparo_cache_bytes") > len(first.content)


def test_a_change_is_seen_as_soon_as_it_is_in_the_database(new_cluster):
    cluster = small(new_cluster)
    read = cluster.reads[0]
    record = cluster.create(title="Cambiante")
    cluster.await_everywhere(record)
    for number in range(20):
        warm(read, record)
        version = change(cluster, record, content=str(number))
        answer = read.get(path_of(record)).json()
        assert (answer["version"], answer["content"]) == (version, str(number))


def test_a_record_that_is_deleted_is_gone_at_once(new_cluster):
    cluster = small(new_cluster)
    read = cluster.reads[0]
    records = [cluster.create(title=f"Fugaz {number}") for number in range(10)]
    cluster.await_everywhere(*records)
    for record in records:
        warm(read, record)
        assert cluster.write.request("DELETE", path_of(record)).status_code == 204
        wait_until(lambda: in_database(cluster, record)[1], 10, "the deletion to be applied")
        assert read.get(path_of(record)).status_code == 404


def test_no_room_means_that_every_read_asks_the_database(new_cluster):
    cluster = small(new_cluster, CACHE_BYTES=0)
    read = cluster.reads[0]
    record = cluster.create(title="Fría")
    cluster.await_everywhere(record)
    before = counts(read)["misses"]
    for _ in range(20):
        assert read.get(path_of(record)).json()["version"] == 1
    assert counts(read) == {"hits": 0, "misses": before + 20, "records": 0, "bytes": 0}


def test_large_records_stay_within_the_bound_and_the_largest_are_not_kept(new_cluster):
    bound = 200_000
    cluster = small(new_cluster, CACHE_BYTES=bound)
    read = cluster.reads[0]
    records = [cluster.create(title=f"Grande {number}", content="x" * 5000)
               for number in range(60)]
    huge = cluster.create(title="Enorme", content="y" * 50_000)
    cluster.await_everywhere(*records, huge)
    for _ in range(3):
        for record in records:
            assert read.get(path_of(record)).json() == record
            assert 0 < counts(read)["bytes"] <= bound
    assert 20 < counts(read)["records"] < 40
    warm(read, records[0])
    before = counts(read)
    for _ in range(5):
        assert read.get(path_of(huge)).json() == huge
    assert (counts(read)["hits"], counts(read)["records"]) == (before["hits"], before["records"])


# Under load

def test_nobody_is_told_less_than_the_database_has(new_cluster, is_long):
    cluster = new_cluster(reads=1).start()
    read = cluster.reads[0]
    with Hammer(cluster, some(cluster), [read]) as hammer:
        hammer.await_progress(20_000 if is_long else 1500, 3000, seconds=600 if is_long else 90)
    print(f"{hammer.changes} changes, {hammer.reads} reads, {counts(read)}")
    assert hammer.refused == 0
    assert counts(read)["hits"] > 100


@pytest.fixture
def twins(new_cluster):
    """Two read servers on one database; the first of them applies."""
    cluster = small(new_cluster)
    wait_until(lambda: follows(cluster.reads[0]), 10, "a follower")
    cluster.reads.append(cluster.new_read("read-2", "read_1").start().await_ready())
    return cluster


def test_a_server_that_does_not_apply_asks_the_database(twins):
    first, second = twins.reads
    record = twins.create(title="Compartida")
    twins.await_everywhere(record)
    warm(first, record)
    for _ in range(20):
        assert second.get(path_of(record)).json()["version"] == 1
    assert (counts(second)["hits"], counts(second)["records"]) == (0, 0)


def break_the_place(cluster):
    """Ends the session of whoever applies, as a database that is restarted would."""
    cluster.site.postgres.query(
        f"{cluster.name}_read_1",
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")


@pytest.mark.parametrize(("ask", "cache"), [(version_of_record, "cache"),
                                            (version_in_list, "list_cache")])
def test_nobody_is_told_less_while_the_place_goes_from_server_to_server(twins, ask, cache):
    moves = 0
    with Hammer(twins, some(twins), twins.reads, ask=ask) as hammer:
        for _ in range(6):
            before = [follows(read) for read in twins.reads]
            break_the_place(twins)
            hammer.await_progress(200, 800)
            wait_until(lambda: sum(follows(read) for read in twins.reads) == 1, 10, "a follower")
            moves += before != [follows(read) for read in twins.reads]
    print(f"{moves} moves, {hammer.changes} changes, {hammer.reads} reads, {hammer.refused} refused"
          f" {[counts(read, cache) for read in twins.reads]}")
    assert sum(counts(read, cache)["hits"] for read in twins.reads) > (50 if cache == "cache" else 0)


def test_a_server_that_wakes_serves_nothing_from_before_its_sleep(twins):
    first, second = twins.reads
    records = some(twins, 20)
    warm(first, *records)
    first.pause()
    wait_until(lambda: follows(second), 10, "the other one to apply")
    for record in records:
        change(twins, record, content="Mientras dormía")
    asked = [Connection(first, timeout=30).http for _ in records]
    for connection, record in zip(asked, records):
        connection.request("GET", path_of(record))  # into the socket of one that sleeps
    first.resume()
    told = [json.load(connection.getresponse())["version"] for connection in asked]
    assert told == [2] * len(records)
    assert follows(second)


# Records that change without an event

def test_what_a_rewound_log_took_back_is_not_served_from_memory(new_cluster):
    cluster = small(new_cluster)
    read = cluster.reads[0]
    record = cluster.create(title="Antes")
    cluster.await_everywhere(record)
    cluster.write.kill()
    backup = f"{cluster.write_database}_backup"
    with cluster.postgres.connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {backup} TEMPLATE {cluster.write_database}"
                           " OWNER mamparo")
    cluster.write.start().await_ready()
    change(cluster, record, title="Deshecho")
    [answer] = warm(read, record)
    assert answer.json()["title"] == "Deshecho"
    [answer] = warm_paths(read, ENTRIES, of="list_cache")
    assert answer.json()["data"][0]["title"] == "Deshecho"
    cluster.write.kill()
    cluster.write.settings |= {"WRITE_DATABASE_URL": cluster.postgres.url(backup),
                               "REPLICATION_SLOT": f"{cluster.name}_backup"}
    cluster.write.start().await_ready()
    wait_until(lambda: in_database(cluster, record) == (1, False), 20, "the log that counts")
    assert read.get(path_of(record)).json() == record
    assert read.get(ENTRIES).json()["data"] == [record]
    warm(read, record)

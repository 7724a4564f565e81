"""Records served from memory: as fresh as those of the database, and never beyond the bound."""
import json
import random
from functools import partial

import pytest
from harness.connection import Connection
from harness.load import ENTRIES, Clients
from harness.process import wait_until


def follows(server):
    return server.admin("/statusz").json()["services"]["medical"]["state"] == "following"


def counts(server):
    return server.admin("/statusz").json()["cache"]


def metric(server, name):
    return next(int(line.split()[-1]) for line in server.admin("/metrics").text.splitlines()
                if line.startswith(name))


def path_of(record):
    return f"{ENTRIES}/{record['id']}"


def warm(server, *records, path=path_of):
    """Until each of the records is served from memory. Their answers."""
    def is_hit(record):
        before = counts(server)["hits"]
        answer = server.get(path(record))
        assert answer.status_code == 200, answer.text
        return counts(server)["hits"] > before and answer

    return [wait_until(lambda: is_hit(record), 10, f"{record} to be served from memory")
            for record in records]


def small(new_cluster, **settings):
    """One read server with one loop: what it served once, it has."""
    cluster = new_cluster(reads=1)
    cluster.reads[0].settings |= {"THREADS": 1, **settings}
    return cluster.start()


def in_database(cluster, record):
    """(version, deleted) of what the read database has; None: nothing."""
    found = cluster.site.postgres.query(
        f"{cluster.name}_read_1", "SELECT version, deleted FROM medical.entries WHERE id = %s",
        record["id"])
    return found[0] if found else None


def change(cluster, record, **fields):
    """Patches it at the write server and waits until the read database has it."""
    answer = cluster.write.request("PATCH", path_of(record), json=fields)
    assert answer.status_code == 200, answer.text
    version = answer.json()["version"]
    wait_until(lambda: in_database(cluster, record)[0] >= version, 10, "the change to be applied")
    return version


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

class Hammer(Clients):
    """While in its block: one client for each record patches it, at the write server; readers ask the
    read servers for records of which they know what the database has. Whoever is told less than
    that, or than he was told before, says so."""

    def __init__(self, cluster, records, servers, readers=4):
        super().__init__()
        self.cluster, self.records, self.servers = cluster, records, servers
        self.changes, self.reads, self.refused = [0] * len(records), [0] * readers, 0
        self.jobs = [*(partial(self._change, number) for number in range(len(records))),
                     *(partial(self._read, number) for number in range(readers))]

    def await_progress(self, changes, reads, seconds=60):
        wanted = sum(self.changes) + changes, sum(self.reads) + reads
        wait_until(lambda: sum(self.changes) >= wanted[0] and sum(self.reads) >= wanted[1]
                   or self._has_failed(), seconds,
                   f"{changes} changes and {reads} reads; so far {self.changes} and {self.reads}")

    def _has_failed(self):
        return any(job.done() for job in self.running)

    def _change(self, number):
        connection = Connection(self.cluster.write)
        while not self.stopping.wait(0.001):
            answer = connection.ask("PATCH", path_of(self.records[number]),
                                    {"content": f"cambio {self.changes[number]}"})
            self.changes[number] += answer is not None and answer.status == 200

    def _read(self, number):
        connections = [Connection(server) for server in self.servers]
        told, chance = {}, random.Random(number)
        with self.cluster.site.postgres.connect(f"{self.cluster.name}_read_1") as database:
            while not self.stopping.is_set():
                record = chance.choice(self.records)
                [(least,)] = database.execute(
                    "SELECT version FROM medical.entries WHERE id = %s", (record["id"],)).fetchall()
                for connection in chance.sample(connections, len(connections)):
                    answer = connection.ask("GET", path_of(record))
                    if answer is None or answer.status != 200:
                        self.refused += 1
                        continue
                    version = answer.json()["version"]
                    assert version >= max(least, told.get(record["id"], 0)), (
                        f"{version} of {record['id']}, where the database had {least}"
                        f" and an answer {told.get(record['id'])}")
                    least = told[record["id"]] = version
                    self.reads[number] += 1


def some(cluster, count=4):
    records = [cluster.create(title=f"Disputada {number}") for number in range(count)]
    cluster.await_everywhere(*records)
    return records


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


def test_nobody_is_told_less_while_the_place_goes_from_server_to_server(twins):
    moves = 0
    with Hammer(twins, some(twins), twins.reads) as hammer:
        for _ in range(6):
            before = [follows(read) for read in twins.reads]
            break_the_place(twins)
            hammer.await_progress(200, 800)
            wait_until(lambda: sum(follows(read) for read in twins.reads) == 1, 10, "a follower")
            moves += before != [follows(read) for read in twins.reads]
    print(f"{moves} moves, {hammer.changes} changes, {hammer.reads} reads, {hammer.refused} refused"
          f" {[counts(read) for read in twins.reads]}")
    assert sum(counts(read)["hits"] for read in twins.reads) > 50


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
    cluster.write.kill()
    cluster.write.settings |= {"WRITE_DATABASE_URL": cluster.postgres.url(backup),
                               "REPLICATION_SLOT": f"{cluster.name}_backup"}
    cluster.write.start().await_ready()
    wait_until(lambda: in_database(cluster, record) == (1, False), 20, "the log that counts")
    assert read.get(path_of(record)).json() == record
    warm(read, record)

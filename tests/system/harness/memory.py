"""What a read server serves from memory, and clients that notice when it is too old."""
import random
from functools import partial

from .connection import Connection
from .load import ENTRIES, Clients
from .process import wait_until


def follows(server):
    return server.admin("/statusz").json()["services"]["medical"]["state"] == "following"


def counts(server, of="cache"):
    return server.admin("/statusz").json()[of]


def metric(server, name):
    return next(int(line.split()[-1]) for line in server.admin("/metrics").text.splitlines()
                if line.startswith(name))


def path_of(record):
    return f"{ENTRIES}/{record['id']}"


def warm_paths(server, *paths, of="cache", **how):
    """Until each of the paths is served from memory. Their answers."""
    def is_hit(path):
        before = counts(server, of)["hits"]
        answer = server.get(path, **how)
        assert answer.status_code == 200, answer.text
        return counts(server, of)["hits"] > before and answer

    return [wait_until(lambda: is_hit(path), 10, f"{path} to be served from memory")
            for path in paths]


def warm(server, *records, path=path_of):
    return warm_paths(server, *map(path, records))


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


def version_of_record(connection, record):
    """What one is told of it; None: nothing."""
    answer = connection.ask("GET", path_of(record))
    return answer.json()["version"] if answer is not None and answer.status == 200 else None


def version_in_list(connection, record):
    answer = connection.ask("GET", f"{ENTRIES}?page_size=100")
    if answer is None or answer.status != 200:
        return None
    return next(one["version"] for one in answer.json()["data"] if one["id"] == record["id"])


class Hammer(Clients):
    """While in its block: one client for each record patches it, at the write server; readers ask the
    read servers for records, or lists, of which they know what the database has. Whoever is told
    less than that, or than he was told before, says so."""

    def __init__(self, cluster, records, servers, readers=4, ask=version_of_record):
        super().__init__()
        self.ask = ask
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
                    version = self.ask(connection, record)
                    if version is None:
                        self.refused += 1
                        continue
                    assert version >= max(least, told.get(record["id"], 0)), (
                        f"{version} of {record['id']}, where the database had {least}"
                        f" and an answer {told.get(record['id'])}")
                    least = told[record["id"]] = version
                    self.reads[number] += 1


def some(cluster, count=4):
    records = [cluster.create(title=f"Disputada {number}") for number in range(count)]
    cluster.await_everywhere(*records)
    return records

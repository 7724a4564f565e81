"""An installation to be broken: two write servers, three replicas and a gateway, on PostgreSQL and
Redis of their own. The first replica's PostgreSQL is nobody else's; on a wire, where each server
has a host of its own, it is that of all replicas."""
import os
import signal
import time
from dataclasses import dataclass

from harness.engines import Postgres
from harness.process import HERE, wait_until

from .wire import Wire

CLUSTER_KEY = "the key of the cluster that is broken all day".replace(" ", "-")
SERVERS = ["write", "write-2", "read-1", "read-2", "read-3", "bulkhead"]
HOSTS = [*SERVERS, "redis", "write-postgres", "read-postgres"]
STREAM, EPOCH = "mamparo:{medical}:events", "mamparo:{medical}:epoch"
WAITING = """SELECT pid FROM pg_locks WHERE NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND relation = %s::regclass"""
ROW_WAITING = """SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE %s"""


@dataclass
class Database:
    postgres: Postgres
    name: str

    def query(self, statement, *parameters):
        return self.postgres.query(self.name, statement, *parameters)

    def run(self, statement):
        with self.connect() as connection:
            connection.execute(statement)

    def connect(self):
        return self.postgres.connect(self.name)

    def await_waiting(self, table, seconds=10):
        """Until a session waits for this table, for a lock that we hold."""
        return wait_until(lambda: self.query(WAITING, table), seconds,
                          f"somebody to wait for {table}")

    def await_waiting_for_row(self, words, seconds=10):
        """Until a session with these words in its statement waits for a row."""
        return wait_until(lambda: self.query(ROW_WAITING, f"%{words}%"), seconds,
                          f"somebody to wait with {words}")


class World:
    """`share` is how long a fault lasts, as a share of what the table says: the short form's is
    less than 1."""

    def __init__(self, site, share, is_wired=False, environment=None, **settings):
        self.site, self.share = site, share
        self.wire = Wire(HOSTS) if is_wired else None
        host_of = (lambda name: self.wire.hosts[name]) if is_wired else (lambda name: HERE)
        self.write_postgres = site.new_postgres(host_of("write-postgres"))
        self.read_postgres = site.new_postgres(host_of("read-postgres"))
        if is_wired:
            settings["CLUSTER_KEY"] = CLUSTER_KEY
        self.cluster = site.new_cluster(postgres=self.write_postgres, host_of=host_of, **settings)
        self.redis = self.cluster.redis
        self.standby = self.cluster.new_write("write-2")
        self.writes = [self.cluster.write, self.standby]
        self.reads, self.gateway = self.cluster.reads, self.cluster.bulkhead
        self.write_database = Database(self.write_postgres, self.cluster.write_database)
        self.read_databases = [
            Database(self.read_postgres if is_wired or number == 1 else site.postgres,
                     f"{self.cluster.name}_read_{number}") for number in (1, 2, 3)]
        self.traffic = None
        self._introduce(environment or {})

    def _introduce(self, environment):
        both = ",".join(write.address for write in self.writes)
        self.gateway.settings["WRITE_SERVERS"] = both
        for read, database in zip(self.reads, self.read_databases):
            read.settings["WRITE_SERVERS"] = both
            read.settings["READ_DATABASE_URL"] = database.postgres.url(database.name)
        for server in self.servers:
            server.settings |= environment.get(server.settings["SERVER_TYPE"], {})

    @property
    def servers(self):
        return [*self.writes, *self.reads, self.gateway]

    @property
    def leader(self):
        """The write server that publishes."""
        return wait_until(lambda: next((w for w in self.writes if leads(w)), None), 20,
                          "a write server to lead")

    def start(self):
        for postgres in (self.write_postgres, self.read_postgres):
            postgres.make().start()
        for database in (self.write_database, *self.read_databases):
            database.postgres.create(database.name)
        self.redis.start()
        for server in self.servers:
            server.start()
        for server in self.servers:
            server.await_ready()
        return self

    def last(self, seconds):
        """While the fault lasts. This is its length, not a wait for anything."""
        time.sleep(seconds * self.share)

    def end_and_restart(self, server):
        server.kill()
        self.last(1)
        server.start()

    def close(self):
        self.cluster.close()
        for postgres in (self.write_postgres, self.read_postgres):
            postgres.kill()
        if self.wire:
            self.wire.close()


def leads(write):
    return write.is_running() and write.admin("/statusz").json()["relay"] in ("leading", "paused")


def kill_9(postgres):
    """The postmaster and all of its children, none of which can say or write a thing more."""
    with open(f"/proc/{postgres.pid}/task/{postgres.pid}/children", encoding="ascii") as file:
        children = [int(pid) for pid in file.read().split()]
    for pid in [postgres.pid, *children]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    postgres.process.wait(10)
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children), 10,
               "the last child of PostgreSQL to end")

"""Creations, durable, beside clients that send the same statement to PostgreSQL directly (pgbench),
and beside Django, which stores the row and no event."""
from frame.chores import migrate_write
from frame.durable import make_durable
from frame.measurement import OURS, Measurement, at_least, measured, none
from frame.rivals import Django, Pgbench
from frame.tools import CONNECTIONS, Ask, creation, run_client
from reads.statements import statement_of, with_values

TITLE = ("POST of an entry, 64 connections, fsync on, each side with a PostgreSQL of its own; "
         "`pgbench -M prepared -c 64 -j 2` sends our own statement for one, with the event in it.")
CASE, RATE, GROUPED = "POST, durable", "a second", "in a sync of the log"
AIMS = [
    at_least(2, CASE, RATE, "pgbench"),
    at_least(10, CASE, RATE, "Django"),
    *none(CASE, "failed", "lost"),
]

CONTENT = "Desde ayer, sin fiebre; se recomienda reposo y una nueva consulta."
# As ours are: one after another, and never the same.
SCRIPT = "\\set n :n + 1\n\\set c 1000 + :client_id\n"
NEW_ID, NEW_EVENT_ID = (f"('{prefix}-' || :c || '-7000-8000-' || :n)"
                        for prefix in ("01920000", "01930000"))
FIRST, OF_A_ROUND = 100000000000, 1000000000
SYNCS = "SELECT wal_sync FROM pg_stat_wal"
STORED = "SELECT count(*) FROM medical.entries"


def measure(site, plan):
    cluster = site.new_cluster(reads=0, postgres=make_durable(site.postgres))
    cluster.make_databases()
    cluster.redis.start()
    cluster.write.start().await_ready()
    theirs, folder = make_durable(site.new_postgres().make()), site.folder
    theirs.create("theirs")
    migrate_write(theirs.url("theirs"))
    django = Django(theirs, "theirs", folder, site.ports.take()).start()
    ours = creation("Consulta #", content=CONTENT)
    sides = [
        Http(OURS, cluster.postgres, cluster.write_database, cluster.write.port, ours),
        Direct(Pgbench(theirs, "theirs", folder), script_of(cluster)),
        Http("Django", theirs, "theirs", django.port, Ask("/written/", ours.method, ours.body))]
    for number, turn in plan.turns(sides):
        for side in turn:
            yield from measured(CASE, side.name, side.write(number, plan.seconds))
    django.stop()
    for side in sides:
        yield Measurement(CASE, GROUPED, side.name, side.stored / max(1, side.syncs))


class Side:
    """`stored`, and how often the log was synced for that, since the beginning."""

    def __init__(self, name, postgres, database):
        self.name, self.postgres, self.database = name, postgres, database
        self.stored, self.syncs = 0, 0

    def write(self, number, seconds):
        """It is PostgreSQL who says what is stored."""
        stored, syncs = self.told(STORED), self.told(SYNCS)
        numbers = self.post(number, seconds)
        new = self.told(STORED) - stored
        self.stored, self.syncs = self.stored + new, self.syncs + self.told(SYNCS) - syncs
        good = numbers.pop("good")
        return {**numbers, "lost": max(0, good - new)}

    def post(self, number, seconds):
        raise NotImplementedError

    def told(self, statement):
        [[number]] = self.postgres.query(self.database, statement)
        return number


class Http(Side):
    def __init__(self, name, postgres, database, port, ask):
        super().__init__(name, postgres, database)
        self.port, self.ask = port, ask

    def post(self, number, seconds):
        tally = run_client(self.port, self.ask, seconds, connections=CONNECTIONS)
        return {RATE: tally.rate, "99th percentile, ms": tally.p99_us / 1000,
                "failed": tally.failed, "good": tally.requests - tally.failed}


class Direct(Side):
    def __init__(self, pgbench, script):
        super().__init__(pgbench.name, pgbench.postgres, pgbench.database)
        self.pgbench, self.script = pgbench, script

    def post(self, number, seconds):
        rate = self.pgbench.rate(self.script, seconds, n=FIRST + number * OF_A_ROUND)
        return {RATE: rate, "good": 0}


def script_of(cluster):
    sql, parameters = statement_of(cluster.postgres, lambda: cluster.write.post(
        "/v1/medical/entries", {"title": "Consulta", "content": CONTENT}))
    known = {"1": NEW_ID, "6": NEW_EVENT_ID}
    return SCRIPT + with_values(
        sql, lambda place: known.get(place[1]) or f"({parameters[place[1]]})")

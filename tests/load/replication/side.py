"""What both sides have: a source, three replicas, and how they are watched.

An event counts as applied once a query on the replica finds its record. Each replica's database
looks for it by itself, once a millisecond, by title: so nothing of the client's is in what is
measured. All clocks are this machine's."""
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

REPLICAS, PACE, PROBE_EVERY = 3, 1000, 10
LONGEST_S = 120
CONTENT = "Desde ayer, sin fiebre; se recomienda reposo y una nueva consulta. " * 3

# The statement's snapshot is a new one each time, after the COMMIT.
WATCH = """CREATE PROCEDURE look_for(titles text[], longest interval, INOUT seen timestamptz[])
    LANGUAGE plpgsql AS $$
    DECLARE wanted text; until timestamptz := clock_timestamp() + longest; BEGIN
        FOREACH wanted IN ARRAY titles LOOP
            WHILE NOT EXISTS (SELECT FROM medical.entries WHERE title = wanted AND NOT deleted) LOOP
                COMMIT;
                IF clock_timestamp() > until THEN
                    RAISE EXCEPTION 'waited in vain for %', wanted;
                END IF;
                PERFORM pg_sleep(0.001);
            END LOOP;
            seen := seen || clock_timestamp();
        END LOOP;
    END $$"""

COMMITTED = """SELECT pg_xact_commit_timestamp(record.xmin) FROM medical.entries record
    JOIN unnest(%s::text[]) WITH ORDINALITY AS wanted (title, place)
    ON record.body::json->>'title' = wanted.title ORDER BY place"""

# The same number for the same rows, whatever their order.
DIGEST = """SELECT count(*), sum(hashtextextended(id::text || version || deleted || body, 0))
    FROM medical.entries"""


@dataclass
class Lag:
    median: float
    p99: float
    pace: float


class Side:
    """`source` and `replicas` are names of databases of `postgres`."""

    def __init__(self, name, postgres, source, replicas):
        self.name, self.postgres, self.source, self.replicas = name, postgres, source, replicas

    def release(self):
        """Lets replication run."""
        raise NotImplementedError

    def hold(self):
        """Ends it; what is written from now on is a backlog."""
        raise NotImplementedError

    def writer(self):
        """Makes a function that writes one record, of a title, for one thread."""
        raise NotImplementedError

    def prepare_watching(self):
        for database in self.replicas:
            self.run(database, WATCH)

    def run(self, database, *statements):
        with self.postgres.connect(database) as connection:
            for statement in statements:
                connection.execute(statement)

    def catch_up(self, tag, events):
        """Events a second, from the first that any replica has to the last that all have. So what
        it takes to begin is left out."""
        self.run("postgres", "CHECKPOINT")
        with ThreadPoolExecutor(REPLICAS) as pool:
            looking = self.look_for(pool, [f"{tag} first", f"{tag} last"])
            self.release()
            seen = [one.result() for one in looking]
        self.hold()
        first, last = min(one[0] for one in seen), max(one[1] for one in seen)
        return (events - 1) / (last - first).total_seconds()

    def look_for(self, pool, titles):
        return [pool.submit(self._look_in, database, titles) for database in self.replicas]

    def _look_in(self, database, titles):
        with self.postgres.connect(database) as connection:
            connection.execute("SET enable_seqscan = off")  # its statistics are of an empty table
            [seen] = connection.execute("CALL look_for(%s, %s, '{}')", [
                titles, f"{LONGEST_S} s"]).fetchone()
            return seen

    def follow(self, tag, seconds):
        """The lag while a thousand are written each second; one in ten is looked for."""
        self.release()
        probes = [f"{tag} {number}" for number in range(0, seconds * PACE, PROBE_EVERY)]
        self._warm_up(tag)
        self.run("postgres", "CHECKPOINT")
        with ThreadPoolExecutor(REPLICAS + PROBE_EVERY) as pool:
            looking = self.look_for(pool, probes)
            pace = self._write_at_pace(pool, tag, seconds)
            seen = [one.result() for one in looking]
        self.hold()
        committed = [at for [at] in self.postgres.query(self.source, COMMITTED, probes)]
        lags = sorted((at - since).total_seconds() * 1000
                      for one in seen for at, since in zip(one, committed, strict=True))
        return Lag(statistics.median(lags), lags[len(lags) * 99 // 100], pace)

    def _warm_up(self, tag):
        """Until the replicas follow: beginning is no lag."""
        self.writer()(f"{tag} before")
        with ThreadPoolExecutor(REPLICAS) as pool:
            for one in self.look_for(pool, [f"{tag} before"]):
                one.result()

    def _write_at_pace(self, pool, tag, seconds):
        """Ten threads, of which one writes all the probes: so they come in their order."""
        began = time.monotonic()
        writing = [pool.submit(self._write_every_tenth, tag, first, began, seconds)
                   for first in range(PROBE_EVERY)]
        for one in writing:
            one.result()
        return seconds * PACE / (time.monotonic() - began)

    def _write_every_tenth(self, tag, first, began, seconds):
        write = self.writer()
        for number in range(first, seconds * PACE, PROBE_EVERY):
            time.sleep(max(0, began + number / PACE - time.monotonic()))
            write(f"{tag} {number}")

    def check_the_replicas(self):
        self.release()
        self._warm_up("at last")
        written = self.postgres.query(self.source, DIGEST)
        for database in self.replicas:
            found = self.postgres.query(database, DIGEST)
            assert found == written, f"{self.name}: {database} has {found}, written is {written}"
        self.hold()

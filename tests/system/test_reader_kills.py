"""Every event is applied once, however often the readers are killed: killed again and again while
events flow, and their databases compared with what was written."""
import json

from harness.changes import ChangesLoad
from harness.events import Stream, as_json
from harness.process import wait_until

PROGRESS = "SELECT count(*), sum(version) FROM medical.entries"
RECORDS = "SELECT id, version, deleted, created_at, body FROM medical.entries"
LIVING = "SELECT count(*) FROM medical.entries WHERE NOT deleted"
TOTAL = "SELECT total FROM mamparo.totals WHERE service = 'medical' AND collection = 'entries'"
EVENTS = """SELECT service || '/' || collection, subject, version, time,
    substring(type FROM '[^.]*$'), actor FROM mamparo.events"""
LINES = "SELECT collection, subject, version, time, kind, actor FROM mamparo.history"
IMAGES = "SELECT subject, version, before, after FROM mamparo.history"

# What a record's history tells of it: how it is now, and that each line begins where the one
# before ended.
BROKEN = """SELECT line.subject, line.version FROM (
        SELECT *, lag(version) OVER record AS last_version,
            lead(version) OVER record AS next_version, lead(before) OVER record AS next_before
        FROM mamparo.history WINDOW record AS (PARTITION BY subject ORDER BY version)) line
    JOIN medical.entries entry ON entry.id = subject
    WHERE line.version <> coalesce(last_version, 0) + 1 OR CASE WHEN next_version IS NOT NULL
        THEN after IS DISTINCT FROM next_before
        ELSE line.version <> entry.version OR coalesce(after, '{}') <> entry.body END"""


def test_however_often_readers_are_killed_each_has_in_the_end_what_was_written(
        fresh, chance, is_long, say):
    kills, events = (200, 100_000) if is_long else (15, 5_000)
    with ChangesLoad(fresh, chance.randrange(2**32)) as load:
        for number in range(1, kills + 1):
            left = events - sum(load.events)
            load.await_events(chance.randrange(1, max(2, 2 * left // (kills - number + 1))))
            kill_one(fresh, chance)
            if number % 50 == 0:
                say(f"{number} of {kills} kills, {sum(load.events)} events")
        load.await_events(max(1, events - sum(load.events)))
    check_the_replicas(fresh, chance)


def kill_one(cluster, chance):
    """Mostly any of them, whatever it does just then; sometimes one that follows the stream."""
    victim = chance.choice(cluster.reads)
    if chance.random() < 0.3:
        victim.await_ready()
    victim.kill()
    victim.start()


def check_the_replicas(cluster, chance):
    events = cluster.written("SELECT data, subject, version FROM mamparo.events")
    sample = chance.sample(events, 100)
    for number, read in enumerate(cluster.reads, 1):
        database = f"{cluster.name}_read_{number}"

        def asked(statement, database=database):
            return cluster.site.postgres.query(database, statement)

        progress = cluster.written(PROGRESS)
        wait_until(lambda: asked(PROGRESS) == progress, 60, f"{read.name} to have what was written")
        assert differences(cluster.written(RECORDS), asked(RECORDS)) == [], read.name
        assert differences(cluster.written(EVENTS), asked(LINES)) == [], read.name
        assert asked(TOTAL) == cluster.written(LIVING), read.name
        assert asked(BROKEN)[:5] == [], read.name
        check_images(asked(IMAGES), sample, Stream(cluster))


def differences(written, found):
    """Enough to look at. What is there twice shows in the number of rows."""
    assert len(written) == len(found)
    return list(set(written) ^ set(found))[:5]


def check_images(rows, sample, stream):
    """Some of the history's lines, beside what Avro's own library reads in the event."""
    lines = {(subject, version): images for subject, version, *images in rows}
    for data, subject, version in sample:
        event = as_json(stream.decoded(data))
        found = [image and json.loads(image) for image in lines[subject, version]]
        assert found == [event["before"], event["after"]]

"""Nothing acknowledged is ever lost, nothing happens twice: killed again and again, under load, and
counted afterwards."""
import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.connection import Connection
from harness.keyed import KeyedLoad
from harness.load import ENTRIES
from harness.process import wait_until

COUNTERS = "/v1/medical/counters"
COUNTER = {
    "type": "record", "name": "Counter", "namespace": "medical",
    "fields": [{"name": "count", "type": "int", "minimum": 0}]}
BACK_OFF_S = 0.1  # at most; without it the hundred mostly read what is stale already

# The same number for the same rows, whatever their order.
DIGEST = ("SELECT count(*),"
          " sum(hashtextextended(id::text || version || deleted || body, 0)::numeric)"
          " FROM medical.entries")


# Killed

def test_however_often_the_write_side_is_killed_each_key_has_one_outcome_which_is_stored_once(
        apart, chance, is_long, say):
    kills, crashes = (1000, 50) if is_long else (20, 10)
    victims = [apart.write] * kills + [apart.postgres] * crashes
    chance.shuffle(victims)
    with KeyedLoad(apart) as load:
        for number, victim in enumerate(victims, 1):
            await_some_moment(load, chance)
            assert victim.is_running(), f"{victim.name} ended by itself"
            victim.kill()  # of PostgreSQL: as `pg_ctl stop -m immediate` does it
            victim.start()
            if number % 100 == 0:
                say(f"{number} of {len(victims)} kills, {len(load.outcomes)} keys answered,"
                    f" requests by their endings: {dict(load.tries)}")
        apart.write.await_ready()
        load.await_outcomes(200)
    check_what_is_stored(load)
    settle_the_unanswered(load)
    check_what_is_stored(load)
    check_the_replicas(apart, seconds=120 if is_long else 30)


def await_some_moment(load, chance):
    """Mostly while it works, sometimes while it still comes back."""
    if chance.random() < 0.8:
        load.await_outcomes(chance.randrange(1, 150))
    else:
        load.await_tries(chance.randrange(1, 150))


def check_what_is_stored(load):
    """By the keys, which are the titles. Each row is a record with an event of it, where there are
    both; it is one statement, so that both are of the same moment."""
    assert load.surprises == []
    promised = {key: json.loads(body)["id"] for key, body in load.outcomes.items()}
    rows = load.cluster.written(
        "SELECT body::json->>'title', coalesce(subject, record.id)::text, type, event.version"
        " FROM medical.entries record FULL JOIN mamparo.events event ON subject = record.id")
    stored = {title: identifier for title, identifier, _, _ in rows}
    assert not doubles(title for title, *_ in rows), "stored twice, or with two events"
    assert {(kind, version) for _, _, kind, version in rows} == {("medical.entry.created", 1)}
    assert not some(promised.items() - stored.items()), "acknowledged and not stored"
    assert not some(stored.keys() - promised.keys() - load.unanswered), "stored, and nobody asked"


def doubles(names):
    return some(name for name, times in Counter(names).items() if times > 1)


def some(things):
    """Enough to look at, where a failure may have a hundred thousand."""
    return list(things)[:5]


def settle_the_unanswered(load):
    """Who had no answer when the load ended asks again, and then it is done, once."""
    connection = Connection(load.cluster.bulkhead)
    for key in load.unanswered:
        wait_until(lambda: load.has_outcome(connection, key), 10, f"the outcome of {key}")
    load.unanswered.clear()


def check_the_replicas(cluster, seconds):
    [(total, digest)] = cluster.written(DIGEST)
    for number, read in enumerate(cluster.reads, 1):
        database = f"{cluster.name}_read_{number}"
        wait_until(lambda: cluster.site.postgres.query(database, DIGEST) == [(total, digest)],
                   seconds, f"{read.name} to have the {total} records")
        page = read.get(f"{ENTRIES}?page_size=1").json()["pagination"]
        assert page["total_records"] == total


# Counted

@pytest.fixture
def counting(site, new_cluster):
    """A cluster whose records are counters."""
    models = site.folder / "counting"
    (models / "medical").mkdir(parents=True)
    (models / "medical/counters.avsc").write_text(json.dumps(COUNTER), encoding="utf-8")
    return new_cluster(reads=1, MODELS=models).start()


def test_a_hundred_clients_times_a_hundred_increments_make_ten_thousand(counting):
    record = counting.create(COUNTERS, count=0)
    path = f"{COUNTERS}/{record['id']}"
    with ThreadPoolExecutor(100) as pool:
        for done in [pool.submit(increment, counting.write, path, 100) for _ in range(100)]:
            done.result()
    made = counting.write.get(path).json()
    assert (made["count"], made["version"]) == (10_000, 10_001)
    versions = counting.written(
        "SELECT version FROM mamparo.events WHERE subject = %s ORDER BY version", record["id"])
    assert versions == [(version,) for version in range(1, 10_002)]
    counting.await_everywhere(made, path=COUNTERS)


def increment(server, path, times):
    connection = Connection(server)
    for _ in range(times):
        while not increments_once(connection, path):
            time.sleep(random.uniform(0, BACK_OFF_S))


def increments_once(connection, path):
    """False when another client was faster."""
    read = connection.ask("GET", path)
    answer = connection.ask("PATCH", path, {"count": read.json()["count"] + 1},
                            {"If-Match": read.headers["ETag"]})
    assert answer.status in (200, 412), answer
    return answer.status == 200

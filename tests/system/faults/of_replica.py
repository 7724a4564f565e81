"""A replica that begins with nothing, or comes back when nobody waits for it any more."""
from concurrent.futures import ThreadPoolExecutor

from harness.process import wait_until

from .fault import fault

MILLION = 1_000_000
FILL = f"""INSERT INTO medical.entries (id, version, deleted, created_at, body)
    SELECT id, 1, false, '2026-01-01Z', format('{{"id":"%s","version":1,"title":"Ficha %s",'
        '"content":"","created_at":"2026-01-01T00:00:00.000Z",'
        '"updated_at":"2026-01-01T00:00:00.000Z","created_by":null,"updated_by":null}}', id, n)
    FROM (SELECT n, md5(n::text)::uuid AS id FROM generate_series(1, {MILLION}) n) numbered"""
COUNT = f"""UPDATE mamparo.totals SET total = total + {MILLION}
    WHERE service = 'medical' AND collection = 'entries'"""


@fault("replica", "empty, under load")
def begin_with_nothing(world):
    empty_and_start(world)


def fill(world):
    """The million is there on every side, as if it had come long ago. Not at the third replica,
    which is to be emptied."""
    with ThreadPoolExecutor() as pool:
        done = [pool.submit(world.write_database.run, FILL),
                *(pool.submit(replica.run, f"{FILL}; {COUNT}")
                  for replica in world.read_databases[:2])]
    for one in done:
        one.result()


@fault("replica", "empty at 1 million rows, under 1,000 writes a second", prepare=fill,
       pause_s=0.055, heal_s=600)
def begin_with_nothing_at_a_million(world):
    empty_and_start(world)


def empty_and_start(world):
    read, database = world.reads[2], world.read_databases[2]
    read.kill()
    with database.postgres.connect("postgres") as connection:
        connection.execute(f"DROP DATABASE {database.name} WITH (FORCE)")
    database.postgres.create(database.name)
    read.start()


@fault("replica", "away for ten times the retention", REPLICA_RETENTION_SECONDS=1)
def be_away(world):
    world.reads[0].kill()
    world.last(10)
    wait_until(lambda: any("relay.replica_dropped" in write.log() for write in world.writes), 10,
               "the silent one to be dropped")
    world.reads[0].start()

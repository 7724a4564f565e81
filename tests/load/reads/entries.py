"""The replica's table, filled by one statement, and the questions that are asked of it."""
from dataclasses import dataclass

HOT, HOT_LISTS = 10000, 500  # different records and lists, so that a cache has a chance
FIRST = 100000000000  # behind the id's prefix come twelve digits
ID_PREFIX = "018f0000-0000-7000-8000-"
TITLES, CASES = 50, 200  # entries of one title; entries in which one word occurs

FILL = f"""INSERT INTO medical.entries (id, version, deleted, created_at, body)
    SELECT id, 1, false, at, json_build_object('id', id, 'version', 1,
        'title', 'Entrada ' || n / {TITLES},
        'content', 'Desde ayer, sin fiebre; se recomienda reposo. caso' || n / {CASES},
        'created_at', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'updated_at', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'created_by', null, 'updated_by', null)::text
    FROM (SELECT n, ('{ID_PREFIX}' || {FIRST} + n)::uuid AS id,
        timestamptz '2026-01-01Z' + n * interval '1 second' AS at
        FROM generate_series(%s::int, %s - 1) AS n) AS numbered"""
TOTAL = """UPDATE mamparo.totals SET total = (SELECT count(*) FROM medical.entries)
    WHERE service = 'medical' AND collection = 'entries'"""


def fill(postgres, database, count, first=0):
    """From the one with the number `first` on; those before are there."""
    with postgres.connect(database) as connection:
        connection.execute(FILL, [first, count])
        connection.execute(TOTAL)
        connection.execute("VACUUM ANALYZE medical.entries")
        connection.execute("CHECKPOINT")


@dataclass(frozen=True)
class Question:
    """`path` with a number at {}, from `first` on, `count` of them; in SQL the number stands
    behind `prefix`."""
    what: str
    path: str
    django: str
    prefix: str = ""
    first: int = 0
    count: int = 1

    def with_number(self, number):
        return self.path.format(number)


def questions(entries):
    hot, titles, cases = min(HOT, entries), entries // TITLES, entries // CASES
    return [
        Question("GET by id", f"/v1/medical/entries/{ID_PREFIX}{{}}", f"/entries/{ID_PREFIX}{{}}/",
                 ID_PREFIX, FIRST, hot),
        Question("GET page of 20", "/v1/medical/entries?page_size=20", "/entries/?page_size=20"),
        Question("GET filter, 20 of 50", "/v1/medical/entries?page_size=20&title=Entrada%20{}",
                 "/entries/?page_size=20&title=Entrada%20{}", "Entrada ", 0, min(HOT_LISTS, titles)),
        Question("GET q=, 20 of 200", "/v1/medical/entries?page_size=20&q=caso{}",
                 "", "caso", 0, min(HOT_LISTS, cases)),
    ]

"""Queries beside clients that talk to PostgreSQL directly (pgbench, the very same statements) and
beside Django, on the same table of the same server."""
from frame.durable import make_durable
from frame.measurement import OURS, Measurement, at_least, at_most
from frame.rivals import Django, Pgbench, Wrk
from reads.entries import FIRST, ID_PREFIX, fill, questions
from reads.statements import script_of

TITLE = ("Queries of a read server's table, 64 connections: ours by wrk, the same statements by "
         "`pgbench -M prepared -c 64 -j 2`, and Django with its REST framework.")
RATE, CACHED, FAR_CASE = "a second", "{}, from the cache", "page by cursor"
NEAR, FAR = "page 2", "a far page"
LISTS = "GET page of 20", "GET filter, 20 of 50", "GET q=, 20 of 200"
AIMS = [
    at_least(1.2, "GET by id", RATE, "pgbench"),
    at_least(2, CACHED.format("GET by id"), RATE, "pgbench"),
    *(at_least(1, case, RATE, "pgbench") for case in LISTS),
    *(at_least(1, CACHED.format(case), RATE, "pgbench") for case in LISTS),
    *(at_least(20, case, RATE, "Django")
      for case in ("GET by id", "GET page of 20", "GET filter, 20 of 50")),
    at_most(1.2, FAR_CASE, "ms", NEAR, side=FAR),
]


def measure(site, plan):
    """The first read server applies, and so may cache; the second one only reads."""
    entries = plan.entries
    make_durable(site.postgres)
    cluster = site.new_cluster(reads=1)
    plain = cluster.new_read("plain", "read_1")
    plain.settings["CACHE_BYTES"] = 0
    for read in [*cluster.reads, plain]:
        read.settings["QUERY_TIMEOUT_MS"] = 60000  # what is slow is measured, not ended
    cluster.start()
    plain.start().await_ready()
    database = f"{cluster.name}_read_1"
    plan.say(f"filling a table with {entries:,} entries")
    fill(site.postgres, database, entries)
    asked = questions(entries)
    django = Django(site.postgres, database, site.folder, site.ports.take()).start()
    check_answers(plain, entries)
    for one in asked:
        if one.django:
            check_sameness(plain, django, one)
    pgbench = Pgbench(site.postgres, database, site.folder)
    ours = Wrk(OURS, plain.address, site.folder)
    cached = Wrk(OURS, cluster.reads[0].address, site.folder)
    scripts = {one: script_of(site.postgres, plain, one) for one in asked}
    pages = cursors(plain, entries)
    sides = [by_wrk(ours), by_wrk(cached, CACHED), by_pgbench(pgbench, scripts), by_django(django)]
    for _, turn in plan.turns(sides):
        for side in turn:
            for one in asked:
                yield from side(one, plan.seconds)
        yield from by_cursor(ours, pages, plan.seconds)
    django.stop()


def by_wrk(wrk, case="{}"):
    def ask(question, seconds):
        yield Measurement(case.format(question.what), RATE, OURS, wrk.rate(question, seconds))

    return ask


def by_pgbench(pgbench, scripts):
    def ask(question, seconds):
        rate = pgbench.rate(scripts[question], seconds)
        for case in (question.what, CACHED.format(question.what)):
            yield Measurement(case, RATE, pgbench.name, rate)

    return ask


def by_django(django):
    def ask(question, seconds):
        if question.django:
            yield Measurement(question.what, RATE, django.name,
                              django.rate(question, seconds, path=question.django))

    return ask


def by_cursor(wrk, pages, seconds):
    """One client that asks for the same page again and again: its rate is the page's time."""
    for side, path in pages.items():
        rate = wrk.rate(None, seconds, connections=1, path=path)
        yield Measurement(FAR_CASE, "ms", side, 1000 / rate)


def cursors(server, entries):
    """The paths of the second page, and of a far one, reached from page to page."""
    pages, path = {}, "/v1/medical/entries?page_size=20"
    far = min(10000, entries // 20 - 1)
    for number in range(1, far + 1):
        told = server.get(path).json()["pagination"]
        assert told["current_page"] == number, told
        path = f"/v1/medical/entries?page_size=20&cursor={told['next_cursor']}"
        if number == 1:
            pages[NEAR] = path
        elif number == far - 1:
            pages[FAR] = path
    return pages


def check_answers(server, entries):
    number = entries // 2
    record = server.get(f"/v1/medical/entries/{ID_PREFIX}{FIRST + number}").json()
    assert record["title"] == f"Entrada {number // 50}", record
    for path, total in {"?title=Entrada%2011": 50, "?q=caso11": 200, "": entries}.items():
        told = server.get(f"/v1/medical/entries{path}").json()["pagination"]
        assert told["total_records"] == total, (path, told)


def check_sameness(server, django, question):
    """Both give the same records, in the same order."""
    number = question.first + question.count // 2
    ours = server.get(question.with_number(number)).json()
    theirs = django.get(question.django.format(number))
    if "data" in ours:
        ours, theirs = ours["data"], theirs["results"]
        assert [one["id"] for one in ours] == [one["id"] for one in theirs], question.what
    else:
        assert ours["id"] == theirs["id"] and ours["content"] == theirs["content"], question.what

#!/usr/bin/python3
"""Queries, measured beside clients that talk to PostgreSQL directly (pgbench, the very same
statements) and beside Django, on the same table of the same server. Prints tables of ratios.

What is counted, and how, is told in README.md beside this file. Nothing is asserted about speed: it
fails only where the answers are not what they should be."""
import argparse
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "system"))

# pylint: disable=wrong-import-position
from harness.site import Site  # noqa: E402
from reads.entries import FIRST, ID_PREFIX, fill, questions  # noqa: E402
from reads.rivals import Django, Pgbench, Wrk, missing  # noqa: E402
from reads.statements import script_of  # noqa: E402
from replication.side import make_durable  # noqa: E402
from table import Table  # noqa: E402

OURS, CACHED, FAR = "Mamparo", "Mamparo, cached", 10000  # FAR: a page by cursor


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--entries", type=int, default=1000000, help="in the table (1,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="of all, in turn (3)")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement (5)")
    parser.add_argument("--short", action="store_true", help=(
        "20,000 entries, one round of one second: shows that it works, not how fast it is"))
    given = parser.parse_args()
    if given.short:
        given.entries, given.rounds, given.seconds = 20000, 1, 1
    return given


def main():
    given, absent = arguments(), missing()
    if absent:
        sys.exit(f"these packages are missing: {' '.join(absent)}")
    site = Site()
    try:
        make_durable(site.postgres)
        measure(given, site)
    finally:
        site.close()


def measure(given, site):
    """The first read server applies, and so may cache; the second one only reads."""
    cluster = site.new_cluster(reads=1)
    plain = cluster.new_read("plain", "read_1")
    plain.settings["CACHE_BYTES"] = 0
    for read in [*cluster.reads, plain]:
        read.settings["QUERY_TIMEOUT_MS"] = 60000  # what is slow is measured, not ended
    cluster.start()
    plain.start().await_ready()
    database = f"{cluster.name}_read_1"
    fill(site.postgres, database, given.entries)
    cached, folder = cluster.reads[0], site.folder
    django = Django(site.postgres, database, folder, site.ports.take())
    try:
        django.start()
        ours = Wrk(OURS, plain.address, folder)
        check_answers(plain, given.entries)
        for one in questions(given.entries):
            if one.django:
                check_sameness(plain, django, one)
        against_pgbench(given, ours, Wrk(CACHED, cached.address, folder),
                        Pgbench(site.postgres, database, folder), plain)
        against_django(given, ours, django)
        near_and_far(given, plain, folder)
    finally:
        django.process.kill()


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


def against_pgbench(given, ours, cached, pgbench, server):
    table = Table([OURS, pgbench.name])
    scripts = {one: script_of(pgbench.postgres, server, one) for one in questions(given.entries)}
    for number in range(given.rounds):
        for one, script in scripts.items():
            sides = [(one.what, ours)]
            if one.what == "by id":
                sides.append(("by id, cached", cached))
            begins = number % 2 == 0
            theirs = pgbench.rate(script, given.seconds) if begins else None
            rates = [side.rate(one, given.seconds) for _, side in sides]
            theirs = theirs or pgbench.rate(script, given.seconds)
            for (what, _), ours_rate in zip(sides, rates, strict=True):
                table.add(what, OURS, ours_rate)
                table.add(what, pgbench.name, theirs)
        say(f"pgbench: round {number + 1} of {given.rounds}")
    table.show()


def against_django(given, ours, django):
    table = Table([OURS, django.name])
    for number in range(given.rounds):
        for one in questions(given.entries):
            if one.django:
                table.add(one.what, OURS, ours.rate(one, given.seconds))
                table.add(one.what, django.name,
                          django.rate(one, given.seconds, path=one.django))
        say(f"Django: round {number + 1} of {given.rounds}")
    table.show()


def near_and_far(given, server, folder):
    """One client that asks for the same page again and again: its rate is the page's time."""
    pages, path = {}, "/v1/medical/entries?page_size=20"
    far = min(FAR, given.entries // 20 - 1)
    for number in range(1, far + 1):
        told = server.get(path).json()["pagination"]
        assert told["current_page"] == number, told
        if number in (1, far - 1):
            pages[number] = f"/v1/medical/entries?page_size=20&cursor={told['next_cursor']}"
        path = f"/v1/medical/entries?page_size=20&cursor={told['next_cursor']}"
    table = Table(["page 2 by cursor", f"page {far} by cursor"])
    wrk = Wrk(OURS, server.address, folder)
    for _ in range(given.rounds):
        for side, page in zip(table.sides, (pages[1], pages[far - 1]), strict=True):
            table.add("one client, pages a second", side,
                      wrk.rate(None, given.seconds, connections=1, path=page))
    table.show()


def say(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Replication to three replicas, measured beside PostgreSQL's own. Prints one table of ratios.

Both sides get the same rows in the same transactions, on PostgreSQL servers with the same settings;
what is counted, and how, is told in README.md beside this file. Nothing is asserted about speed: it
fails only where a replica does not hold what was written."""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

# pylint: disable=wrong-import-position
from harness.site import Site  # noqa: E402
from replication.mamparo import Mamparo  # noqa: E402
from replication.postgresql import PostgreSQL  # noqa: E402
from replication.side import make_durable  # noqa: E402
from table import Table  # noqa: E402

SHAPES = {"one by one": 1, "a hundred at a time": 100}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="of both sides, in turn (5)")
    parser.add_argument("--seconds", type=int, default=10, help="of measuring the lag (10)")
    parser.add_argument("--events", type=int, default=20000, help="of a backlog (20,000)")
    parser.add_argument("--history", action="store_true", help=(
        "PostgreSQL replicates a history as well, as Mamparo always does"))
    parser.add_argument("--short", action="store_true", help=(
        "one round of 2,000 events and 2 seconds: shows that it works, not how fast it is"))
    given = parser.parse_args()
    if given.short:
        given.rounds, given.seconds, given.events = 1, 2, 2000
    return given


def main():
    given, site = arguments(), Site()
    try:
        make_durable(site.postgres)
        ours = Mamparo(site)
        theirs = PostgreSQL(site, ours, given.history)
        table = Table([ours.name, theirs.name])
        for number in range(given.rounds):
            order = [ours, theirs] if number % 2 == 0 else [theirs, ours]
            one_round(given, number, ours, theirs, order, table)
        for side in order:
            side.check_the_replicas()
    finally:
        site.close()
    table.show()


def one_round(given, number, ours, theirs, order, table):
    for shape, at_once in SHAPES.items():
        tag = f"{number} {shape}"
        ours.write_backlog(tag, given.events, at_once)
        theirs.copy_backlog(tag)
        for side in order:
            rate = side.catch_up(tag, given.events)
            table.add(f"events a second, {shape}", side.name, rate)
    for side in order:
        lag = side.follow(f"{number} paced", given.seconds)
        table.add("lag at 1,000 a second, median ms", side.name, lag.median)
        table.add("lag at 1,000 a second, 99th percentile ms", side.name, lag.p99)
        table.add("(writes a second that there were)", side.name, lag.pace)
    print(f"round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

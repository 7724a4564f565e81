#!/usr/bin/python3
"""The fault matrix: each fault happens to an installation of its own while 64 clients write, and
afterwards everything that they were promised is counted. A row for each; exit status 1 when one of
the promises was not kept."""
import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["no_proxy"] = "*"

import psycopg
import redis
import requests
from faults import proof, wire
from faults import of_write, of_redis, of_read, of_postgres  # noqa: F401, in the table's order
from faults import of_replica, of_network, of_clock  # noqa: F401
from faults.fault import table
from faults.traffic import Traffic
from faults.world import World
from harness.site import Site

LINE = "{:<62} {:>8} {:>8} {:>8}  {}"
HEAD = LINE.format("fault", "acked", "refused", "healed", "verify")


@dataclass(frozen=True)
class Form:
    """How much of everything: `share` is how long a fault lasts, of what its row says."""
    share: float = 1
    clients: int = 64
    records: int = 1000


FULL, SHORT = Form(), Form(share=0.2, clients=16, records=200)


@dataclass
class Row:
    title: str
    verify: str = ""
    acknowledged: int = 0
    refused: int = 0
    healed_s: float = None
    is_kept: bool = False

    def __str__(self):
        healed = "-" if self.healed_s is None else f"{self.healed_s:.1f} s"
        return LINE.format(self.title, self.acknowledged, self.refused, healed, self.verify)


def why_not(fault):
    """Why this cannot happen here; mostly empty."""
    if fault.options.get("is_wired") and wire.why_not():
        return wire.why_not()
    return "" if fault.needs.exists() else f"{fault.needs} is missing"


def happen(site, fault, form):
    """The fault's row."""
    row = Row(fault.title)
    if why_not(fault):
        row.verify, row.is_kept = f"not tried: {why_not(fault)}", True
        return row
    world = World(site, form.share, **fault.options)
    try:
        world.start()
        fault.prepare(world)
        row.verify = break_and_heal(world, fault, row, form)
        row.is_kept = True
    except (AssertionError, psycopg.Error, requests.RequestException, redis.RedisError) as failed:
        row.verify = f"BROKEN: {type(failed).__name__}: {failed}"
    finally:
        world.close()
    return row


def break_and_heal(world, fault, row, form):
    with Traffic(world, fault.pause_s, form.clients, form.records) as traffic:
        world.traffic = traffic
        try:
            traffic.await_progress()
            fault.run(world)
            row.healed_s = traffic.await_healed(fault.heal_s)
            traffic.await_progress()
        finally:
            row.acknowledged, row.refused = traffic.acknowledged, traffic.refused.total()
    row.acknowledged, row.refused = traffic.acknowledged, traffic.refused.total()
    found = proof.verify(world)
    proof.check(world)
    return found


def chosen(only, is_short):
    return [fault for fault in table if (fault.is_short or not is_short)
            and (only or "").lower() in fault.title.lower()]


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a handful, in less than a minute")
    parser.add_argument("--only", metavar="WORD", help="only faults with this in their line")
    parser.add_argument("--list", action="store_true", help="says which faults there are")
    return parser.parse_args()


def main():
    how = parse()
    faults = chosen(how.only, how.short)
    if how.list:
        print(*(fault.title for fault in faults), sep="\n")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # not without ending what was begun
    began, rows, site = time.monotonic(), [], Site()
    print(HEAD, flush=True)
    try:
        for fault in faults:
            rows.append(happen(site, fault, SHORT if how.short else FULL))
            print(rows[-1], flush=True)
    finally:
        site.close()
    broken = sum(not row.is_kept for row in rows)
    print(f"\n{len(rows)} faults, {broken} of them broke a promise; "
          f"{time.monotonic() - began:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

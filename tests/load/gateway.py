#!/usr/bin/python3
"""The gateway, measured beside HAProxy and nginx: same servers behind, same client, in turn. Prints
one table, with what is to be reached.

What is counted, and how, is told in README.md beside this file. Nothing is asserted about speed."""
import argparse
import itertools
import shutil
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "system"))

# pylint: disable=wrong-import-position
from gateway.aims import Table  # noqa: E402
from gateway.cases import CASES  # noqa: E402
from gateway.sides import SIDES  # noqa: E402
from gateway.stage import RealWrites, Stage, Tools  # noqa: E402
from harness.process import last_words  # noqa: E402
from harness.site import Site  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="of all, in turn (5)")
    parser.add_argument("--seconds", type=int, default=10, help="of each measurement (10)")
    parser.add_argument("--long-seconds", type=int, default=30, help="of hanging (30)")
    parser.add_argument("--only", action="append", choices=CASES, metavar="CASE",
                        help=f"just this one, or these: {', '.join(CASES)}")
    parser.add_argument("--sides", default="Mamparo,HAProxy,nginx", help="who is measured (all)")
    parser.add_argument("--quick", action="store_true", help=(
        "one round of three seconds: shows that it works, not how good it is"))
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds, given.long_seconds = 1, 3, 5
    return given


def main():
    given = arguments()
    absent = [name for name in ("cc", "haproxy", "nginx") if shutil.which(name) is None]
    if absent:
        sys.exit(f"missing: {' '.join(absent)} (Debian: gcc haproxy nginx-light)")
    site = Site()
    try:
        measure(given, site)
    except AssertionError:
        print(last_words(), file=sys.stderr)
        raise
    finally:
        site.close()


def measure(given, site):
    """The sides begin in another order in each round."""
    sides = [side for side in SIDES if side.title in given.sides.split(",")]
    table, tools = Table([side.title for side in sides]), Tools(site.folder)
    count = itertools.count()
    cases = {name: CASES[name] for name in given.only or CASES}
    real = RealWrites(site) if "killed writers" in cases else None
    for number in range(given.rounds):
        turn = number % len(sides)
        for name, case in cases.items():
            for side in sides[turn:] + sides[:turn]:
                writes = real if name == "killed writers" else None
                with Stage(site, tools, side, next(count), writes) as stage:
                    table.add(name, side.title, case(stage, given))
            print(f"round {number + 1} of {given.rounds}: {name}", file=sys.stderr, flush=True)
    table.show()


if __name__ == "__main__":
    main()

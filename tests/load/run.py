#!/usr/bin/python3
"""What Mamparo does beside what one would take instead: every comparison in turn, one table.

What is counted, and how, is told in README.md beside this file. Nothing fails for being slow; a
wrong answer, a failed request or a comparison without its numbers does. run.sh beside it installs
and builds what this needs."""
import argparse
import importlib
import signal
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import Pipe, Process
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parents[0] / "system"))

# pylint: disable=wrong-import-position
from frame import machine, report  # noqa: E402
from frame.charts import draw  # noqa: E402
from frame.plan import Plan  # noqa: E402
from frame.results import Results  # noqa: E402
from harness.process import last_words  # noqa: E402
from harness.site import Site  # noqa: E402

ORDER = ["reads", "writes", "cache", "gateway", "replication", "users", "orders", "footprint",
         "growth", "autoscale", "faults", "soak"]

AT_ONCE = 4
TINY = HERE.parents[1] / "build/load"


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--list", action="store_true", help="the comparisons, and nothing else")
    parser.add_argument("--only", nargs="+", choices=ORDER, metavar="NAME", default=[],
                        help="just these; RESULTS.md keeps what it says of the others")
    parser.add_argument("--rounds", type=int, help=(
        "of each comparison (5; 1 of those that take minutes)"))
    parser.add_argument("--seconds", type=int, help="of each measurement (2)")
    parser.add_argument("--entries", type=int, help="of a large table (1,000,000)")
    parser.add_argument("--minutes", type=float, help="of the orders (4) and of the soak (30)")
    parser.add_argument("--hour", action="store_true", help="the orders in an hour, as they were")
    parser.add_argument("--short", action="store_true", help=(
        "everything once and tiny, within a minute: shows that it works, not how fast it is"))
    parser.add_argument("--into", type=Path, help=(
        "folder of RESULTS.md and the charts (tests/load, or build/load of a short run)"))
    return parser.parse_args(words)


def main(words=None):
    given = arguments(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended, too, it leaves nothing
    comparisons = {name: importlib.import_module(f"comparisons.{name}") for name in ORDER}
    if given.list:
        show_list(comparisons)
        return
    into = given.into or (TINY if given.short else HERE)
    plan = plan_of(given, into / "charts")
    plan.charts.mkdir(parents=True, exist_ok=True)
    names = given.only or [name for name in ORDER if is_usual(comparisons[name], plan)]
    results = Results(comparisons, into / "results.json")
    faults = make_all(names, plan, results)
    write(results, into, plan.charts)
    report.show(results, names)
    for line in report.missed(results, names):
        print(f"missed: {line}")
    for fault in faults:
        print(f"FAILED: {fault}")
    sys.exit(1 if faults else 0)


def plan_of(given, charts):
    short = given.short
    return Plan(rounds=given.rounds or (1 if short else 5), long_rounds=given.rounds or 1,
                seconds=given.seconds or (1 if short else 2),
                entries=given.entries or (20000 if short else 1000000),
                minutes=60 if given.hour else given.minutes, is_short=short, charts=charts,
                began=time.monotonic())


def is_usual(comparison, plan):
    return plan.is_short or not is_so(comparison, "IS_EXTRA")


def is_so(comparison, name):
    return getattr(comparison, name, False)


def show_list(comparisons):
    for name, comparison in comparisons.items():
        extra = " (only when asked for)" if is_so(comparison, "IS_EXTRA") else ""
        print(f"{name:12} {comparison.TITLE}{extra}")


def make_all(names, plan, results):
    """What is wrong with them. Short, some are made at once; those that others would disturb, with
    their like."""
    paced = [name for name in names if is_so(results.comparisons[name], "IS_PACED")]
    others = [name for name in names if name not in paced]
    faults, commit = [], machine.commit(HERE)
    for group in (others[::-1], paced[::-1]) if plan.is_short else (names,):
        with ThreadPoolExecutor(AT_ONCE if plan.is_short else 1) as pool:
            making = {name: pool.submit(make_apart, name, plan) for name in group}
            try:
                for name, one in making.items():
                    found, fault = one.result()
                    results.put(name, commit, plan.how, found)
                    results.keep()
                    faults += [fault] if fault else wrong_with(name, results)
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
                raise
    return faults


def make_apart(name, plan):
    """In a process of its own: what was measured, and what went wrong."""
    here, there = Pipe(duplex=False)
    process = Process(target=make, args=(name, replace(plan, name=name), there), daemon=True)
    process.start()
    there.close()
    try:
        return here.recv()
    except EOFError:
        return [], f"{name}: it ended before its time"
    finally:
        process.join()


def make(name, plan, told):
    comparison, found, fault = importlib.import_module(f"comparisons.{name}"), [], None
    plan.say(comparison.TITLE)
    site = Site()
    try:
        found += comparison.measure(site, plan)
    except Exception as error:  # pylint: disable=broad-exception-caught
        print(f"{traceback.format_exc()}\n{last_words()}", file=sys.stderr)
        fault = f"{name}: {type(error).__name__}: {error}"
    finally:
        site.close()
    told.send((found, fault))


def wrong_with(name, results):
    return [*(f"{name}: nothing was measured of {aim.case}, {aim.what}"
              for aim in results.absent(name)),
            *(f"{name}: {row['case']}, {row['what']}: {verdict.figures}, to be none"
              for _, row, verdict in results.verdicts([name])
              if verdict.aim.is_promise and max(verdict.figures) > 0)]


def write(results, into, charts):
    """A whole run is shown in the repository's README, too."""
    draw(results, charts)
    text = report.markdown(results, machine.describe(), charts)
    (into / "RESULTS.md").write_text(text, encoding="utf-8")
    if into == HERE:
        report.show_off(results, HERE.parents[1] / "README.md")


if __name__ == "__main__":
    main()

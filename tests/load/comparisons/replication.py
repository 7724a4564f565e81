"""Replication to three replicas beside PostgreSQL's own: the same rows in the same transactions, on
servers with the same settings."""
from frame.durable import make_durable
from frame.measurement import Measurement, at_least, at_most, measured
from replication.mamparo import Mamparo
from replication.postgresql import PostgreSQL

TITLE = ("Committed → applied on three replicas, beside PostgreSQL's logical replication to three "
         "subscribers, which keep a history as ours do.")
SHAPES = {"one by one": 1, "a hundred at a time": 100}
RATE, PACED = "events a second", "lag at 1,000 a second"
AIMS = [
    *(at_least(1, f"replication, {shape}", RATE, "PostgreSQL") for shape in SHAPES),
    at_most(20, PACED, "99th percentile, ms"),
]


def measure(site, plan):
    events = plan.pick(1000, 6000)
    make_durable(site.postgres)
    ours = Mamparo(site)
    theirs = PostgreSQL(site, ours, with_history=True)
    for number, turn in plan.turns([ours, theirs]):
        for shape, at_once in SHAPES.items():
            tag = f"{number} {shape}"
            ours.write_backlog(tag, events, at_once)
            theirs.copy_backlog(tag)
            for side in turn:
                rate = side.catch_up(tag, events)
                yield Measurement(f"replication, {shape}", RATE, side.name, rate)
        for side in turn:
            lag = side.follow(f"{number} paced", plan.pick(1, 2 * plan.seconds))
            yield from measured(PACED, side.name, {
                "median, ms": lag.median, "99th percentile, ms": lag.p99,
                "(writes a second that there were)": lag.pace})
    for side in (ours, theirs):
        side.check_the_replicas()

"""The gateway beside HAProxy and nginx: the same servers behind, the same client, in turn."""
from frame.measurement import at_least, at_most, measured, none
from gateway.cases import idle, throughput
from gateway.sides import SIDES
from gateway.stage import Stage

TITLE = ("GET through a gateway, 64 connections, beside HAProxy and nginx, each one process of one "
         "thread; and what 10,000 idle connections take.")
OTHERS = "HAProxy", "nginx"
AIMS = [
    at_least(1.25, "gateway, GET", "requests a second", *OTHERS),
    at_most(0.8, "gateway, GET", "99th percentile, µs", *OTHERS),
    at_most(1, "gateway, idle", "bytes a connection", "HAProxy"),
    *none("gateway, GET", "failed"), *none("gateway, idle", "failed"),
]
CASES = {"gateway, GET": throughput, "gateway, idle": idle}


def measure(site, plan):
    stages = 0
    for _, turn in plan.turns(SIDES):
        for name, case in CASES.items():
            for side in turn:
                stages += 1
                with Stage(site, side, stages) as stage:
                    yield from measured(name, side.title, case(stage, plan))

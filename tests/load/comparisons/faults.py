"""Servers that die, stop, crawl, hang and fail behind the gateway, beside HAProxy and nginx."""
from frame.measurement import OURS, at_most, measured, none
from gateway.cases import FAULTS
from gateway.sides import SIDES
from gateway.stage import RealWrites, Stage

TITLE = ("What clients notice of servers that die, stop, crawl, hang and fail behind the gateway, "
         "beside HAProxy and nginx.")
IS_EXTRA = IS_PACED = True
UNMOVED = ["hanging writes", "hanging reads", "hanging service", "dead service"]
AIMS = [
    *(aim for case in [*UNMOVED, "killed reader", "stopped reader", "slow reader"]
      for aim in none(case, "failed")),
    *none("killed writers", "failed", "doubled", "lost"),
    at_most(1, "killed reader", "worst, ms", "HAProxy"),
    at_most(100, "stopped reader", "99.9th percentile, ms"),
    at_most(1, "stopped reader", "noticed after, s"),
    at_most(100, "slow reader", "99.9th percentile, ms"),
    at_most(5, "slow reader", "extra load, %"),
    *(at_most(1.1, case, "99th percentile, of usual") for case in UNMOVED),
    at_most(1.2, "failing upstream", "attempts a request"),
]
BESIDE = {aim.case: (aim.side, *aim.against) for aim in AIMS if aim.against}


def measure(site, plan):
    """Short, nobody is beside whom no aim names."""
    stages, real = 0, RealWrites(site)
    for _, turn in plan.turns(SIDES, is_long=True):
        for name, case in FAULTS.items():
            short = [side for side in SIDES if side.title in BESIDE.get(name, (OURS,))]
            for side in plan.pick(short, turn):
                stages += 1
                writes = real if name == "killed writers" else None
                with Stage(site, side, stages, writes) as stage:
                    yield from measured(name, side.title, case(stage, plan))

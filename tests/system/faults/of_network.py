"""Faults of the network: every server has a host of its own, on a wire that we carry (wire.py)."""
from functools import partial

from .fault import fault

PAIRS = [("bulkhead", "write"), ("bulkhead", "read-1"), ("write", "write-postgres"),
         ("write", "redis"), ("read-1", "redis"), ("read-1", "read-postgres"),
         ("read-1", "write")]


def cut(world, one, other):
    """The write server is the one that leads."""
    names = {"write": "write" if world.leader is world.writes[0] else "write-2"}
    world.wire.cut(names.get(one, one), names.get(other, other))
    world.last(10)
    world.wire.mend()


for first, second in PAIRS:
    fault("network", f"cut between {first} and {second} for 10 s", is_wired=True,
          short=(first, second) == ("write", "redis"))(partial(cut, one=first, other=second))


@fault("network", "200 ms latency for 10 s", is_wired=True)
def be_slow(world):
    world.wire.slow(0.2)
    world.last(10)
    world.wire.mend()


@fault("network", "5 % loss for 10 s", is_wired=True)
def lose(world):
    world.wire.lose(0.05)
    world.last(10)
    world.wire.mend()

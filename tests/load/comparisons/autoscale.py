"""One to three bulkheads behind a load balancer, as many as Google's autoscaler would have, while
the load rises and falls."""
import time
from dataclasses import dataclass

from autoscale.chart import draw
from autoscale.scene import Scene
from frame.measurement import OURS, at_least, at_most, measured, none
from frame.tools import MEDICAL, Backend, run_client
from frame.upkeep import cpu_seconds

TITLE = ("One to three bulkheads, each with a fifth of a CPU, behind HAProxy, as many as the rule "
         "of Google's autoscaler has, twenty times faster, while the load rises and falls.")
CHARTS = ["autoscale.svg"]
CASE = "autoscaled bulkheads"
IS_PACED = True
AIMS = [*none(CASE, "failed"), at_least(3, CASE, "instances, at most"),
        at_most(1, CASE, "instances, at last")]

SHARE, SCALE, SLICE_S = 0.2, 20, 2
TRIED = 5000  # requests a second, to see what one costs when there is much to do
# In capacities of one instance. 1.7 of one is 0.57 of each of three.
LOAD = [0.3] * 4 + [0.6, 0.9, 1.2, 1.5] + [1.7] * 12 + [1.2, 0.7] + [0.3] * 18
SHORT = [100, 300, 100]  # requests a second


@dataclass
class Slice:
    end: float
    offered: float
    tally: object


def measure(site, plan):
    backends = [Backend(f"read-{n}", site.folder, site).start() for n in range(3)]
    places = ",".join(one.address for one in backends)
    for _ in plan.turns(is_long=True):
        scene = Scene(site, places, places, SHARE, plan.pick(60, SCALE))
        try:
            yield from play(scene, plan)
        finally:
            scene.end()


def play(scene, plan):
    scene.start()
    capacity, slices = capacity_of(scene, plan.pick(1, 4)), []
    scene.control()
    for rate in plan.pick(SHORT, [part * capacity for part in LOAD]):
        tally = run_client(scene.port, MEDICAL, SLICE_S, rate=rate)
        slices.append(Slice(time.monotonic() - scene.began, rate, tally))
    scene.is_over.set()
    draw(plan.charts / CHARTS[0], slices, scene.samples, scene.rule.target)
    settled = [one.tally for one, part in zip(slices, LOAD, strict=False) if part < 0.5]
    return measured(CASE, OURS, {
        "requests": sum(one.tally.requests for one in slices),
        "failed": sum(one.tally.failed for one in slices),
        "instances, at most": max(scene.sizes), "instances, at last": scene.sizes[-1],
        "median while there is little to do, ms": max(one.p50_us for one in settled) / 1000,
        "longest delay, ms": max(one.tally.max_us for one in slices) / 1000})


def capacity_of(scene, seconds):
    """By the CPU that a request costs beside what an idle instance uses."""
    idle, busy = (cpu_while(scene, rate, seconds) for rate in (1, TRIED))
    return (SHARE - idle) * TRIED / (busy - idle)


def cpu_while(scene, rate, seconds):
    before, began = cpu_seconds(scene.servers[0]), time.monotonic()
    run_client(scene.port, MEDICAL, seconds, rate=rate)
    return (cpu_seconds(scene.servers[0]) - before) / (time.monotonic() - began)

"""Half an hour at half of what they can do: nothing grows, nothing fails, and at the end the
replicas are equal."""
import statistics
import time
from dataclasses import dataclass

from frame.charts import draw_upkeep
from frame.chores import verify
from frame.measurement import OURS, at_most, measured, none
from frame.tools import Ask, Client, creation
from frame.upkeep import descriptors, proportional_bytes

TITLE = ("Half an hour at half load, reads and writes through the gateway: memory and descriptors "
         "of each process, its last quarter by its second.")
CHARTS = ["soak.svg"]
IS_EXTRA = True
CASE, MINUTES = "soak", 30
NAMES = ["write", "read-1", "read-2", "read-3", "bulkhead"]
AIMS = [
    *none(CASE, "failed"),
    *(at_most(1.05, CASE, f"memory, {name}") for name in NAMES),
    *(at_most(1.05, CASE, f"descriptors, {name}") for name in NAMES),
]
SAMPLES = 120


@dataclass
class Sample:
    """By name of the process."""
    at: float
    memory: dict
    descriptors: dict


def measure(site, plan):
    seconds = round(plan.pick(4, 60 * (plan.minutes or MINUTES)))
    cluster = site.new_cluster().start()
    record = cluster.create(title="Consulta", content="Sin fiebre")
    cluster.await_everywhere(record)
    asks = [Ask(f"/v1/medical/entries/{record['id']}"), creation("Consulta #", content="Nada")]
    processes = dict(zip(NAMES, [cluster.write, *cluster.reads, cluster.bulkhead], strict=True))
    for _ in plan.turns(is_long=True):
        whole = [tally.rate for tally in together(cluster, asks, max(1, plan.seconds))]
        plan.say(f"{seconds} s of {whole[0] / 2:,.0f} reads, {whole[1] / 2:,.0f} writes a second")
        clients = begin(cluster, asks, seconds, [rate / 2 for rate in whole])
        samples = list(watch(processes, seconds))
        tallies = end(clients)
        verify(cluster)
        draw_upkeep(plan.charts / CHARTS[0], samples)
        yield from measured(CASE, OURS, {
            "reads a second": tallies[0].rate, "writes a second": tallies[1].rate,
            "failed": sum(tally.failed for tally in tallies),
            "99th percentile of reads, ms": tallies[0].p99_us / 1000,
            "99th percentile of writes, ms": tallies[1].p99_us / 1000,
            **{f"memory, {name}": grown(samples, "memory", name) for name in NAMES},
            **{f"descriptors, {name}": grown(samples, "descriptors", name) for name in NAMES}})


def together(cluster, asks, seconds):
    """All they can do of both at once."""
    return end(begin(cluster, asks, seconds, [0] * len(asks)))


def begin(cluster, asks, seconds, rates):
    return [Client(cluster.bulkhead.port, ask, seconds, rate=rate, connections=32)
            for ask, rate in zip(asks, rates, strict=True)]


def end(clients):
    tallies = [client.tally() for client in clients]
    for client in clients:
        client.end()
    return tallies


def watch(processes, seconds):
    began = time.monotonic()
    for number in range(SAMPLES):
        time.sleep(max(0, began + number * seconds / SAMPLES - time.monotonic()))
        yield Sample(time.monotonic() - began,
                     {name: proportional_bytes(one) / 1e6 for name, one in processes.items()},
                     {name: descriptors(one) for name, one in processes.items()})


def grown(samples, what, name):
    """The last quarter by the second: the first fills caches."""
    numbers = [getattr(sample, what)[name] for sample in samples]
    quarter = len(numbers) // 4
    return statistics.median(numbers[-quarter:]) / statistics.median(numbers[quarter:2 * quarter])

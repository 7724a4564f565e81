#!/usr/bin/python3
"""One to three bulkheads behind a load balancer, as many as Google's autoscaler would have, while
the load rises and falls. Shows how many there were, their CPU and the delays, and draws it.

What is simulated, and how, is told in README.md beside this file. It fails when a request does, or
when the group does not grow to its most and shrink again."""
import argparse
import importlib.util
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "system"))

# pylint: disable=wrong-import-position
from harness.cluster import Server  # noqa: E402
from harness.process import Process, listens, wait_until  # noqa: E402
from harness.site import Site  # noqa: E402
from gateway.sides import cpu_seconds  # noqa: E402
from gateway.stage import MEDICAL, Backend, Client, Tools  # noqa: E402
from autoscale.group import DRAIN_S, Group  # noqa: E402
from autoscale.rule import Autoscaler, Reading  # noqa: E402

HERE = Path(__file__).resolve().parent
SLICE_S = 2  # of load, at one rate
TRIED = 1000  # requests a second, to see what one costs
AVERAGED = 3  # readings of a second each
# In capacities of one instance. 1.7 of one is 0.57 of each of three.
LOAD = [0.3] * 4 + [0.6, 0.9, 1.2, 1.5] + [1.7] * 12 + [1.2, 0.7] + [0.3] * 18


@dataclass
class Slice:
    end: float
    offered: float
    tally: object


@dataclass
class Sample:
    at: float
    serving: int
    use: float


class Balancer(Process):
    def __init__(self, site, servers):
        self.port = site.ports.take()
        text = (HERE / "autoscale" / "haproxy.cfg").read_text(encoding="utf-8")
        lines = [f"    server {one.name} {one.address} port {one.admin_port}" for one in servers]
        path = site.folder / "balancer.cfg"
        path.write_text(text.replace("@PORT@", str(self.port)) + "\n".join(lines) + "\n",
                        encoding="utf-8")
        super().__init__("balancer", site.folder, ["haproxy", "-db", "-f", path])

    def start(self):
        super().start()
        wait_until(lambda: listens(self.port), 10, "the balancer to listen")
        return self


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--share", type=float, default=0.2, help="of a CPU, for each (0.2)")
    parser.add_argument("--scale", type=float, default=20, help=(
        "how much faster than Google's: initialization of 60 s, stabilization of 600 s (20)"))
    parser.add_argument("--chart", type=Path, default=HERE / "autoscale.svg",
                        help="where it is drawn (tests/load/autoscale.svg)")
    return parser.parse_args()


def missing():
    wanted = {"haproxy": shutil.which("haproxy"),
              "python3-matplotlib": importlib.util.find_spec("matplotlib")}
    return [package for package, found in wanted.items() if not found]


def main():
    given, absent = arguments(), missing()
    if absent:
        sys.exit(f"these packages are missing: {' '.join(absent)}")
    site = Site()
    try:
        Scene(given, site).play()
    finally:
        site.close()


class Scene:
    def __init__(self, given, site):
        self.given, self.site, self.tools = given, site, Tools(site.folder)
        self.backends = [Backend(f"read-{n}", site.folder, site, self.tools) for n in range(3)]
        places = ",".join(one.address for one in self.backends)
        self.servers = [
            Server(f"bulkhead-{n}", site.folder, site.ports, SERVER_TYPE="bulkhead", THREADS=1,
                   READ_SERVERS=places, WRITE_SERVERS=places, DRAIN_SECONDS=DRAIN_S,
                   LOG_LEVEL="error") for n in range(1, 4)]
        self.group = Group(self.servers, given.share)
        self.balancer = Balancer(site, self.servers)
        self.rule = Autoscaler(initialization_s=60 / given.scale,
                               stabilization_s=600 / given.scale)
        self.began, self.is_over = 0.0, threading.Event()
        self.slices, self.samples = [], []

    def play(self):
        for backend in self.backends:
            backend.start()
        self.group.resize(1)
        self.balancer.start()
        capacity = self.measure_capacity()
        print(f"an instance of {self.given.share} CPU answers about {capacity:,.0f} a second",
              flush=True)
        self.began = time.monotonic()
        load = threading.Thread(target=self.load, args=(capacity,))
        load.start()
        self.control()
        load.join()
        self.group.end()
        self.show()

    def ask(self, rate, seconds):
        client = Client(self.tools, self.balancer.port, MEDICAL, seconds, rate=int(rate))
        tally = client.tally()
        client.end()
        return tally

    def measure_capacity(self):
        """By the CPU that a request costs beside what an idle instance uses."""
        wait_until(lambda: not self.ask(20, 1).failed, 10, "the balancer to find an instance")
        idle, busy = (self.cpu_while(rate) for rate in (1, TRIED))
        return (self.given.share - idle) * TRIED / (busy - idle)

    def cpu_while(self, rate):
        before, began = cpu_seconds(self.servers[0]), time.monotonic()
        self.ask(rate, 4)
        return (cpu_seconds(self.servers[0]) - before) / (time.monotonic() - began)

    def load(self, capacity):
        for part in LOAD:
            tally = self.ask(part * capacity, SLICE_S)
            self.slices.append(Slice(time.monotonic() - self.began, part * capacity, tally))
        self.is_over.set()

    def control(self):
        readings = {}
        while not self.is_over.wait(1):
            now, serving = time.monotonic() - self.began, self.group.serving
            for machine in serving:
                readings[machine] = [*readings.get(machine, [])[1 - AVERAGED:], machine.use()]
            seen = [Reading(one.age, sum(readings[one]) / len(readings[one])) for one in serving]
            self.samples.append(Sample(now, len(serving), sum(one.use for one in seen) / len(seen)))
            size = self.rule.size(now, seen)
            if self.group.resize(size):
                readings.clear()
                print(f"{now:6.1f} s  {len(serving)} → {size} instances, their CPU at "
                      f"{self.samples[-1].use:.0%}", flush=True)

    def show(self):
        sizes = [one.serving for one in self.samples]
        failed = sum(one.tally.failed for one in self.slices)
        asked = sum(one.tally.requests for one in self.slices)
        settled = [one.tally for one, part in zip(self.slices, LOAD, strict=True) if part < 0.5]
        print(f"{asked:,} requests, {failed} failed; {sizes[0]} → {max(sizes)} → {sizes[-1]} "
              f"instances; median {max(one.p50_us for one in settled) / 1000:.1f} ms at most while "
              f"there is little to do, longest delay "
              f"{max(one.tally.max_us for one in self.slices) / 1000:,.0f} ms")
        from autoscale.chart import draw  # pylint: disable=import-outside-toplevel
        draw(self.given.chart, self.slices, self.samples, self.rule.target)
        print(f"drawn: {self.given.chart}")
        if failed or (max(sizes), sizes[-1]) != (self.rule.most, self.rule.least):
            sys.exit("not as it should be")


if __name__ == "__main__":
    main()

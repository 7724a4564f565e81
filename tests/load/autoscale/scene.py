"""A group of bulkheads behind a load balancer, and who keeps its size."""
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from frame.tools import MEDICAL, run_client
from harness.cluster import Server
from harness.process import Process, listens, wait_until

from .group import DRAIN_S, Group
from .rule import Autoscaler, Reading

HERE = Path(__file__).resolve().parent
AVERAGED = 3  # readings of a second each


@dataclass
class Sample:
    at: float
    serving: int
    use: float


class Balancer(Process):
    def __init__(self, site, servers):
        self.port = site.ports.take()
        text = (HERE / "haproxy.cfg").read_text(encoding="utf-8")
        lines = [f"    server {one.name} {one.address} port {one.admin_port}" for one in servers]
        path = site.folder / "balancer.cfg"
        path.write_text(text.replace("@PORT@", str(self.port)) + "\n".join(lines) + "\n",
                        encoding="utf-8")
        super().__init__("balancer", site.folder, ["haproxy", "-db", "-f", path])

    def start(self):
        super().start()
        wait_until(lambda: listens(self.port), 10, "the balancer to listen")
        return self


class Scene:
    """While in its block the group is what the rule wants; `samples` tell of it, second by second.
    Its clock is `scale` times faster than Google's."""

    def __init__(self, site, reads, writes, share, scale):
        self.share = share
        self.servers = [
            Server(f"bulkhead-{n}", site.folder, site.ports, SERVER_TYPE="bulkhead", THREADS=1,
                   READ_SERVERS=reads, WRITE_SERVERS=writes, DRAIN_SECONDS=DRAIN_S,
                   LOG_LEVEL="error") for n in range(1, 4)]
        self.group = Group(self.servers, share)
        self.balancer = Balancer(site, self.servers)
        self.rule = Autoscaler(initialization_s=60 / scale, stabilization_s=600 / scale)
        self.samples, self.is_over = [], threading.Event()
        self.began, self.controller = 0.0, threading.Thread(target=self._control, daemon=True)

    @property
    def port(self):
        return self.balancer.port

    @property
    def sizes(self):
        return [one.serving for one in self.samples]

    def start(self):
        """One instance, that the balancer has found; its size stays until control() is called."""
        self.group.resize(1)
        self.balancer.start()
        wait_until(self._finds_one, 10, "the balancer to find an instance")
        return self

    def _finds_one(self):
        return "503" not in run_client(self.port, MEDICAL, 1, rate=5).statuses

    def control(self):
        self.began = time.monotonic()
        self.controller.start()

    def end(self):
        self.is_over.set()
        if self.controller.is_alive():
            self.controller.join()
        self.group.end()

    def _control(self):
        readings = {}
        while not self.is_over.wait(1):
            now, serving = time.monotonic() - self.began, self.group.serving
            for machine in serving:
                readings[machine] = [*readings.get(machine, [])[1 - AVERAGED:], machine.use()]
            seen = [Reading(one.age, sum(readings[one]) / len(readings[one])) for one in serving]
            self.samples.append(Sample(now, len(serving), sum(one.use for one in seen) / len(seen)))
            if self.group.resize(self.rule.size(now, seen)):
                readings.clear()

"""Bulkheads as if each ran on a machine of its own: with a share of a CPU, in a control group where
there is one to be had; else nothing holds them, and their use is reckoned by that share."""
import time
from pathlib import Path

from frame.upkeep import cpu_seconds

CONTROL = Path("/sys/fs/cgroup/cpu")
PERIOD_US = 20000
DRAIN_S = 2  # the balancer has seen it by then


class Machine:
    def __init__(self, server, share):
        self.server, self.share = server, share
        self.group = CONTROL / f"mamparo-{server.port}"
        self.started = self.sampled = self.spent = 0.0
        self.is_leaving = False

    def start(self):
        self.server.start()
        self._hold()
        self.server.await_ready()
        self.started = self.sampled = time.monotonic()
        self.spent = cpu_seconds(self.server)

    def _hold(self):
        try:
            self.group.mkdir(exist_ok=True)
            (self.group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (self.group / "cpu.cfs_quota_us").write_text(str(int(PERIOD_US * self.share)))
            (self.group / "cgroup.procs").write_text(str(self.server.pid))
        except OSError:
            self.group = None

    def use(self):
        """Of its CPU since this was asked last, 0 to 1."""
        now, spent = time.monotonic(), cpu_seconds(self.server)
        used = (spent - self.spent) / (now - self.sampled) / self.share
        self.sampled, self.spent = now, spent
        return min(used, 1.0)

    @property
    def age(self):
        return time.monotonic() - self.started

    def leave(self):
        """Serves on while it drains, and then ends by itself."""
        self.is_leaving = True
        self.server.signal(15)

    def end(self):
        self.server.kill()
        if self.group is not None and self.group.is_dir():
            self.group.rmdir()


class Group:
    """At most so many, each with its place at the balancer."""

    def __init__(self, servers, share):
        self.machines = [Machine(server, share) for server in servers]

    @property
    def serving(self):
        return [one for one in self.machines if one.server.is_running() and not one.is_leaving]

    def resize(self, size):
        """One more, or one less, the youngest. True when that is another size now."""
        serving = self.serving
        if size > len(serving):
            free = [one for one in self.machines if not one.server.is_running()]
            if not free:
                return False  # the place is taken by one that drains
            free[0].is_leaving = False
            free[0].start()
        elif size < len(serving):
            max(serving, key=lambda one: one.started).leave()
        return size != len(serving)

    def end(self):
        for machine in self.machines:
            machine.end()

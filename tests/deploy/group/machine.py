"""A machine of the lab with a gateway on it, as its group sees it:

    absent → booting → serving → leaving → absent

It has its share of a CPU while it serves, and a whole one to boot and to leave: Google's small
machines burst likewise."""
import http.client
import os
import signal
import subprocess
import time
from collections import deque
from contextlib import suppress
from enum import Enum
from pathlib import Path

LAB = Path(__file__).resolve().parents[1] / "lab.sh"
VMS, CONTROL = Path(os.environ["LAB_DIR"], "vm"), Path("/sys/fs/cgroup")
PERIOD_US = 20000
WEIGHT = 8192  # a machine in a cloud gets its CPU whatever its neighbours do
LOOKS = 7  # that the use of its CPU is averaged over


class State(Enum):
    ABSENT, BOOTING, SERVING, LEAVING = range(4)


class Machine:
    def __init__(self, number, share, burst=1):
        self.number, self.share, self.burst = number, share, burst
        self.name, self.host = f"bulkhead-{number}", f"10.20.0.{10 + number}"
        self.address, self.admin_port = f"{self.host}:8000", 8100
        self.state, self.fails = State.ABSENT, 0
        self.began = self.ready = 0.0
        self.spent = deque(maxlen=LOOKS)
        self.ending = None

    @property
    def is_present(self):
        return self.state in (State.BOOTING, State.SERVING)

    @property
    def is_serving(self):
        return self.state is State.SERVING

    def start(self):
        subprocess.run([LAB, "boot", str(self.number), "bulkhead"], check=True,
                       stdout=subprocess.DEVNULL)
        since_power = time.time() - (VMS / str(self.number) / "pid").stat().st_mtime
        self.state, self.fails, self.began = State.BOOTING, 0, time.monotonic() - since_power
        self._weigh(self.burst)

    def leave(self):
        """As a machine that is deleted: the system tells the program to end, which drains first."""
        self._weigh(self.burst)
        self.state = State.LEAVING
        self.ending = subprocess.Popen([LAB, "stop", str(self.number)])

    def freeze(self):
        self._signal(signal.SIGSTOP)

    def kill(self):
        """One that does not answer does not leave by itself."""
        self._signal(signal.SIGKILL)
        self.leave()

    def look(self):
        if self.state is State.LEAVING and self.ending.poll() is not None:
            self.state = State.ABSENT
        if not self.is_present:
            return
        self.fails = 0 if self._says_yes("livez") else self.fails + 1
        if self.state is State.BOOTING and not self.fails and self._says_yes("readyz"):
            self.state, self.ready = State.SERVING, time.monotonic()
            self.spent.clear()
            self._weigh(self.share)
        self.spent.append((time.monotonic(), self._cpu_seconds()))

    @property
    def age(self):
        """Since it has power."""
        return time.monotonic() - self.began

    @property
    def service(self):
        """Since it was ready."""
        return time.monotonic() - self.ready if self.is_serving else 0.0

    def use(self):
        """Of its CPU, lately, 0 to 1."""
        if not self.is_serving:
            return 0.0
        (then, before), (now, spent) = self.spent[0], self.spent[-1]
        return min((spent - before) / (now - then) / self.share, 1.0) if now > then else 0.0

    def _says_yes(self, what):
        connection = http.client.HTTPConnection(self.host, self.admin_port, timeout=1)
        try:
            connection.request("GET", f"/{what}")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _folder(self, controller):
        return CONTROL / controller / f"dl-vm{self.number}"

    def _weigh(self, share):
        for what, value in {"shares": WEIGHT, "cfs_period_us": PERIOD_US,
                            "cfs_quota_us": int(PERIOD_US * share)}.items():
            (self._folder("cpu") / f"cpu.{what}").write_text(str(value))

    def _cpu_seconds(self):
        return int((self._folder("cpuacct") / "cpuacct.usage").read_text()) / 1e9

    def _signal(self, number):
        for listed in self._folder("cpu").rglob("cgroup.procs"):
            for pid in listed.read_text().split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), number)

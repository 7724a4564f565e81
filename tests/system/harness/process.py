"""Processes that a test starts and ends, and waiting for what they do."""
import os
import random
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02
LAST_WORDS = 15


def wait_until(condition, seconds, what):
    """Polls until `condition()` is true and returns its value. The servers' last words are shown
    with every failed test (conftest.py), so with this one too."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}; at last: {value!r}")
        time.sleep(POLL_S)


class Ports:
    """Free ports, outside the range from which the kernel takes its own. A claim is an abstract
    socket: other test processes see it, and it ends with us, however we end."""

    def __init__(self):
        self.claims = []

    def take(self):
        while True:
            port = random.randrange(10000, 30000)
            if self._claim(port) and not listens(port):
                return port

    def _claim(self, port):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0mamparo-test-port-{port}")
        except OSError:
            claim.close()
            return False
        self.claims.append(claim)
        return True


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Host:
    """Where a process runs: an address, and its network namespace where that is not ours."""
    address: str = "127.0.0.1"
    netns: str = ""


HERE = Host()


class Process:
    """One program, which may be started again after it ended. It dies with us.

    It has a session of its own, as a service has: Linux shares the processor among sessions."""

    living = []

    def __init__(self, name, folder, command, env=None, user=None, host=HERE):
        self.name = name
        self.folder = folder
        self.command = command
        self.env = env or {}
        self.user = user
        self.host = host
        self.log_path = folder / f"{name}.log"
        self.process = None

    def start(self):
        assert not self.is_running(), f"{self.name} is running already"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self._wrapper(), *map(str, self.command)],
                cwd=self.folder, env={"PATH": os.environ["PATH"], **self.env},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        if self not in Process.living:
            Process.living.append(self)
        return self

    def _wrapper(self):
        wrapper = ["nsenter", f"--net=/run/netns/{self.host.netns}"] if self.host.netns else []
        wrapper += ["setpriv", "--pdeathsig", "KILL"]
        if self.user and os.geteuid() == 0:
            wrapper += [f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
        return wrapper

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def pause(self):
        """Returns when all threads stand: on a busy machine some run on for a while."""
        self.signal(signal.SIGSTOP)
        wait_until(self._stands, 10, f"{self.name} to stand")

    def _stands(self):
        stats = Path(f"/proc/{self.pid}/task").glob("*/stat")
        return {stat.read_text().rpartition(")")[2].split()[0] for stat in stats} == {"T"}

    def resume(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        self._end(signal.SIGKILL, 10)

    def stop(self, seconds=30):
        """Asks it to end, and returns its exit status."""
        return self._end(signal.SIGTERM, seconds)

    def _end(self, number, seconds):
        if self.process is None:
            return None
        if self.is_running():
            self.signal(number)
        status = self.process.wait(seconds)
        if self in Process.living:
            Process.living.remove(self)
        return status

    def memory_peak(self):
        """The most bytes that it held at once since this was asked last."""
        [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")  # begins anew: man 5 proc
        return int(kilobytes) * 1024

    def wait(self, seconds):
        """Waits for it to end by itself, and returns its exit status."""
        return self.process.wait(seconds)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""


def last_words():
    """The end of every living server's log."""
    return "\n".join(
        "\n".join([f"--- {p.name} (pid {p.pid})", *p.log().splitlines()[-LAST_WORDS:]])
        for p in Process.living)


def end_all(folder):
    """Whatever lives in that folder."""
    for process in list(Process.living):
        if process.folder.is_relative_to(folder):
            process.kill()

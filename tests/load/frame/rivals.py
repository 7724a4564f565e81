"""wrk, pgbench and Django, each asked in its own way; how many answers a second there were."""
import os
import re
import subprocess
from pathlib import Path

from harness.engines import PASSWORD
from harness.process import Process, wait_until

import requests

from .tools import CONNECTIONS

HERE = Path(__file__).resolve().parent.parent

LUA = """math.randomseed({seed})
request = function()
    return wrk.format("GET", "{head}" .. string.format("%.0f", {first} + math.random(0, {last}))
        .. "{tail}")
end
"""


class Wrk:
    """A server that speaks HTTP."""

    def __init__(self, name, address, folder):
        self.name, self.address, self.folder = name, address, folder

    def rate(self, question, seconds, connections=CONNECTIONS, path=None):
        path = path or question.path
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
        if "{}" in path:
            head, tail = path.split("{}")
            script = self.folder / "ask.lua"
            script.write_text(LUA.format(seed=seconds, head=head, tail=tail, first=question.first,
                                         last=question.count - 1), encoding="ascii")
            command += ["-s", str(script)]
            path = "/"
        told = run([*command, f"http://{self.address}{path}"])
        assert "Non-2xx" not in told and "Socket errors" not in told, told
        return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])


class Pgbench:
    """A client that talks to PostgreSQL directly."""
    name = "pgbench"

    def __init__(self, postgres, database, folder):
        self.postgres, self.database, self.folder = postgres, database, folder

    def rate(self, script, seconds, **variables):
        file = self.folder / "ask.sql"
        file.write_text(script, encoding="utf-8")
        defined = [f"-D{name}={value}" for name, value in variables.items()]
        while True:
            seconds += 1  # the time to connect is taken from it, and not counted
            told = run(["pgbench", "-n", "-M", "prepared", "-c", CONNECTIONS, "-j", 2, "-T",
                        seconds, "-f", file, *defined, "-h", "127.0.0.1", "-p", self.postgres.port,
                        "-U", "mamparo", self.database],
                       PGPASSWORD=PASSWORD, PGOPTIONS="-c enable_seqscan=off -c jit=off")
            assert "number of failed transactions: 0" in told, told
            rate = re.search(r"tps = (\d[\d.]*)", told)
            if rate:
                return float(rate[1])


class Django(Wrk):
    """A view of the same table, by gunicorn."""

    def __init__(self, postgres, database, folder, port):
        super().__init__("Django", f"127.0.0.1:{port}", folder)
        self.port = port
        self.process = Process("django", folder, [
            "gunicorn", "--chdir", HERE / "django", "--bind", self.address, "--workers", 2,
            "--threads", 8, "--log-level", "error", "app:application"], env={
                "DATABASE": f"{database} {postgres.port} {PASSWORD}",
                "PYTHONDONTWRITEBYTECODE": "1"})

    def start(self):
        self.process.start()
        wait_until(self._answers, 60, "Django to answer")
        return self

    def get(self, path):
        return requests.get(f"http://{self.address}{path}", timeout=60).json()

    def stop(self):
        """Killed, its workers would go on for a while."""
        self.process.stop()

    def _answers(self):
        try:
            return requests.get(f"http://{self.address}/", timeout=5).status_code == 404
        except requests.RequestException:
            return False


def run(words, **environment):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          env={**os.environ, **environment}, check=False)
    assert done.returncode == 0, f"{words[0]}: {done.stderr[:500]}"
    return done.stdout + done.stderr

"""Who is asked, each in its own way, for so many seconds; how many answers a second there were."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from harness.engines import PASSWORD
from harness.process import Process, wait_until

import requests

CONNECTIONS = 64
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

    def rate(self, script, seconds):
        file = self.folder / "ask.sql"
        file.write_text(script, encoding="utf-8")
        told = run(["pgbench", "-n", "-M", "prepared", "-c", CONNECTIONS, "-j", 2, "-T", seconds,
                    "-f", file, "-h", "127.0.0.1", "-p", self.postgres.port, "-U", "mamparo",
                    self.database], PGPASSWORD=PASSWORD, PGOPTIONS="-c enable_seqscan=off -c jit=off")
        return float(re.search(r"tps = ([\d.]+)", told)[1])


class Django(Wrk):
    """A view of the same table, by gunicorn."""

    def __init__(self, postgres, database, folder, port):
        super().__init__("Django", f"127.0.0.1:{port}", folder)
        self.process = Process("django", folder, [
            "gunicorn", "--chdir", HERE / "django", "--bind", self.address, "--workers", 2,
            "--threads", 8, "--log-level", "error", "app:application"], env={
                "DATABASE": f"{database} {postgres.port} {PASSWORD}",
                "PYTHONDONTWRITEBYTECODE": "1"})

    def start(self):
        self.process.start()
        wait_until(self._answers, 20, "Django to answer")
        return self

    def get(self, path):
        return requests.get(f"http://{self.address}{path}", timeout=60).json()

    def _answers(self):
        try:
            return requests.get(f"http://{self.address}/entries/?page_size=1", timeout=5).ok
        except requests.ConnectionError:
            return False


def run(words, **environment):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          env={**os.environ, **environment}, check=False)
    assert done.returncode == 0, f"{words[0]}: {done.stderr}"
    return done.stdout


def missing():
    """What is not installed, as Debian's packages are called."""
    packages = {"wrk": "wrk", "pgbench": "postgresql-contrib", "gunicorn": "gunicorn"}
    absent = [package for program, package in packages.items() if shutil.which(program) is None]
    for module, package in {"django": "python3-django", "psycopg2": "python3-psycopg2",
                            "rest_framework": "python3-djangorestframework"}.items():
        if run([sys.executable, "-c", f"import importlib.util as u; print(u.find_spec('{module}')"
                " is not None)"]).strip() != "True":
            absent.append(package)
    return absent

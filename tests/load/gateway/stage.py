"""One side before fresh servers, and clients of it."""
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import requests
from harness.process import Process, listens, wait_until

HERE = Path(__file__).resolve().parent
SLICE_S = 0.1  # of the client's timeline
READS, WRITES = 3, 2


@dataclass(frozen=True)
class Ask:
    """What a client asks for, again and again. A # of the body is the request's number."""
    path: str
    method: str = "GET"
    body: str = ""


RECORD = "01920000-0000-7000-8000-000000000001"
MEDICAL = Ask(f"/v1/medical/entries/{RECORD}")
IMAGING = Ask(f"/v1/imaging/images/{RECORD}")


def creation(title):
    return Ask("/v1/medical/entries", "POST", json.dumps({"title": title}))


CREATE = creation("Consulta #")


class Tools:
    """The client and the backend, compiled for this run."""

    def __init__(self, folder):
        self.client, self.backend = folder / "client", folder / "backend"
        for made, sources in {self.client: ["client.c", "tally.c"],
                              self.backend: ["backend.c"]}.items():
            subprocess.run(["cc", "-D_GNU_SOURCE", "-std=gnu17", "-O2", "-Wall", "-o", made,
                            *[HERE / source for source in sources]], check=True)


class Backend(Process):
    def __init__(self, name, folder, site, tools):
        self.port = site.ports.take()
        self.address = f"127.0.0.1:{self.port}"
        super().__init__(name, folder, [tools.backend, self.port])

    def start(self):
        super().start()
        wait_until(lambda: listens(self.port), 5, f"{self.name} to listen")
        return self

    def behave(self, mode, prefix="v1", ms=0):
        self._told(f"/-/set/{mode}/{ms}/{prefix}")

    def attempts(self):
        return self._told("/-/attempts")["attempts"]

    def _told(self, path):
        return requests.get(f"http://{self.address}{path}", timeout=5).json()


class Client:
    """One run of it."""

    def __init__(self, tools, port, ask, seconds, *flags, **options):
        options |= {"port": port, "path": ask.path, "method": ask.method, "body": ask.body,
                    "seconds": seconds}
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", tools.client,
             *[f"--{name.replace('_', '-')}={value}" for name, value in options.items()],
             *flags],
            stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)

    def tally(self):
        """When its time is over, or all of the idle are connected."""
        return Tally(**json.loads(self.process.stdout.readline()))

    def end(self):
        self.process.kill()
        self.process.communicate()


@dataclass
class Tally:
    start: float  # by time.monotonic()
    requests: int
    rate: float
    statuses: dict
    p50_us: int
    p99_us: int
    p999_us: int
    max_us: int
    due: list
    slow: list

    @property
    def failed(self):
        return sum(count for status, count in self.statuses.items()
                   if not 200 <= int(status) < 400)

    def noticed_s(self, since):
        """Until fewer than one in twenty, of a tenth of a second, were slow or failed."""
        bad = [self.start + (number + 1) * SLICE_S for number, due in enumerate(self.due)
               if self.slow[number] * 20 > due]
        return max([end - since for end in bad if end > since], default=0.0)


class RealWrites:
    """Two write servers of one database, for all stages that want some."""

    def __init__(self, site):
        self.cluster = site.new_cluster(reads=0)
        self.servers = [self.cluster.write, self.cluster.new_write("write-2")]
        self.cluster.make_databases()
        self.cluster.redis.start()
        for server in self.servers:
            server.start().await_ready()

    def stored(self, tag):
        """Titles that begin so."""
        return [title for [title] in self.cluster.written(
            "SELECT body::json->>'title' FROM medical.entries WHERE body::json->>'title' LIKE %s",
            f"{tag} %")]


class Stage:
    """While in its block: `side` serves, before three readers and two writers."""

    def __init__(self, site, tools, side, number, real=None):
        self.site, self.tools = site, tools
        self.folder = site.folder / f"stage-{number}"
        self.folder.mkdir()
        self.reads = [Backend(f"read-{n}", self.folder, site, tools) for n in range(READS)]
        self.real = real
        self.writes = real.servers if real else [
            Backend(f"write-{n}", self.folder, site, tools) for n in range(WRITES)]
        self.backends = self.reads + ([] if real else self.writes)
        self.side = side(site, self.folder, [one.address for one in self.reads],
                         [one.address for one in self.writes])

    def __enter__(self):
        for backend in self.backends:
            backend.start()
        self.side.start()
        self.measure(MEDICAL, 1, rate=500)  # connections are open, checks have passed
        return self

    def __exit__(self, *_):
        for process in [self.side, *self.backends]:
            process.kill()
        shutil.rmtree(self.folder)

    def client(self, ask, seconds, **options):
        return Client(self.tools, self.side.port, ask, seconds, **options)

    def measure(self, ask, seconds, **options):
        client = self.client(ask, seconds, **options)
        tally = client.tally()
        client.end()
        return tally

    def idle(self, ask, connections):
        """Each asks once, and then stays."""
        return Client(self.tools, self.side.port, ask, 1, "--idle", connections=connections)

    def attempts(self):
        return sum(read.attempts() for read in self.reads)

"""Our own client, and servers that do as good as nothing: tools/, which cmake builds beside
mamparo."""
import json
import subprocess
from dataclasses import dataclass

from harness.cluster import BINARY
from harness.process import Process, listens, wait_until

import requests

TOOLS = BINARY.parent / "tests/load"
SLICE_S = 0.1  # of the client's timeline
CONNECTIONS = 64


@dataclass(frozen=True)
class Ask:
    """What a client asks for, again and again. A # of the body is the request's number; of the
    path, the number within `span`."""
    path: str
    method: str = "GET"
    body: str = ""
    span: int = 1


RECORD = "01920000-0000-7000-8000-000000000001"
MEDICAL = Ask(f"/v1/medical/entries/{RECORD}")
IMAGING = Ask(f"/v1/imaging/images/{RECORD}")


def creation(title, collection="medical/entries", **fields):
    return Ask(f"/v1/{collection}", "POST", json.dumps({"title": title, **fields}))


class Client:
    """One run of it. Options as it has them: rate, connections, key…"""

    def __init__(self, port, ask, seconds, *flags, **options):
        options |= {"port": port, "path": ask.path, "method": ask.method, "body": ask.body,
                    "span": ask.span, "seconds": seconds}
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", TOOLS / "load_client",
             *[f"--{name.replace('_', '-')}={value}" for name, value in options.items()], *flags],
            stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)

    def tally(self):
        """When its time is over, or all of the idle are connected."""
        return Tally(**json.loads(self.process.stdout.readline()))

    def end(self):
        self.process.kill()
        self.process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def run_client(port, ask, seconds, **options):
    with Client(port, ask, seconds, **options) as client:
        return client.tally()


@dataclass
class Tally:
    start: float  # by time.monotonic()
    requests: int
    rate: float
    statuses: dict
    mean_us: int
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


class Tool(Process):
    """A server of tools/, on a port of its own."""
    program = ""

    def __init__(self, name, folder, site, *words):
        self.port = site.ports.take()
        self.address = f"127.0.0.1:{self.port}"
        super().__init__(name, folder, [TOOLS / self.program, self.port, *words])

    def start(self):
        super().start()
        wait_until(lambda: listens(self.port), 5, f"{self.name} to listen")
        return self


class Constant(Tool):
    """h2o, with always the same body of so many bytes."""
    program = "load_constant"


class Backend(Tool):
    """A server behind that can be told how to behave."""
    program = "load_backend"

    def behave(self, mode, prefix="v1", ms=0):
        self._told(f"/-/set/{mode}/{ms}/{prefix}")

    def attempts(self):
        return self._told("/-/attempts")["attempts"]

    def _told(self, path):
        return requests.get(f"http://{self.address}{path}", timeout=5).json()

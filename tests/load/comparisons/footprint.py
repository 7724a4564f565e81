"""How long a role takes from its start until it is ready, and how much memory it takes: idle, at
load, and with ten thousand connections; and how large is what the image adds to Debian's."""
import http.client
import re
import subprocess
import time
from pathlib import Path

from frame.measurement import OURS, at_most, measured, none
from frame.tools import CONNECTIONS, Ask, Client, creation
from frame.upkeep import proportional_bytes, resident_bytes
from harness.cluster import BINARY

TITLE = ("Start to ready, on databases that are there; memory (PSS, and RSS, in MB) idle, under 64 "
         "connections, and with 10,000. The image is the stripped binary upon Debian's "
         "libraries.")
ROLES = ["bulkhead", "write", "read"]
STATES = ["idle", "at load", "10,000 connections"]
AIMS = [
    *(at_most(300, role, "start to ready, ms") for role in ROLES),
    *(at_most(25, role, f"PSS {state}, MB") for role in ROLES for state in STATES),
    *(aim for role in ROLES for aim in none(role, "failed")),
]
CLIENTS_MAX = 12000
LONGEST_S, POLL_S = 20, 0.001


def measure(site, plan):
    cluster = site.new_cluster(reads=1, MAX_CONNECTIONS=CLIENTS_MAX).start()
    record = cluster.create(title="Consulta", content="Sin fiebre")
    cluster.await_everywhere(record)
    found = Ask(f"/v1/medical/entries/{record['id']}")
    asks = {cluster.bulkhead: found, cluster.write: creation("Consulta #"), cluster.reads[0]: found}
    for _, turn in plan.turns(asks):
        for server in turn:
            role = server.settings["SERVER_TYPE"]
            yield from measured(role, OURS, {"start to ready, ms": 1000 * start_of(server)})
            yield from measured(role, OURS, memory_of(server, asks[server], found, plan))
    yield from measured("image", OURS, image_of(site.folder))


def image_of(folder):
    """Without what every Debian has: the C library."""
    stripped = folder / "mamparo"
    subprocess.run(["strip", "-o", stripped, BINARY], check=True)
    loaded = subprocess.run(["ldd", stripped], check=True, capture_output=True, text=True).stdout
    libraries = [Path(path) for path in re.findall(r"=> (/\S+)", loaded) if "/libc." not in path]
    return {"binary, MB": size_of(stripped), "libraries, MB": sum(map(size_of, libraries))}


def size_of(path):
    return path.stat().st_size / 1e6


def start_of(server):
    server.stop()
    began = time.monotonic()
    server.start()
    while not says_ready(server.admin_port):
        assert time.monotonic() < began + LONGEST_S, f"{server.name} does not become ready"
        time.sleep(POLL_S)
    return time.monotonic() - began


def says_ready(port):
    """As cheaply as it can be asked: the processors are the server's."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def memory_of(server, ask, found, plan):
    numbers = weighed(server, "idle")
    with Client(server.port, ask, plan.seconds, connections=CONNECTIONS) as client:
        time.sleep(plan.seconds * 0.8)
        numbers |= weighed(server, "at load")
        failed = client.tally().failed
    idle = plan.pick(500, 10000)
    with Client(server.port, found, 1, "--idle", connections=idle) as client:
        failed += client.tally().failed
        return {**numbers, **weighed(server, "10,000 connections"), "failed": failed}


def weighed(server, state):
    return {f"PSS {state}, MB": proportional_bytes(server) / 1e6,
            f"RSS {state}, MB": resident_bytes(server) / 1e6}

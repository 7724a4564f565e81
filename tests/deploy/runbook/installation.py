"""The whole system, as an operator has it: two gateways behind a load balancer, two write servers
behind another, three read servers each with a database of its own; secrets as the boot script
fetches them, and nobody told an address."""
import os
import re
import subprocess
import textwrap

from cloud import Cloud
from harness.balancer import Balancer
from harness.cluster import BINARY, MODELS, REPOSITORY, Server
from harness.load import Load, all_records, everything_is_everywhere
from harness.process import wait_until

RUNBOOK = (REPOSITORY / "docs/operations.md").read_text(encoding="utf-8")
SECRETS = {
    "bulkhead": {"CLUSTER_KEY": "cluster-key", "REDIS_URL": "redis-url"},
    "write": {"CLUSTER_KEY": "cluster-key", "REDIS_URL": "redis-url",
              "WRITE_DATABASE_URL": "write-database-url", "PSEUDONYM_KEY": "pseudonym-key"},
    "read": {"CLUSTER_KEY": "cluster-key", "REDIS_URL": "redis-url"}}
PATIENCE = {"CHECK_TIMEOUT_MS": 2000, "CONNECT_TIMEOUT_MS": 1000}  # the machine may be busy
SIZES = {"write": 2, "read": 3, "bulkhead": 2}
SIDES = {"write": "writes", "read": "reads"}


class Installation:
    """Each group has one place more than servers, for a replacement. To the harness's loads and
    checks it is a cluster."""

    def __init__(self, site, name, **settings):
        self.site, self.name, self.settings = site, name, settings
        self.folder = site.folder / name
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.cloud = Cloud(self.folder, site.ports)
        self.models, self.processes = MODELS, [self.cloud.sql, self.cloud.redis]
        self.places = {"bulkhead": [], "write": [], "read": []}
        self._add("write", {})
        self.internal = self._balance("internal", "write")
        self._add("read", {"WRITE_SERVERS": f"127.0.0.1:{self.internal.port}"})
        self._add("bulkhead", {})
        self.balancer = self._balance("balancer", "bulkhead")
        # Its requests go to whatever gateway the balancer chooses.
        self.bulkhead = Server("client", self.folder, site.ports)
        self.bulkhead.address = f"127.0.0.1:{self.balancer.port}"

    def _add(self, role, settings):
        for number in range(1, SIZES[role] + 2):
            server = Server(f"{self.name}-{role}-{number}", self.folder, self.site.ports, **{
                "SERVER_TYPE": role, "THREADS": 1, "DRAIN_SECONDS": 1, **settings,
                **PATIENCE, **self.settings})
            if role == "bulkhead":  # as startup/mamparo.service has it
                server.settings["STATE_DIR"] = self.folder / server.name
                server.settings["STATE_DIR"].mkdir()
            if role == "read":
                server.settings["READ_DATABASE_URL"] = self._own_database(number)
            self.places[role].append(server)
            self.processes.append(server)

    def _own_database(self, number):
        database = f"{self.name}_read_{number}"
        self.site.postgres.create(database)
        return self.site.postgres.url(database)

    def _balance(self, name, role):
        balancer = Balancer(f"{self.name}-{name}", self.folder, self.site.ports, self.places[role],
                            check="5s")
        self.processes.append(balancer)
        return balancer

    # Who is there

    def group(self, role):
        return [server for server in self.places[role] if server.is_running()]

    @property
    def gateways(self):
        return self.group("bulkhead")

    @property
    def writes(self):
        return self.group("write")

    @property
    def reads(self):
        return self.group("read")

    @property
    def redis(self):
        return self.cloud.redis

    # Starting and replacing

    def start(self):
        """Write servers first, since replicas fill themselves there; gateways last."""
        self.internal.start()
        for role, size in SIZES.items():
            for server in self.places[role][:size]:
                self.boot(server)
            for server in self.places[role][:size]:
                server.await_ready()
        self.balancer.start()
        for role in SIDES:
            for server in self.group(role):
                self.await_asked(server)
        return self

    def boot(self, server):
        """What the boot script does: release and secrets as they are now, and the program."""
        role = server.settings["SERVER_TYPE"]
        server.settings["MODELS"] = self.models
        server.settings |= {setting: self.cloud.secret(secret)
                            for setting, secret in SECRETS[role].items()}
        return server.start()

    def rerun(self, server):
        """The boot script, once more on the same server: it starts the program again."""
        assert server.stop() == 0
        self.boot(server).await_ready()
        self.await_asked(server)

    def replace(self, role):
        """A rolling replacement of a group: one more, then one less, until all are new."""
        for server in self.group(role):
            fresh = next(one for one in self.places[role] if not one.is_running())
            self.boot(fresh).await_ready()
            self.await_asked(fresh)
            assert server.stop() == 0

    def await_asked(self, server, seconds=20):
        """By its balancer, and by every gateway."""
        role = server.settings["SERVER_TYPE"]
        balancer = {"bulkhead": self.balancer, "write": self.internal}.get(role)
        if balancer:
            wait_until(lambda: is_up(balancer, server), seconds, f"{server.name} to be balanced")
        for gateway in self.gateways if role in SIDES else []:
            wait_until(lambda: state_of(gateway, SIDES[role], server) == "up", seconds,
                       f"{gateway.name} to ask {server.name}")

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.forget() if hasattr(process, "forget") else None

    # What the harness asks of a cluster

    def create(self, path="/v1/medical/entries", **fields):
        answer = self.bulkhead.post(path, json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def written(self, statement, *parameters):
        return self.cloud.sql.query("mamparo", statement, *parameters)

    # What an operator runs, as the runbook has it

    def type(self, words, **instead):
        """The block of docs/operations.md with these words, typed at a gateway; with something
        `instead` of what is to be filled in there. The exit status, and what was said."""
        gateway = self.gateways[0]
        lab = {**instead,
               "127.0.0.1:8000": gateway.address, "/etc/mamparo/env": self._env_of(gateway),
               "/opt/mamparo/current/models": self.models, "/opt/mamparo/current/mamparo": BINARY,
               "sudo -u mamparo": "env"}
        script = block(words)
        for there, here in lab.items():
            script = script.replace(there, str(here))
        done = subprocess.run(["bash", "-c", script], text=True, capture_output=True, timeout=90,
                              stdin=subprocess.DEVNULL, check=False,
                              env={"PATH": os.environ["PATH"],
                                   "CLUSTER_KEY": self.cloud.secret("cluster-key")})
        return done.returncode, done.stdout + done.stderr

    def _env_of(self, server):
        file = self.folder / "env"
        file.write_text(f'CLUSTER_KEY="{server.settings["CLUSTER_KEY"]}"\n', encoding="ascii")
        return file

    def verify(self):
        """Once the gateways ask everybody."""
        for server in self.writes + self.reads:
            self.await_asked(server)
        return self.type("mamparo verify")

    def switch(self, path, is_on):
        status, said = self.type("/services/SERVICE/writes", **{
            "SERVICE/writes": path, "false": str(is_on).lower()})
        assert status == 0 and f'"enabled":{str(is_on).lower()}' in said, said


def block(words):
    """Indented lines, of which one has the words."""
    blocks = re.findall(r"(?:^ {4,}.*\n)+", RUNBOOK, re.MULTILINE)
    [found] = [textwrap.dedent(one) for one in blocks if words in one]
    return found


class Users(Load):
    """Clients of an installation, and what they were told when they were not served."""

    def __init__(self, installation, creators=2, updaters=1):
        super().__init__(installation, creators, updaters)
        self.complaints = []

    def _ask(self, counter, method, path, body=None):
        answer = super()._ask(counter, method, path, body)
        if answer is None or answer.status_code >= 400:
            self.complaints.append((method, answer is not None and answer.text))
        return answer


def check_kept(load):
    """What its clients were promised is there, everywhere."""
    installation = load.cluster
    everything_is_everywhere(installation)
    stored = {one["id"]: one["title"] for one in all_records(installation.reads[0])}
    assert load.created.items() <= stored.items()


def check_unseen(load):
    """No client saw anything of it."""
    assert not load.complaints, (load.complaints, load.writes, load.reads)
    check_kept(load)


def relay_of(write):
    return write.admin("/statusz").json()["relay"]


def switch_of(gateway, path):
    return gateway.get(f"/bulkhead/services/{path}").json()


def is_up(balancer, server):
    """By what it said of it last."""
    said = [line for line in balancer.log().splitlines() if f"/{server.name} is " in line]
    return not said or f"/{server.name} is UP" in said[-1]


def state_of(gateway, side, server):
    return {one["server"]: one["state"] for one in gateway.admin("/statusz").json()["servers"][side]
            }.get(server.address)


def run(*words, **settings):
    done = subprocess.run([BINARY, *words], text=True, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False, env={
                              "PATH": os.environ["PATH"],
                              **{name: str(value) for name, value in settings.items()}})
    return done.returncode, done.stdout + done.stderr

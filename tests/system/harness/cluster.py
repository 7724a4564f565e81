"""One write server, read servers and a bulkhead: own databases, own slot, own Redis."""
import os
from pathlib import Path

import requests

from .engines import Redis
from .process import HERE, Process, wait_until

REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("MAMPARO_BINARY", REPOSITORY / "build/gcc/mamparo")).resolve()
MODELS = REPOSITORY / "models"
PSEUDONYM_KEY = "a key of the tests, for pseudonyms".replace(" ", "-")


class Server(Process):
    """Our program in one of its roles. Requests go to it directly."""

    def __init__(self, name, folder, ports, host=HERE, **settings):
        self.port, self.admin_port = ports.take(), ports.take()
        self.address = f"{host.address}:{self.port}"
        self.settings = {
            "LISTEN": host.address, "PORT": self.port, "ADMIN_PORT": self.admin_port,
            "MODELS": MODELS, "THREADS": 2, "DRAIN_SECONDS": 0, **settings}
        self.http = requests.Session()
        super().__init__(name, folder, [BINARY], host=host)

    def start(self):
        self.env = {name: str(value) for name, value in self.settings.items()}
        return super().start()

    def request(self, method, path, timeout=10, **how):
        return self.http.request(method, f"http://{self.address}{path}", timeout=timeout, **how)

    def forget(self):
        """What is kept of a server that is gone: its connections."""
        self.http.close()

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def post(self, path, json=None, **how):
        return self.request("POST", path, json=json, **how)

    def admin(self, path):
        return requests.get(f"http://{self.host.address}:{self.admin_port}{path}", timeout=5)

    def is_live(self):
        return self._admin_says_200("/livez")

    def is_ready(self):
        return self._admin_says_200("/readyz")

    def _admin_says_200(self, path):
        try:
            return self.admin(path).status_code == 200
        except requests.ConnectionError:
            return False

    def await_ready(self, seconds=20):
        wait_until(lambda: self.is_ready() or not self.is_running(), seconds,
                   f"{self.name} to become ready")
        assert self.is_running(), f"{self.name} ended instead of becoming ready"
        return self


class Cluster:
    """The servers of one installation. `postgres` may be given for the write side alone; the
    settings are for every server, and `host_of` says where each is to run."""

    def __init__(self, site, name, reads=3, postgres=None, host_of=lambda name: HERE, **settings):
        self.site, self.name, self.settings = site, name, settings
        self.host_of = host_of
        self.folder = site.folder / name
        self.folder.mkdir()
        self.postgres = postgres or site.postgres
        self.write_database = f"{name}_write"
        self.redis = Redis(f"{name}-redis", self.folder, site.ports.take(), host_of("redis"))
        self.processes = [self.redis]
        self.write = self.new_write("write")
        self.reads = [self.new_read(f"read-{n}", f"read_{n}") for n in range(1, reads + 1)]
        self.bulkhead = self.new_server(
            "bulkhead", "bulkhead", WRITE_SERVERS=self.write.address,
            READ_SERVERS=",".join(read.address for read in self.reads))

    def new_server(self, name, role, **settings):
        server = Server(f"{self.name}-{name}", self.folder, self.site.ports, self.host_of(name),
                        SERVER_TYPE=role, **{**self.settings, **settings})
        self.processes.append(server)
        return server

    def new_write(self, name):
        return self.new_server(
            name, "write", WRITE_DATABASE_URL=self.postgres.url(self.write_database),
            REDIS_URL=self.redis.url(), REPLICATION_SLOT=self.name, PSEUDONYM_KEY=PSEUDONYM_KEY)

    def new_read(self, name, database):
        return self.new_server(
            name, "read", READ_DATABASE_URL=self.site.postgres.url(f"{self.name}_{database}"),
            REDIS_URL=self.redis.url(), WRITE_SERVERS=self.write.address)

    @property
    def servers(self):
        return [self.write, *self.reads, self.bulkhead]

    def make_databases(self):
        self.postgres.create(self.write_database)
        for number, _ in enumerate(self.reads, 1):
            self.site.postgres.create(f"{self.name}_read_{number}")

    def start(self):
        self.make_databases()
        return self.start_servers()

    def start_servers(self):
        self.redis.start()
        behind = [server for server in self.servers if server is not self.bulkhead]
        for server in behind:
            server.start()
        for server in behind:
            server.await_ready()
        self.bulkhead.start().await_ready()  # whom it finds ready it asks at once
        return self

    def close(self):
        for process in self.processes:
            process.kill()
            process.forget()

    def create(self, path="/v1/medical/entries", **fields):
        """Posts a record through the gateway and returns it as it was answered."""
        answer = self.bulkhead.post(path, json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def await_everywhere(self, *records, path="/v1/medical/entries", seconds=10):
        for record in records:
            for read in self.reads:
                wait_until(lambda: serves(read, f"{path}/{record['id']}", record["version"]),
                           seconds, f"{read.name} to serve {record}")

    def written(self, statement, *parameters):
        """Asks the write database."""
        return self.postgres.query(self.write_database, statement, *parameters)


def serves(server, path, version):
    answer = server.get(path)
    return answer.status_code == 200 and answer.json()["version"] >= version

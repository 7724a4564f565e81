"""One side before fresh servers, and clients of it."""
import shutil

from frame.tools import MEDICAL, Backend, Client, run_client

READS, WRITES = 3, 2


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

    def __init__(self, site, side, number, real=None):
        self.folder = site.folder / f"stage-{number}"
        self.folder.mkdir()
        self.reads = [Backend(f"read-{n}", self.folder, site) for n in range(READS)]
        self.real = real
        self.writes = real.servers if real else [
            Backend(f"write-{n}", self.folder, site) for n in range(WRITES)]
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
        return Client(self.side.port, ask, seconds, **options)

    def measure(self, ask, seconds, **options):
        return run_client(self.side.port, ask, seconds, **options)

    def idle(self, ask, connections):
        """Each asks once, and then stays."""
        return Client(self.side.port, ask, 1, "--idle", connections=connections)

    def attempts(self):
        return sum(read.attempts() for read in self.reads)

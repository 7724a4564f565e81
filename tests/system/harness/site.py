"""Where one pytest worker's servers live: a folder, ports, a PostgreSQL, and clusters by number."""
import shutil
import tempfile
from pathlib import Path

from .cluster import Cluster
from .engines import Postgres
from .process import HERE, Ports, end_all


class Site:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="mamparo-", dir="/tmp"))
        self.folder.chmod(0o755)  # PostgreSQL walks in as another user
        self.ports = Ports()
        self.made = 0
        self.postgres = self.new_postgres().make().start()

    def new_postgres(self, host=HERE):
        return Postgres(self._name("postgres"), self.folder, self.ports.take(), host)

    def new_cluster(self, **how):
        return Cluster(self, self._name("c"), **how)

    def _name(self, kind):
        self.made += 1
        return f"{kind}{self.made}"

    def close(self):
        end_all()
        shutil.rmtree(self.folder)

"""Where one pytest worker's servers live: a folder, ports, a PostgreSQL, and clusters by number."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .cluster import Cluster
from .engines import Postgres
from .process import HERE, Ports, end_all


DISK, MEMORY = Path("/tmp"), Path("/dev/shm")
ROOM = 12 << 30  # two workers leave 7 GB of databases


def quick():
    """Where files cost least: what is made for a test has no need of a disk."""
    [available] = [int(line.split()[1]) << 10 for line in open("/proc/meminfo", encoding="ascii")
                   if line.startswith("MemAvailable:")]
    has_room = MEMORY.is_dir() and min(available, shutil.disk_usage(MEMORY).free) >= ROOM
    return MEMORY if has_room else DISK


def clear(root):
    """Of what was killed before it could."""
    for left in root.glob("mamparo-*-*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            remove(left)


def remove(folder):
    subprocess.run(["rm", "-rf", folder], check=True)  # of 100,000 files: quicker than we are


class Site:
    def __init__(self, root=DISK):
        clear(root)
        self.folder = Path(tempfile.mkdtemp(prefix=f"mamparo-{os.getpid()}-", dir=root))
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
        end_all(self.folder)
        remove(self.folder)

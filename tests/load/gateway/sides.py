"""Who is measured: one process each, one thread, in front of the same servers."""
from pathlib import Path

from harness.cluster import Server
from harness.process import Process, listens, wait_until

HERE = Path(__file__).resolve().parent
CLIENTS_MAX = 12000


class Proxy(Process):
    """Another's program, with the configuration beside this file."""

    def __init__(self, site, folder, reads, writes):
        self.port = site.ports.take()
        places = {"PORT": self.port, "FOLDER": folder,
                  **{f"READ_{n}": address for n, address in enumerate(reads, 1)},
                  **{f"WRITE_{n}": address for n, address in enumerate(writes, 1)}}
        text = (HERE / self.template).read_text(encoding="utf-8")
        for name, value in places.items():
            text = text.replace(f"@{name}@", str(value))
        (folder / self.template).write_text(text, encoding="utf-8")
        super().__init__(self.title, folder, [*self.program, folder / self.template])

    def start(self):
        super().start()
        wait_until(lambda: listens(self.port), 10, f"{self.title} to listen")
        return self


class HAProxy(Proxy):
    title, template, program = "HAProxy", "haproxy.cfg", ["haproxy", "-db", "-f"]


class Nginx(Proxy):
    title, template, program = "nginx", "nginx.conf", ["nginx", "-c"]


class Mamparo(Server):
    title = "Mamparo"

    def __init__(self, site, folder, reads, writes):
        super().__init__(self.title, folder, site.ports, SERVER_TYPE="bulkhead", THREADS=1,
                         READ_SERVERS=",".join(reads), WRITE_SERVERS=",".join(writes),
                         MAX_CONNECTIONS=CLIENTS_MAX, LOG_LEVEL="error")

    def start(self):
        super().start()
        return self.await_ready()


SIDES = [Mamparo, HAProxy, Nginx]

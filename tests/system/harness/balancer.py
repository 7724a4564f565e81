"""A load balancer before the gateways: HAProxy, as an installation would have it."""
from .process import HERE, Process, listens, wait_until

# A request is put to another gateway only when this one cannot be connected to: all else is for the
# gateways to master. What fails is in its log.
CONFIGURATION = """
global
    maxconn 2000
    log stdout format raw daemon
defaults
    log global
    option httplog
    option dontlog-normal
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 30s
    timeout check {check}
    retries 3
    option redispatch 1
    option httpchk GET /readyz
frontend all
    bind {host}:{port}
    default_backend gateways
backend gateways
    balance roundrobin
    default-server check inter 100ms fall {fall} rise 1
"""


class Balancer(Process):
    def __init__(self, name, folder, ports, gateways, fall=1, check="500ms"):
        """`fall`: after so many checks that fail a gateway is taken to be down; `check`: how long
        one may take."""
        self.port = ports.take()
        lines = [f"    server {gateway.name} {gateway.address} check port {gateway.admin_port}"
                 for gateway in gateways]
        file = folder / f"{name}.cfg"
        file.write_text(CONFIGURATION.format(host=HERE.address, port=self.port, fall=fall,
                                             check=check)
                        + "\n".join(lines) + "\n", encoding="ascii")
        super().__init__(name, folder, ["haproxy", "-db", "-f", file])

    def start(self):
        super().start()
        wait_until(lambda: listens(self.port), 10, f"{self.name} to listen")
        return self

    def forget(self):
        """Nothing is kept of it."""

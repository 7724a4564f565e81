"""A server behind the gateway that is none of ours: it does what a test tells it, and remembers
what it was asked."""
import http.client
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

RECORD = b'{"id":"01920000-0000-7000-8000-000000000001","version":1,"title":"Consulta"}'
PROBLEM = (b'{"type":"about:blank","title":"Service Unavailable","status":503,'
           b'"reason":"database_unavailable"}')
LONGEST_S = 60


@dataclass
class Asked:
    """One attempt. Checks (`/ping`) are none."""
    method: str
    path: str
    headers: http.client.HTTPMessage
    body: bytes
    connection: socket.socket
    at: float = field(default_factory=time.monotonic)

    def answer(self, status, body=b"", **headers):
        """`body` is left out where HTTP has none, though its length is told."""
        lines = [f"HTTP/1.1 {status} As it is", f"Content-Length: {len(body)}",
                 *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        self.connection.sendall(head + (b"" if self.method == "HEAD" or status == 304 else body))


# How one may behave: a function of what was asked, after which the connection is kept, or is not.

def well(asked):
    asked.answer(200 if asked.method in ("GET", "HEAD") else 201, RECORD, ETag='"1"',
                 Content_Type="application/json")
    return True


def saying(status, body=PROBLEM, **headers):
    def say(asked):
        asked.answer(status, body, **{"Content_Type": "application/problem+json", **headers})
        return True

    return say


unavailable = saying(503, Retry_After=1)


def slow(seconds):
    def wait(asked):
        time.sleep(seconds)
        return well(asked)

    return wait


def hanging(asked):
    """Until the asker, or the test, has had enough."""
    asked.connection.settimeout(LONGEST_S)
    asked.connection.recv(1)
    return False


def resetting(asked):
    asked.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def half_of(size):
    def send(asked):
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
        asked.connection.sendall(head + bytes(size // 2))
        return False

    return send


half = half_of(1000)


def for_paths(prefix, behaviour):
    """Well for all other paths."""
    return lambda asked: (behaviour if asked.path.startswith(prefix) else well)(asked)


class Backend:
    def __init__(self, ports):
        self.port = ports.take()
        self.address = f"127.0.0.1:{self.port}"
        self.behave = well
        self.asked = []
        self.listener, self.connections = None, set()

    def start(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def stop(self):
        """Nobody listens any more, and all connections are gone."""
        if self.listener is None:
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener):
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        self.connections.add(connection)
        with suppress(OSError, ValueError), connection, connection.makefile("rb") as incoming:
            while self._serve_one(connection, incoming):
                pass
        self.connections.discard(connection)

    def _serve_one(self, connection, incoming):
        line = incoming.readline()
        if not line:
            return False
        method, path, _ = line.decode().split(" ")
        headers = http.client.parse_headers(incoming)
        body = incoming.read(int(headers.get("Content-Length", 0)))
        asked = Asked(method, path, headers, body, connection)
        if path == "/ping":
            asked.answer(200)
            return True
        self.asked.append(asked)
        return self.behave(asked)


class Blackhole:
    """An address where connecting takes for ever: its queue of connections is full."""

    def __init__(self, ports):
        self.address = f"127.0.0.1:{ports.take()}"

    def __enter__(self):
        host, port = self.address.split(":")
        self.listener = socket.create_server((host, int(port)), backlog=0)
        self.waiting = [socket.socket() for _ in range(4)]
        for one in self.waiting:
            one.setblocking(False)
            one.connect_ex((host, int(port)))
        return self

    def __exit__(self, *_):
        for one in [self.listener, *self.waiting]:
            one.close()

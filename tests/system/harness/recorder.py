"""A server that writes down every byte that comes, and answers what it is told to; and a gateway
that has nobody else behind it."""
import re
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass

from .cluster import Server
from .process import Ports

ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n"
          b'{"data":"ok"}')
OURS = ("/v1/", "/database/read/", "/database/write/")  # all else is asked by the gateway itself
LINE = re.compile(rb"(GET|POST|PUT|PATCH|DELETE) (/[!-~]*) HTTP/1\.1")
HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t -~\x80-\xff]*)")


@dataclass
class Recorded:
    method: str
    target: str
    headers: list  # of (name in small letters, value)
    body: bytes

    def all(self, name):
        return [value for known, value in self.headers if known == name]

    def one(self, name):
        [value] = self.all(name)
        return value

    @property
    def names(self):
        return [name for name, _ in self.headers]


def parse(head):
    """A head that is well-formed, line by line; ValueError for any other."""
    line, *rest = head.split(b"\r\n")
    found, headers = LINE.fullmatch(line), [HEADER.fullmatch(text) for text in rest]
    if not found or not all(headers):
        raise ValueError(head)
    return Recorded(found[1].decode(), found[2].decode(), [
        (one[1].decode().lower(), one[2].decode("latin-1")) for one in headers], b"")


class Recorder:
    """Listens until it is closed. `answer` is what the next requests of clients are told."""

    def __init__(self, port=0):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.answer, self.closes = ANSWER, False
        self.recorded, self.faults = [], []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def forget(self):
        self.answer, self.closes = ANSWER, False
        self.recorded.clear()
        self.faults.clear()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while head := self._read_head(stream):
                    self._take(head, stream)
                    ours = self.recorded and self.recorded[-1].target.startswith(OURS)
                    connection.sendall(self.answer if ours else ANSWER)
                    if ours and self.closes:
                        return
            except OSError:
                pass
            except ValueError as fault:
                self.faults.append(fault)

    def _read_head(self, stream):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                if head:
                    raise ValueError(head)
                return None
            head += line
        return head[:-4]

    def _take(self, head, stream):
        request = parse(head)
        lengths = request.all("content-length")
        if len(lengths) != (request.method != "GET"):
            raise ValueError(head)
        if lengths:
            request.body = stream.read(int(lengths[0]))
        self.recorded.append(request)

    @property
    def requests(self):
        """Those of clients. What was no request at all is a failure of whoever asks."""
        assert not self.faults, self.faults
        return [one for one in self.recorded if one.target.startswith(OURS)]

    @property
    def request(self):
        [request] = self.requests
        return request


@contextmanager
def gateway_before(recorder, folder, **settings):
    """A gateway whose only server, of reads and of writes, is the recorder."""
    ports = Ports()
    server = Server("gateway", folder, ports, SERVER_TYPE="bulkhead",
                    READ_SERVERS=recorder.address, WRITE_SERVERS=recorder.address, **settings)
    try:
        yield server.start().await_ready()
    finally:
        server.kill()
        server.forget()

"""Clients of /v1/<service>/events, one or a thousand of them in one thread, which read the stream as
the WHATWG's HTML standard says, and what each of them got."""
import json
import selectors
import socket
from dataclasses import dataclass

from .process import wait_until

EVENTS = "/v1/medical/events"


@dataclass
class Event:
    id: str
    type: str
    data: dict

    @property
    def title(self):
        return self.data["data"]["after"]["title"]


class Follower:
    """One client. What it got is there after the crowd was pumped."""

    def __init__(self, server, path, headers, receive_bytes):
        self.raw = b""           # of the head, then of the transfer coding
        self.text = b""          # of the body
        self.status, self.headers = None, {}
        self.events, self.comments, self.retry, self.last_id = [], [], None, ""
        self.is_over = False     # the connection has ended
        self.is_whole = False    # and the body had its end
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect((server.host.address, server.port))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
        self.socket.setblocking(False)

    @property
    def titles(self):
        return [event.title for event in self.events if event.type.startswith("medical.")]

    def of_type(self, kind):
        return [event for event in self.events if event.type == kind]

    def json(self):
        return json.loads(self.text)

    def read(self):
        """Takes what is there; false when it is over."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return True
        except ConnectionError:
            data = b""
        self.is_over = not data
        self.raw += data
        if self.status is None and b"\r\n\r\n" in self.raw:
            self._take_head()
        if self.status is not None:
            self._take_body()
        return not self.is_over

    def _take_head(self):
        head, self.raw = self.raw.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value
                        for name, value in (line.split(": ", 1) for line in lines)}

    def _take_body(self):
        if "transfer-encoding" not in self.headers:
            self.text, self.raw = self.text + self.raw, b""
            return
        while not self.is_whole and (line := self.raw.find(b"\r\n")) >= 0:
            size = int(self.raw[:line], 16)
            if len(self.raw) < line + size + 4:
                break
            self.text += self.raw[line + 2:line + 2 + size]
            self.raw = self.raw[line + size + 4:]
            self.is_whole = size == 0
        *blocks, self.text = self.text.split(b"\n\n")
        for block in blocks:
            self._take_block(block.decode())

    def _take_block(self, block):
        kind, data = "message", ""
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not name:
                self.comments.append(value)
            elif name == "id":
                self.last_id = value
            elif name == "retry":
                self.retry = int(value)
            elif name == "event":
                kind = value
            else:
                assert name == "data" and not data, block
                data = value
        if data:
            self.events.append(Event(self.last_id, kind, json.loads(data)))


class Crowd:
    """Followers that are read together, whenever somebody waits for something of them."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.members = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for member in self.members:
            member.socket.close()
        self.selector.close()

    def join(self, server, query="", path=EVENTS, last_id=None, receive_bytes=0):
        """A new one, not answered yet."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        member = Follower(server, path + query, headers, receive_bytes)
        self.members.append(member)
        self.resume(member)
        return member

    def follow(self, server, query="", seconds=10, **how):
        """A new one that has been told where it begins."""
        member = self.join(server, query, **how)
        self.wait(lambda: member.last_id, seconds, "the stream to begin")
        return member

    def leave(self, member):
        self.pause(member)
        member.socket.close()
        self.members.remove(member)

    def pause(self, member):
        """It reads no more."""
        if member.socket in self.selector.get_map():
            self.selector.unregister(member.socket)

    def resume(self, member):
        self.selector.register(member.socket, selectors.EVENT_READ, member)

    def pump(self, seconds=0.01):
        for key, _ in self.selector.select(seconds):
            if not key.data.read():
                self.pause(key.data)

    def wait(self, condition, seconds, what):
        def look():
            self.pump()
            return condition()

        return wait_until(look, seconds, what)

"""Stands before Redis and knows its commands one by one: it can be told to refuse the next ones of
a kind, to close in the middle of a reply, to hold commands back, or to be slow."""
import select
import socket
import threading
import time
from dataclasses import dataclass, field

from .process import wait_until

ABORTED = "EXECABORT Transaction discarded because of"


@dataclass
class Fault:
    """What happens to commands of some kinds ("XADD XINFO", or "any"), after some were spared."""
    kind: str
    does: str                # refuse, cut, hold, delay or belate
    what: object = None      # the error's line, the bytes of the reply that come, or seconds
    times: int = 1
    spared: int = 0
    done: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def takes(self, name):
        if (name not in self.kind.split() and self.kind != "any") or self.is_over():
            return False
        self.spared -= 1
        self.done += self.spared < 0
        return self.spared < 0

    def is_over(self):
        return self.done >= self.times or self.released.is_set()

    def await_begin(self, seconds=8):
        wait_until(lambda: self.done > 0, seconds, f"{self} to begin")

    def await_end(self, seconds=20):
        wait_until(self.is_over, seconds, f"{self} to end")


class RedisProxy:
    """While in its block it listens. Every connection has a thread, which carries one command after
    another and then its reply; those of a pipeline wait in the socket meanwhile."""

    def __init__(self, redis, port):
        self.redis, self.port = redis, port
        self.faults, self.lock, self.sockets = [], threading.Lock(), set()

    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def refuse(self, kind, line, **how):
        return self._add(Fault(kind, "refuse", line, **how))

    def cut(self, kind, count, **how):
        """Sends so many bytes of the reply, and closes: what was asked for has been done."""
        return self._add(Fault(kind, "cut", count, **how))

    def hold(self, kind, **how):
        """Says nothing until `released`. Then Redis gets the command, whoever is left to hear."""
        return self._add(Fault(kind, "hold", **how))

    def delay(self, kind, seconds, **how):
        return self._add(Fault(kind, "delay", seconds, **how))

    def belate(self, kind, seconds, **how):
        """Redis is asked at once, and what it says comes so much later."""
        return self._add(Fault(kind, "belate", seconds, **how))

    def _add(self, fault):
        with self.lock:
            self.faults.append(fault)
        return fault

    def fault_for(self, name):
        with self.lock:
            return next((fault for fault in self.faults if fault.takes(name)), None)

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        for fault in self.faults:
            fault.released.set()
        for one in [self.listener, *self.sockets]:
            close(one)

    def _listen(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.redis.port))
            except OSError:
                if self.listener.fileno() < 0:
                    return
                client.close()
                continue
            for one in [client, server]:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets |= {client, server}
            threading.Thread(target=Carrier(self, client, server).run, daemon=True).start()


class Carrier:
    """Of one connection, as long as both sides have it."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.asked, self.answered = client.makefile("rb"), server.makefile("rb")
        self.is_queueing = self.is_spoilt = False  # between MULTI and EXEC; one was refused there

    def run(self):
        try:
            while command := read_value(self.asked):
                self._carry(command, name_of(command))
        except (OSError, ValueError):
            pass
        for one in [self.asked, self.answered, self.client, self.server]:
            close(one)
        self.proxy.sockets -= {self.client, self.server}

    def _carry(self, command, name):
        fault = self.proxy.fault_for(name)
        does = fault.does if fault else "pass"
        if does == "hold":
            fault.released.wait()
        elif does == "delay":
            time.sleep(fault.what)
        if does == "refuse":
            reply = self._refuse(name, fault.what)
        elif name == "EXEC" and self.is_spoilt:
            reply = self._abort("previous errors.")
        else:
            reply = self._ask(command)
        if does == "belate":
            fault.released.wait(fault.what)
        self.is_queueing = (self.is_queueing or (name == "MULTI" and reply[:1] != b"-")) and \
            name not in ("EXEC", "DISCARD")
        self.is_spoilt = self.is_spoilt and self.is_queueing
        self._answer(reply[:fault.what] if does == "cut" else reply)
        if does == "cut":
            raise ConnectionResetError

    def _refuse(self, name, line):
        """As Redis does: one error while commands are queued, and none of them is run."""
        if name == "EXEC":
            return self._abort(line)
        self.is_spoilt = self.is_queueing
        return f"-{line}\r\n".encode()

    def _abort(self, why):
        self._ask(b"*1\r\n$7\r\nDISCARD\r\n")
        return f"-{ABORTED} {why}\r\n".encode()

    def _ask(self, command):
        self.server.sendall(command)
        return read_value(self.answered) or self._hang_up()

    def _hang_up(self):
        raise ConnectionResetError

    def _answer(self, reply):
        """Whoever left is not told: the kernel would then forget what else they asked."""
        if not has_left(self.client):
            self.client.sendall(reply)


def read_value(file):
    """The bytes of a command, or of a reply, as they are; empty at the end."""
    line = file.readline()
    if line[:1] in (b"$", b"*") and (length := int(line[1:])) >= 0:
        if line[:1] == b"$":
            return line + file.read(length + 2)
        return line + b"".join(read_value(file) for _ in range(length))
    return line


def name_of(command):
    return command.split(b"\r\n", 3)[2].decode().upper()


def has_left(client):
    poll = select.poll()
    poll.register(client, select.POLLRDHUP)
    return bool(poll.poll(0))


def close(one):
    """Also wakes the thread that waits for it."""
    try:
        if isinstance(one, socket.socket):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
    except OSError:
        pass

"""An answer larger than ANSWER_BUFFER_BYTES passes through the gateway a piece at a time: whole,
or as a broken connection; never short without a word. The server behind is one of ours here."""
import http.client
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from harness.process import wait_until
from harness.raw import exchange

LIST = "/v1/medical/entries"
MIB = 1024 * 1024
BUFFER = 65536
LARGE = 3 * MIB
CLIENTS, HUGE = 50, 20 * MIB
PIECE = bytes(range(256)) * 256
KEPT = 3  # the gateway's own: between calls, and between checks of reads and of writes


def body_of(length):
    return (PIECE * (length // len(PIECE) + 1))[:length]


class Backend:
    """Answers each request as the query's words say: length=, and chunked, sent=, extra=, stall."""

    def __init__(self, port):
        self.port, self.sent, self.open = port, 0, 0
        self.lock = threading.Lock()
        self.going_on = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.going_on.set()
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        self._count(open=1)
        with connection:
            try:
                self._answer_all(connection)
            except OSError:
                pass
        self._count(open=-1)

    def _count(self, open=0, sent=0):
        with self.lock:
            self.open += open
            self.sent += sent

    def _answer_all(self, connection):
        while head := self._head(connection):
            how = dict(re.findall(r"(\w+)=(\d+)", head))
            self._answer(connection, {word: int(number) for word, number in how.items()})
            if "sent" in how:
                return

    def _head(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65536)
            if not part:
                return None
            head += part
        return head.split(b"\r\n")[0].decode()

    def _answer(self, connection, how):
        length = how.get("length", 0)  # without: a check of the gateway's
        framing = "Transfer-Encoding: chunked" if "chunked" in how else f"Content-Length: {length}"
        connection.sendall(f"HTTP/1.1 200 OK\r\n{framing}\r\nETag: \"7\"\r\n\r\n".encode())
        self._send(connection, how.get("sent", length) + how.get("extra", 0), "chunked" in how)
        if "stall" in how:
            self.going_on.wait(60)
        elif "chunked" in how and "sent" not in how:
            connection.sendall(b"0\r\n\r\n")

    def _send(self, connection, length, is_chunked):
        while length > 0:
            piece = PIECE[:length]
            length -= len(piece)
            self._count(sent=len(piece))
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)


@pytest.fixture(scope="module")
def backend(site):
    with closing(Backend(site.ports.take())) as made:
        yield made


@pytest.fixture(scope="module")
def gateway(site, backend):
    place = f"127.0.0.1:{backend.port}"
    cluster = site.new_cluster(reads=0)
    server = cluster.new_server("large", "bulkhead", READ_SERVERS=place, WRITE_SERVERS=place,
                                ANSWER_BUFFER_BYTES=BUFFER, THREADS=1, TRY_TIMEOUT_MS=3000,
                                REQUEST_TIMEOUT_MS=5000)
    server.start()
    wait_until(server.is_live, 20, "the gateway")
    yield server
    server.kill()


@contextmanager
def connected(gateway):
    with closing(http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)) as connection:
        yield connection


def ask(connection, words, method="GET"):
    connection.request(method, f"{LIST}?{words}")
    return connection.getresponse()


def raw(gateway, words, version="1.1", method="GET"):
    request = f"{method} {LIST}?{words} HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n"
    return exchange(gateway, request.encode(), seconds=20)


@pytest.mark.parametrize("how", ["", "&chunked=1"])
@pytest.mark.parametrize("length", [BUFFER, BUFFER + 1, LARGE])
def test_an_answer_of_any_size_arrives_whole_on_a_connection_that_is_kept(gateway, length, how):
    with connected(gateway) as connection:
        for _ in range(2):
            answer = ask(connection, f"length={length}{how}")
            assert (answer.status, answer.headers["ETag"]) == (200, '"7"')
            assert answer.read() == body_of(length)


def test_a_large_answer_says_its_length_and_a_chunked_one_only_when_it_is_small(gateway):
    with connected(gateway) as connection:
        for words, length in ((f"length={LARGE}", LARGE), ("length=9&chunked=1", 9),
                              (f"length={LARGE}&chunked=1", None)):
            answer = ask(connection, words)
            answer.read()
            said = answer.headers["Content-Length"]
            assert said == (str(length) if length else None)
            assert (answer.headers["Transfer-Encoding"] == "chunked") == (length is None)


def test_an_old_client_gets_a_large_answer_without_chunks(gateway):
    for words in (f"length={LARGE}", f"length={LARGE}&chunked=1"):
        got = raw(gateway, words, version="1.0")
        head, _, body = got.received.partition(b"\r\n\r\n")
        assert got.closed and body == body_of(LARGE)
        assert b"chunked" not in head.lower()


def test_head_tells_the_length_and_the_connection_goes_on(gateway):
    with connected(gateway) as connection:
        for _ in range(2):
            answer = ask(connection, f"length={LARGE}", "HEAD")
            assert answer.headers["Content-Length"] == str(LARGE)
            assert answer.read() == b""
        assert ask(connection, "length=5").read() == body_of(5)


def test_head_of_a_large_chunked_answer_has_no_body(gateway):
    got = raw(gateway, f"length={LARGE}&chunked=1", method="HEAD")
    assert got.closed and got.statuses == [200]
    assert got.received.endswith(b"\r\n\r\n") and got.received.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("how", ["", "&chunked=1"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_server_that_dies_half_way_is_a_broken_connection(gateway, version, how):
    words = f"length={LARGE}&sent={LARGE // 2}{how}"
    request = f"GET {LIST}?{words} HTTP/{version}\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as client:
        client.sendall(request.encode())
        with pytest.raises(ConnectionResetError):
            while client.recv(65536):
                pass


def test_one_byte_too_little_is_a_broken_connection(gateway):
    with connected(gateway) as connection:
        answer = ask(connection, f"length={LARGE}&sent={LARGE - 1}")
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()


def test_what_a_server_sends_too_much_reaches_nobody(gateway):
    with connected(gateway) as connection:
        for length in (100, LARGE):
            for _ in range(2):
                answer = ask(connection, f"length={length}&extra=1000")
                assert answer.read() == body_of(length)


def test_a_server_that_falls_silent_half_way_is_given_up(gateway):
    with connected(gateway) as connection:
        answer = ask(connection, f"length={LARGE}&sent={LARGE // 2}&stall=1")
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()


def test_a_client_that_leaves_half_way_leaves_no_connection_behind(gateway, backend):
    wait_until(lambda: backend.open <= KEPT, 10, "the connections of other tests to end")
    for _ in range(10):
        with connected(gateway) as connection:
            assert ask(connection, f"length={HUGE}").read(1000) == body_of(1000)
    wait_until(lambda: backend.open <= KEPT, 10, "the server's connections to be closed")


def test_fifty_slow_clients_of_20_mb_each_cost_the_gateway_next_to_nothing(gateway, backend):
    before = backend.sent
    gateway.memory_peak()
    idle = gateway.memory_peak()
    clients = [slow_client(gateway, f"length={HUGE}") for _ in range(CLIENTS)]
    await_standstill(backend, before)
    assert backend.sent - before < CLIENTS * HUGE // 2, "the server was not held back"
    with ThreadPoolExecutor(CLIENTS) as pool:
        assert set(pool.map(received, clients)) == {HUGE}
    assert gateway.memory_peak() - idle < CLIENTS * MIB // 2


def slow_client(gateway, words):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.settimeout(30)
    client.connect(("127.0.0.1", gateway.port))
    client.sendall(f"GET {LIST}?{words} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


def await_standstill(backend, before):
    """Until the server has sent something to each, and no more goes out."""
    seen = [before]

    def stands():
        seen.append(backend.sent)
        return len(seen) > 25 and seen[-25] == seen[-1] > before + CLIENTS * len(PIECE)

    wait_until(stands, 30, "the server to be held back")


def received(client):
    with client:
        data = client.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length, total = int(re.search(rb"Content-Length: (\d+)", head)[1]), len(body)
        while total < length and (part := client.recv(1 << 18)):
            total += len(part)
        return total

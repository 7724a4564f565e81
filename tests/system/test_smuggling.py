"""What two servers might read differently never gets through: of whatever is sent, the server behind
sees nothing, or one request that the gateway itself has written. And the same the other way."""
import re
import socket

import pytest
from harness.process import wait_until
from harness.raw import exchange
from harness.recorder import Recorder, gateway_before

ENTRIES = "/v1/medical/entries"
BODY = '{"title":"x"}'
SMUGGLED = "GET /v1/medical/reports HTTP/1.1\r\nHost: x\r\n\r\n"
# What the gateway may say; and what of a request's own may pass.
HEADERS = {"host", "content-length", "accept", "accept-encoding", "content-type", "idempotency-key",
           "if-match", "if-none-match", "x-actor", "x-request-id", "traceparent", "x-forwarded-for",
           "x-forwarded-proto", "via"}
MANY = "x" * 1_000_000


@pytest.fixture(scope="module")
def behind():
    made = Recorder()
    yield made
    made.close()


@pytest.fixture(scope="module")
def gateway(behind, tmp_path_factory):
    with gateway_before(behind, tmp_path_factory.mktemp("gateway"), THREADS=1) as server:
        yield server


@pytest.fixture(autouse=True)
def anew(behind):
    behind.forget()


def cases(table):
    return pytest.mark.parametrize("sent", table.values(), ids=table.keys())


def post(*lines, body=BODY, line=f"POST {ENTRIES} HTTP/1.1", host="Host: x"):
    head = "\r\n".join([line, *([host] if host else []), "Content-Type: application/json", *lines])
    return f"{head}\r\n\r\n{body}".encode("latin-1")


def get(*lines, line=f"GET {ENTRIES} HTTP/1.1", host="Host: x", then=""):
    return ("\r\n".join([line, *([host] if host else []), *lines, "", ""]) + then).encode("latin-1")


def chunked(*lines, body):
    return post("Transfer-Encoding: chunked", *lines, body=body)


def is_well_formed(request):
    """One of the gateway's own: each header once, and none but those it knows."""
    assert len(request.names) == len(set(request.names)), request
    assert set(request.names) <= HEADERS, request
    assert set(request.names) >= {"host", "x-request-id", "traceparent", "x-forwarded-for", "via"}
    return True


# Refused, and the connection closed: what follows could be anything

WHOLE = f"d\r\n{BODY}\r\n0\r\n\r\n"
LENGTHS = {
    "a length and chunks": post("Content-Length: 5", "Transfer-Encoding: chunked",
                                body=f"0\r\n\r\n{SMUGGLED}"),
    "chunks and a length": post("Transfer-Encoding: chunked", "Content-Length: 5",
                                body=f"0\r\n\r\n{SMUGGLED}"),
    "chunks and a length of all": post("Transfer-Encoding: chunked", f"Content-Length: {len(WHOLE)}",
                                       body=WHOLE),
    "two lengths, the first shorter": post("Content-Length: 0", "Content-Length: 13"),
    "two lengths, the second shorter": post("Content-Length: 13", "Content-Length: 0"),
    "two equal lengths": post("Content-Length: 13", "Content-Length: 13"),
    "three lengths": post(*["Content-Length: 13"] * 3),
    "two lengths in other letters": post("content-length: 13", "CONTENT-LENGTH: 0"),
    "a list of lengths": post("Content-Length: 13, 13"),
    "a list of two": post("Content-Length: 13,0"),
    "an empty list": post("Content-Length: ,"),
    "a length with a plus": post("Content-Length: +13"),
    "a length with a minus": post("Content-Length: -13"),
    "minus nothing": post("Content-Length: -0"),
    "a hexadecimal length": post("Content-Length: 0xd"),
    "a length in words": post("Content-Length: thirteen"),
    "a length with a word behind": post("Content-Length: 13 x"),
    "a length with a space within": post("Content-Length: 1 3"),
    "a length with a dot": post("Content-Length: 13.0"),
    "a length with an exponent": post("Content-Length: 13e0"),
    "a length with a semicolon": post("Content-Length: 13;"),
    "a length in quotes": post('Content-Length: "13"'),
    "a length of other digits": post("Content-Length: \xb9\xb3"),
    "a length of nothing": post("Content-Length:"),
    "a length of a space": post("Content-Length: "),
    "a length beyond counting": post("Content-Length: 99999999999999999999999999"),
    "a length that wraps around": post("Content-Length: 18446744073709551629"),
    "a length with NUL": post("Content-Length: 13\0"),
    "a length with NUL in front": post("Content-Length: \x0013"),
    "a length behind a vertical tab": post("Content-Length: \x0b13"),
    "a space before the length's colon": post("Content-Length : 13"),
    "a tab before the length's colon": post("Content-Length\t: 13"),
    "a space in the length's name": post("Content Length: 13"),
    "a folded length": post("Content-Length:", " 13"),
    "a length that is a fold": post("X-A: b", " Content-Length: 13"),
    "a length behind a bare line feed": post("X-A: b\nContent-Length: 13"),
    "a length behind a bare carriage return": post("X-A: b\rContent-Length: 13", "Content-Length: 0"),
    "two lengths for a GET": get("Content-Length: 0", "Content-Length: 46", then=SMUGGLED),
}
CODINGS = {
    "chunks": chunked(body=WHOLE),
    "chunks in capitals": post("TRANSFER-ENCODING: CHUNKED", body=WHOLE),
    "chunks in odd letters": post("tRaNsFeR-eNcOdInG: cHuNkEd", body=WHOLE),
    "chunks without a space": post("Transfer-Encoding:chunked", body=WHOLE),
    "chunks behind a tab": post("Transfer-Encoding:\tchunked", body=WHOLE),
    "chunks with a space behind": post("Transfer-Encoding: chunked ", body=WHOLE),
    "xchunked": post("Transfer-Encoding: xchunked", "Content-Length: 13"),
    "chunk": post("Transfer-Encoding: chunk", "Content-Length: 13"),
    "chunked in quotes": post('Transfer-Encoding: "chunked"', "Content-Length: 13"),
    "chunked with a parameter": post("Transfer-Encoding: chunked;q=1", "Content-Length: 13"),
    "identity": post("Transfer-Encoding: identity", "Content-Length: 13"),
    "identity alone": post("Transfer-Encoding: identity"),
    "gzip": post("Transfer-Encoding: gzip", "Content-Length: 13"),
    "chunked, identity": post("Transfer-Encoding: chunked, identity", body=WHOLE),
    "identity, chunked": post("Transfer-Encoding: identity, chunked", body=WHOLE),
    "chunked, chunked": post("Transfer-Encoding: chunked, chunked", body=WHOLE),
    "gzip, chunked": post("Transfer-Encoding: gzip, chunked", body=WHOLE),
    "a comma and chunked": post("Transfer-Encoding: , chunked", body=WHOLE),
    "no coding at all": post("Transfer-Encoding:", "Content-Length: 13"),
    "two codings, the second chunked": post("Transfer-Encoding: identity",
                                            "Transfer-Encoding: chunked", body=WHOLE),
    "two codings, the first chunked": post("Transfer-Encoding: chunked",
                                           "Transfer-Encoding: identity", body=WHOLE),
    "a coding behind a vertical tab": post("Transfer-Encoding: \x0bchunked", "Content-Length: 13"),
    "a coding with NUL": post("Transfer-Encoding: chunked\0", "Content-Length: 13"),
    "a coding with NUL in its name": post("Transfer\0-Encoding: chunked", "Content-Length: 13"),
    "a space before the coding's colon": post("Transfer-Encoding : chunked", "Content-Length: 13"),
    "a tab before the coding's colon": post("Transfer-Encoding\t: chunked", "Content-Length: 13"),
    "a space before the coding": post("X-A: b", " Transfer-Encoding: chunked", "Content-Length: 13"),
    "a coding in the first line's place": post(" Transfer-Encoding: chunked", "Content-Length: 13",
                                               host=None),
    "a folded coding": post("Transfer-Encoding:", " chunked", "Content-Length: 13"),
    "a coding behind a bare line feed": post("X-A: b\nTransfer-Encoding: chunked",
                                             "Content-Length: 13"),
    "a coding behind a bare carriage return": post("X-A: b\rTransfer-Encoding: chunked",
                                                   "Content-Length: 13"),
    "chunks of HTTP/1.0": post("Transfer-Encoding: chunked", line=f"POST {ENTRIES} HTTP/1.0",
                               body=WHOLE),
    "chunks for a GET": get("Transfer-Encoding: chunked", then=f"0\r\n\r\n{SMUGGLED}"),
    "a chunk with an extension": chunked(body=f"d;a=b\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk with a quoted line end": chunked(body=f'd;a="\r\n"\r\n{BODY}\r\n0\r\n\r\n'),
    "a chunk's extension with a line feed": chunked(body=f"d;\n{BODY}\r\n0\r\n\r\n"),
    "a chunk of 0x": chunked(body=f"0xd\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk with a plus": chunked(body=f"+d\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk with a minus": chunked(body=f"-d\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk with a space": chunked(body=f"d \r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk behind a space": chunked(body=f" d\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk without a size": chunked(body=f"\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk of no number": chunked(body=f"g\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk that wraps around": chunked(body=f"1000000000000000d\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk beyond counting": chunked(body=f"{'f' * 40}\r\n{BODY}\r\n0\r\n\r\n"),
    "a size behind many zeros": chunked(body=f"{'0' * 40}d\r\n{BODY}\r\n0\r\n\r\n"),
    "chunks with line feeds alone": chunked(body=f"d\n{BODY}\n0\n\n"),
    "a trailer": chunked("Trailer: X-A", body=f"d\r\n{BODY}\r\n0\r\nX-A: b\r\n\r\n"),
    "a trailer that is a length": chunked(body=f"d\r\n{BODY}\r\n0\r\nContent-Length: 0\r\n\r\n"),
    "chunks, and a request behind them": chunked(body=WHOLE + SMUGGLED),
}
HEADS = {
    "a folded header": get("X-A: b", " c: d"),
    "a header folded with a tab": get("X-A: b", "\tc"),
    "line feeds alone": get().replace(b"\r\n", b"\n"),
    "one line feed alone": get("X-A: b\nX-C: d"),
    "a line feed at the head's end": get()[:-2] + b"\n",
    "a bare carriage return": get("X-A: b\rX-C: d"),
    "two carriage returns": get("X-A: b\r"),
    "NUL in a value": get("X-A: b\0c"),
    "NUL in a name": get("X\0A: b"),
    "a bell in a value": get("X-A: \a"),
    "DEL in a value": get("X-A: \x7f"),
    "a letter of eight bits in a name": get("X-\xe9: b"),
    "a space before the colon": get("X-A : b"),
    "a header without a name": get(": b"),
    "a header without a colon": get("nada"),
    "a name with a space": get("X A: b"),
    "a name in brackets": get("(X-A): b"),
    "an endless header": get(f"X-A: {MANY}"),
    "an endless name": get(f"{MANY}: b"),
    "a hundred and one headers": get(*[f"X-{n}: b" for n in range(101)]),
    "ten thousand headers": get(*[f"X-{n}: b" for n in range(10_000)]),
    "no host": get(host=None),
    "two hosts": get("Host: y"),
    "two equal hosts": get("Host: x"),
    "two hosts, one of them empty": get("Host:"),
    "a host behind a fold": get("X-A: b", " Host: y"),
}
LINES = {
    "an endless target": get(line=f"GET {ENTRIES}?title={MANY} HTTP/1.1"),
    "an endless method": get(line=f"{MANY} {ENTRIES} HTTP/1.1"),
    "the absolute form": get(line=f"GET http://x{ENTRIES} HTTP/1.1"),
    "the absolute form of another host": get(line=f"GET http://evil{ENTRIES} HTTP/1.1"),
    "the absolute form with TLS": get(line=f"GET https://x{ENTRIES} HTTP/1.1"),
    "the absolute form with a user": get(line=f"GET http://a:b@x{ENTRIES} HTTP/1.1"),
    "the absolute form without a scheme": get(line=f"GET x{ENTRIES} HTTP/1.1"),
    "another scheme": get(line=f"GET file://{ENTRIES} HTTP/1.1"),
    "the authority form": get(line="CONNECT x:443 HTTP/1.1"),
    "the authority form for a GET": get(line="GET x:80 HTTP/1.1"),
    "the asterisk form": get(line="OPTIONS * HTTP/1.1"),
    "the asterisk form for a GET": get(line="GET * HTTP/1.1"),
    "CONNECT with a path": get(line=f"CONNECT {ENTRIES} HTTP/1.1"),
    "TRACE": get(line=f"TRACE {ENTRIES} HTTP/1.1"),
    "TRACK": get(line=f"TRACK {ENTRIES} HTTP/1.1"),
    "OPTIONS": get(line=f"OPTIONS {ENTRIES} HTTP/1.1"),
    "PROPFIND": get(line=f"PROPFIND {ENTRIES} HTTP/1.1"),
    "PURGE": get(line=f"PURGE {ENTRIES} HTTP/1.1"),
    "a method in small letters": get(line=f"get {ENTRIES} HTTP/1.1"),
    "a method with more behind": get(line=f"GETS {ENTRIES} HTTP/1.1"),
    "a method with NUL": get(line=f"GET\0 {ENTRIES} HTTP/1.1"),
    "a method in brackets": get(line=f"(GET) {ENTRIES} HTTP/1.1"),
    "no method": get(line=f" {ENTRIES} HTTP/1.1"),
    "a space in front": get(line=f" GET {ENTRIES} HTTP/1.1"),
    "a tab for a space": get(line=f"GET\t{ENTRIES}\tHTTP/1.1"),
    "a target with a space": get(line=f"GET {ENTRIES} x HTTP/1.1"),
    "a target with a tab": get(line=f"GET {ENTRIES}\tx HTTP/1.1"),
    "a target with NUL": get(line=f"GET {ENTRIES}?title=\0 HTTP/1.1"),
    "a target with a carriage return": get(line=f"GET {ENTRIES}?title=\r HTTP/1.1"),
    "a target with a line feed": get(line=f"GET {ENTRIES}?title=\n HTTP/1.1"),
    "a target with DEL": get(line=f"GET {ENTRIES}?title=\x7f HTTP/1.1"),
    "a target with eight bits": get(line=f"GET {ENTRIES}?title=\xe9 HTTP/1.1"),
    "a target with a fragment": get(line=f"GET {ENTRIES}#x HTTP/1.1"),
    "no target": get(line="GET HTTP/1.1"),
    "no version": get(line=f"GET {ENTRIES}"),
    "HTTP/0.9": f"GET {ENTRIES}\r\n\r\n".encode(),
    "HTTP/2.0": get(line=f"GET {ENTRIES} HTTP/2.0"),
    "HTTP/3.7": get(line=f"GET {ENTRIES} HTTP/3.7"),
    "HTTP/1.1.1": get(line=f"GET {ENTRIES} HTTP/1.1.1"),
    "HTTP/01.1": get(line=f"GET {ENTRIES} HTTP/01.1"),
    "HTTP in small letters": get(line=f"GET {ENTRIES} http/1.1"),
    "a version with a space": get(line=f"GET {ENTRIES} HTTP/ 1.1"),
    "a version with more behind": get(line=f"GET {ENTRIES} HTTP/1.1 x"),
    "another protocol": get(line=f"GET {ENTRIES} ICAP/1.0"),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "the preface of HTTP/2 and a request": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + get(),
    "the handshake of TLS": bytes.fromhex("16030100a5010000a10303") + b"\0" * 160,
    "noise": bytes(range(256)) * 8,
    "an expectation nobody knows": post("Content-Length: 13", "Expect: nada"),
}


@cases({**LENGTHS, **CODINGS, **HEADS, **LINES})
def test_what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_read(behind, gateway, sent):
    answer = exchange(gateway, sent + get())
    assert [status // 100 for status in answer.statuses] == [4], answer
    assert answer.closed
    assert behind.requests == []


# Refused, or never whole

AWAY = {
    "an encoded line end in the path": f"{ENTRIES}/x%0d%0aX-Evil:%201",
    "an encoded line end in a collection": "/v1/medical/entries%0d%0a%0d%0aGET%20/",
    "an encoded NUL in the path": f"{ENTRIES}%00",
    "an encoded slash": "/v1/medical%2fentries",
    "an encoded letter": "/v1/medical/entrie%73",
    "dots": "/v1/medical/entries/../reports",
    "dots to the top": "/../../v1/medical/entries",
    "encoded dots": "/v1/medical/%2e%2e/medical/entries",
    "a dot": "/v1/medical/./entries",
    "dots twice encoded": "/v1/medical/%252e%252e/entries",
    "dots and a semicolon": "/v1/medical/..;/entries",
    "two slashes in front": f"/{ENTRIES}",
    "two slashes within": "/v1//medical/entries",
    "another host's path": "//evil/v1/medical/entries",
    "backslashes": "/v1\\medical\\entries",
    "what only a server behind has": "/replication/medical/entries",
    "the old path of a server behind": "/database/read/",
    "what an operator asks": "/metrics",
}


@pytest.mark.parametrize("path", AWAY.values(), ids=AWAY.keys())
def test_a_path_that_is_not_a_records_goes_nowhere(behind, gateway, path):
    answer = exchange(gateway, get("Connection: close", line=f"GET {path} HTTP/1.1"))
    assert [status // 100 for status in answer.statuses] == [4], answer
    assert behind.requests == []


PARTIAL = {
    "nothing": b"",
    "half a line": b"GET /v1/med",
    "half a head": get()[:-2],
    "half a body": post("Content-Length: 13", body='{"titl'),
    "no body": post("Content-Length: 13", body=""),
    "a length that is longer than all": post("Content-Length: 1000", body=BODY + SMUGGLED),
    "half a chunk": chunked(body=f"d\r\n{BODY[:5]}"),
    "no last chunk": chunked(body=f"d\r\n{BODY}\r\n"),
}


@cases(PARTIAL)
def test_what_ends_before_it_is_whole_is_never_passed_on(behind, gateway, sent):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 200 " not in received
    assert behind.requests == []


# Passed on, as one request

def gets(*lines, **how):
    return get("Connection: close", *lines, **how), "GET", ""


def posts(*lines, body=BODY, line=f"POST {ENTRIES} HTTP/1.1", **how):
    return (post("Connection: close", f"Content-Length: {len(body)}", *lines, body=body, line=line,
                 **how), line.split()[0], body)


PASSED = {
    "a plain read": gets(),
    "a plain write": posts(),
    "a write of nothing": posts(body=""),
    "a write whose body is a request": posts(body=SMUGGLED),
    "a write whose body is chunks": posts(body=WHOLE),
    "a write, and more behind it": (posts()[0] + SMUGGLED.encode(), "POST", BODY),
    "a read with a body": (get("Connection: close", f"Content-Length: {len(SMUGGLED)}",
                               then=SMUGGLED), "GET", ""),
    "HEAD with a body": (get("Connection: close", f"Content-Length: {len(SMUGGLED)}",
                             then=SMUGGLED, line=f"HEAD {ENTRIES} HTTP/1.1"), "GET", ""),
    "DELETE with a body": posts(line=f"DELETE {ENTRIES}/{'0' * 8}-0000-7000-8000-000000000000 HTTP/1.1"),
    "HTTP/1.0": gets(line=f"GET {ENTRIES} HTTP/1.0"),
    "HTTP/1.0 without a host": gets(line=f"GET {ENTRIES} HTTP/1.0", host=None),
    "an empty line in front": (b"\r\n" + gets()[0], "GET", ""),
    "a host with a user": gets(host="Host: a:b@x"),
    "a host with a path": gets(host="Host: x/../y"),
    "an empty host": gets(host="Host:"),
    "a host that is another": gets(host="Host: evil:80"),
    "a header with nothing in it": gets("X-A:"),
    "a header that is nearly a coding": posts("Transfer_Encoding: chunked"),
    "a header that is nearly a length": posts("Content_Length: 0"),
    "a coding of the answer": gets("TE: trailers, chunked"),
    "a trailer that is announced": posts("Trailer: Content-Length"),
    "Connection names the length": posts("Connection: content-length"),
    "Connection names the host": gets("Connection: host"),
    "Connection names what the gateway says": gets("Connection: x-forwarded-for, via, traceparent"),
    "Proxy-Connection": gets("Proxy-Connection: keep-alive"),
    "Keep-Alive": gets("Keep-Alive: timeout=1000"),
    "an upgrade to HTTP/2": gets("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                                 "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
    "an upgrade to WebSocket": gets("Connection: Upgrade", "Upgrade: websocket",
                                    "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA"),
    "another method in a header": posts("X-HTTP-Method-Override: DELETE"),
    "another path in a header": gets("X-Original-URL: /metrics", "X-Rewrite-URL: /metrics"),
    "a host in a header": gets("X-Forwarded-Host: evil", "Forwarded: host=evil"),
    "the gateway's words in the client's mouth": gets(
        "X-Forwarded-For: 1.1.1.1", "X-Forwarded-Proto: https", "Via: 1.1 other"),
    "two content types": posts("Content-Type: text/plain"),
    "two keys": posts("Idempotency-Key: a", "Idempotency-Key: b"),
    "two traces": gets("traceparent: a", "traceparent: b"),
    "two names": gets("X-Request-Id: a", "X-Request-Id: b"),
    "an encoded line end in the query": gets(
        line=f"GET {ENTRIES}?title=a%0d%0aX-Evil:%20b HTTP/1.1"),
    "an encoded request in the query": gets(
        line=f"GET {ENTRIES}?title=%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aGET%20/ HTTP/1.1"),
    "an encoded NUL in the query": gets(line=f"GET {ENTRIES}?title=%00 HTTP/1.1"),
    "dots in the query": gets(line=f"GET {ENTRIES}?title=../../x HTTP/1.1"),
    "two question marks": gets(line=f"GET {ENTRIES}?title=a?b HTTP/1.1"),
    "a backslash in the query": gets(line=f"GET {ENTRIES}?title=a\\b HTTP/1.1"),
    "eight bits in a value": gets("X-Actor: caf\xe9"),
}


@cases(PASSED)
def test_what_is_passed_on_is_one_well_formed_request(behind, gateway, sent):
    raw, method, body = sent
    answer = exchange(gateway, raw)
    assert answer.statuses == [200] and answer.closed, answer
    request = behind.request
    assert is_well_formed(request)
    assert (request.method, request.body) == (method, body.encode())
    assert request.one("host") == behind.address
    assert request.target.encode() == raw.strip().split(b" ")[1]


def test_a_client_that_expects_to_be_told_to_go_on_is_told(behind, gateway):
    head = post("Content-Length: 13", "Expect: 100-continue", "Connection: close", body="")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        assert behind.requests == []
        connection.sendall(BODY.encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 200 ")
    assert is_well_formed(behind.request) and behind.request.body == BODY.encode()


# Several on one connection

def kept(*lines):
    return post("Content-Length: 13", *lines)


LAST = get("Connection: close")
SEVERAL = {
    "three reads": (get() + get() + LAST, [200, 200, 200], 3),
    "a write and a read": (kept() + LAST, [200, 200], 2),
    "what is behind a bad one": (get() + get("Host: y") + LAST, [200, 400], 1),
    "what is behind two lengths": (get() + post("Content-Length: 0", "Content-Length: 13") + LAST,
                                   [200, 400], 1),
    "what is behind chunks": (kept() + chunked(body=WHOLE) + LAST, [200, 411], 1),
    "what is behind an odd method": (get() + get(line=f"TRACE {ENTRIES} HTTP/1.1") + LAST,
                                     [200, 405], 1),
    "what is behind the last": (LAST + get(), [200], 1),
    "a body that is one byte too long": (kept() + b"x" + LAST, [200, 405], 1),
    "a body that is one byte too short": (post("Content-Length: 14") + LAST, [200, 405], 1),
    "empty lines between": (get() + b"\r\n" + LAST, [200, 200], 2),
    "a hundred": (get() * 99 + LAST, [200] * 100, 100),
}


@cases(SEVERAL)
def test_each_of_several_is_answered_in_its_turn_or_none_any_more(behind, gateway, sent):
    raw, statuses, reached = sent
    answer = exchange(gateway, raw)
    assert (answer.statuses, len(behind.requests)) == (statuses, reached), answer
    assert answer.closed and all(is_well_formed(request) for request in behind.requests)


# The other way: what a server behind may answer

def answers(*lines, body=b"{}", line="HTTP/1.1 200 OK"):
    return "\r\n".join([line, *lines, "", ""]).encode("latin-1") + body


INJECTED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"
NO_ANSWER = {
    "nonsense": b"nonsense\r\n\r\n",
    "a request": get(),
    "HTTP/2": answers("Content-Length: 2", line="HTTP/2.0 200 OK"),
    "no status": answers("Content-Length: 2", line="HTTP/1.1 OK"),
    "status 0": answers("Content-Length: 2", line="HTTP/1.1 000 OK"),
    "status 999": answers("Content-Length: 2", line="HTTP/1.1 999 OK"),
    "two lengths": answers("Content-Length: 2", "Content-Length: 50", body=b"{}" + INJECTED),
    "two equal lengths": answers("Content-Length: 2", "Content-Length: 2"),
    "a list of lengths": answers("Content-Length: 2, 2"),
    "a length with a plus": answers("Content-Length: +2"),
    "a negative length": answers("Content-Length: -1"),
    "a hexadecimal length": answers("Content-Length: 0x2"),
    "an endless length": answers("Content-Length: 99999999999999999999"),
    "no length": answers("X-A: b"),
    "a length and chunks": answers("Content-Length: 2", "Transfer-Encoding: chunked",
                                   body=b"0\r\n\r\n" + INJECTED),
    "an odd coding": answers("Transfer-Encoding: xchunked"),
    "two codings": answers("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "a folded header": answers("X-A: b", " c", "Content-Length: 2"),
    "a folded length": answers("Content-Length:", " 2"),
    "line feeds alone": answers("Content-Length: 2").replace(b"\r\n", b"\n"),
    "one line feed alone": answers("ETag: a\nSet-Cookie: b=c", "Content-Length: 2"),
    "a bare carriage return": answers("ETag: a\rSet-Cookie: b=c", "Content-Length: 2"),
    "NUL in a value": answers("ETag: a\0b", "Content-Length: 2"),
    "a bell in a value": answers("Location: \a", "Content-Length: 2"),
    "a space before the colon": answers("Content-Length : 2"),
    "a header without a name": answers(": b", "Content-Length: 2"),
    "a hundred and one headers": answers(*[f"X-{n}: b" for n in range(101)], "Content-Length: 2"),
    "a head that is too long": answers(f"ETag: {'x' * 100_000}", "Content-Length: 2"),
    "a head that does not end": b"HTTP/1.1 200 OK\r\nETag: " + b"x" * 100_000,
    "a body that is too short": answers("Content-Length: 50"),
    "101": answers("Upgrade: h2c", "Connection: Upgrade", line="HTTP/1.1 101 Switching Protocols"),
    "204 with a body": answers("Content-Length: 2", line="HTTP/1.1 204 No Content"),
    "nothing": b"",
}


@pytest.mark.parametrize("told", NO_ANSWER.values(), ids=NO_ANSWER.keys())
def test_what_is_no_clean_answer_is_a_failure_of_the_server(behind, gateway, told):
    behind.answer, behind.closes = told, True
    answer = exchange(gateway, get("Connection: close"))
    [status] = answer.statuses
    assert status in (502, 503, 504), answer
    assert b"application/problem+json" in answer.received and b"stolen" not in answer.received
    is_whole_again(behind, gateway)


def is_whole_again(behind, gateway):
    """Nothing of that stands in the way of the next answer."""
    behind.forget()
    wait_until(lambda: gateway.get(ENTRIES).status_code == 200, 10, "the gateway to be itself again")
    assert [gateway.get(ENTRIES).text for _ in range(3)] == ['{"data":"ok"}'] * 3


ONE_ANSWER = {
    "bytes behind the body": answers("Content-Length: 2", body=b"{}" + INJECTED),
    "headers nobody knows": answers("Content-Length: 2", "Set-Cookie: a=b", "X-Evil: 1",
                                    "Access-Control-Allow-Origin: *", "Server: evil"),
    "hop-by-hop headers": answers("Content-Length: 2", "Connection: close", "Keep-Alive: timeout=9",
                                  "Proxy-Authenticate: Basic", "Trailer: X-A", "Upgrade: h2c"),
    "the gateway's own words": answers("Content-Length: 2", "Via: 1.1 evil", "X-Request-Id: evil",
                                       "Server-Timing: evil", "Date: evil"),
}
TO_CLIENT = {b"date", b"server", b"connection", b"content-length", b"content-type", b"etag", b"via",
             b"x-request-id", b"server-timing"}


@pytest.mark.parametrize("told", ONE_ANSWER.values(), ids=ONE_ANSWER.keys())
def test_of_an_answer_only_what_is_known_comes_through(behind, gateway, told):
    behind.answer = told
    answer = exchange(gateway, get("Connection: close"))
    head, _, body = answer.received.partition(b"\r\n\r\n")
    names = [name.lower() for name in re.findall(rb"(?m)^([^:\r\n]+):", head)]
    assert (answer.statuses, body) == ([200], b"{}"), answer
    assert set(names) <= TO_CLIENT and len(names) == len(set(names))
    assert b"evil" not in head
    is_whole_again(behind, gateway)

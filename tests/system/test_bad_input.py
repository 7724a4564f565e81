"""Whatever is sent, the answer is a 4xx that names the place, and nothing is stored."""
import json
import socket
import uuid

import pytest
from harness.raw import exchange

ENTRIES = "/v1/medical/entries"
REPORTS = "/v1/medical/reports"
JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024
SQL = "x'; DROP TABLE medical.entries; --"


@pytest.fixture(scope="module")
def targets(cluster):
    record = cluster.create(title="La única")
    cluster.await_everywhere(record)
    return {"gateway": cluster.bulkhead, "write": cluster.write, "read": cluster.reads[0]}


@pytest.fixture(params=["gateway", "write"])
def writer(request, targets):
    return targets[request.param]


@pytest.fixture(params=["gateway", "read"])
def reader(request, targets):
    return targets[request.param]


@pytest.fixture(params=["gateway", "write", "read"])
def anyone(request, targets):
    return targets[request.param]


@pytest.fixture
def nothing_stored(cluster, targets):
    def stored():
        return cluster.written("""
            SELECT (SELECT count(*) FROM mamparo.events),
                   (SELECT json_agg(e ORDER BY id)::text FROM medical.entries e),
                   (SELECT json_agg(r ORDER BY id)::text FROM medical.reports r)""")
    before = stored()
    yield
    assert stored() == before
    assert all(server.is_running() for server in cluster.servers)


pytestmark = pytest.mark.usefixtures("nothing_stored")


def is_problem(answer, *statuses, naming=""):
    """One of these statuses, as problem+json, in which the place is named."""
    assert answer.status_code in statuses, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Server"] == "mamparo"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"] and problem["reason"] and problem["detail"]
    assert naming in answer.text
    return True


def pointers(answer):
    return [mistake["pointer"] for mistake in answer.json()["errors"]]


# Bodies

NOT_JSON = {
    "nothing": b"",
    "half an object": b'{"title":"x"',
    "half a string": b'{"title":"x',
    "a comma too many": b'{"title":"x",}',
    "single quotes": b"{'title':'x'}",
    "two documents": b'{"title":"x"}{"title":"y"}',
    "NaN": b'{"title":NaN}',
    "a leading zero": b'{"title":01}',
    "a number out of range": b'{"title":1e999999}',
    "a comment": b'{"title":"x"/**/}',
    "a raw line break": b'{"title":"x\ny"}',
    "a byte that is not UTF-8": b'{"title":"\xff"}',
    "an overlong slash": b'{"title":"\xc0\xaf"}',
    "half a surrogate": b'{"title":"\xed\xa0\x80"}',
    "half a surrogate, escaped": b'{"title":"\\ud800"}',
    "half a character": b'{"title":"\xc3"}',
    "UTF-16": '{"title":"x"}'.encode("utf-16"),
    "a key twice": b'{"title":"x","title":"y"}',
    "a key twice, once escaped": b'{"title":"x","t\\u0069tle":"y"}',
    "NUL, escaped": b'{"title":"a\\u0000b"}',
    "NUL": b'{"title":"a\x00b"}',
    "NUL at the end": b'{"title":"x"}\x00',
    "a hundred thousand brackets": b"[" * 100_000,
    "deep objects": b'{"title":' * 50_000,
    "deep and well formed": b'{"title":"x","y":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_400_and_the_place_is_named(writer, body):
    answer = writer.post(ENTRIES, data=body, headers=JSON)
    assert is_problem(answer, 400, naming="line" if body else "body")


WRONG = {
    "a list": ([], ""),
    "a string": ("x", ""),
    "a number": (5, ""),
    "null": (None, ""),
    "a list of records": ([{"title": "x"}], ""),
    "no title": ({}, "/title"),
    "an empty title": ({"title": ""}, "/title"),
    "a title of null": ({"title": None}, "/title"),
    "a number as title": ({"title": 5}, "/title"),
    "a truth as title": ({"title": True}, "/title"),
    "a list as title": ({"title": ["x"]}, "/title"),
    "an object as title": ({"title": {"x": "y"}}, "/title"),
    "201 characters": ({"title": "ñ" * 201}, "/title"),
    "a content of null": ({"title": "x", "content": None}, "/content"),
    "an unknown field": ({"title": "x", "nada": 1}, "/nada"),
    "a field in capitals": ({"title": "x", "Content": "y"}, "/Content"),
    "a field without a name": ({"title": "x", "": 1}, "/"),
    "a name that needs escaping": ({"title": "x", "a/b~c": 1}, "/a~1b~0c"),
    "an id": ({"title": "x", "id": str(uuid.uuid4())}, "/id"),
    "a version": ({"title": "x", "version": 7}, "/version"),
    "a time": ({"title": "x", "created_at": "2020-01-01T00:00:00Z"}, "/created_at"),
    "a tombstone": ({"title": "x", "deleted": True}, "/deleted"),
}


@pytest.mark.parametrize("body, place", WRONG.values(), ids=WRONG.keys())
def test_what_breaks_the_schema_is_refused_at_its_place(writer, body, place):
    answer = writer.post(ENTRIES, data=json.dumps(body).encode(), headers=JSON)
    assert is_problem(answer, 400, 422)
    if place:
        assert pointers(answer) == [place]


def test_all_mistakes_of_a_body_are_told_at_once(writer):
    answer = writer.post(REPORTS, {
        "title": "", "description": 1, "author": "x" * 101, "category": "no", "priority": "no",
        "due_date": "mañana", "tags": ["x", 1], "nada": 0})
    assert is_problem(answer, 422)
    assert sorted(pointers(answer)) == [
        "/author", "/category", "/department", "/description", "/due_date", "/nada", "/priority",
        "/tags/1", "/title"]


def test_a_body_with_thousands_of_mistakes_gets_an_answer_of_modest_size(writer):
    answer = writer.post(ENTRIES, {f"nada{n}": n for n in range(5000)})
    assert is_problem(answer, 422)
    assert len(answer.content) < 64 * 1024


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_is_checked_like_a_creation(cluster, writer, method):
    [(identifier,)] = cluster.written("SELECT id::text FROM medical.entries")
    path = f"{ENTRIES}/{identifier}"
    assert is_problem(writer.request(method, path, json={"title": 5, "nada": 1}), 422)
    assert is_problem(writer.request(method, path, json=[]), 400, 422)
    assert is_problem(writer.request(method, path, data=b"{", headers=JSON), 400)
    assert is_problem(writer.request(method, path, json={"title": "x" * 201}), 422)


@pytest.mark.parametrize("size", [2 * MIB, 20 * MIB])
def test_a_body_that_is_too_large_is_413(writer, size):
    body = b'{"title":"x","content":"' + b"y" * size + b'"}'
    assert is_problem(writer.post(ENTRIES, data=body, headers=JSON), 413)


@pytest.mark.parametrize("content_type", [
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml",
    "application/jsonx", "application", ""])
def test_a_wrong_content_type_is_415(writer, content_type):
    answer = writer.post(ENTRIES, data=b'{"title":"x"}', headers={"Content-Type": content_type})
    assert is_problem(answer, 415, naming="application/json")


def test_no_content_type_is_415(writer):
    assert is_problem(writer.post(ENTRIES, data=b'{"title":"x"}'), 415, naming="Content-Type")


@pytest.mark.parametrize("condition", ["1", '"x"', '"1', '"1", "2"', '"-1"', '"1.0"', 'W/"1"'])
def test_a_condition_that_is_no_version_is_refused(cluster, writer, condition):
    [(identifier,)] = cluster.written("SELECT id::text FROM medical.entries")
    answer = writer.request("PATCH", f"{ENTRIES}/{identifier}", json={"title": "x"},
                            headers={"If-Match": condition})
    assert is_problem(answer, 400, 412)


# Addresses

@pytest.mark.parametrize("path, place", [
    ("/v1/nada/entries", "medical"), ("/v1/medical/nada", "entries"), ("/v1", "/v1"),
    ("/v1/medical", ""), ("/v1/medical/entries/x/y/z", ""), ("/v2/medical/entries", "/v1"),
    ("/nada", "/v1"), ("/V1/medical/entries", "/v1"), (f"/v1/medical/{SQL}", "entries"),
    (f"/v1/{SQL}/entries", "medical"), ("/v1/medical/entries%00", ""),
    ("/v1/medical/%ff", ""), ("/v1/medical/../../etc/passwd", "")])
def test_an_unknown_place_is_refused_and_the_known_ones_are_named(anyone, path, place):
    assert is_problem(anyone.get(path), 400, 404, naming=place)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("identifier", [
    "1", "xyz", "x" * 36, "01890a5d-ac96-774b-bcce-b302099a805", "%00", "%ff", "%", SQL,
    "01890a5d-ac96-774b-bcce-b302099a8057%20", "{01890a5d-ac96-774b-bcce-b302099a8057}"])
def test_an_id_that_is_none_is_400(writer, method, identifier):
    answer = writer.request(method, f"{ENTRIES}/{identifier}", json={"title": "x"})
    assert is_problem(answer, 400)


@pytest.mark.parametrize("method", ["BREW", "TRACE", "OPTIONS", "LINK", "PROPFIND"])
def test_a_method_that_nobody_knows_is_refused(anyone, method):
    assert is_problem(anyone.request(method, ENTRIES), 400, 405)


# Queries

@pytest.mark.parametrize("query, place", [
    ("nada=1", "nada"), ("nada", "nada"), ("content=x", "content"), ("Title=x", "Title"),
    ("=x", ""), ("page=0", "page"), ("page=-1", "page"), ("page=uno", "page"), ("page=", "page"),
    ("page=1.5", "page"), ("page=2", "page"), ("page=99999999999999999999999", "page"),
    ("page=9223372036854775807", "page"), ("page=%31%00", ""), ("page=1&page=1", "page"),
    ("page_size=0", "page_size"), ("page_size=101", "page_size"), ("page_size=-5", "page_size"),
    ("page_size=x", "page_size"), ("title=%00", ""), ("title=%ff", ""),
    ("title=a&title=b", "title"), (f"page={SQL}", "page"), (f"{SQL}=x", ""),
    (f"page_size={SQL}", "page_size"), ("title.like=x%25", "title"),
    ("sort=nada", "sort")])
def test_a_query_that_is_not_understood_is_400_and_the_parameter_is_named(reader, query, place):
    assert is_problem(reader.get(f"{ENTRIES}?{query}"), 400, naming=place)


def test_an_unknown_parameter_gets_the_list_of_what_is_allowed(reader):
    answer = reader.get(f"{ENTRIES}?nada=1")
    [mistake] = answer.json()["errors"]
    assert mistake["parameter"] == "nada"
    for allowed in ["page", "page_size", "title"]:
        assert allowed in mistake["detail"]


@pytest.mark.parametrize("query", ["category=nada", "due_date=ayer", "priority=", "status=%27"])
def test_a_filter_by_what_cannot_be_finds_nothing_or_says_so(reader, query):
    answer = reader.get(f"{REPORTS}?{query}")
    assert (answer.status_code == 200 and answer.json()["data"] == []) or is_problem(answer, 400)


# SQL is only text

@pytest.mark.parametrize("text", [SQL, "' OR '1'='1", "\\'; SELECT pg_sleep(9); --", "$1", "%s"])
def test_sql_in_a_filter_finds_nothing(reader, text):
    answer = reader.get(ENTRIES, params={"title": text})
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    answer = reader.get(REPORTS, params={"author": text})
    assert (answer.status_code, answer.json()["data"]) == (200, [])


def test_sql_on_the_older_paths_finds_nothing(targets):
    for parameters in [{"id": SQL}, {"page": SQL}, {"page_size": SQL}]:
        for server, path in [(targets["gateway"], "/bulkhead/"),
                             (targets["read"], "/database/read/")]:
            answer = server.get(path, params=parameters)
            assert is_problem(answer, 400, 404)
            assert answer.json()["error"]


# The older paths

@pytest.fixture(params=[("gateway", "/bulkhead/"), ("write", "/database/write/")],
                ids=["gateway", "write"])
def old_writing(request, targets):
    name, path = request.param
    return lambda **how: targets[name].post(path, **how)


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_the_older_paths_say_invalid_json(old_writing, body):
    answer = old_writing(data=body, headers=JSON)
    assert is_problem(answer, 400)
    assert answer.json()["error"] == "Invalid JSON data"


def test_the_older_paths_refuse_a_body_that_is_too_large_in_their_own_words(old_writing):
    answer = old_writing(data=b'{"title":"' + b"x" * 2 * MIB + b'"}', headers=JSON)
    assert is_problem(answer, 413)
    assert answer.json()["error"]


# HTTP that two servers might read differently

SMUGGLED = (f'POST {ENTRIES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
            'Content-Length: 21\r\n\r\n{"title":"de contra"}')
BODY = '{"title":"x"}'


def post(*headers, body=BODY, line=f"POST {ENTRIES} HTTP/1.1"):
    head = "\r\n".join([line, "Host: x", "Content-Type: application/json", *headers])
    return f"{head}\r\n\r\n{body}".encode("latin-1")


def get(*headers, line=f"GET {ENTRIES} HTTP/1.1", host="Host: x"):
    return "\r\n".join([line, host, *headers, "", ""]).encode("latin-1")


TOO_MUCH = "x" * MIB
REFUSED = {
    "a method in small letters": get(line=f"get {ENTRIES} HTTP/1.1"),
    "an endless target": get(line=f"GET {ENTRIES}?title={TOO_MUCH} HTTP/1.1"),
    "an endless header": get(f"X-A: {TOO_MUCH}"),
    "a thousand headers": get(*[f"X-{n}: x" for n in range(1000)]),
    "a length and chunks": post("Content-Length: 5", "Transfer-Encoding: chunked",
                                body=f"0\r\n\r\n{SMUGGLED}"),
    "chunks and a length": post("Transfer-Encoding: chunked", "Content-Length: 5",
                                body=f"0\r\n\r\n{SMUGGLED}"),
    "chunks": post("Transfer-Encoding: chunked", body=f"d\r\n{BODY}\r\n0\r\n\r\n"),
    "chunks in capitals": post("TRANSFER-ENCODING: Chunked", body=f"d\r\n{BODY}\r\n0\r\n\r\n"),
    "chunks with a tab": post("Transfer-Encoding:\tchunked", body=f"d\r\n{BODY}\r\n0\r\n\r\n"),
    "an encoding nobody knows": post("Transfer-Encoding: xchunked", "Content-Length: 13"),
    "the identity encoding": post("Transfer-Encoding: identity", "Content-Length: 13"),
    "two lengths": post("Content-Length: 0", "Content-Length: 13"),
    "two lengths the other way": post("Content-Length: 13", "Content-Length: 0"),
    "two equal lengths": post("Content-Length: 13", "Content-Length: 13"),
    "a list of lengths": post("Content-Length: 13, 13"),
    "a negative length": post("Content-Length: -1"),
    "a length with a sign": post("Content-Length: +13"),
    "a hexadecimal length": post("Content-Length: 0xd"),
    "a length with a word": post("Content-Length: 13 x"),
    "a length of nothing": post("Content-Length:"),
    "a length beyond counting": post("Content-Length: 99999999999999999999999999"),
    "a folded header": get("X-A: b", " c: d"),
    "a folded length": post("Content-Length:", " 13"),
    "a space before the colon": post("Content-Length : 13"),
    "a header without a name": get(": x"),
    "a header without a colon": get("nada"),
    "a name with a space": get("X A: b"),
    "NUL in a header": get("X-A: b\0c"),
    "a lone carriage return": get("X-A: b\rX-C: d"),
    "two hosts": get("Host: y"),
    "no host": get(host="X-A: b"),
    "the absolute form": get(line=f"GET http://x{ENTRIES} HTTP/1.1"),
    "the authority form": get(line="CONNECT x:443 HTTP/1.1"),
    "the authority form for another method": get(line="GET x:80 HTTP/1.1"),
    "the asterisk form": get(line="GET * HTTP/1.1"),
    "no target": get(line="GET HTTP/1.1"),
    "no method": get(line=f" {ENTRIES} HTTP/1.1"),
    "a target with a space": get(line=f"GET {ENTRIES} x HTTP/1.1"),
    "no version": get(line=f"GET {ENTRIES}"),
    "another version": get(line=f"GET {ENTRIES} HTTP/3.7"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "line feeds alone": get().replace(b"\r\n", b"\n"),
    "one line feed alone": get("X-A: b\nX-C: d"),
    "the handshake of TLS": bytes.fromhex("16030100a5010000a10303") + b"\0" * 160,
    "noise": bytes(range(256)) * 8,
}


@pytest.mark.parametrize("request_bytes", REFUSED.values(), ids=REFUSED.keys())
def test_an_ambiguous_request_gets_one_4xx_and_the_connection_is_closed(anyone, request_bytes):
    answer = exchange(anyone, request_bytes)
    assert [status // 100 for status in answer.statuses] == [4], answer
    assert answer.closed


@pytest.mark.parametrize("text", ["%", "%2", "%zz", "%c3", "\xff"])
def test_an_escape_that_is_none_is_400(reader, text):
    line = f"GET {ENTRIES}?title={text} HTTP/1.1"
    assert exchange(reader, get("Connection: close", line=line)).statuses == [400]


def test_an_upgrade_to_http_2_is_not_taken(anyone):
    answer = exchange(anyone, get("Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c",
                                  "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
                                  line="GET /database/health/ HTTP/1.1"))
    assert answer.statuses == [200]


def test_pipelined_requests_are_answered_in_order(anyone):
    line = "GET /database/health/ HTTP/1.1"
    answer = exchange(anyone, get(line=line) + get(line="GET /nada HTTP/1.1")
                      + get("Connection: close", line=line))
    assert answer.statuses == [200, 404, 200]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_body_where_none_belongs_does_not_change_the_next_ones_answer(cluster, anyone, method):
    """Taken for the start of a request, it would swallow the line of whoever asks next."""
    [(identifier,)] = cluster.written("SELECT id::text FROM medical.entries")
    smuggled = get("X-Swallow: ", line="GET /database/health/ HTTP/1.1")[:-4].decode()
    carrier = post(f"Content-Length: {len(smuggled)}", "Connection: close", body=smuggled,
                   line=f"{method} {ENTRIES}/{identifier} HTTP/1.1")
    for _ in range(10):
        assert exchange(anyone, carrier).statuses in ([200], [400])
        assert anyone.get(f"{ENTRIES}/{identifier}").json().get("title") == "La única"


def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_nothing_behind(writer):
    for sent in [b"", b'{"title":', b'{"title":"x"']:
        with socket.create_connection(("127.0.0.1", writer.port)) as connection:
            connection.sendall(post("Content-Length: 13", body=sent.decode()))
    assert writer.get("/database/health/").status_code == 200

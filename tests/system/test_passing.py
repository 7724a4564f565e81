"""What the gateway says of a request to the server behind, and of the answer to the client."""
import json
import re

import pytest
from harness.process import wait_until
from harness.program import run_to_end
from harness.raw import exchange
from harness.recorder import Recorder, gateway_before

ENTRIES = "/v1/medical/entries"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.fixture(scope="module")
def behind():
    made = Recorder()
    yield made
    made.close()


@pytest.fixture(scope="module")
def plain(behind, tmp_path_factory):
    with gateway_before(behind, tmp_path_factory.mktemp("plain")) as server:
        yield server


@pytest.fixture(scope="module")
def trusting(behind, tmp_path_factory):
    """Believes loopback and 10.0.0.0/8."""
    with gateway_before(behind, tmp_path_factory.mktemp("trusting"),
                        TRUSTED_PROXIES="127.0.0.1, ::1, 10.0.0.0/8") as server:
        yield server


@pytest.fixture(autouse=True)
def anew(behind):
    behind.forget()


def passed(behind, server, **headers):
    """What reaches the server of a GET with these headers."""
    answer = server.get(ENTRIES, headers={name.replace("_", "-"): value
                                          for name, value in headers.items()})
    assert answer.status_code == 200
    return behind.request


def get(*lines, path=ENTRIES):
    head = "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *lines])
    return f"{head}\r\n\r\n".encode("latin-1")


def passed_raw(behind, server, *lines):
    answer = exchange(server, get(*lines))
    assert answer.statuses == [200], answer
    return behind.request


# X-Request-Id

@pytest.mark.parametrize("name", ["a", "7d9f-42", "!~", "x" * 128])
def test_a_clients_own_name_for_its_request_stays(behind, plain, name):
    answer = plain.get(ENTRIES, headers={"X-Request-Id": name})
    assert (answer.headers["X-Request-Id"], behind.request.one("x-request-id")) == (name, name)


@pytest.mark.parametrize("name", ["", "x" * 129, "a b", "caf\xe9", "a\tb"])
def test_a_request_without_a_fit_name_is_given_one(behind, plain, name):
    answer = exchange(plain, get(f"X-Request-Id: {name}"))
    [made] = re.findall(rb"(?i)x-request-id: ([0-9a-f]{32})\r\n", answer.received)
    assert behind.request.one("x-request-id") == made.decode()


def test_no_two_requests_are_given_the_same_name(plain):
    assert len({plain.get(ENTRIES).headers["X-Request-Id"] for _ in range(200)}) == 200


@pytest.mark.parametrize("path, status", [
    ("/nada", 404), ("/v1/medical/nada", 404), (f"{ENTRIES}/x", 400), ("/bulkhead/status/", 200),
    ("/database/health/", 200), ("/database/write/", 403), ("/v1/openapi.json", 200)])
def test_what_the_gateway_answers_itself_carries_the_name_too(plain, path, status):
    answer = plain.get(path, headers={"X-Request-Id": "mine"})
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (status, "mine")


@pytest.mark.parametrize("line", ["Content-Length: 1, 1", "Transfer-Encoding: chunked", "Host: y"])
def test_a_refused_head_is_answered_with_its_name(plain, line):
    answer = exchange(plain, get("X-Request-Id: mine", line) + b"0\r\n\r\n")
    assert [status // 100 for status in answer.statuses] == [4]
    assert b"x-request-id: mine\r\n" in answer.received.lower() or line.startswith("Content")


def test_a_failure_is_in_the_log_by_that_name(behind, plain):
    behind.answer = b"nonsense\r\n\r\n"
    answer = plain.get(ENTRIES, headers={"X-Request-Id": "the-one-that-failed"})
    assert answer.status_code >= 500
    assert answer.headers["X-Request-Id"] == "the-one-that-failed"
    lines = [json.loads(line) for line in plain.log().splitlines() if "the-one-that-failed" in line]
    assert [(line["event"], line["reason"]) for line in lines] == [
        ("gateway.request_failed", answer.json()["reason"])]


# traceparent

def test_a_trace_goes_on_with_a_parent_of_the_gateways(behind, plain):
    request = passed(behind, plain, traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="a=1,b=2")
    version, trace, parent, flags = request.one("traceparent").split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert re.fullmatch("[0-9a-f]{16}", parent) and parent != PARENT
    assert request.one("tracestate") == "a=1,b=2"


@pytest.mark.parametrize("lines", [
    [], ["traceparent: nada"], [f"traceparent: 00-{'0' * 32}-{PARENT}-01"],
    [f"traceparent: 00-{TRACE.upper()}-{PARENT}-01"],
    [f"traceparent: 00-{TRACE}-{PARENT}-01", f"traceparent: 00-{TRACE}-{PARENT}-01"]])
def test_a_trace_begins_where_none_can_be_read(behind, plain, lines):
    request = passed_raw(behind, plain, *lines, "tracestate: a=1")
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", request.one("traceparent"))
    assert TRACE not in request.one("traceparent")
    assert request.all("tracestate") == []


@pytest.mark.parametrize("lines, state", [
    (["a=1", "b=2"], ["a=1, b=2"]), (["a" * 200 + "=x"] * 3, []), (["A=1"], []), (["a=1", "b"], [])])
def test_a_state_passes_when_it_is_one(behind, plain, lines, state):
    request = passed_raw(behind, plain, f"traceparent: 00-{TRACE}-{PARENT}-00",
                         *[f"tracestate: {line}" for line in lines])
    assert request.all("tracestate") == state


# X-Forwarded-For and -Proto

@pytest.mark.parametrize("lines", [
    [], ["X-Forwarded-For: 1.1.1.1", "X-Forwarded-Proto: https"],
    ["X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2"],
    ["Connection: x-forwarded-for, x-forwarded-proto", "X-Forwarded-For: 1.1.1.1"]])
def test_whoever_is_not_trusted_is_himself(behind, plain, lines):
    request = passed_raw(behind, plain, *lines)
    assert request.one("x-forwarded-for") == "127.0.0.1"
    assert request.one("x-forwarded-proto") == "http"


@pytest.mark.parametrize("lines, addresses, protocol", [
    ([], "127.0.0.1", "http"),
    (["X-Forwarded-For: 1.1.1.1"], "1.1.1.1, 127.0.0.1", "http"),
    (["X-Forwarded-For: 1.1.1.1, 10.1.1.1", "X-Forwarded-Proto: https"],
     "1.1.1.1, 10.1.1.1, 127.0.0.1", "https"),
    (["X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2", "X-Forwarded-Proto: HTTPS"],
     "1.1.1.1, 2.2.2.2, 127.0.0.1", "https"),
    (["Connection: x-forwarded-for", "X-Forwarded-For: 1.1.1.1"], "1.1.1.1, 127.0.0.1", "http"),
    (["X-Forwarded-Proto: gopher"], "127.0.0.1", "http"),
    (["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"], "127.0.0.1", "http")])
def test_a_trusted_proxys_word_is_passed_on(behind, trusting, lines, addresses, protocol):
    request = passed_raw(behind, trusting, *lines)
    assert request.one("x-forwarded-for") == addresses
    assert request.one("x-forwarded-proto") == protocol


# Via

def test_via_tells_of_the_gateway_both_ways(behind, plain):
    assert passed(behind, plain).one("via") == "1.1 mamparo"
    assert plain.get(ENTRIES).headers["Via"] == "1.1 mamparo"


def test_via_goes_on_from_what_it_was(behind, plain):
    request = passed_raw(behind, plain, "Via: 1.1 google, 1.0 fred (Apache/1.1)", "Via: 2 other")
    assert request.one("via") == "1.1 google, 1.0 fred (Apache/1.1), 2 other, 1.1 mamparo"


@pytest.mark.parametrize("lines", [
    ["Via: 1.1 mamparo"], ["Via: 1.1 google, 1.1  Mamparo"], ["Via: 1.1 google", "Via: 1.1 mamparo"],
    ["Via: HTTP/1.1 mamparo (again), 1.1 google"]])
def test_what_has_been_here_before_is_a_loop(behind, plain, lines):
    answer = exchange(plain, get(*lines))
    assert answer.statuses == [508] and b'"reason":"loop"' in answer.received
    assert behind.requests == []


def test_a_gateway_that_is_its_own_server_refuses_itself(tmp_path):
    behind = Recorder()
    with gateway_before(behind, tmp_path) as server:
        server.stop()
        server.settings["READ_SERVERS"] = server.address
        server.start()
        wait_until(lambda: server.is_live(), 10, "the gateway to be there")
        answer = server.get(ENTRIES)
        assert answer.status_code in (503, 508), answer.text
    behind.close()


@pytest.mark.parametrize("via", ["1.1 mamparo2", "1.1 xmamparo", "mamparo", "1.1 a (mamparo)"])
def test_a_name_like_ours_is_another(behind, plain, via):
    assert passed(behind, plain, Via=via).one("via") == f"{via}, 1.1 mamparo"


# Server-Timing

def test_an_answer_says_how_long_it_took(plain):
    timing = plain.get(ENTRIES).headers["Server-Timing"]
    found = re.fullmatch(r"gateway;dur=(\d+\.\d{3}), upstream;dur=(\d+\.\d{3})", timing)
    assert found and float(found[1]) >= float(found[2]) > 0


# What else there is ends here

def test_only_what_is_known_passes(behind, plain):
    known = {"Accept": "a/b", "Accept-Encoding": "gzip", "If-None-Match": '"1"', "X-Actor": "ana",
             "X-Causation-Id": "c", "X-Correlation-Id": "d", "Last-Event-Id": "1-0"}
    unknown = {"Cookie": "a=b", "Authorization": "Bearer x", "X-Evil": "1", "Forwarded": "for=1.1.1.1",
               "X-Forwarded-Host": "evil", "X-Real-Ip": "1.1.1.1", "X-Original-Url": "/admin",
               "X-Http-Method-Override": "DELETE", "Range": "bytes=0-1", "X-Api-Key": "k",
               "Keep-Alive": "timeout=5", "Proxy-Connection": "keep-alive", "Proxy-Authorization": "x",
               "TE": "trailers", "Trailer": "X-A", "Upgrade": "h2c", "User-Agent": "test"}
    request = passed(behind, plain, **known, **unknown)
    assert {name: request.one(name.lower()) for name in known} == known
    assert sorted(request.names) == sorted([
        "host", *map(str.lower, known), "x-request-id", "traceparent", "x-forwarded-for",
        "x-forwarded-proto", "via"])


@pytest.mark.parametrize("lines", [
    ["Connection: x-actor"], ["Connection: close, X-Actor"], ["Connection: a", "Connection: x-actor,b"]])
def test_what_connection_names_is_for_this_hop_alone(behind, plain, lines):
    request = passed_raw(behind, plain, *lines, "X-Actor: ana", "X-Correlation-Id: c")
    assert request.all("x-actor") == [] and request.one("x-correlation-id") == "c"


def test_what_makes_a_write_safe_cannot_be_taken_away(behind, plain):
    firm = {"If-Match": '"1"', "If-None-Match": "*", "Idempotency-Key": "k"}
    plain.post(ENTRIES, {}, headers={**firm, "Connection": ", ".join(firm)})
    assert {name: behind.request.one(name.lower()) for name in firm} == firm


def test_lines_of_one_name_are_one_list(behind, plain):
    request = passed_raw(behind, plain, "Accept: a/b", "Accept: c/d")
    assert request.one("accept") == "a/b, c/d"


# Settings

@pytest.mark.parametrize("settings, named", [
    ({"TRUSTED_PROXIES": "nada"}, "nada"), ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "10.0.0.1/8"),
    ({"RATE_LIMIT": "-1"}, "RATE_LIMIT"), ({"RATE_BURST": "x"}, "RATE_BURST"),
    ({"RATE_LIMIT_BY": "cookie"}, "RATE_LIMIT_BY")])
def test_a_mistake_in_the_settings_is_named(settings, named):
    status, said = run_to_end("bulkhead", **settings)
    assert status == 78 and named in said and next(iter(settings)) in said

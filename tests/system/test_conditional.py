"""Answers that a client has already, wants smaller, or wants only the head of."""
import gzip
import json

import pytest
from harness.connection import Connection
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"
MOMENTARY = ["date", "age", "replica-lag-ms", "x-request-id", "server-timing"]
LONG = "Dolor de cabeza, fiebre y tos. " * 60


@pytest.fixture(scope="module", autouse=True)
def settled(cluster):
    """A short record and a long one, the latter with two versions, everywhere."""
    cluster.short = cluster.create(title="Breve")
    cluster.long = cluster.create(title="Larga", content=LONG)
    path = f"{ENTRIES}/{cluster.long['id']}"
    cluster.long = cluster.bulkhead.request("PATCH", path, json={"content": LONG + "."}).json()
    cluster.await_everywhere(cluster.short, cluster.long)
    return cluster


@pytest.fixture(params=["read", "bulkhead"])
def ask(request, cluster):
    """Asks with just these headers: `requests` would add an Accept-Encoding of its own."""
    server = cluster.reads[0] if request.param == "read" else cluster.bulkhead
    connection = Connection(server)
    return lambda path, method="GET", **headers: connection.ask(
        method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def paths(cluster):
    record = f"{ENTRIES}/{cluster.long['id']}"
    return [record, ENTRIES, f"{ENTRIES}?title=Larga", f"{record}/history"]


def lasting(answer):
    return {name.lower(): value for name, value in answer.headers.items()
            if name.lower() not in MOMENTARY}


def test_every_answer_has_a_tag_and_whoever_names_it_gets_304_without_a_body(cluster, ask):
    for path in paths(cluster):
        full = ask(path)
        assert full.status == 200 and full.headers["vary"] == "accept-encoding", path
        tag = full.headers["etag"]
        for known in [tag, f"W/{tag}", f'"x", {tag}', f'"a,b",W/{tag} , "c"', "*"]:
            again = ask(path, If_None_Match=known)
            assert (again.status, again.body) == (304, b""), (path, known)
            assert again.headers["etag"] == tag and again.headers["vary"] == "accept-encoding"
            assert "content-length" not in again.headers and "content-type" not in again.headers
            assert again.headers["age"] == "0"


def test_whoever_names_another_tag_gets_the_whole(cluster, ask):
    for path in paths(cluster):
        full = ask(path)
        tag = full.headers["etag"]
        for other in ['"x"', tag[1:-1], "W/x", '"', "", ",", f'"x"{tag}']:
            again = ask(path, If_None_Match=other)
            assert (again.status, again.body) == (200, full.body), (path, other)


def test_a_record_s_tag_is_its_version_and_works_with_if_match(cluster, ask):
    path = f"{ENTRIES}/{cluster.long['id']}"
    assert ask(path).headers["etag"] == f'"{cluster.long["version"]}"'
    packed = ask(path, Accept_Encoding="gzip").headers["etag"]
    assert packed == f'"{cluster.long["version"]}-gzip"'
    refused = cluster.write.request("PATCH", path, json={"title": "Otra"},
                                    headers={"If-Match": '"77-gzip"'})
    assert refused.status_code == 412
    same = cluster.write.request("PATCH", path, json={"title": "Larga"},
                                 headers={"If-Match": packed})
    assert same.status_code == 200, same.text
    cluster.long = same.json()
    cluster.await_everywhere(cluster.long)


def test_a_change_changes_the_tags_of_the_record_its_history_and_every_list_it_is_in(cluster, ask):
    changing = cluster.create(title="Cambia")
    cluster.await_everywhere(changing)
    record = f"{ENTRIES}/{changing['id']}"
    watched = [record, f"{record}/history", f"{ENTRIES}?page_size=3"]
    before = [ask(path).headers["etag"] for path in watched]
    changed = cluster.bulkhead.request("PATCH", record, json={"title": "Cambió"}).json()
    cluster.await_everywhere(changed)
    for path, tag in zip(watched, before):
        answer = ask(path, If_None_Match=tag)
        assert answer.status == 200 and answer.headers["etag"] != tag, path


def test_the_replicas_give_a_list_the_same_tag(cluster):
    tags = {read.get(f"{ENTRIES}?page_size=2").headers["etag"] for read in cluster.reads}
    assert len(tags) == 1


@pytest.mark.parametrize("accepted, is_packed", [
    ("gzip", True), ("GZIP", True), ("x-gzip", True), ("*", True),
    ("deflate, gzip;q=1.0, *;q=0.5", True),
    ("gzip;q=0.5, identity;q=0.5", True), ("br, gzip ; q=0.001", True), ("identity;q=0, *", True),
    ("", False), ("identity", False), ("br", False), ("gzip;q=0", False), ("gzip;q=0.000", False),
    ("*;q=0", False), ("*, gzip;q=0", False), ("gzip;q=0.5, identity;q=0.6", False),
    ("gzip;q=2", False), ("gzip;q=", False), ("gzip;q=0.1234", False), ("gzipped", False)])
def test_who_asks_for_gzip_gets_it_and_nobody_else(cluster, ask, accepted, is_packed):
    path = f"{ENTRIES}/{cluster.long['id']}"
    plain, answer = ask(path), ask(path, Accept_Encoding=accepted)
    assert ("content-encoding" in answer.headers) == is_packed, accepted
    body = answer.body
    if is_packed:
        assert answer.headers["content-encoding"] == "gzip"
        assert len(body) < len(plain.body) / 2
        body = gzip.decompress(body)
    assert body == plain.body and answer.headers["vary"] == "accept-encoding"
    assert (answer.headers["etag"] == plain.headers["etag"]) == (not is_packed)


def test_what_is_short_is_never_packed(cluster, ask):
    answer = ask(f"{ENTRIES}/{cluster.short['id']}", Accept_Encoding="gzip")
    assert "content-encoding" not in answer.headers
    assert json.loads(answer.body)["id"] == cluster.short["id"]


def test_what_would_hold_up_others_is_not_packed(cluster, ask):
    huge = cluster.create(title="Enorme", content="x" * 400_000)
    cluster.await_everywhere(huge)
    answer = ask(f"{ENTRIES}/{huge['id']}", Accept_Encoding="gzip")
    assert "content-encoding" not in answer.headers and len(answer.body) > 400_000
    cluster.write.request("DELETE", f"{ENTRIES}/{huge['id']}")
    for read in cluster.reads:
        wait_until(lambda: read.get(f"{ENTRIES}/{huge['id']}").status_code == 404, 10,
                   "the huge one to be gone")


def test_the_packed_answer_is_revalidated_by_its_own_tag_alone(cluster, ask):
    for path in paths(cluster):
        plain, packed = ask(path), ask(path, Accept_Encoding="gzip")
        assert packed.headers["content-encoding"] == "gzip", path
        tag = packed.headers["etag"]
        again = ask(path, Accept_Encoding="gzip", If_None_Match=tag)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert ask(path, If_None_Match=tag).status == 200
        assert ask(path, Accept_Encoding="gzip",
                   If_None_Match=plain.headers["etag"]).status == 200


def test_head_has_get_s_headers_and_no_body(cluster, ask):
    for path in [*paths(cluster), f"{ENTRIES}/{'0' * 8}-0000-7000-8000-000000000000",
                 f"{ENTRIES}?page=0"]:
        for headers in [{}, {"Accept_Encoding": "gzip"}, {"If_None_Match": "*"}]:
            full, head = ask(path, **headers), ask(path, "HEAD", **headers)
            assert head.status == full.status and head.body == b"", path
            assert lasting(head) == lasting(full), (path, headers)
            if full.status == 200:
                assert int(head.headers["content-length"]) == len(full.body)


def test_a_connection_goes_on_after_304_and_head(cluster, ask):
    path = f"{ENTRIES}/{cluster.long['id']}"
    for _ in range(3):
        assert ask(path, If_None_Match="*").status == 304
        assert ask(path, "HEAD").status == 200
        assert json.loads(ask(path).body)["id"] == cluster.long["id"]


def test_refusals_are_neither_tagged_nor_packed(ask):
    answer = ask(f"{ENTRIES}?{'no_such_field=1&' * 100}", Accept_Encoding="gzip", If_None_Match="*")
    assert answer.status == 400 and json.loads(answer.body)["status"] == 400
    assert "etag" not in answer.headers and "content-encoding" not in answer.headers


def test_the_older_paths_are_tagged_and_packed_too(cluster):
    for server, path in [(cluster.reads[0], "/database/read/"), (cluster.bulkhead, "/bulkhead/")]:
        connection = Connection(server)
        for query in ["", f"?id={cluster.long['id']}"]:
            plain = connection.ask("GET", path + query)
            packed = connection.ask("GET", path + query, headers={"Accept-Encoding": "gzip"})
            assert gzip.decompress(packed.body) == plain.body
            again = connection.ask("GET", path + query,
                                   headers={"If-None-Match": plain.headers["etag"]})
            assert (again.status, again.body) == (304, b"")

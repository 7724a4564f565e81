"""Switches: shared by gateways through Redis, kept without it, and every change with who and why."""
import json
import re
import time
from collections import Counter

import pytest
import requests
from harness.connection import Connection
from harness.gateways import (FLIP, LOG, READS, WRITES, Gateways, await_same, changes,
                              flip_at_once, shown, switch)
from harness.load import Clients
from harness.process import wait_until
from harness.program import run_to_end
from jsonschema import Draft202012Validator

ENTRIES = "/v1/medical/entries"
KEY = "the-key-of-these-gateways-0123456789"
HEADS, LINES = "mamparo:{toggles}:switches", "mamparo:{toggles}:log"


@pytest.fixture
def gateways(site):
    """Gateways of the test's own, and a Redis that runs."""
    made = Gateways(site, f"g{time.monotonic_ns()}")
    made.redis.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def pair(site):
    """Two gateways and their Redis, shared by tests that leave every switch on."""
    made = Gateways(site, "pair")
    made.redis.start()
    made.start(), made.start()
    yield made.all
    made.close()


def says_disabled(gateway):
    return gateway.get(ENTRIES).json()["reason"] == "disabled"


# Following

def test_a_change_is_at_the_other_gateway_within_a_second(pair):
    here, there = pair
    answer = switch(here, False, why="una prueba", **{"X-Actor": "Zoë".encode()})
    assert answer["shared"] is True
    wait_until(lambda: shown(there)["enabled"] is False, 1, "the other gateway to follow")
    assert (shown(there)["changed_by"], shown(there)["why"]) == ("Zoë", "una prueba")
    assert says_disabled(here) and says_disabled(there)
    switch(there, True)
    wait_until(lambda: shown(here)["enabled"], 1, "it to follow back")
    assert not says_disabled(here)


def test_under_load_too_it_is_there_within_a_second(pair):
    clients, asked = Clients(), Counter()

    def ask(gateway):
        connection = Connection(gateway)
        while not clients.stopping.is_set():
            asked[connection.ask("GET", ENTRIES).status] += 1

    clients.jobs = [lambda g=gateway: ask(g) for gateway in pair for _ in range(4)]
    with clients:
        wait_until(lambda: sum(asked.values()) > 1000, 20, "the load")
        for enabled in [False, True] * 3:
            switch(pair[0], enabled)
            wait_until(lambda: shown(pair[1])["enabled"] is enabled, 1, "the other to follow")
    assert asked[503] > 0


def test_a_new_gateway_has_it_before_its_first_request(gateways):
    switch(gateways.start(), False)
    new = gateways.new().start()
    answer = wait_until(lambda: first_answer(new), 10, "the first answer")
    assert answer["reason"] == "disabled"


def first_answer(gateway):
    try:
        return requests.get(f"http://{gateway.address}{ENTRIES}", timeout=5).json()
    except requests.ConnectionError:
        return None


def test_a_restarted_gateway_has_it_again(gateways):
    gateway = gateways.start()
    switch(gateway, False, path=WRITES)
    before = shown(gateway, WRITES)
    gateway.stop()
    assert shown(gateway.start().await_ready(), WRITES) == before


@pytest.mark.parametrize("times, enabled", [(100, True), (99, False)])
def test_flips_at_once_at_two_gateways_are_each_a_flip(gateways, times, enabled):
    both = [gateways.start(), gateways.start()]
    said = Counter(flip_at_once(both, times))
    state = await_same(both)
    assert (state["enabled"], state["version"]) == (enabled, times)
    assert said == {"disabled": (times + 1) // 2, "enabled": times // 2}
    for gateway in both:
        wait_until(lambda: len(changes(gateway)) == times, 2, "every change to be known")
        assert [c["version"] for c in changes(gateway)] == list(range(times, 0, -1))


def test_a_switch_of_another_service_is_not_touched(pair):
    before = pair[0].get("/bulkhead/services/").json()
    switch(pair[0], False, path=WRITES)
    switch(pair[0], True, path=WRITES)
    after = pair[0].get("/bulkhead/services/").json()
    assert after["medical"]["reads"] == before["medical"]["reads"]
    assert {s: v for s, v in after.items() if s != "medical"} == {
        s: v for s, v in before.items() if s != "medical"}


# Redis goes and comes

def test_a_redis_that_was_emptied_is_given_everything_again(gateways):
    both = [gateways.start(), gateways.start()]
    for enabled in [False, True, False]:
        switch(both[0], enabled)
    await_same(both)
    known = changes(both[0])
    gateways.redis.client.flushall()
    wait_until(lambda: gateways.redis.client.hlen(HEADS) == 1, 2, "the switch to be there again")
    third = gateways.start()
    assert shown(third)["version"] == 3 and says_disabled(third)
    assert changes(third) == known


def test_without_redis_a_change_is_done_here_and_shared_later(gateways):
    here, there = gateways.start(), gateways.start()
    gateways.redis.kill()
    answer = switch(here, False, why="sin Redis")
    assert (answer["enabled"], answer["shared"]) == (False, False)
    assert says_disabled(here) and not says_disabled(there)
    gateways.redis.start()
    wait_until(lambda: shown(there)["why"] == "sin Redis", 3, "the other to follow")
    assert changes(there) == changes(here)


def test_of_gateways_that_could_not_hear_each_other_the_higher_version_wins(gateways):
    here, there = gateways.start(), gateways.start()
    gateways.redis.kill()
    switch(here, False, why="uno")
    for enabled in [False, True, False, True]:
        switch(there, enabled, why="dos")
    gateways.redis.start()
    state = await_same([here, there], 3)
    assert (state["enabled"], state["version"], state["why"]) == (True, 4, "dos")
    wait_until(lambda: changes(here) == changes(there) and len(changes(here)) == 5, 2,
               "both to know what was overruled, too")


def test_while_redis_is_silent_an_answer_takes_a_second_at_most(gateways):
    here, there = gateways.start(), gateways.start()
    gateways.redis.pause()
    began = time.monotonic()
    answer = switch(here, False)
    assert time.monotonic() - began < 2 and answer["shared"] is False
    assert says_disabled(here)
    gateways.redis.resume()
    wait_until(lambda: says_disabled(there), 3, "the other to follow")
    assert await_same([here, there], 2)["version"] == 1


def test_a_gateway_starts_and_serves_without_its_redis(gateways):
    gateways.redis.kill()
    gateway = gateways.start()
    assert shown(gateway)["version"] == 0
    assert switch(gateway, False)["shared"] is False
    assert 'mamparo_gateway_toggles_shared 0' in gateway.admin("/metrics").text
    assert gateway.log().count('"gateway.toggles_alone"') == 1


@pytest.mark.parametrize("spoil", [
    lambda r: r.hset(HEADS, "medical/reads", "garbage"),
    lambda r: r.hset(HEADS, "medical/reads", b"\xff\x00{" * 100000),
    lambda r: r.hset(HEADS, "medical/reads", line(version=10**16)),
    lambda r: r.hset(HEADS, "medical/reads", line(side="writes")),
    lambda r: r.hset(HEADS, "medical/reads", line(service="nowhere")),
    lambda r: r.zadd(LINES, {"garbage": 1, line(version=-1): 2, "[" * 5000: 3}),
], ids=["text", "bytes", "version", "side", "service", "log"])
def test_what_is_no_change_in_redis_is_ignored_and_replaced(gateways, spoil):
    spoil(gateways.redis.client)
    both = [gateways.start(), gateways.start()]
    assert shown(both[0])["enabled"] and shown(both[0], WRITES)["enabled"]
    assert switch(both[0], False)["shared"] is True
    assert await_same(both)["version"] == 1
    assert json.loads(gateways.redis.client.hget(HEADS, "medical/reads"))["version"] == 1


def line(**members):
    return json.dumps({"service": "medical", "side": "reads", "version": 7, "from": "enabled",
                       "to": "disabled", "at": "2026-11-21T10:00:00.000Z", "by": "x", "why": "y",
                       **members})


@pytest.mark.parametrize("key", [HEADS, LINES])
def test_a_key_that_is_something_else_leaves_the_gateway_on_its_own(gateways, key):
    gateways.redis.client.set(key, "somebody's")
    gateway = gateways.start()
    answer = switch(gateway, False)
    assert (answer["enabled"], answer["shared"]) == (False, False)
    assert "WRONGTYPE" in gateway.log()
    assert gateways.redis.client.get(key) == b"somebody's"
    gateways.redis.client.delete(key)
    wait_until(lambda: gateways.redis.client.hexists(HEADS, "medical/reads"), 3, "it to be shared")


# On disk

def test_without_redis_a_state_dir_keeps_it_over_a_kill(gateways):
    gateway = gateways.alone(STATE_DIR=gateways.state_dir("state"))
    answer = switch(gateway, False, why="antes", **{"X-Actor": "Ana"})
    assert answer["shared"] is False
    before, known = shown(gateway), changes(gateway)
    gateway.kill()
    gateway.start().await_ready()
    assert shown(gateway) == before and changes(gateway) == known
    assert says_disabled(gateway)


def test_without_redis_and_state_dir_all_is_on_after_a_restart(gateways):
    gateway = gateways.alone()
    switch(gateway, False)
    assert says_disabled(gateway)
    gateway.stop()
    gateway.start().await_ready()
    assert shown(gateway)["enabled"] and changes(gateway) == []


def test_what_a_disk_kept_is_given_to_a_redis_that_came_back_empty(gateways):
    gateway = gateways.start(STATE_DIR=gateways.state_dir("state"))
    switch(gateway, False)
    gateway.kill()
    gateways.redis.kill()
    gateways.redis.start()
    gateway.start().await_ready()
    assert says_disabled(gateway)
    assert says_disabled(gateways.start())


def test_a_disk_that_is_behind_is_brought_up_by_redis(gateways):
    folder = gateways.state_dir("state")
    gateway, other = gateways.start(STATE_DIR=folder), gateways.start()
    switch(gateway, False)
    gateway.kill()
    await_same([other])
    switch(other, True)
    assert shown(gateway.start().await_ready()) == shown(other)
    text = (folder / "toggles.jsonl").read_text()
    assert [json.loads(l)["version"] for l in text.splitlines()].count(2) >= 1


def test_a_spoilt_file_keeps_no_gateway_from_starting(gateways):
    folder = gateways.state_dir("state")
    good = line(version=3)
    (folder / "toggles.jsonl").write_bytes(b"\xff\x00\n{}\n[\n" + good.encode() + b"\n" + b"x" * 9999)
    gateway = gateways.alone(STATE_DIR=folder)
    assert (shown(gateway)["version"], shown(gateway)["enabled"]) == (3, False)
    assert "gateway.toggles_unreadable" in gateway.log()


def test_a_disk_that_takes_nothing_keeps_no_change_from_happening(gateways):
    folder = gateways.state_dir("state")
    gateway = gateways.alone(STATE_DIR=folder)
    (folder / "toggles.jsonl.new").mkdir()
    assert switch(gateway, False)["enabled"] is False
    wait_until(lambda: "gateway.toggles_not_saved" in gateway.log(), 2, "it to be said")
    (folder / "toggles.jsonl.new").rmdir()
    wait_until((folder / "toggles.jsonl").exists, 2, "it to be tried again")


def test_a_state_dir_that_cannot_be_written_is_refused_at_start(tmp_path):
    status, said = run_to_end("bulkhead", STATE_DIR=tmp_path / "nowhere")
    assert status == 78 and re.search(r"\bSTATE_DIR\b", said)


# Setting

def test_a_switch_is_shown_with_who_changed_it_when_and_why(pair):
    before = shown(pair[0])["version"]
    answer = switch(pair[0], False, why="mantenimiento", **{"X-Actor": "guardia"})
    assert answer == {**shown(pair[0]), "shared": True}
    assert answer["changed_at"].endswith("Z")
    assert {key: answer[key] for key in answer if key != "changed_at"} == {
        "service": "medical", "side": "reads", "enabled": False, "version": before + 1,
        "changed_by": "guardia", "why": "mantenimiento", "shared": True}
    listed = pair[0].get("/bulkhead/services/").json()["medical"]["reads"]
    assert {key: listed[key] for key in listed.keys() & answer.keys()} == {
        key: answer[key] for key in answer.keys() - {"service", "side", "shared"}}
    switch(pair[0], True)


def test_what_says_nothing_new_is_no_change(pair):
    answer = switch(pair[0], True, why="igual")
    assert switch(pair[0], True, why="igual") == answer
    assert switch(pair[0], True, why="otra")["version"] == answer["version"] + 1


def test_if_match_must_name_the_version_that_is(pair):
    tag = pair[0].get(READS).headers["ETag"]
    version = int(tag.strip('"'))
    body = {"enabled": True, "why": f"condición {version}"}
    answer = pair[0].request("PUT", READS, json=body, headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{version + 1}"')
    stale = pair[0].request("PUT", READS, json={"enabled": False}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["reason"]) == (412, "stale_version")
    assert shown(pair[0])["version"] == version + 1 and shown(pair[0])["enabled"]
    assert pair[0].request("PUT", READS, json=body, headers={"If-Match": "*"}).status_code == 200


def test_of_two_that_name_the_same_version_one_wins(pair):
    tag = pair[0].get(READS).headers["ETag"]
    await_same(pair)
    answers = [gateway.request("PUT", READS, json={"enabled": True, "why": f"carrera {n}"},
                               headers={"If-Match": tag}) for n, gateway in enumerate(pair)]
    assert sorted(answer.status_code for answer in answers) == [200, 412]


@pytest.mark.parametrize("body, places", [
    ({}, ["/enabled"]), ({"enabled": "no"}, ["/enabled"]), ({"enabled": None}, ["/enabled"]),
    ({"enabled": True, "why": 5}, ["/why"]), ({"enabled": True, "why": None}, ["/why"]),
    ({"enabled": True, "why": "x" * 201}, ["/why"]),
    ({"enabled": 1, "reason": "x", "why": []}, ["/enabled", "/reason", "/why"]),
    ({"enabled": True, "a/b~": 1}, ["/a~1b~0"]), ([], [""])], ids=str)
def test_a_bad_body_is_told_with_its_place_and_changes_nothing(pair, body, places):
    before = shown(pair[0])
    answer = pair[0].request("PUT", READS, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert sorted(e["pointer"] for e in answer.json()["errors"]) == sorted(places)
    assert shown(pair[0]) == before


@pytest.mark.parametrize("how", [
    {"data": b""}, {"data": b"{"}, {"data": b'{"enabled":true,"enabled":false}'},
    {"data": b'{"enabled":true,"why":"\xff"}'}, {"json": {"enabled": False}, "params": {"x": 1}},
    *({"json": {"enabled": False}, "headers": {"If-Match": match}}
      for match in ["3", '""', '"x"', '"-1"', 'W/"1"', '"1", "2"']),
    {"json": {"enabled": False}, "headers": {"X-Actor": "x" * 201}},
    {"json": {"enabled": False}, "headers": {"X-Actor": b"\xff"}}], ids=str)
def test_a_bad_request_is_400_and_changes_nothing(pair, how):
    before = shown(pair[0])
    answer = pair[0].request("PUT", READS, **how)
    assert (answer.status_code, answer.json()["reason"]) == (400, "bad_request")
    assert shown(pair[0]) == before


def test_a_flip_with_a_bad_actor_is_400_in_the_older_words(pair):
    answer = pair[0].post(FLIP, {"service_name": "GET"}, headers={"X-Actor": b"\xff"})
    assert answer.status_code == 400 and "x-actor" in answer.json()["error"]


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/bulkhead/services/medical/both", 404), ("PUT", "/bulkhead/services/no/reads", 404),
    ("DELETE", READS, 405), ("POST", LOG, 405), ("PUT", "/bulkhead/services/", 405)])
def test_other_paths_and_methods_are_refused(pair, method, path, status):
    answer = pair[0].request(method, path, json={"enabled": False})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


# The log

def test_the_log_has_every_change_the_newest_first(gateways):
    both = [gateways.start(), gateways.start()]
    switch(both[0], False, why="primero", **{"X-Actor": "Ana"})
    await_same(both)
    both[1].post(FLIP, {"service_name": "GET"}, headers={"X-Actor": "Luis"})
    await_same(both)
    for gateway in both:
        wait_until(lambda: len(changes(gateway)) == 2, 3, "both changes")
        assert [{k: v for k, v in c.items() if k != "at"} for c in changes(gateway)] == [
            {"service": "medical", "side": "reads", "version": 2, "from": "disabled",
             "to": "enabled", "by": "Luis", "why": "flipped"},
            {"service": "medical", "side": "reads", "version": 1, "from": "enabled",
             "to": "disabled", "by": "Ana", "why": "primero"}]
    assert len(changes(both[0], limit=1)) == 1
    [logged] = [json.loads(l) for l in both[0].log().splitlines() if '"gateway.toggle"' in l]
    assert (logged["by"], logged["why"], logged["from"], logged["to"], logged["version"]) == (
        "Ana", "primero", "enabled", "disabled", 1)
    assert both[0].log().count('"gateway.toggle_followed"') == 1


def test_the_log_keeps_the_last_thousand(gateways):
    gateway = gateways.start()
    flip_at_once([gateway], 1010)
    assert [c["version"] for c in changes(gateway)] == list(range(1010, 10, -1))
    assert gateways.redis.client.zcard(LINES) == 1000
    gateways.redis.client.flushall()
    wait_until(lambda: gateways.redis.client.zcard(LINES) == 1000, 3, "them to be there again")


@pytest.mark.parametrize("query, name", [
    ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=", "limit"), ("limit=x", "limit"),
    ("limite=1", "limite"), ("limit=5&since=1", "since")])
def test_a_bad_parameter_of_the_log_is_named(pair, query, name):
    answer = pair[0].get(f"{LOG}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, name)


# The key

def test_without_the_key_nothing_is_changed_nor_the_log_shown(gateways):
    gateway = gateways.start(CLUSTER_KEY=KEY)
    for headers in [{}, {"Authorization": "Bearer wrong"}]:
        for method, path, body in [("PUT", READS, {"enabled": False}), ("GET", LOG, None),
                                   ("POST", FLIP, {"service_name": "GET"})]:
            answer = gateway.request(method, path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (401, "unauthorized")
    assert shown(gateway)["version"] == 0
    key = {"Authorization": f"Bearer {KEY}"}
    assert switch(gateway, False, **key)["version"] == 1
    assert gateway.get(LOG, headers=key).json()["changes"][0]["version"] == 1
    assert KEY not in gateway.log()


def test_flips_while_redis_is_silent_are_all_answered_and_each_a_flip(gateways):
    here, there = gateways.start(), gateways.start()
    gateways.redis.pause()
    flip_at_once([here], 41)
    state = shown(here)
    assert (state["enabled"], state["version"]) == (False, 41)
    gateways.redis.resume()
    assert await_same([here, there], 3) == state


# The contract

def test_the_contract_has_the_switches_as_they_are(pair):
    document = pair[0].get("/v1/openapi.json").json()
    one = document["paths"]["/bulkhead/services/{service}/{side}"]
    assert sorted(one) == ["get", "put"]
    for operation, body in [
            (one["get"], shown(pair[0])), (one["put"], switch(pair[0], True)),
            (document["paths"][LOG]["get"], {"changes": changes(pair[0])})]:
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator(schema).validate(body)
        assert body.keys() == schema["properties"].keys()

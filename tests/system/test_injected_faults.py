"""Faults that are injected through the admin port: the failures of SYSTEMS.md, shown on purpose."""
import time

import pytest
import requests
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"
KEY = "k" * 32
TRUSTED = {"Authorization": f"Bearer {KEY}"}
TRY_MS = 400


@pytest.fixture(scope="module")
def drill(site):
    """A cluster whose gateway takes faults; one event loop, so that what is counted is exact."""
    made = site.new_cluster(reads=2, CLUSTER_KEY=KEY)
    made.bulkhead.settings.update(FAULTS="on", TRY_TIMEOUT_MS=TRY_MS, REQUEST_TIMEOUT_MS=1500)
    made.start()
    made.record = made.create(title="Simulacro")
    made.await_everywhere(made.record)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def calm(drill):
    yield
    for fault in ask(drill, "GET").json()["faults"]:
        server = f"?server={fault['server']}" if fault["server"] else ""
        ask(drill, "DELETE", f"{fault['service']}/{fault['side']}{server}")


def ask(drill, method, place="", headers=None, server=None, **body):
    server = server or drill.bulkhead
    return requests.request(
        method, f"http://{server.host.address}:{server.admin_port}/faults/{place}", timeout=5,
        headers=TRUSTED if headers is None else headers, json=body or None)


def inject(drill, place, **fault):
    answer = ask(drill, "PUT", place, **fault)
    assert answer.status_code == 200, answer.text
    return answer.json()["faults"]


def get(drill, path=ENTRIES):
    begin = time.monotonic()
    answer = drill.bulkhead.get(path)
    return answer, time.monotonic() - begin


def incidents(drill, kind="fault"):
    return drill.bulkhead.get(f"/bulkhead/incidents/?kind={kind}").json()["incidents"]


def test_held_requests_take_so_much_longer(drill):
    [fault] = inject(drill, "medical/reads", latency_ms=150)
    assert (fault["service"], fault["side"], fault["server"]) == ("medical", "reads", None)
    assert 0 < fault["ends_in_ms"] <= 60_000
    answer, seconds = get(drill)
    assert answer.status_code == 200
    assert seconds >= 0.15
    assert drill.bulkhead.get("/v1/imaging/images").status_code == 200


def test_one_server_held_for_longer_than_a_try_is_asked_no_more(drill):
    """One slow replica: its try is given up, the other one answers."""
    slow = drill.reads[0].address
    [fault] = inject(drill, f"medical/reads?server={slow}", latency_ms=60_000)
    assert fault["server"] == slow
    for _ in range(8):
        answer, _ = get(drill)
        assert answer.status_code == 200


def test_one_dead_server_is_not_noticed(drill):
    inject(drill, f"medical/reads?server={drill.reads[0].address}", drop=1)
    for _ in range(10):
        answer, _ = get(drill)
        assert answer.status_code == 200


def test_errors_of_all_servers_reach_the_client(drill):
    inject(drill, "medical/reads", error=1)
    answer, _ = get(drill)
    assert answer.status_code == 503
    assert "reason" in answer.json()


def test_all_writes_hanging_leaves_reads_alone(drill):
    inject(drill, "medical/writes", latency_ms=60_000)
    begin = time.monotonic()
    answer = drill.bulkhead.post(ENTRIES, json={"title": "Nunca"}, headers={})
    assert answer.status_code == 503
    assert answer.json()["reason"] == "uncertain"
    assert time.monotonic() - begin >= 1.4
    answer, _ = get(drill, f"{ENTRIES}/{drill.record['id']}")
    assert answer.status_code == 200


def test_a_client_that_leaves_is_not_waited_for(drill):
    inject(drill, "medical/reads", latency_ms=60_000)
    with pytest.raises(requests.Timeout):
        drill.bulkhead.get(ENTRIES, timeout=0.1)
    wait_until(lambda: drill.bulkhead.get("/bulkhead/services/").json()
               ["medical"]["reads"]["in_flight"] == 0, 3, "its place to be free")


def test_a_fault_ends_by_itself_and_each_end_is_an_incident(drill):
    inject(drill, "imaging/reads", error=1, for_s=1)
    wait_until(lambda: ask(drill, "GET").json()["faults"] == [], 5, "its end")
    assert drill.bulkhead.get("/v1/imaging/images").status_code == 200
    wait_until(lambda: incidents(drill)[0]["state"] == "over", 5, "its incident")
    over, injected = incidents(drill)[:2]
    assert (injected["state"], injected["service"], injected["side"]) == (
        "injected", "imaging", "reads")
    assert over["duration_ms"] == 1000
    assert '"event":"gateway.fault"' in drill.bulkhead.log()


def test_a_fault_is_ended_by_hand(drill):
    inject(drill, "medical/reads", error=1)
    assert ask(drill, "GET", "imaging/reads").json() == {"faults": []}
    assert len(ask(drill, "GET", "medical/reads").json()["faults"]) == 1
    assert ask(drill, "DELETE", "medical/reads").status_code == 204
    assert incidents(drill)[0]["state"] == "over"
    answer, _ = get(drill)
    assert answer.status_code == 200
    assert ask(drill, "DELETE", "medical/reads").status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_faults_need_the_cluster_key(drill, method):
    for headers in [{}, {"Authorization": "Bearer " + "x" * 32}]:
        answer = ask(drill, method, "medical/reads", headers=headers, error=1)
        assert (answer.status_code, answer.json()["reason"]) == (401, "unauthorized")
    assert ask(drill, "GET").json() == {"faults": []}


@pytest.mark.parametrize("place, body, status, where", [
    ("medical/reads", {"latency": 5}, 422, "/latency"),
    ("medical/reads", {"error": 2}, 422, "/error"),
    ("medical/reads", {"error": 0.7, "drop": 0.7}, 422, "/drop"),
    ("medical/reads?server=127.0.0.1:1", {"error": 1}, 400, "server"),
    ("medical/reads?servers=x", {"error": 1}, 400, "servers"),
])
def test_a_mistake_is_named(drill, place, body, status, where):
    answer = ask(drill, "PUT", place, **body)
    assert answer.status_code == status
    [error] = answer.json()["errors"]
    assert where in error.values()


def test_only_compartments_have_faults(drill):
    for place in ["medical/all", "nobody/reads", "medical", "medical/reads/more"]:
        assert ask(drill, "PUT", place, error=1).status_code == 404
    assert ask(drill, "POST", "medical/reads", error=1).status_code == 405
    assert ask(drill, "PUT", error=1).status_code == 405


def test_without_the_setting_there_are_none_and_the_answer_says_how(cluster):
    for method in ["GET", "PUT", "DELETE"]:
        answer = ask(None, method, "medical/reads", server=cluster.bulkhead, error=1)
        assert answer.status_code == 404
        assert "FAULTS=on" in answer.json()["detail"]
    assert ask(None, "PUT", "medical/reads", server=cluster.write, error=1).status_code == 404

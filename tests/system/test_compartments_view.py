"""What the gateway tells of its compartments: GET /bulkhead/services/, the metrics, and that a folder
of models is all that a service needs."""
import re

import pytest
from harness.connection import Connection
from harness.models import field, models_with, record
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"


def counted(server, name, **labels):
    """The sum of the metric's lines that have these labels."""
    total = 0
    for found, given, value in re.findall(r"^(\w+)\{(.*)\} (\d+)$", server.admin("/metrics").text,
                                          re.M):
        if found == name and labels.items() <= dict(re.findall(r'(\w+)="([^"]*)"', given)).items():
            total += int(value)
    return total


def requests_of(server, side, **labels):
    return counted(server, "mamparo_gateway_requests_total", service="medical", side=side, **labels)


def refusals_of(server, **labels):
    return counted(server, "mamparo_gateway_refusals_total", **labels)


def switch(server, place, enabled):
    answer = server.request("PUT", f"/bulkhead/services/{place}", json={"enabled": enabled})
    assert answer.status_code == 200


@pytest.fixture
def closed_reads(cluster):
    switch(cluster.bulkhead, "medical/reads", False)
    yield
    switch(cluster.bulkhead, "medical/reads", True)


def test_every_compartment_shows_what_it_is_and_does(cluster):
    view = cluster.bulkhead.get("/bulkhead/services/").json()
    assert {"medical", "imaging"} <= view.keys()
    for service in view.values():
        assert service.keys() == {"reads", "writes"}
        for side in service.values():
            assert side["enabled"] is True
            assert side["in_flight"] == 0
            assert side["limit"] > 0
            assert side.keys() >= {"waiting", "queue", "requests", "retries", "hedges", "refusals",
                                   "p50_ms", "p95_ms"}
    assert view["medical"]["reads"]["limit"] == 128 * len(cluster.reads)


def test_a_method_that_it_does_not_have_is_refused(cluster):
    for path in ["/bulkhead/services/", "/bulkhead/incidents/"]:
        answer = cluster.bulkhead.post(path, json={})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_what_clients_got_is_counted_by_compartment(cluster):
    gateway = cluster.bulkhead
    writes, reads = requests_of(gateway, "writes"), requests_of(gateway, "reads")
    bad = requests_of(gateway, "writes", code="4xx")
    missing = requests_of(gateway, "reads", code="4xx")
    made = cluster.create(title="Contada")
    cluster.await_everywhere(made)
    assert gateway.post(ENTRIES, json={"title": ""}).status_code == 422
    assert gateway.get(f"{ENTRIES}/{made['id']}").status_code == 200
    assert gateway.get(f"{ENTRIES}/01a1fbf1-c341-7e0d-be20-c4252195c107").status_code == 404
    assert requests_of(gateway, "writes") == writes + 2
    assert requests_of(gateway, "writes", code="4xx") == bad + 1
    assert requests_of(gateway, "reads") == reads + 2
    assert requests_of(gateway, "reads", code="4xx") == missing + 1
    view = gateway.get("/bulkhead/services/").json()["medical"]
    assert view["writes"]["requests"] == writes + 2
    assert view["reads"]["requests"] == reads + 2


def test_refusals_are_counted_as_clients_saw_them(cluster, closed_reads):
    gateway = cluster.bulkhead
    before, fails = refusals_of(gateway), requests_of(gateway, "reads", code="5xx")
    seen = 0
    for path in [ENTRIES, f"{ENTRIES}/01a1fbf1-c341-7e0d-be20-c4252195c107", "/bulkhead/",
                 "/v1/medical/events"] * 3:
        answer = gateway.get(path)
        assert (answer.status_code, answer.json()["reason"]) == (503, "disabled")
        seen += 1
    assert gateway.get("/v1/imaging/images").status_code == 200
    assert refusals_of(gateway) == before + seen
    assert refusals_of(gateway, service="medical", side="reads", reason="disabled") >= seen
    assert requests_of(gateway, "reads", code="5xx") == fails + seen
    view = gateway.get("/bulkhead/services/").json()
    assert view["medical"]["reads"]["refusals"]["disabled"] == refusals_of(
        gateway, service="medical", side="reads", reason="disabled")
    assert view["medical"]["reads"]["enabled"] is False
    assert view["medical"]["writes"]["enabled"] is True
    assert "disabled" not in view["imaging"]["reads"]["refusals"]


def test_a_toggle_is_an_incident_with_how_long_it_was_off(cluster):
    gateway = cluster.bulkhead
    last = gateway.get("/bulkhead/incidents/?limit=1").json()["incidents"]
    since = last[0]["id"] if last else 0
    gateway.request("PUT", "/bulkhead/services/imaging/writes",
                    json={"enabled": False, "why": "un simulacro"})
    switch(gateway, "imaging/writes", True)
    on, off = gateway.get(f"/bulkhead/incidents/?since={since}&kind=toggle").json()["incidents"]
    assert (off["kind"], off["side"], off["service"]) == ("toggle", "writes", "imaging")
    assert (off["state"], off["why"]) == ("disabled", "un simulacro")
    assert "duration_ms" not in off
    assert (on["state"], on["id"]) == ("enabled", off["id"] + 1)
    assert 0 <= on["duration_ms"] < 10_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", on["at"])
    assert '"event":"gateway.toggle"' in gateway.log()
    assert counted(gateway, "mamparo_gateway_incidents_total", kind="toggle") >= 2


def test_groups_have_figures_for_every_service(cluster):
    told = cluster.bulkhead.get("/bulkhead/incidents/").json()
    assert told.keys() == {"incidents", "servers", "groups"}
    assert told["servers"].keys() == told["groups"].keys() == {"reads", "writes"}
    for group in told["groups"].values():
        assert group.keys() >= {"availability", "observed_ms", "outages", "mean_time_to_detect_ms",
                                "mean_time_to_recover_ms", "longest_outage_ms", "services"}
        assert {"medical", "imaging"} <= group["services"].keys()
        assert group["availability"] == 1


@pytest.mark.parametrize("query, parameter", [
    ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("kind=fire", "kind"),
    ("since=-1", "since"), ("since=", "since"), ("sinse=1", "sinse"), ("limit=1&limit=2", "limit"),
    ("kind=%ff", "kind")])
def test_a_bad_parameter_of_the_incidents_is_named(cluster, query, parameter):
    answer = cluster.bulkhead.get(f"/bulkhead/incidents/?{query}")
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


def test_a_new_folder_of_models_is_a_new_pair_of_compartments(new_cluster, tmp_path):
    library = record("Book", "books", [field("title", maxLength=200, filter=True)],
                     namespace="library")
    fresh = new_cluster(reads=1, MODELS=models_with(tmp_path, {"library/books.avsc": library}))
    fresh.start()
    made = fresh.create("/v1/library/books", title="Rayuela")
    fresh.await_everywhere(made, path="/v1/library/books")
    assert fresh.bulkhead.get(f"/v1/library/books/{made['id']}").json() == made
    view = fresh.bulkhead.get("/bulkhead/services/").json()
    assert (view["library"]["writes"]["requests"], view["library"]["reads"]["requests"]) == (1, 1)
    for side in ["reads", "writes"]:
        assert counted(fresh.bulkhead, "mamparo_gateway_requests_total", service="library",
                       side=side, code="2xx") == 1
    switch(fresh.bulkhead, "library/reads", False)
    assert fresh.bulkhead.get("/v1/library/books").status_code == 503
    assert fresh.bulkhead.get(ENTRIES).status_code == 200
    assert refusals_of(fresh.bulkhead, service="library", side="reads", reason="disabled") == 1


def test_every_collection_of_the_models_is_routed(cluster):
    models = cluster.bulkhead.settings["MODELS"]
    connection = Connection(cluster.bulkhead)
    files = sorted(models.glob("*/*.avsc"))
    assert files
    for file in files:
        path = f"/v1/{file.parent.name}/{file.stem}"
        assert connection.ask("GET", path).status == 200, path
        answer = connection.ask("POST", path, b"{")  # the write side reads it, and refuses
        assert (answer.status, answer.json()["reason"]) == (400, "bad_request"), path
    services = {file.parent.name for file in files}
    assert cluster.bulkhead.get("/bulkhead/services/").json().keys() == services


def test_nothing_is_under_way_when_all_have_their_answers(cluster):
    def in_flight():
        view = cluster.bulkhead.get("/bulkhead/services/").json()
        return sum(side["in_flight"] for service in view.values() for side in service.values())

    wait_until(lambda: in_flight() == 0, 5, "every request to be over")
    assert counted(cluster.bulkhead, "mamparo_gateway_in_flight") == 0

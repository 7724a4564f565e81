"""Outages of the servers behind a gateway, as it tells of them."""
from harness.connection import Connection
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"


def of_server(cluster, server, kinds):
    """Its incidents of these kinds, newest first."""
    told = cluster.bulkhead.get("/bulkhead/incidents/").json()["incidents"]
    return [incident for incident in told
            if incident.get("server") == server.address and incident["kind"] in kinds]


def test_the_death_of_a_reader_and_its_return_are_incidents_and_no_outage_of_the_group(fresh):
    reader, connection, statuses = fresh.reads[0], Connection(fresh.bulkhead), []

    def ask_until(kinds, after=0):
        def is_told():
            statuses.append(connection.ask("GET", ENTRIES).status)
            return [one for one in of_server(fresh, reader, kinds) if one["id"] > after]

        return wait_until(is_told, 30, f"one of {kinds}")[0]

    reader.kill()
    begun = ask_until({"down", "ejection"})
    assert begun["side"] == "reads"
    reader.start().await_ready()
    ended = ask_until({"up", "return"} - ({"up"} if begun["kind"] == "ejection" else {"return"}),
                      after=begun["id"])
    assert ended["duration_ms"] > 0
    assert set(statuses) == {200}
    told = fresh.bulkhead.get("/bulkhead/incidents/").json()
    assert told["groups"]["reads"]["availability"] == 1
    assert told["groups"]["reads"]["services"]["medical"]["outages"] == 0
    assert reader.address in told["servers"]["reads"]


def test_every_server_is_shown_in_its_compartments(cluster):
    view = cluster.bulkhead.get("/bulkhead/services/").json()
    readers = {server.address for server in cluster.reads}
    for service in view.values():
        assert {server["server"] for server in service["reads"]["servers"]} == readers
        [writer] = service["writes"]["servers"]
        assert (writer["server"], writer["state"]) == (cluster.write.address, "up")
        assert writer.keys() == {"server", "state", "ejected_for_ms", "in_flight", "lag_ms"}

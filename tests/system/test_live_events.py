"""GET /v1/<service>/events: what happens, to whoever follows it, once and in order."""
import json
import socket
import threading

import psycopg
import pytest
from harness.cluster import MODELS
from harness.connection import Connection
from harness.events import Stream, as_json
from harness.live import EVENTS, Crowd
from harness.load import ENTRIES
from harness.process import wait_until
from harness.program import run_to_end

BATCH = f"{ENTRIES}/batch"
KEY = "mamparo:{medical}:events"


@pytest.fixture
def crowd():
    with Crowd() as crowd:
        yield crowd


@pytest.fixture(scope="module")
def cluster(site):
    made = site.new_cluster(reads=2, LIVE_HEARTBEAT_SECONDS=1).start()
    yield made
    made.close()


def write(cluster, titles):
    """Entries, in the order of their titles."""
    titles = list(titles)
    for first in range(0, len(titles), 50):
        members = [{"title": title} for title in titles[first:first + 50]]
        answer = cluster.write.post(BATCH, json=members)
        assert answer.status_code == 200, answer.text


def numbered(prefix, count):
    return [f"{prefix} {number}" for number in range(count)]


def positions(follower):
    return [tuple(map(int, event.id.split("@")[0].split("-"))) for event in follower.events]


def dropped(server, reason):
    name = f'mamparo_live_ended_total{{reason="{reason}"}} '
    return sum(int(line.removeprefix(name)) for line in server.admin("/metrics").text.splitlines()
               if line.startswith(name))


class Writing:
    """One that writes numbered entries without pause while in its block."""

    def __init__(self, cluster, prefix):
        self.connection, self.prefix = Connection(cluster.write), prefix
        self.titles, self.stopping = [], threading.Event()
        self.thread = threading.Thread(target=self._write)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def _write(self):
        while not self.stopping.wait(0.002):
            title = f"{self.prefix} {len(self.titles)}"
            assert self.connection.ask("POST", ENTRIES, {"title": title}).status == 201
            self.titles.append(title)


def test_an_event_is_told_as_cloud_events_have_it_and_as_the_stream_holds_it(fresh, crowd):
    for read in fresh.reads[1:]:
        read.pause()  # so that the stream is not trimmed
    follower = crowd.follow(fresh.reads[0])
    record = fresh.write.post(ENTRIES, json={"title": "Tos \n\r\u2028 ñ"}).json()
    fresh.write.request("PATCH", f"{ENTRIES}/{record['id']}", json={"content": "más"})
    fresh.write.request("DELETE", f"{ENTRIES}/{record['id']}")
    crowd.wait(lambda: len(follower.events) == 3, 10, "three events")
    for read in fresh.reads[1:]:
        read.resume()
    stored = Stream(fresh).events()
    assert [event.type for event in follower.events] == [
        f"medical.entry.{what}" for what in ["created", "updated", "deleted"]]
    for told, event in zip(follower.events, stored, strict=True):
        position = "-".join(map(str, event.position))
        assert told.id == f"{position}@{event.fields['epoch']}"
        assert told.data.pop("data") == as_json(event.data)
        assert told.data.pop("position") == position
        assert told.data.pop("datacontenttype") == "application/json"
        assert told.data == {name: value for name, value in event.fields.items()
                             if name != "datacontenttype"}
    assert follower.headers["content-type"] == "text/event-stream"
    assert follower.headers["cache-control"] == "no-store"
    assert follower.retry == 1000


@pytest.mark.parametrize("door", ["read", "bulkhead"])
def test_each_event_comes_once_and_in_order(cluster, crowd, door):
    server = cluster.bulkhead if door == "bulkhead" else cluster.reads[0]
    follower = crowd.follow(server)
    titles = numbered(f"orden {door}", 500)
    write(cluster, titles)
    crowd.wait(lambda: len(follower.events) >= len(titles), 20, "all events")
    assert follower.titles == titles
    assert positions(follower) == sorted(set(positions(follower)))


def test_what_an_event_tells_of_can_be_read_at_once(cluster, crowd):
    follower = crowd.follow(cluster.reads[0])
    connection = Connection(cluster.reads[0])
    for number in range(50):
        write(cluster, [f"leer {number}"])
        crowd.wait(lambda: len(follower.events) > number, 10, "the event")
        subject = follower.events[-1].data["subject"]
        assert connection.ask("GET", f"{ENTRIES}/{subject}").status == 200


def test_an_event_is_not_told_before_the_replica_has_applied_it(fresh, crowd):
    read, database = fresh.reads[0], f"{fresh.name}_read_1"
    follower = crowd.follow(read)
    with fresh.site.postgres.connect(database) as connection:
        connection.execute("BEGIN")
        connection.execute('LOCK TABLE "medical"."entries" IN ACCESS EXCLUSIVE MODE')
        fresh.create(title="Tarde")
        other = crowd.follow(fresh.reads[1])
        fresh.create(title="Luego")
        crowd.wait(lambda: "Luego" in other.titles, 10, "the other replica to tell it")
        assert follower.titles == []
        connection.execute("ROLLBACK")
    crowd.wait(lambda: follower.titles == ["Tarde", "Luego"], 10, "the events")


def test_filters_let_through_what_they_name(cluster, crowd):
    collections = crowd.follow(cluster.bulkhead, "?collection=reports")
    entries = crowd.follow(cluster.bulkhead, "?collection=entries,reports")
    changes = crowd.follow(
        cluster.bulkhead, "?type=medical.entry.updated,medical.entry.deleted&collection=entries")
    nothing = crowd.follow(cluster.bulkhead, "?type=medical.entry.created&collection=reports")
    record = cluster.create(title="Filtro")
    cluster.bulkhead.request("PATCH", f"{ENTRIES}/{record['id']}", json={"content": "x"})
    cluster.bulkhead.request("DELETE", f"{ENTRIES}/{record['id']}")
    crowd.wait(lambda: len(entries.events) == 3 and len(changes.events) == 2, 10, "the events")
    assert [event.type for event in changes.events] == [
        "medical.entry.updated", "medical.entry.deleted"]
    last = entries.last_id
    crowd.wait(lambda: {nothing.last_id, collections.last_id} == {last}, 10,
               "those who wanted none of them to be told the place all the same")
    assert nothing.events == collections.events == []


@pytest.mark.parametrize("query, parameter, word", [
    ("?collection=entrees", "collection", "entries"),
    ("?collection=", "collection", "entries"),
    ("?collection=entries,", "collection", "entries"),
    ("?collection=entries&collection=reports", "collection", "twice"),
    ("?type=entry.created", "type", "medical.<what>"),
    ("?type=medical.entry.*", "type", "entry"),
    ("?type=%ff", "type", "UTF-8"),
    ("?last_event_id=7", "last_event_id", "<number>-<number>@<epoch>"),
    ("?last_event_id=1-1@'; drop table", "last_event_id", "<number>"),
    ("?last_event_id=1-1%40" + "a" * 48, "last_event_id", "<number>"),
    ("?last_event_id=18446744073709551616-0@a", "last_event_id", "<number>"),
    ("?page=2", "page", "collection, type, last_event_id"),
])
@pytest.mark.parametrize("door", ["read", "bulkhead"])
def test_a_mistake_is_named_with_its_parameter(cluster, door, query, parameter, word):
    server = cluster.bulkhead if door == "bulkhead" else cluster.reads[0]
    answer = server.get(EVENTS + query.replace(" ", "%20"))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    [mistake] = answer.json()["errors"]
    assert mistake["parameter"] == parameter and word in mistake["detail"]


def test_a_malformed_last_event_id_header_is_refused(cluster):
    answer = cluster.bulkhead.get(EVENTS, headers={"Last-Event-ID": "yesterday"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "Last-Event-ID"


@pytest.mark.parametrize("door", ["read", "bulkhead"])
def test_only_get_is_taken_and_only_of_a_service(cluster, door):
    server = cluster.bulkhead if door == "bulkhead" else cluster.reads[0]
    for method in ["HEAD", "POST", "PUT", "PATCH", "DELETE"]:
        answer = server.request(method, EVENTS)
        assert answer.status_code == 405 and answer.headers["allow"] == "GET"
    assert server.get("/v1/nothing/events").status_code == 404
    assert cluster.write.get(EVENTS).status_code == 403


def test_a_collection_cannot_have_its_name(tmp_path):
    (tmp_path / "medical").mkdir()
    (tmp_path / "medical/events.avsc").write_text(
        (MODELS / "medical/entries.avsc").read_text(encoding="utf-8"), encoding="utf-8")
    status, said = run_to_end("read", MODELS=tmp_path)
    assert status == 78 and "events.avsc: is no name for a collection" in said


@pytest.mark.parametrize("how", ["header", "parameter"])
@pytest.mark.parametrize("door", ["read", "bulkhead"])
def test_who_comes_back_misses_nothing_and_gets_nothing_twice(cluster, crowd, door, how):
    servers = [cluster.bulkhead] if door == "bulkhead" else cluster.reads
    got, last = [], crowd.follow(servers[0]).last_id
    with Writing(cluster, f"vuelta {door} {how}") as writing:
        for turn in range(8):
            query, header = (f"?last_event_id={last}", None) if how == "parameter" else ("", last)
            follower = crowd.follow(servers[turn % len(servers)], query, last_id=header)
            crowd.wait(lambda: len(follower.events) >= 20, 20, "twenty events")
            got, last = got + follower.titles, follower.last_id
            crowd.leave(follower)
    rest = crowd.follow(servers[0], last_id=last)
    crowd.wait(lambda: writing.titles[-1] in got + rest.titles, 20, "the rest")
    # A replica may still tell of what was written before.
    assert [title for title in got + rest.titles if title in writing.titles] == writing.titles


def test_an_id_of_another_epoch_is_answered_with_a_reset(cluster, crowd):
    position = crowd.follow(cluster.reads[0]).last_id.split("@")[0]
    follower = crowd.follow(
        cluster.reads[0], last_id=f"{position}@00000000-0000-0000-0000-000000000000")
    crowd.wait(lambda: follower.of_type("reset"), 10, "the reset")


def test_the_death_of_a_read_server_loses_nothing(fresh, crowd):
    fresh.bulkhead.stop()
    fresh.bulkhead.settings["READ_SERVERS"] = ",".join(read.address for read in fresh.reads[:2])
    fresh.bulkhead.settings["THREADS"] = 1
    fresh.bulkhead.start().await_ready()
    followers = [crowd.follow(fresh.bulkhead) for _ in range(4)]
    got = [[] for _ in followers]
    with Writing(fresh, "muerte") as writing:
        crowd.wait(lambda: all(len(f.events) > 20 for f in followers), 20, "some events")
        fresh.reads[0].kill()
        crowd.wait(lambda: sum(f.is_over for f in followers) == 2, 10, "two streams to end")
        for number, follower in enumerate(followers):
            if follower.is_over:
                got[number] = follower.titles
                followers[number] = crowd.follow(fresh.bulkhead, last_id=follower.last_id)
        crowd.wait(lambda: all(len(f.events) > 20 for f in followers), 20, "more events")
    for before, follower in zip(got, followers):
        crowd.wait(lambda: len(before) + len(follower.events) >= len(writing.titles), 20,
                   "all events")
        assert before + follower.titles == writing.titles


@pytest.fixture
def narrow(new_cluster):
    """With a small ring, so that a client is soon too slow."""
    return new_cluster(reads=1, LIVE_BUFFER_BYTES=262144, LIVE_HEARTBEAT_SECONDS=1,
                       LIVE_CLIENTS_MAX=3).start()


def write_much(cluster):
    answer = cluster.write.post(ENTRIES, json={"title": "0", "content": "x" * 200000})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("door", ["read", "bulkhead"])
def test_an_id_that_is_too_old_is_answered_with_a_reset(narrow, crowd, door):
    server = narrow.bulkhead if door == "bulkhead" else narrow.reads[0]
    follower = crowd.follow(server)
    last = follower.last_id
    for number in range(3):
        write_much(narrow)
        crowd.wait(lambda: len(follower.events) > number, 10, "the event")
    again = crowd.follow(server, last_id=last)
    write(narrow, ["tras el reinicio"])
    crowd.wait(lambda: len(again.events) == 2, 10, "what comes after")
    assert [event.type for event in again.events] == ["reset", "medical.entry.created"]
    assert again.events[0].data["reason"] == "gone"
    assert again.titles == ["tras el reinicio"]


@pytest.mark.parametrize("door", ["read", "bulkhead"])
def test_a_slow_client_is_dropped_while_others_go_on(narrow, crowd, door):
    server = narrow.bulkhead if door == "bulkhead" else narrow.reads[0]
    slow = crowd.follow(server, receive_bytes=4096)
    quick = crowd.follow(server)
    crowd.pause(slow)
    for one in [narrow.reads[0], server]:
        one.memory_peak()
    for number in range(40):
        write_much(narrow)
        crowd.wait(lambda: len(quick.events) > number, 20, "the quick one's event")
    peaks = [one.memory_peak() for one in [narrow.reads[0], server]]
    crowd.resume(slow)
    crowd.wait(lambda: slow.is_over, 20, "the slow one to be dropped")
    assert slow.events[-1].type == "dropped" and slow.events[-1].data["reason"] == "slow"
    assert slow.is_whole and len(slow.events) < 40
    assert [event.title for event in quick.events] == ["0"] * 40
    assert dropped(narrow.reads[0], "slow") == 1
    assert '"event":"live.dropped"' in narrow.reads[0].log()
    assert max(peaks) < 100e6
    assert narrow.reads[0].get(ENTRIES).status_code == 200


@pytest.mark.parametrize("door", ["read", "bulkhead"])
def test_more_clients_than_the_limit_are_refused_with_a_reason(narrow, crowd, door):
    server = narrow.bulkhead if door == "bulkhead" else narrow.reads[0]
    followers = [crowd.follow(server) for _ in range(3)]
    answer = server.get(EVENTS)
    assert (answer.status_code, answer.json()["reason"]) == (503, "too_many_streams")
    assert answer.headers["retry-after"]
    assert server.get(ENTRIES).status_code == 200
    crowd.leave(followers[0])
    wait_until(lambda: 'mamparo_live_clients 2' in server.admin("/metrics").text, 10,
               "the place of one that left to be free")
    crowd.follow(server)


def test_a_silent_stream_gives_signs_of_life(cluster, crowd):
    for server in [cluster.reads[0], cluster.bulkhead]:
        follower = crowd.follow(server)
        crowd.wait(lambda: follower.comments.count("heartbeat") >= 2, 10, "two heartbeats")


def test_a_server_that_stops_ends_its_streams_with_a_reason(fresh, crowd):
    direct = crowd.follow(fresh.reads[0])
    passed_on = [crowd.follow(fresh.bulkhead) for _ in range(3)]
    fresh.create(title="Antes")
    crowd.wait(lambda: direct.events and all(f.events for f in passed_on), 10, "the event")
    assert fresh.reads[0].stop() == 0
    crowd.wait(lambda: direct.is_over and any(f.is_over for f in passed_on), 10, "the ends")
    for follower in [direct, *(f for f in passed_on if f.is_over)]:
        assert follower.is_whole and follower.events[-1].data["reason"] == "draining"
    again = crowd.follow(fresh.bulkhead, last_id=direct.last_id)
    fresh.create(title="Después")
    crowd.wait(lambda: again.events, 10, "what follows")
    assert again.titles == ["Después"]


def test_a_client_of_http_1_0_is_told_and_let_go(fresh):
    """Nothing stands between two of its chunks, so their end is the connection's."""
    with socket.create_connection((fresh.bulkhead.host.address, fresh.bulkhead.port), 10) as client:
        client.sendall(f"GET {EVENTS} HTTP/1.0\r\n\r\n".encode())
        answer = client.makefile("rb")
        assert b" 200 " in answer.readline()
        assert any(line.startswith(b"id:") for line in answer)  # from here on
        fresh.create(title="Antes")
        assert any(line.startswith(b"data:") for line in answer)
        for read in fresh.reads:
            read.kill()
        answer.read()
    assert fresh.bulkhead.is_live()
    assert fresh.bulkhead.stop() == 0


def test_clients_that_leave_while_they_are_told_leave_their_place(fresh, crowd):
    for server in [fresh.bulkhead, *fresh.reads]:
        server.stop()
        server.settings.update(LIVE_CLIENTS_MAX=4, THREADS=1)
        server.start().await_ready()
    with Writing(fresh, "prisa"):
        for _ in range(200):
            with socket.create_connection((fresh.bulkhead.host.address, fresh.bulkhead.port),
                                          10) as client:
                client.sendall(f"GET {EVENTS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                client.recv(100)
        wait_until(lambda: follows(fresh, crowd), 10, "a place among the four")


def follows(cluster, crowd):
    """A new client is let in, on whose behalf the read server has a place as well."""
    follower = crowd.follow(cluster.bulkhead)
    crowd.wait(lambda: follower.events or follower.is_over, 10, "an event or a refusal")
    return bool(follower.events)


def test_a_gateway_that_stops_ends_its_streams(fresh, crowd):
    follower = crowd.follow(fresh.bulkhead)
    assert fresh.bulkhead.stop() == 0
    crowd.wait(lambda: follower.is_over, 10, "the end")
    assert follower.is_whole


def test_events_go_on_when_redis_comes_back_empty(fresh, crowd):
    followers = [crowd.follow(read) for read in fresh.reads]
    write(fresh, numbered("antes", 30))
    crowd.wait(lambda: all(len(f.events) == 30 for f in followers), 20, "all events")
    fresh.redis.client.flushall()
    write(fresh, numbered("después", 30))
    crowd.wait(lambda: all(len(f.events) >= 60 for f in followers), 30, "all events")
    for follower in followers:
        assert follower.titles == numbered("antes", 30) + numbered("después", 30)


def test_a_replica_that_missed_events_says_so(fresh, crowd):
    read = fresh.reads[0]
    follower = crowd.follow(read)
    read.pause()
    for count in [1, 10]:  # Redis has sent the first to whoever was waiting for it
        write(fresh, numbered("perdido", count))
        wait_until(lambda: fresh.redis.client.xlen(KEY) >= count, 10, "the entries")
    fresh.redis.client.xtrim(KEY, maxlen=1, approximate=False)
    read.resume()
    crowd.wait(lambda: follower.of_type("reset"), 20, "the reset")
    write(fresh, ["después"])
    crowd.wait(lambda: "después" in follower.titles, 10, "what comes after")
    assert len(follower.of_type("reset")) == 1
    assert follower.titles[-1] == "después" and positions(follower) == sorted(positions(follower))


def drop_slot(cluster):
    """Between the end of the relay that reads it and the moment when the next one does."""
    try:
        with cluster.postgres.connect(cluster.write_database) as connection:
            connection.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                               " WHERE slot_name = %s AND active", [cluster.name])
            connection.execute("SELECT pg_drop_replication_slot(%s)", [cluster.name])
    except psycopg.errors.ObjectInUse:
        return False
    return True


def test_a_new_epoch_is_a_reset(apart, crowd):
    follower = crowd.follow(apart.reads[0])
    write(apart, ["antes"])
    crowd.wait(lambda: follower.titles == ["antes"], 10, "the event")
    old = follower.last_id
    wait_until(lambda: drop_slot(apart), 10, "the slot to be dropped")
    crowd.wait(lambda: follower.of_type("reset"), 30, "the reset")
    write(apart, ["después"])
    crowd.wait(lambda: "después" in follower.titles, 20, "what comes after")
    assert follower.last_id.split("@")[1] != old.split("@")[1]
    again = crowd.follow(apart.reads[0], last_id=old)
    crowd.wait(lambda: again.of_type("reset"), 10, "the reset")


def test_a_read_server_that_freezes_does_not_hold_its_clients(fresh, crowd):
    for read in fresh.reads:
        read.stop()
        read.settings["LIVE_HEARTBEAT_SECONDS"] = 1
        read.start().await_ready()
    fresh.bulkhead.stop()  # later, so that it takes all of them for equally new
    fresh.bulkhead.settings |= {"LIVE_HEARTBEAT_SECONDS": 1, "THREADS": 1}
    fresh.bulkhead.start().await_ready()
    wait_until(lambda: '"state":"unready"' not in fresh.bulkhead.admin("/statusz").text, 10,
               "every server to be up")
    followers = [crowd.follow(fresh.bulkhead) for _ in fresh.reads]
    fresh.reads[0].pause()
    crowd.wait(lambda: sum(f.is_over for f in followers) == 1, 20, "one stream to end")
    [left] = [f for f in followers if f.is_over]
    fresh.create(title="Sigue")
    again = crowd.follow(fresh.bulkhead, last_id=left.last_id, seconds=20)
    crowd.wait(lambda: again.titles == ["Sigue"], 10, "the event")
    fresh.reads[0].resume()


def test_a_switched_off_service_has_no_streams(fresh, crowd):
    fresh.bulkhead.request("PUT", "/bulkhead/services/medical/reads", json={"enabled": False})
    answer = fresh.bulkhead.get(EVENTS)
    assert (answer.status_code, answer.json()["reason"]) == (503, "disabled")


def test_streams_end_within_a_second_when_their_service_is_switched_off(fresh, crowd):
    followers = [crowd.follow(fresh.bulkhead) for _ in range(8)]
    other = crowd.follow(fresh.reads[0])
    fresh.bulkhead.request("PUT", "/bulkhead/services/medical/writes", json={"enabled": False})
    fresh.bulkhead.request("PUT", "/bulkhead/services/medical/reads", json={"enabled": False})
    crowd.wait(lambda: all(f.is_over and f.is_whole for f in followers), 1, "the streams to end")
    assert not other.is_over
    assert 'mamparo_live_ended_total{reason="disabled"} 8' in fresh.bulkhead.admin("/metrics").text
    fresh.bulkhead.request("PUT", "/bulkhead/services/medical/reads", json={"enabled": True})
    assert crowd.follow(fresh.bulkhead).status == 200


@pytest.mark.parametrize("door", ["read", "bulkhead"])
def test_a_thousand_clients_at_once_get_each_event(cluster, crowd, door):
    server = cluster.bulkhead if door == "bulkhead" else cluster.reads[0]
    followers = [crowd.join(server) for _ in range(1000)]
    crowd.wait(lambda: all(f.last_id for f in followers), 30, "a thousand streams")
    cluster.reads[0].memory_peak()
    titles = numbered(f"mil {door}", 100)
    write(cluster, titles)
    crowd.wait(lambda: all(len(f.events) >= 100 for f in followers), 60, "a hundred events each")
    assert all(f.titles == titles for f in followers)
    peak = cluster.reads[0].memory_peak()
    print(json.dumps({"door": door, "peak_bytes": peak}))
    assert peak < 150e6
    assert cluster.reads[0].get(f"{ENTRIES}?page_size=1").status_code == 200

"""The stream as a consumer sees it: CloudEvents in Redis, Avro inside, each change once."""
import json
import re
import threading
import uuid
from datetime import datetime, timedelta

import pytest
from harness.events import Stream, canonical, crc_64_avro, fingerprint_of, position_of
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"
REPORTS = "/v1/medical/reports"
TRACE = "0af7651916cd43dd8448eb211c80319c"
FIELDS = {"specversion", "id", "source", "type", "subject", "time", "datacontenttype",
          "dataschema", "epoch", "prev"}
CARRIED = {"traceparent", "correlationid", "causationid", "actor"}


@pytest.fixture(scope="module")
def stream(cluster):
    """The third replica stands still, so the relay may not trim what we want to look at."""
    cluster.reads[2].pause()
    return Stream(cluster)


@pytest.fixture(scope="module")
def life(cluster, stream):
    """The events of one entry that was created, replaced, patched and deleted, and the answers."""
    answers = [cluster.bulkhead.post(ENTRIES, {"title": "Uno", "content": "a"}, headers={
        "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})]
    path = f"{ENTRIES}/{answers[0].json()['id']}"
    answers += [
        cluster.bulkhead.request("PUT", path, json={"title": "Dos", "content": "b"}),
        cluster.bulkhead.request("PATCH", path, json={"content": None}),
        cluster.bulkhead.request("DELETE", path)]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 204]
    subject = answers[0].json()["id"]
    return await_events(stream, subject, 4), [a.json() if a.content else None for a in answers]


def await_events(stream, subject, count):
    """All events of one record, once there are `count` of them."""
    wait_until(lambda: len(events_of(stream, subject)) >= count, 10, f"{count} events of {subject}")
    return events_of(stream, subject)


def events_of(stream, subject):
    return [event for event in stream.events() if event.subject == subject]


def as_image(record):
    """What the API showed, in the types that Avro's reader returns."""
    times = {name: datetime.fromisoformat(record[name]) for name in ["created_at", "updated_at"]}
    return {**record, **times}


def test_there_is_one_event_for_each_change_of_a_record(life):
    events, _ = life
    assert [event.version for event in events] == [1, 2, 3, 4]
    assert [event.fields["type"] for event in events] == [
        "medical.entry.created", "medical.entry.updated", "medical.entry.updated",
        "medical.entry.deleted"]


def test_an_event_carries_the_image_before_and_after(life):
    events, answers = life
    created, replaced, patched, _ = (as_image(answer) for answer in answers[:3] + answers[:1])
    assert [event.data["before"] for event in events] == [None, created, replaced, patched]
    assert [event.data["after"] for event in events] == [created, replaced, patched, None]


def test_an_event_has_the_attributes_of_cloudevents_and_ours(life):
    events, answers = life
    for event in events:
        fields = event.fields
        assert FIELDS <= set(fields) <= FIELDS | CARRIED
        assert fields["specversion"] == "1.0"
        assert uuid.UUID(fields["id"])
        assert fields["source"] == "/medical/entries"
        assert fields["subject"] == answers[0]["id"]
        assert fields["datacontenttype"] == "avro/binary"
        assert fields["dataschema"] == f"/v1/schemas/{fingerprint_of(event.raw)}"
        assert uuid.UUID(fields["epoch"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", fields["time"])
    assert len({event.fields["id"] for event in events}) == 4
    assert datetime.fromisoformat(events[0].fields["time"]) - datetime.fromisoformat(
        answers[0]["created_at"]) < timedelta(seconds=1)


def test_the_trace_of_the_request_is_carried_into_the_event(life):
    assert life[0][0].fields["traceparent"].split("-")[1] == TRACE


def test_ids_are_the_logs_own_positions_and_ascend(cluster, stream):
    def log_end():
        [(end,)] = cluster.written("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        return int(end)

    before = log_end()
    record = cluster.create(title="Posición")
    [event] = await_events(stream, record["id"], 1)
    assert before <= event.position[0] <= log_end()
    positions = [event.position for event in stream.events()]
    assert positions == sorted(set(positions))


def test_each_event_names_the_one_before_it(stream, life):
    events = stream.events()
    assert len(events) > 1
    for previous, event in zip(events, events[1:]):
        assert position_of(event.fields["prev"]) == previous.position
    assert len({event.fields["epoch"] for event in events}) == 1


def test_a_schema_is_kept_under_the_fingerprint_of_its_canonical_form(cluster):
    assert crc_64_avro(b"") == "c15d213aa4d7a795"
    schemas = cluster.written("SELECT fingerprint, schema FROM mamparo.schemas")
    assert len(schemas) == 3
    for fingerprint, schema in schemas:
        assert crc_64_avro(canonical(json.loads(schema)).encode()) == fingerprint


def test_a_report_keeps_its_enums_dates_and_tags_in_avro(cluster, stream):
    fields = {"title": "T", "description": "", "author": "Ana", "department": "D",
              "category": "compliance", "priority": "high", "status": "archived",
              "due_date": "2028-02-29", "tags": ["año", ""]}
    report = cluster.create(REPORTS, **fields)
    [event] = await_events(stream, report["id"], 1)
    after = event.data["after"]
    assert event.fields["source"] == "/medical/reports"
    assert event.fields["type"] == "medical.report.created"
    assert after["due_date"].isoformat() == "2028-02-29"
    assert {name: after[name] for name in fields if name != "due_date"} == {
        name: fields[name] for name in fields if name != "due_date"}


def test_a_refused_command_leaves_no_event(cluster, stream):
    record = cluster.create(title="Se queda")
    path = f"{ENTRIES}/{record['id']}"
    refusals = [
        cluster.bulkhead.post(ENTRIES, {"title": ""}),
        cluster.bulkhead.post(ENTRIES, {"title": "x", "más": 1}),
        cluster.bulkhead.request("PUT", path, json={}),
        cluster.bulkhead.request("PATCH", path, json={"title": None}),
        cluster.bulkhead.request("PATCH", path, json={"title": "x"}, headers={"If-Match": '"9"'}),
        cluster.bulkhead.request("DELETE", path, headers={"If-Match": '"9"'}),
        cluster.bulkhead.request("PUT", path, json={"title": "x"}, headers={"If-None-Match": "*"}),
        cluster.bulkhead.request("DELETE", f"{ENTRIES}/{uuid.uuid4()}")]
    assert [answer.status_code for answer in refusals] == [422, 422, 422, 422, 412, 412, 412, 404]
    marker = cluster.create(title="Marca")
    await_events(stream, marker["id"], 1)
    [created, last] = stream.events()[-2:]
    assert (created.subject, last.subject) == (record["id"], marker["id"])


def test_commands_that_share_a_batch_have_an_event_each(cluster, stream):
    """Forty clients at once: their commands meet in batches, good and bad together."""
    answers = []

    def post(number):
        title = "" if number % 8 == 0 else f"Lote {number}"
        answers.append(cluster.write.post(ENTRIES, {"title": title}))

    threads = [threading.Thread(target=post, args=[number]) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    created = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(created) == 35
    wait_until(lambda: created <= {event.subject for event in stream.events()}, 10,
               "the events of the batch")
    assert sorted(e.subject for e in stream.events() if e.subject in created) == sorted(created)


def test_the_stream_and_the_table_hold_the_same_events(cluster, stream):
    marker = cluster.create(title="Fin")
    await_events(stream, marker["id"], 1)
    table = cluster.written("SELECT id::text, subject::text, version FROM mamparo.events")
    assert sorted(table) == sorted(
        (event.fields["id"], event.subject, event.version) for event in stream.events())


def test_the_stream_is_kept_for_the_slowest_replica_and_then_trimmed(cluster, stream):
    kept = stream.events()
    assert len(kept) > 40
    cluster.reads[2].resume()
    wait_until(lambda: len(stream.events()) < len(kept) / 2, 10, "the stream to be trimmed")
    cluster.await_everywhere(cluster.create(title="Después"))

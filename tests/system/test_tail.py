"""mamparo tail: the same events that independent libraries read, one line of JSON each."""
import io
import json
import os
import subprocess
import uuid
from datetime import datetime, timedelta, timezone

import avro.io
import avro.schema
import pytest
from harness.cluster import BINARY
from harness.events import MARKER, as_json, fingerprint_of, position_of
from harness.load import ENTRIES
from harness.process import wait_until
from harness.versions import make_version

SAMPLES = "/v1/medical/samples"
REPORTS = "/v1/medical/reports"
KEY = "mamparo:{medical}:events"
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
         "X-Actor": "ana@example.org", "X-Correlation-Id": "pedido 7", "X-Causation-Id": "clic-3"}
ODD_TEXT = 'Ñandú ☃ 𝄞 "comillas" \\ \t\n\u0001 \u2028 </script>'

FIELDS = [
    {"name": "text", "type": "string"}, {"name": "truth", "type": "boolean"},
    {"name": "small", "type": "int"}, {"name": "large", "type": "long"},
    {"name": "number", "type": "double"},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "moment", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "key", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "maybe", "type": ["null", "string"], "default": None},
    {"name": "maybe_day", "default": None,
     "type": ["null", {"type": "int", "logicalType": "date"}]},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["one", "other"]}},
    {"name": "lines", "default": [], "type": {"type": "array", "items": {
        "type": "record", "name": "Line", "fields": [
            {"name": "price", "type": "double"}, {"name": "tags", "type": {
                "type": "array", "items": "string"}}]}}}]
SAMPLE = {
    "text": ODD_TEXT, "truth": True, "small": -2**31, "large": 2**63 - 1, "number": 0.1,
    "day": "2028-02-29", "moment": "1969-12-31T23:59:59.999Z",
    "key": "3d4a1c1e-7c1a-4b0e-9f64-0d6c3d5a8b11", "kind": "other",
    "lines": [{"price": 1.5, "tags": ["año", ""]}, {"price": -2e300, "tags": []}]}


def run(cluster, *words, **how):
    """Runs it to its end."""
    env = {"PATH": os.environ["PATH"], "REDIS_URL": cluster.redis.url() if cluster else "", **how}
    return subprocess.run([BINARY, "tail", *words], env={n: v for n, v in env.items() if v},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)


def events_in(text):
    """Of the lines that are whole. A text may hold what Python takes for the end of a line, too."""
    return [json.loads(line) for line in text.split("\n")[:-1]]


def tail(cluster, *words):
    """The events that it prints."""
    done = run(cluster, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return events_in(done.stdout)


class Following:
    """One that goes on while in its block, and what it has printed so far."""

    def __init__(self, cluster, folder, *words):
        self.command = [BINARY, "tail", *words, "--follow"]
        self.env = {"REDIS_URL": cluster.redis.url()}
        self.out, self.err = folder / "out", folder / "err"

    def __enter__(self):
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=err)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)

    def events(self):
        return events_in(self.out.read_text(encoding="utf-8"))

    def subjects(self):
        return [event["subject"] for event in self.events()]

    def await_subject(self, subject, seconds=2):
        wait_until(lambda: subject in self.subjects(), seconds, f"{subject} to be printed")


def entries_of(cluster):
    """The whole stream, as python3-redis and python3-avro read it, in the words of tail."""
    return [described(cluster, position.decode(), fields)
            for position, fields in cluster.redis.client.xrange(KEY)]


def described(cluster, position, fields):
    raw = fields.pop(b"data")
    attributes = {name.decode(): value.decode() for name, value in fields.items()}
    assert attributes["datacontenttype"] == "avro/binary"
    assert attributes["dataschema"] == f"/v1/schemas/{fingerprint_of(raw)}"
    return {**attributes, "datacontenttype": "application/json", "position": position,
            "data": decoded(cluster, raw)}


def decoded(cluster, raw):
    assert raw[:2] == MARKER
    schema = cluster.redis.client.hget("mamparo:{medical}:schemas", fingerprint_of(raw))
    assert json.loads(schema) == cluster.write.get(f"/v1/schemas/{fingerprint_of(raw)}").json()
    reader = avro.io.DatumReader(avro.schema.parse(schema.decode()))
    return as_json(reader.read(avro.io.BinaryDecoder(io.BytesIO(raw[10:]))))


def await_entry(cluster, subject, count=1):
    wait_until(lambda: [e["subject"] for e in entries_of(cluster)].count(subject) == count, 10,
               f"{count} entries of {subject}")


@pytest.fixture(scope="module")
def cluster(site, tmp_path_factory):
    """The replica stands still, so that nothing is trimmed."""
    models = make_version(tmp_path_factory.mktemp("tail") / "models", FIELDS, "samples")
    made = site.new_cluster(reads=1, MODELS=models).start()
    made.reads[0].pause()
    yield made
    made.close()


@pytest.fixture(scope="module")
def lives(cluster):
    """A stream with all that there is: every kind of change, header, type, and a batch. It grows
    no more."""
    def ask(method, path, **how):
        answer = cluster.bulkhead.request(method, path, **how)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.content else None

    sample = ask("POST", SAMPLES, json=SAMPLE, headers=TRACE)
    path = f"{SAMPLES}/{sample['id']}"
    ask("PATCH", path, json={"maybe": ODD_TEXT, "maybe_day": "1583-01-01", "number": -0.0,
                             "lines": [], "small": 2**31 - 1, "large": -2**63})
    ask("PUT", path, headers={"X-Actor": "Ñ".encode()}, json={
        **SAMPLE, "text": "", "number": 3, "day": "9999-12-31",
        "moment": "2026-11-21T02:31:27.8+02:00"})
    ask("DELETE", path, headers=TRACE)
    report = ask("POST", REPORTS, json={
        "title": "T", "author": "Ana", "department": "D", "category": "compliance",
        "priority": "high", "due_date": "2028-02-29", "tags": ["año", ""]})
    ask("PATCH", f"{REPORTS}/{report['id']}", json={"due_date": None, "status": "archived"})
    ask("POST", f"{ENTRIES}/batch", json=[{"title": f"Lote {n}"} for n in range(600)])
    last = ask("POST", ENTRIES, json={"title": "La última"})
    await_entry(cluster, last["id"])
    return entries_of(cluster)


def test_it_prints_what_independent_libraries_read(cluster, lives):
    printed = tail(cluster, "medical")
    assert len(printed) == len(lives) == 607
    for line, entry in zip(printed, lives):
        assert line == entry


def test_it_prints_what_the_interface_showed(cluster, lives):
    created, changed, replaced, deleted = (line["data"] for line in tail(cluster, "medical")[:4])
    assert created["before"] is None
    assert {name: created["after"][name] for name in SAMPLE} == SAMPLE
    assert created["after"]["maybe"] is None
    assert (changed["after"]["maybe"], changed["after"]["maybe_day"]) == (ODD_TEXT, "1583-01-01")
    assert (changed["after"]["small"], changed["after"]["large"]) == (2**31 - 1, -2**63)
    assert replaced["before"] == changed["after"]
    assert replaced["after"]["moment"] == "2026-11-21T00:31:27.800Z"
    assert deleted["before"] == replaced["after"] and deleted["after"] is None


def test_a_line_carries_who_and_why(cluster, lives):
    first, second, third = tail(cluster, "medical")[:3]
    carried = {"actor": "ana@example.org", "correlationid": "pedido 7", "causationid": "clic-3"}
    assert first.items() >= carried.items()
    assert first["traceparent"].split("-")[1] == TRACE["traceparent"].split("-")[1]
    assert set(second) == set(first) - set(carried)
    assert second["traceparent"] != first["traceparent"], "the gateway's own, where none came"
    assert third["actor"] == third["data"]["after"]["updated_by"]


def test_lines_are_in_the_streams_order_and_each_names_the_one_before(cluster, lives):
    printed = tail(cluster, "medical")
    positions = [position_of(line["position"]) for line in printed]
    assert positions == sorted(set(positions))
    assert [line["prev"] for line in printed[1:]] == [line["position"] for line in printed[:-1]]
    assert {uuid.UUID(line["epoch"]) for line in printed} == {uuid.UUID(printed[0]["epoch"])}


def test_only_the_events_of_a_type_are_printed(cluster, lives):
    for kind in ["medical.item.created", "medical.report.updated", "medical.entry.created"]:
        wanted = [entry for entry in lives if entry["type"] == kind]
        assert wanted != []
        assert tail(cluster, "medical", "--type", kind) == wanted
    assert tail(cluster, "--type", "medical.item", "medical") == []


# Where it begins

@pytest.mark.parametrize("at", [0, 1, 5, 6, 300, 605, 606])
def test_from_a_position_that_entry_is_the_first(cluster, lives, at):
    assert tail(cluster, "medical", "--from", lives[at]["position"]) == lives[at:]


def test_from_between_two_positions_the_later_is_the_first(cluster, lives):
    first, second = position_of(lives[0]["position"])
    assert tail(cluster, "medical", "--from", f"{first}-{second + 1}") == lives[1:]
    assert tail(cluster, "medical", "--from", "0-0") == lives
    assert tail(cluster, "medical", "--from", f"{2**63}-0") == []


@pytest.mark.parametrize("at", [1, 3, 5, 606])
def test_from_a_time_what_was_earlier_is_passed_over(cluster, lives, at):
    time = datetime.fromisoformat(lives[at]["time"])
    wanted = [e for e in lives if datetime.fromisoformat(e["time"]) >= time]
    there = timezone(timedelta(hours=-5, minutes=-30))
    for text in [lives[at]["time"], time.astimezone(there).isoformat(timespec="milliseconds")]:
        assert tail(cluster, "medical", "--from", text) == wanted


def test_from_start_is_all_and_from_end_is_nothing(cluster, lives):
    assert tail(cluster, "medical", "--from", "start") == lives
    assert tail(cluster, "medical", "--from", "end") == []
    assert tail(cluster, "medical", "--from", "2099-01-01T00:00:00Z") == []


def test_where_it_begins_goes_together_with_a_type(cluster, lives):
    words = ["--type", "medical.entry.created", "--from", lives[300]["position"]]
    assert tail(cluster, *words, "medical") == lives[300:]


def test_a_service_in_which_nothing_happened_has_no_lines(cluster):
    assert tail(cluster, "imaging") == []


# Going on

@pytest.fixture
def busy(site, tmp_path):
    """A cluster of the test's own, whose replica stands still."""
    made = site.new_cluster(reads=1).start()
    made.reads[0].pause()
    yield made
    made.close()


def test_following_prints_an_event_within_two_seconds_of_its_commit(busy, tmp_path):
    before = busy.create(title="De antes")
    await_entry(busy, before["id"])
    with Following(busy, tmp_path, "medical", "--from", "start") as follower:
        follower.await_subject(before["id"])
        for number in range(3):
            new = busy.create(title=f"En vivo {number}")
            follower.await_subject(new["id"])
        assert follower.events() == entries_of(busy)


def test_following_from_the_end_prints_only_what_comes(busy, tmp_path):
    before = busy.create(title="De antes")
    await_entry(busy, before["id"])
    with Following(busy, tmp_path, "medical", "--from", "end") as follower:
        news = []

        def is_heard():
            news.append(busy.create(title="¿Se oye?")["id"])
            return follower.subjects()

        wait_until(is_heard, 10, "it to have begun")
        news.append(busy.create(title="Se oye")["id"])
        follower.await_subject(news[-1])
        heard = follower.subjects()
        assert before["id"] not in heard
        assert heard == news[-len(heard):]


def test_following_prints_each_event_once_when_redis_was_restarted(busy, tmp_path):
    first = busy.create(title="Primero")
    with Following(busy, tmp_path, "medical") as follower:
        follower.await_subject(first["id"], 10)
        busy.redis.kill()
        between = busy.create(title="Mientras")
        busy.redis.start()
        follower.await_subject(between["id"], 20)
        last = busy.create(title="Después")
        follower.await_subject(last["id"], 20)
        assert follower.subjects() == [first["id"], between["id"], last["id"]]
        assert "Redis" in follower.err.read_text(encoding="utf-8")


def test_following_waits_for_a_redis_that_is_not_there_yet(busy, tmp_path):
    busy.redis.kill()
    record = busy.create(title="A ciegas")
    with Following(busy, tmp_path, "medical") as follower:
        wait_until(lambda: "REDIS_URL" in follower.err.read_text(), 5, "it to complain")
        busy.redis.start()
        follower.await_subject(record["id"], 20)


# Mistakes

@pytest.mark.parametrize("words", [
    [], ["medical", "imaging"], ["medical", "--from"], ["medical", "--from", "ayer"],
    ["medical", "--from", ""], ["medical", "--from", "1-2-3"], ["medical", "--from", "-1-0"],
    ["medical", "--from", "2026-02-30T00:00:00Z"], ["medical", "--type"], ["medical", "--nada"],
    ["-f", "medical"], ["--follow"]], ids=str)
def test_words_that_are_not_understood_end_in_usage(words):
    done = run(None, *words, REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 64, done
    assert done.stdout == ""
    assert "usage: mamparo tail <service> [--from <where>] [--type <type>]" in done.stderr


def test_an_unknown_service_is_named(cluster):
    done = run(cluster, "nada")
    assert (done.returncode, done.stdout) == (1, "")
    assert '"nada"' in done.stderr


def test_without_an_address_it_says_which_setting_is_missing():
    done = run(None, "medical")
    assert (done.returncode, done.stdout) == (78, "")
    assert "REDIS_URL" in done.stderr


def test_a_redis_that_is_away_is_told(site):
    done = run(None, "medical", REDIS_URL=f"redis://127.0.0.1:{site.ports.take()}/0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "REDIS_URL" in done.stderr


def test_an_event_whose_schema_is_gone_is_shown_without_data_and_told(busy):
    record = busy.create(title="Sin esquema")
    await_entry(busy, record["id"])
    busy.redis.client.delete("mamparo:{medical}:schemas")
    done = run(busy, "medical")
    [line] = events_in(done.stdout)
    assert (line["subject"], line["data"]) == (record["id"], None)
    assert line["id"] in done.stderr and "schema" in done.stderr


def test_a_foreign_entry_is_told_and_the_others_are_printed(busy):
    record = busy.create(title="Propia")
    await_entry(busy, record["id"])
    top = busy.redis.client.xinfo_stream(KEY)["last-generated-id"].decode()
    foreign = busy.redis.client.xadd(KEY, {"a": "b"}, f"{position_of(top)[0]}-7").decode()
    done = run(busy, "medical")
    assert [line["subject"] for line in events_in(done.stdout)] == [record["id"]]
    assert foreign in done.stderr


# Output that nobody takes

@pytest.mark.parametrize("follows", [[], ["--follow"]], ids=["once", "following"])
@pytest.mark.parametrize("dies_of_it", [True, False], ids=["SIGPIPE", "EPIPE"])
def test_it_ends_when_nobody_reads_it_any_more(cluster, lives, follows, dies_of_it):
    """A shell lets a broken pipe end a program; what ignores SIGPIPE, as many a supervisor does,
    leaves it to the program."""
    with subprocess.Popen(
            [BINARY, "tail", "medical", *follows], env={"REDIS_URL": cluster.redis.url()},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            restore_signals=dies_of_it) as process:
        assert json.loads(process.stdout.readline()) == lives[0]
        process.stdout.close()
        try:
            status = process.wait(5)
        finally:
            process.kill()
    assert status != 0


def test_output_that_cannot_be_written_is_a_failure(cluster, lives):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [BINARY, "tail", "medical"], env={"REDIS_URL": cluster.redis.url()},
            stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=10)
    assert done.returncode == 1
    assert b"mamparo tail" in done.stderr

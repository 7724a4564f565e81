"""A model grows while it runs: two versions live side by side, and nothing of either is lost."""
import io

import avro.io
import avro.schema
import pytest
from harness.events import MARKER, canonical, crc_64_avro, fingerprint_of
from harness.load import ENTRIES, Load, all_records, check_promises
from harness.process import wait_until
from harness.versions import (
    CONTENT, NOTE, TITLE, WARD, Rollout, change_by, found_by, kind, make_version)

BADGE = {"name": "badge", "type": ["null", "string"], "maxLength": 20, "default": None,
         "unique": True}


def address(*more):
    street = {"name": "street", "type": "string"}
    return {"name": "address", "default": {"street": ""}, "type": {
        "type": "record", "name": "Address", "fields": [street, *more]}}


def create_many(writer):
    """So many that a migration takes a while."""
    answer = writer.post(f"{ENTRIES}/batch", [{"title": f"Una de {n}"} for n in range(1000)])
    assert {one["status"] for one in answer.json()["outcomes"]} == {201}


def start_under_load(rollout):
    with Load(rollout.cluster) as load:
        load.await_progress(100)
        rollout.start_newer()
        load.await_progress(100)
    return load


# Two versions at the same time

ANCIENT = {"title": "Antigua", "content": "de antes"}


@pytest.fixture(scope="module")
def rollout(site, tmp_path_factory):
    """A newer version was started beside the older one, while everybody wrote and read."""
    folder = tmp_path_factory.mktemp("rollout")
    older = make_version(folder / "older", [TITLE, CONTENT])
    cluster = site.new_cluster(reads=2, MODELS=older).start()
    made = Rollout(cluster, make_version(folder / "newer", [TITLE, CONTENT, WARD]))
    made.ancient = made.create(cluster.write, **ANCIENT)
    create_many(cluster.write)
    made.load = start_under_load(made)
    yield made
    cluster.close()


def test_nothing_fails_while_a_newer_version_starts_beside_the_older(rollout):
    assert set(rollout.load.writes) == {200, 201}, rollout.load.writes
    assert set(rollout.load.reads) == {200}, rollout.load.reads
    check_promises(rollout.load, rollout.stream)


def test_a_record_of_the_newer_version_is_whole_on_both(rollout):
    record = rollout.create(rollout.newer, title="Nueva", ward="sur")
    assert record["ward"] == "sur"
    assert rollout.stored(record["id"]) == record
    assert [event["after"] for event in rollout.events(record["id"])] == [record]
    for name, shown in rollout.seen(record["id"], 1).items():
        assert shown == record, name


def test_a_record_of_the_older_version_is_whole_on_both(rollout):
    record = rollout.create(rollout.older, title="Vieja", content="x")
    assert "ward" not in record
    for name, shown in rollout.seen(record["id"], 1, rollout.newer_servers).items():
        assert shown == {**record, "ward": "norte"}, name
    for name, shown in rollout.seen(record["id"], 1, rollout.older_servers).items():
        assert {field: shown[field] for field in record} == record, name


@pytest.mark.parametrize("writer, ward", [("older", "norte"), ("newer", "sur")])
def test_the_newer_versions_lists_find_a_record_of_either(rollout, writer, ward):
    fields = {"ward": ward} if writer == "newer" else {}
    record = rollout.create(getattr(rollout, writer), title=f"Hallada {writer}", **fields)
    everybody, title = [read.name for read in rollout.newer_reads], record["title"]
    assert found_by(rollout.newer_reads, record["id"], title=title) == everybody
    assert found_by(rollout.newer_reads, record["id"], title=title, ward=ward) == everybody


@pytest.mark.parametrize("method", ["PATCH", "PUT", "batch"])
def test_a_newer_field_outlives_a_change_through_the_older_version(rollout, method):
    record = rollout.create(rollout.newer, title="Crece", ward="sur")
    after = change_by(method, rollout.older, record["id"], title="Crecida")
    assert (after["title"], after["version"]) == ("Crecida", 2)
    assert after["ward"] == "sur"
    assert rollout.stored(record["id"]) == after
    assert rollout.events(record["id"])[1] == {"version": 2, "before": record, "after": after}
    for name, shown in rollout.seen(record["id"], 2).items():
        assert shown == after, name


def test_a_newer_field_outlives_changes_through_both_in_turn(rollout):
    record = rollout.create(rollout.older, title="Compartida")
    for version in range(2, 8, 2):
        change_by("PATCH", rollout.newer, record["id"], ward=f"w{version}")
        after = change_by("PATCH", rollout.older, record["id"], content=f"c{version}")
        assert (after["ward"], after["content"]) == (f"w{version}", f"c{version}")
    versions = [event["after"]["version"] for event in rollout.events(record["id"])]
    assert versions == list(range(1, 8))
    for name, shown in rollout.seen(record["id"], 7).items():
        assert shown == after, name


def test_a_deletion_through_the_older_version_has_the_whole_image_before(rollout):
    record = rollout.create(rollout.newer, title="Se va", ward="sur")
    path = f"{ENTRIES}/{record['id']}"
    assert rollout.older.request("DELETE", path).status_code == 204
    assert rollout.events(record["id"])[1] == {"version": 2, "before": record, "after": None}
    for read in rollout.older_reads + rollout.newer_reads:
        wait_until(lambda: read.get(path).status_code == 404, 10, f"{read.name} to forget it")
        last = read.get(f"{path}/history").json()["data"][0]
        assert (last["kind"], last["before"], last["after"]) == ("deleted", record, None)


# The schemas of events

@pytest.fixture(params=["gateway", "older write", "newer write", "older read", "newer read"])
def anyone(request, rollout):
    return {
        "gateway": rollout.cluster.bulkhead, "older write": rollout.older,
        "newer write": rollout.newer, "older read": rollout.older_reads[0],
        "newer read": rollout.newer_reads[0]}[request.param]


def raw_events(rollout, identifier):
    rows = rollout.cluster.written(
        "SELECT data FROM mamparo.events WHERE subject = %s ORDER BY version", identifier)
    return [raw for (raw,) in rows]


@pytest.mark.parametrize("writer", ["older", "newer"])
def test_the_schema_of_either_versions_events_is_served_by_everyone(rollout, anyone, writer):
    record = rollout.create(getattr(rollout, writer), title="De quién")
    [raw] = raw_events(rollout, record["id"])
    assert raw[:2] == MARKER
    answer = anyone.get(f"/v1/schemas/{fingerprint_of(raw)}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert crc_64_avro(canonical(answer.json()).encode()) == fingerprint_of(raw)
    reader = avro.io.DatumReader(avro.schema.parse(answer.text))
    data = reader.read(avro.io.BinaryDecoder(io.BytesIO(raw[10:])))
    assert data["after"]["title"] == "De quién"
    assert ("ward" in data["after"]) == (writer == "newer")


@pytest.mark.parametrize("fingerprint", [
    "0123456789abcdef", "xyz", "", "0123456789abcdeg", "0123456789abcdef0", "%00" * 16,
    "0123456789abcdef/", "..%2f..%2f..%2fetc"])
def test_a_schema_that_nobody_knows_is_404(anyone, fingerprint):
    answer = anyone.get(f"/v1/schemas/{fingerprint}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["reason"] == "not_found"


def test_a_schema_is_only_read(rollout, anyone):
    [raw] = raw_events(rollout, rollout.ancient["id"])
    for fingerprint in [fingerprint_of(raw), "0123456789abcdef"]:
        for method in ["POST", "PUT", "DELETE"]:
            answer = anyone.request(method, f"/v1/schemas/{fingerprint}", json={})
            assert answer.status_code == 405
            assert answer.json()["reason"] == "method_not_allowed"
            assert "GET" in answer.headers["Allow"]


# The newer one alone, and back

@pytest.fixture(scope="module")
def alone(rollout):
    """The older version has ended; the newer one takes over."""
    for server in rollout.older_servers:
        if server.is_running():
            server.stop()
    wait_until(lambda: '"leading"' in rollout.newer.admin("/statusz").text, 15,
               "the newer version to lead")
    return rollout


def test_alone_the_newer_version_shows_old_records_with_the_default(alone):
    identifier = alone.ancient["id"]
    shown = alone.seen(identifier, 1).values()
    assert list(shown) == [{**alone.ancient, "ward": "norte"}] * 3
    everybody = [read.name for read in alone.newer_reads]
    assert found_by(alone.newer_reads, identifier, title="Antigua", ward="norte") == everybody


def test_alone_the_newer_version_finds_every_record_by_the_newer_field(alone):
    for read in alone.newer_reads:
        records = all_records(read)
        assert len(records) > 200
        assert [record for record in records if "ward" not in record] == []
        for ward in {record["ward"] for record in records}:
            listed = read.get(f"{ENTRIES}?ward={ward}").json()["pagination"]["total_records"]
            assert listed == len([record for record in records if record["ward"] == ward])


def test_alone_the_newer_version_changes_old_records(alone):
    after = change_by("PATCH", alone.newer, alone.ancient["id"], ward="este")
    assert after == {**alone.ancient, "ward": "este", "version": 2,
                     "updated_at": after["updated_at"]}
    before = {**alone.ancient, "ward": "norte"}
    assert alone.events(alone.ancient["id"])[1] == {"version": 2, "before": before, "after": after}
    assert list(alone.seen(alone.ancient["id"], 2).values()) == [after] * 3


@pytest.fixture(scope="module")
def back(alone):
    """The newer version was a mistake: the older one is started again."""
    alone.kept = alone.create(alone.newer, title="Queda", ward="sur")
    for server in alone.newer_servers:
        if server.is_running():
            server.stop()
    for server in alone.older_servers:
        server.start()
    for server in alone.older_servers:
        server.await_ready()
    return alone


def test_after_a_rollback_the_older_version_serves_everything(back):
    written = sorted(back.cluster.written(
        "SELECT id::text, version FROM medical.entries WHERE NOT deleted"))
    for read in back.older_reads:
        wait_until(lambda: written == sorted((r["id"], r["version"]) for r in all_records(read)),
                   10, f"{read.name} to serve all that was written")
    for shown in back.seen(back.kept["id"], 1).values():
        assert shown.items() >= {"title": "Queda", "content": ""}.items()


def test_after_a_rollback_the_older_version_changes_everything(back):
    new = back.create(back.older, title="De la vuelta")
    for number, record in enumerate([new, back.kept]):
        after = record
        for version, method in enumerate(["PATCH", "PUT", "batch"], record["version"] + 1):
            after = change_by(method, back.older, record["id"], title=f"{number} {method}")
            assert after["version"] == version
            assert after.get("ward") == record.get("ward")
        for name, shown in back.seen(record["id"], after["version"]).items():
            assert shown == after, name
        path = f"{ENTRIES}/{record['id']}"
        assert back.older.request("DELETE", path).status_code == 204
        assert back.events(record["id"])[-1]["before"] == after


# Other ways to grow

@pytest.fixture
def new_rollout(new_cluster, tmp_path):
    def make(older, newer):
        older_models = make_version(tmp_path / "older", older)
        cluster = new_cluster(reads=1, MODELS=older_models).start()
        return Rollout(cluster, make_version(tmp_path / "newer", newer))

    return make


def test_nothing_fails_while_a_newer_version_brings_a_value_that_must_be_alone(new_rollout):
    rollout = new_rollout([TITLE, CONTENT], [TITLE, CONTENT, BADGE])
    create_many(rollout.older)
    load = start_under_load(rollout)
    assert set(load.writes) == {200, 201}, load.writes
    assert set(load.reads) == {200}, load.reads


def test_reading_goes_on_while_a_migration_waits_for_its_turn(new_rollout):
    """Somebody looks at the table for long: the newer version waits for him, and nobody for it."""
    rollout = new_rollout([TITLE, CONTENT], [TITLE, CONTENT, WARD])
    cluster, [older], [newer] = rollout.cluster, rollout.older_reads, rollout.newer_reads
    with cluster.site.postgres.connect(f"{cluster.name}_read_1") as somebody:
        with somebody.transaction():
            somebody.execute("SELECT count(*) FROM medical.entries")
            newer.start()
            wait_until(lambda: somebody.execute(
                "SELECT count(*) FROM pg_locks WHERE relation = 'medical.entries'::regclass"
                " AND NOT granted").fetchone() > (0,), 10, "the migration to wait")
            assert [older.get(ENTRIES).status_code for _ in range(5)] == [200] * 5
    newer.await_ready()


def survives_the_older_version(rollout, record):
    """A record of the newer version, changed through the older one, lost nothing anywhere."""
    after = change_by("PATCH", rollout.older, record["id"], content="cambiado")
    wanted = {**record, "content": "cambiado", "version": 2, "updated_at": after["updated_at"]}
    event = rollout.events(record["id"])[1]
    for name, shown in {**rollout.seen(record["id"], 2, rollout.newer_servers),
                        "event": event["after"]}.items():
        assert {field: shown.get(field) for field in wanted} == wanted, name
    assert {field: event["before"].get(field) for field in record} == record


def test_a_newer_field_of_a_nested_record_outlives_the_older_version(new_rollout):
    rollout = new_rollout(
        [TITLE, CONTENT, address()],
        [TITLE, CONTENT, address({"name": "zip", "type": "string", "default": "0"})]).start_newer()
    record = rollout.create(rollout.newer, title="Dentro", address={"street": "Sol", "zip": "28"})
    for name, shown in rollout.seen(record["id"], 1, rollout.newer_servers).items():
        assert shown == record, name
    survives_the_older_version(rollout, record)


def test_a_newer_field_outlives_an_older_version_that_has_one_more(new_rollout):
    """One release adds a field and takes out another."""
    rollout = new_rollout([TITLE, CONTENT, NOTE], [TITLE, CONTENT, WARD]).start_newer()
    survives_the_older_version(rollout, rollout.create(rollout.newer, title="Cruzada", ward="sur"))


def test_a_newer_field_outlives_an_older_version_that_has_one_more_symbol(new_rollout):
    """One release adds a field and takes out a symbol, which the older version goes on using."""
    rollout = new_rollout(
        [TITLE, CONTENT, kind("a", "b")], [TITLE, CONTENT, kind("a"), WARD]).start_newer()
    record = rollout.create(rollout.newer, title="Cruzada", ward="sur")
    after = change_by("PATCH", rollout.older, record["id"], kind="b")
    assert after["ward"] == "sur"
    assert rollout.newer.get(f"{ENTRIES}/{record['id']}").json()["ward"] == "sur"
    for name, shown in rollout.seen(record["id"], 2).items():
        assert shown["ward"] == "sur", name

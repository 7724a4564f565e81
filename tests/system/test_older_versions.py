"""What older versions of a model left behind: the records and events of each are understood, and a
model that could not understand them is refused."""
import json

import pytest
from harness.events import Stream
from harness.load import ENTRIES, all_records
from harness.process import wait_until
from harness.versions import (
    CONTENT, NOTE, TITLE, WARD, change_by, changed, found_by, kind, make_version, restart_with,
    without)

# Less, then more: events of every version

@pytest.fixture(scope="module")
def chain(site, tmp_path_factory):
    """One cluster that goes through versions: a field and a symbol less, then a field more."""
    folder = tmp_path_factory.mktemp("chain")
    first = make_version(folder / "1", [TITLE, CONTENT, NOTE, kind("a", "b", "c")])
    cluster = site.new_cluster(reads=1, MODELS=first).start()
    cluster.stream = Stream(cluster)
    cluster.models = {
        1: first,
        2: make_version(folder / "2", [TITLE, CONTENT, kind("a", "c")]),
        3: make_version(folder / "3", [TITLE, CONTENT, kind("a", "c"), WARD])}
    cluster.olds = {name: cluster.create(title=f"Con {name}", note="una", kind="b")
                    for name in ["PATCH", "PUT", "batch", "DELETE", "nothing"]}
    cluster.await_everywhere(*cluster.olds.values())
    yield cluster
    cluster.close()


def go_to(cluster, version):
    if cluster.write.settings["MODELS"] != cluster.models[version]:
        restart_with(cluster.models[version], cluster.write, *cluster.reads)
    return cluster


@pytest.fixture(scope="module")
def second(chain):
    return go_to(chain, 2)


def last_event(cluster, identifier):
    [(raw,)] = cluster.written(
        "SELECT data FROM mamparo.events WHERE subject = %s ORDER BY version DESC LIMIT 1",
        identifier)
    return cluster.stream.decoded(raw)


@pytest.mark.parametrize("method", ["PATCH", "PUT", "batch"])
def test_a_record_with_a_field_and_a_symbol_that_are_gone_may_be_changed(second, method):
    old = second.olds[method]
    after = change_by(method, second.write, old["id"], title="Cambiada")
    assert (after["title"], after["kind"], after["version"]) == ("Cambiada", "a", 2)
    event = last_event(second, old["id"])
    assert (event["before"]["title"], event["after"]["title"]) == (old["title"], "Cambiada")
    assert event["after"]["kind"] == "a"
    second.await_everywhere(after)
    assert second.reads[0].get(f"{ENTRIES}/{old['id']}").json() == after
    assert second.write.post(ENTRIES, {"title": "x", "note": "y"}).status_code == 422
    assert second.write.post(ENTRIES, {"title": "x", "kind": "b"}).status_code == 422


def test_a_record_with_a_field_and_a_symbol_that_are_gone_may_be_deleted(second):
    old = second.olds["DELETE"]
    path = f"{ENTRIES}/{old['id']}"
    assert second.write.request("DELETE", path).status_code == 204
    assert last_event(second, old["id"])["before"]["title"] == old["title"]
    wait_until(lambda: second.reads[0].get(path).status_code == 404, 10, "it to be gone")


@pytest.fixture(scope="module")
def third(second):
    """Records of three versions, and a replica that began with nothing."""
    second.between = second.create(title="De la segunda", kind="c")
    go_to(second, 3)
    second.newest = second.create(title="De la tercera", ward="sur")
    second.site.postgres.create(f"{second.name}_read_9")
    return second


@pytest.fixture(scope="module")
def late(third):
    server = third.new_read("late", "read_9")
    server.settings["MODELS"] = third.models[3]
    return server.start().await_ready()


def test_a_replica_that_begins_with_nothing_has_the_records_of_every_version(third, late):
    def records(read):
        return sorted(all_records(read), key=lambda record: record["id"])

    third.await_everywhere(third.newest)
    wait_until(lambda: len(records(late)) == len(records(third.reads[0])), 10, "all records")
    assert records(late) == records(third.reads[0])
    assert {record["title"] for record in records(late)} >= {
        "Con nothing", "Cambiada", "De la segunda", "De la tercera"}
    assert [record for record in records(late) if "ward" not in record] == []


def test_a_replica_that_begins_with_nothing_has_the_history_of_every_version(third, late):
    for record in [*third.olds.values(), third.between, third.newest]:
        path = f"{ENTRIES}/{record['id']}/history"
        history = late.get(path).json()["data"]
        assert history == third.reads[0].get(path).json()["data"]
        assert history[-1]["after"] == record
        [(events,)] = third.written(
            "SELECT count(*) FROM mamparo.events WHERE subject = %s", record["id"])
        assert len(history) == events


@pytest.fixture(scope="module")
def first_again(third, late):
    """All the way back: what was taken out is there again."""
    third.reads.append(late)
    return go_to(third, 1)


@pytest.mark.parametrize("name", ["between", "newest", "nothing"])
def test_a_field_that_comes_back_is_whole_and_filters(first_again, name):
    record = first_again.olds.get(name) or getattr(first_again, name)
    note = record.get("note", "ninguna")
    first_again.await_everywhere(record)
    for server in [first_again.write, *first_again.reads]:
        assert server.get(f"{ENTRIES}/{record['id']}").json().get("note") == note, server.name
    everybody = [read.name for read in first_again.reads]
    assert found_by(first_again.reads, record["id"], title=record["title"], note=note) == everybody


# What could not be read is refused

ITEMS = [
    {"name": "title", "type": "string"}, {"name": "count", "type": "int", "filter": True},
    {"name": "email", "type": ["null", "string"], "default": None, "maxLength": 80},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "size", "type": {"type": "enum", "name": "Size", "symbols": ["s", "m", "l"]}}]
INCOMPATIBLE = {
    "type": (changed(ITEMS, "count", type="string", maxLength=9),
             "count: was int and is now string"),
    "no default": ([*ITEMS, {"name": "new", "type": "int", "filter": True}],
                   "new: was added without a default"),
    "not null": (changed(ITEMS, "email", type="string", default=""),
                 "email: was null or string and is now string"),
    "symbol": (changed(ITEMS, "size", type={**ITEMS[4]["type"], "symbols": ["s", "m"]}),
               'size: the symbol "l" was removed'),
    "logical type": (changed(ITEMS, "day", type="int"), "day: was int (date) and is now int"),
    "removed": (without(ITEMS, "title"), "title: was removed, and had no default")}


@pytest.fixture(scope="module")
def settled(site, tmp_path_factory):
    models = make_version(tmp_path_factory.mktemp("settled") / "models", ITEMS, "items")
    cluster = site.new_cluster(reads=1, MODELS=models).start()
    item = cluster.create("/v1/medical/items", title="Una", count=3, day="2028-02-29", size="l")
    cluster.await_everywhere(item, path="/v1/medical/items")
    yield cluster
    cluster.close()


def everything_in(cluster):
    """All that a migration could touch, on both sides."""
    found = []
    for postgres, database in [(cluster.postgres, cluster.write_database),
                               (cluster.site.postgres, f"{cluster.name}_read_1")]:
        found += [postgres.query(database, statement) for statement in [
            "SELECT table_schema, table_name, column_name, data_type, generation_expression"
            " FROM information_schema.columns WHERE table_schema <> 'pg_catalog' ORDER BY 1, 2, 3",
            "SELECT indexdef FROM pg_indexes WHERE schemaname <> 'pg_catalog' ORDER BY 1",
            "SELECT fingerprint, schema FROM mamparo.schemas ORDER BY 1",
            "SELECT * FROM mamparo.fields ORDER BY 1, 2, 3",
            "SELECT id::text, version, body FROM medical.items ORDER BY 1"]]
    return found


@pytest.mark.parametrize("change", INCOMPATIBLE)
def test_an_incompatible_model_does_not_start_and_changes_nothing(settled, tmp_path, change):
    fields, rule = INCOMPATIBLE[change]
    models = make_version(tmp_path / "models", fields, "items")
    servers = [settled.new_write(f"write {change}"), settled.new_read(f"read {change}", "read_1")]
    before = everything_in(settled)
    for server in servers:
        server.settings["MODELS"] = models
        server.start()
    for server in servers:
        assert server.wait(10) == 78
        assert f"medical/items.avsc: field {rule}" in server.log()
    assert everything_in(settled) == before
    assert settled.write.is_ready() and settled.reads[0].is_ready()


# A rule of the model comes and goes

CODE = {"name": "code", "type": "string", "maxLength": 20, "default": ""}
ALONE = {**CODE, "unique": True}


@pytest.fixture
def write(new_cluster, tmp_path):
    """A write server alone, of a model that wants a value to be alone."""
    models = make_version(tmp_path / "unique", [TITLE, ALONE])
    cluster = new_cluster(reads=0, MODELS=models)
    cluster.make_databases()
    cluster.redis.start()
    return cluster.write.start().await_ready()


def test_a_rule_taken_out_holds_no_longer_and_one_put_in_waits_for_the_data(write, tmp_path):
    unique, free = write.settings["MODELS"], make_version(tmp_path / "free", [TITLE, CODE])
    fields = {"title": "Una", "code": "7"}
    first = write.post(ENTRIES, fields).json()
    assert write.post(ENTRIES, fields).status_code == 409
    restart_with(free, write)
    second = write.post(ENTRIES, fields)
    assert second.status_code == 201

    write.stop()
    write.settings["MODELS"] = unique
    write.start()
    wait_until(lambda: "unique" in write.log().split('"process.started"')[-1], 10,
               "what is wrong to be said")
    said = [json.loads(line) for line in write.log().splitlines() if "unique" in line][-1]
    assert "code" in said["why"]
    assert not write.is_ready()
    assert write.get(f"{ENTRIES}/{first['id']}").status_code == 503

    restart_with(free, write)
    change_by("PATCH", write, second.json()["id"], code="8")
    restart_with(unique, write)
    assert write.post(ENTRIES, fields).status_code == 409

"""The model is the contract: what a changed schema does to what is stored."""
import json
import shutil

import pytest
from harness.cluster import MODELS
from harness.load import everything_is_everywhere
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"


@pytest.fixture
def models(tmp_path):
    """A copy of the models, for changing."""
    tmp_path.chmod(0o755)
    return shutil.copytree(MODELS, tmp_path / "models")


def change(models, edit):
    file = models / "medical/entries.avsc"
    schema = json.loads(file.read_text(encoding="utf-8"))
    edit(schema["fields"])
    file.write_text(json.dumps(schema), encoding="utf-8")


def restart_all(cluster, models):
    for server in cluster.servers:
        server.stop()
        server.settings["MODELS"] = models
    for server in cluster.servers:
        server.start()
    for server in cluster.servers:
        server.await_ready()


@pytest.fixture
def widened(fresh, models):
    """A cluster whose entries got a field more, and a record from before."""
    old = fresh.create(title="De antes", content="x")
    fresh.await_everywhere(old)
    change(models, lambda fields: fields.append(
        {"name": "ward", "type": "string", "maxLength": 50, "default": "norte", "filter": True}))
    restart_all(fresh, models)
    return fresh, old


def test_after_a_field_was_added_new_records_have_it(widened):
    cluster, _ = widened
    new = cluster.create(title="De ahora", ward="sur")
    cluster.await_everywhere(new)
    assert new["ward"] == "sur"
    for read in cluster.reads:
        found = read.get(f"{ENTRIES}?ward=sur").json()["data"]
        assert found == [new]
    everything_is_everywhere(cluster)


def test_after_a_field_was_added_old_records_show_its_default(widened):
    cluster, old = widened
    for server in [cluster.write, *cluster.reads]:
        assert server.get(f"{ENTRIES}/{old['id']}").json()["ward"] == "norte"
    for read in cluster.reads:
        found = read.get(f"{ENTRIES}?ward=norte").json()["data"]
        assert [record["id"] for record in found] == [old["id"]]


@pytest.mark.parametrize("method, status", [("PUT", 200), ("PATCH", 200), ("DELETE", 204)])
def test_after_a_field_was_added_an_old_record_may_be_changed(widened, method, status):
    cluster, old = widened
    answer = cluster.bulkhead.request(method, f"{ENTRIES}/{old['id']}", json={"title": "Nuevo"})
    assert answer.status_code == status
    assert cluster.write.is_running()
    everything_is_everywhere(cluster)


def test_a_collection_may_be_added(fresh, models):
    (models / "medical/wards.avsc").write_text(json.dumps({
        "type": "record", "name": "Ward", "namespace": "medical", "collection": "wards",
        "fields": [{"name": "beds", "type": "int", "minimum": 1}]}), encoding="utf-8")
    restart_all(fresh, models)
    ward = fresh.create("/v1/medical/wards", beds=12)
    fresh.await_everywhere(ward, path="/v1/medical/wards")
    assert fresh.bulkhead.post("/v1/medical/wards", {"beds": 0}).status_code == 422


@pytest.mark.parametrize("text", ["", "{", '{"type":"string"}', "[]"])
def test_a_schema_that_is_none_is_refused_and_the_file_is_named(fresh, models, text):
    (models / "medical/entries.avsc").write_text(text, encoding="utf-8")
    fresh.write.stop()
    fresh.write.settings["MODELS"] = models
    fresh.write.start()
    assert fresh.write.wait(10) == 78
    assert "entries.avsc" in fresh.write.log()


def test_servers_that_start_together_on_empty_databases_make_the_tables_once(new_cluster):
    cluster = new_cluster(reads=1)
    crowd = [cluster.new_write(f"write-{n}") for n in range(2, 5)]
    crowd += [cluster.new_read(f"read-1{n}", "read_1") for n in range(2, 5)]
    cluster.make_databases()
    cluster.redis.start()
    for server in [*cluster.servers, *crowd]:
        server.start()
    for server in [*cluster.servers, *crowd]:
        server.await_ready()
    record = cluster.create(title="Una vez")
    for server in [cluster.reads[0], *crowd]:
        wait_until(lambda: server.get(f"{ENTRIES}/{record['id']}").status_code == 200, 10,
                   f"{server.name} to know the record")


def widen(models):
    change(models, lambda fields: fields.append(
        {"name": "ward", "type": "string", "maxLength": 50, "default": "norte", "filter": True}))


def restart(server, models):
    server.stop()
    server.settings["MODELS"] = models
    server.start().await_ready()


def test_events_of_an_older_version_still_apply(fresh, models):
    for read in fresh.reads:
        read.stop()
    old = fresh.create(title="De antes")
    widen(models)
    restart(fresh.write, models)
    new = fresh.write.post(ENTRIES, {"title": "De ahora", "ward": "sur"}).json()
    for read in fresh.reads:
        read.settings["MODELS"] = models
        read.start().await_ready()
    fresh.await_everywhere(old, new)
    for read in fresh.reads:
        assert read.get(f"{ENTRIES}/{old['id']}").json()["ward"] == "norte"
        assert read.get(f"{ENTRIES}/{new['id']}").json()["ward"] == "sur"


def test_while_versions_are_rolled_out_a_replica_of_the_older_one_loses_nothing(fresh, models):
    widen(models)
    restart(fresh.write, models)
    new = fresh.write.post(ENTRIES, {"title": "De ahora", "ward": "sur"}).json()
    fresh.await_everywhere(new)
    for read in fresh.reads:
        restart(read, models)
        wait_until(lambda: read.get(f"{ENTRIES}/{new['id']}").json()["ward"] == "sur", 10,
                   "the newer field")
        assert read.get(f"{ENTRIES}?ward=sur").json()["pagination"]["total_records"] == 1

"""Versions of a model: folders that differ in one collection, and servers of two that live side by
side."""
import json
import shutil

from .cluster import MODELS, serves
from .events import Stream, as_json
from .load import ENTRIES
from .process import wait_until

TITLE = {"name": "title", "type": "string", "maxLength": 200, "filter": True}
CONTENT = {"name": "content", "type": "string", "default": ""}
NOTE = {"name": "note", "type": "string", "maxLength": 20, "default": "ninguna", "filter": True}
WARD = {"name": "ward", "type": "string", "maxLength": 50, "default": "norte", "filter": True}


def kind(*symbols):
    """An enum that reads what it does not know as its first symbol."""
    return {"name": "kind", "default": symbols[0], "type": {
        "type": "enum", "name": "Kind", "symbols": list(symbols), "default": symbols[0]}}


def make_version(folder, fields, collection="entries"):
    """The models that are there, but for `medical/<collection>`, which gets these fields."""
    shutil.copytree(MODELS, folder)
    file = folder / "medical" / f"{collection}.avsc"
    described = {"type": "record", "name": "Item", "namespace": "medical"}
    if file.exists():
        described = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**described, "fields": fields}), encoding="utf-8")
    return folder


def changed(fields, name, **attributes):
    """The fields, one of them with other attributes."""
    assert name in [field["name"] for field in fields]
    return [{**field, **attributes} if field["name"] == name else field for field in fields]


def without(fields, *names):
    assert set(names) <= {field["name"] for field in fields}
    return [field for field in fields if field["name"] not in names]


def restart_with(models, *servers):
    """Ends servers and starts them with another version."""
    for server in servers:
        server.stop()
        server.settings["MODELS"] = models
        server.start()
    for server in servers:
        server.await_ready()


def change_by(method, server, identifier, **fields):
    """Changes a record in one of the ways that there are; its image after that."""
    path = f"{ENTRIES}/{identifier}"
    if method == "batch":
        answer = server.post(f"{ENTRIES}/batch", [{"id": identifier, **fields}])
        assert [one["status"] for one in answer.json()["outcomes"]] == [200], answer.text
        return server.get(path).json()
    answer = server.request(method, path, json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def found_by(reads, identifier, **filters):
    """The replicas whose lists have the record, asked with these filters."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return [read.name for read in reads
            if identifier in [r["id"] for r in read.get(f"{ENTRIES}?{query}").json()["data"]]]


class Rollout:
    """A cluster, and the servers of a newer version on the same databases."""

    def __init__(self, cluster, newer_models):
        self.cluster, self.stream = cluster, Stream(cluster)
        self.older, self.older_reads = cluster.write, cluster.reads
        self.newer = cluster.new_write("newer-write")
        self.newer_reads = [cluster.new_read(f"newer-read-{n}", f"read_{n}")
                            for n, _ in enumerate(cluster.reads, 1)]
        for server in self.newer_servers:
            server.settings["MODELS"] = newer_models

    @property
    def older_servers(self):
        return [self.older, *self.older_reads]

    @property
    def newer_servers(self):
        return [self.newer, *self.newer_reads]

    @property
    def servers(self):
        return [server for server in self.older_servers + self.newer_servers if server.is_running()]

    def start_newer(self):
        for server in self.newer_servers:
            server.start()
        for server in self.newer_servers:
            server.await_ready()
        return self

    def create(self, writer, **fields):
        """Posts an entry and waits until every server has it."""
        answer = writer.post(ENTRIES, fields)
        assert answer.status_code == 201, answer.text
        record = answer.json()
        self.await_version(record["id"], 1)
        return record

    def await_version(self, identifier, version):
        for server in self.servers:
            wait_until(lambda: serves(server, f"{ENTRIES}/{identifier}", version), 10,
                       f"{server.name} to serve version {version}")

    def seen(self, identifier, version, servers=None):
        """What each server shows of a record, once every one has this version."""
        self.await_version(identifier, version)
        return {server.name: server.get(f"{ENTRIES}/{identifier}").json()
                for server in servers or self.servers}

    def stored(self, identifier):
        """The record as it is in the write database."""
        [(body,)] = self.cluster.written(
            "SELECT body FROM medical.entries WHERE id = %s", identifier)
        return json.loads(body)

    def events(self, identifier):
        """What the record's events hold, as Avro's own library reads them with the schema that they
        were written with; values as JSON has them."""
        rows = self.cluster.written(
            "SELECT data FROM mamparo.events WHERE subject = %s ORDER BY version", identifier)
        return [as_json(self.stream.decoded(data)) for (data,) in rows]

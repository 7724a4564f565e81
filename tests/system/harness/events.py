"""Events as others would read them: the Redis stream, decoded by Avro's own library."""
import io
import json
from dataclasses import dataclass
from datetime import date, datetime, timezone

import avro.io
import avro.schema

MARKER = b"\xc3\x01"  # of Avro's single-object encoding
EMPTY = 0xC15D213AA4D7A795  # the CRC-64-AVRO of nothing
PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}


@dataclass
class Event:
    position: tuple  # (commit LSN, place in its transaction)
    fields: dict     # CloudEvents attributes and ours, as text
    raw: bytes       # the data, single-object encoded
    data: dict       # the data, decoded: version, before, after

    @property
    def subject(self):
        return self.fields["subject"]

    @property
    def version(self):
        return self.data["version"]


class Stream:
    """The stream of one service. A replica that stands still keeps it from being trimmed."""

    def __init__(self, cluster, service="medical"):
        self.cluster = cluster
        self.key = f"mamparo:{{{service}}}:events"
        self.schemas = {}

    def events(self, after="-"):
        entries = self.cluster.redis.client.xrange(self.key, min=after)
        return [self.event(position.decode(), fields) for position, fields in entries]

    def event(self, position, entry):
        fields = {name.decode(): value for name, value in entry.items()}
        raw = fields.pop("data")
        return Event(
            position=position_of(position), raw=raw, data=self.decoded(raw),
            fields={name: value.decode() for name, value in fields.items()})

    def decoded(self, raw):
        assert raw[:2] == MARKER, raw
        schema = self.schema_of(fingerprint_of(raw))
        return avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(io.BytesIO(raw[10:])))

    def schema_of(self, fingerprint):
        """As the write database keeps it. Our extra attributes are no business of Avro's."""
        if fingerprint not in self.schemas:
            [(text,)] = self.cluster.written(
                "SELECT schema FROM mamparo.schemas WHERE fingerprint = %s", fingerprint)
            self.schemas[fingerprint] = avro.schema.parse(text)
        return self.schemas[fingerprint]


def as_json(value):
    """What Avro's reader returns, as the API shows it."""
    if isinstance(value, dict):
        return {name: as_json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, datetime):
        text = value.astimezone(timezone.utc).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def position_of(text):
    first, second = text.split("-")
    return int(first), int(second)


def fingerprint_of(raw):
    return f"{int.from_bytes(raw[2:10], 'little'):016x}"


def canonical(schema, namespace=""):
    """A schema's Parsing Canonical Form, from its JSON, as the specification of Avro has it."""
    if isinstance(schema, str):
        named = schema in PRIMITIVES or "." in schema or not namespace
        return json.dumps(schema if named else f"{namespace}.{schema}")
    if isinstance(schema, list):
        return f"[{','.join(canonical(branch, namespace) for branch in schema)}]"
    if schema["type"] in PRIMITIVES:
        return json.dumps(schema["type"])
    namespace = schema.get("namespace", namespace)
    parts = {name: schema[name] for name in ["name", "type", "symbols"] if name in schema}
    if "name" in parts and namespace:
        parts["name"] = f"{namespace}.{parts['name']}"
    texts = {name: json.dumps(part, separators=(",", ":")) for name, part in parts.items()}
    for name in ["items", "values"]:
        if name in schema:
            texts[name] = canonical(schema[name], namespace)
    if "fields" in schema:
        texts["fields"] = f"[{','.join(canonical_field(f, namespace) for f in schema['fields'])}]"
    order = ["name", "type", "fields", "symbols", "items", "values"]
    return "{" + ",".join(f'"{name}":{texts[name]}' for name in order if name in texts) + "}"


def canonical_field(field, namespace):
    return f'{{"name":"{field["name"]}","type":{canonical(field["type"], namespace)}}}'


def crc_64_avro(data):
    value = EMPTY
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (EMPTY if value & 1 else 0)
    return f"{value:016x}"

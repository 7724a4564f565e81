"""A collection with a field of every type, its records, and what lists of them must be."""
import random
import uuid
from datetime import date, datetime, timedelta, timezone

from harness.models import field, record

PATH = "/v1/shop/parts"
KINDS = ["bolt", "cog", "nut", "washer"]
WORDS = ("acción árbol camión canción corazón cuerpo dólar examen música niño "
         "opinión país pequeño río señal válvula").split()
ANY = {"filter": True, "sort": True}
SCHEMA = record("Part", "parts", [
    field("title", maxLength=200, search=True, **ANY),
    field("notes", default="", search=True),
    field("tags", {"type": "array", "items": "string"}, default=[], search=True),
    field("maker", ["null", "string"], default=None, maxLength=60, **ANY),
    field("kind", {"type": "enum", "name": "Kind", "symbols": KINDS}, **ANY),
    field("is_spare", "boolean", filter=True),
    field("count", "int", **ANY),
    field("serial", ["null", "long"], default=None, **ANY),
    field("weight", "double", **ANY),
    field("made", ["null", {"type": "int", "logicalType": "date"}], default=None, **ANY),
    field("seen", {"type": "long", "logicalType": "timestamp-millis"}, **ANY),
    field("batch", {"type": "string", "logicalType": "uuid"}, filter=True),
    field("secret", default=""),
], pageSize=7)
MODEL = {"shop/parts.avsc": SCHEMA}
BATCHES = [str(uuid.UUID(int=number)) for number in range(20)]
SORTS = [f["name"] for f in SCHEMA["fields"] if f.get("sort")]
NULLABLE = ["maker", "serial", "made"]


def make_parts(count, seed=1):
    """Fields of records; titles differ, everything else is repeated."""
    chance = random.Random(seed)
    return [{
        "title": f"{chance.choice(WORDS)} {chance.choice(WORDS)} {number:05}",
        "notes": " ".join(chance.choices(WORDS, k=6)),
        "tags": chance.sample(["rojo", "azul", "verde"], 2),
        "maker": chance.choice([None, "Ácme", "Beta 100%", "c_d", "\\e\"'"]),
        "kind": chance.choice(KINDS),
        "is_spare": chance.random() < 0.3,
        "count": chance.randrange(-20, 200),
        "serial": chance.choice([None, 1 - 2**63, 2**63 - 1, 10, 9]),
        "weight": chance.choice([0.1, 2.5, 10.0, 1e300, -0.5]),
        "made": chance.choice([None, (date(2026, 1, 1) + timedelta(number % 300)).isoformat()]),
        "seen": (datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(hours=number % 500)
                 ).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "batch": chance.choice(BATCHES),
    } for number in range(count)]


def create_parts(cluster, parts):
    """Stores them in batches and returns the records, the newest first, once all replicas have
    them."""
    for at in range(0, len(parts), 500):
        answer = cluster.write.post(f"{PATH}/batch", parts[at:at + 500])
        assert answer.status_code == 200, answer.text
        assert {o["status"] for o in answer.json()["outcomes"]} == {201}
    rows = cluster.written("SELECT body::json FROM shop.parts WHERE NOT deleted")
    return in_order([body for (body,) in rows], "-created_at")


def in_order(records, sort):
    """As a list with that sort has them: null first, the id as the last word."""
    keys = [(name.lstrip("-"), name.startswith("-")) for name in sort.split(",")]
    for name, is_descending in reversed([*keys, ("id", keys[-1][1])]):
        records = sorted(records, key=lambda r: (r[name] is not None, r[name] or 0)
                         if not isinstance(r[name], str) else (True, r[name]),
                         reverse=is_descending)
    return records

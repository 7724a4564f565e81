"""The OpenAPI document: another's program takes it, and what the servers do is what it says."""
import fcntl
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.cluster import MODELS, REPOSITORY
from jsonschema import Draft202012Validator, RefResolver, draft202012_format_checker

ROLES = ["bulkhead", "write", "read"]
PARTS = "/v1/stock/parts"
REPORTS = "/v1/medical/reports"

# All that a schema can say, in one.
PART = {
    "type": "record", "name": "Part", "namespace": "stock", "requireVersion": True,
    "doc": "Something on a shelf.",
    "fields": [
        {"name": "code", "type": "string", "maxLength": 9, "pattern": "^[A-Z]{2}-[0-9]+$",
         "unique": True, "immutable": True, "filter": True},
        {"name": "kind", "default": "bolt", "filter": True,
         "type": {"type": "enum", "name": "Kind", "symbols": ["bolt", "nut"]}},
        {"name": "weight", "type": ["null", "double"], "default": None, "minimum": 0},
        {"name": "count", "type": "int", "default": 0, "minimum": 0, "maximum": 100,
         "doc": "How many there are."},
        {"name": "checked", "type": ["null", {"type": "int", "logicalType": "date"}],
         "default": None},
        {"name": "seen", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}],
         "default": None},
        {"name": "drawing", "type": ["null", {"type": "string", "logicalType": "uuid"}],
         "default": None},
        {"name": "keeper", "type": "string", "default": "", "format": "email",
         "privacy": "pseudonym"},
        {"name": "size", "default": {"x": 1}, "type": {
            "type": "record", "name": "Size", "fields": [
                {"name": "x", "type": "int"}, {"name": "y", "type": "int", "default": 1}]}},
        {"name": "older_sizes", "default": [], "type": {"type": "array", "items": "Size"}},
    ]}
ALIASES = {"aliases": [
    {"method": "POST", "path": "/api/piezas/", "collection": "parts", "status": 202,
     "names": {"codigo": "code", "cuenta": "count"}},
    {"method": "GET", "path": "/api/piezas/{id}/", "collection": "parts",
     "names": {"codigo": "code"}}]}


@pytest.fixture(scope="module")
def cluster(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("openapi")
    for place in [folder, *folder.parents][:3]:
        place.chmod(0o755)
    models = shutil.copytree(MODELS, folder / "models")
    (models / "stock").mkdir()
    (models / "stock/parts.avsc").write_text(json.dumps(PART), encoding="utf-8")
    (models / "stock/service.json").write_text(json.dumps(ALIASES), encoding="utf-8")
    made = site.new_cluster(reads=1, MODELS=models).start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def servers(cluster):
    return {"bulkhead": cluster.bulkhead, "write": cluster.write, "read": cluster.reads[0]}


@pytest.fixture(scope="module")
def document(cluster):
    answer = cluster.bulkhead.get("/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture(scope="module")
def validator():
    """A program that knows the specification and nothing of us; npm brings it, once for each
    package-lock.json."""
    ours = Path(__file__).with_name("openapi")
    place = REPOSITORY / "build/openapi-validator"
    place.mkdir(parents=True, exist_ok=True)
    lock_file = (ours / "package-lock.json").read_bytes()
    installed = place / "installed.json"
    with open(place / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_bytes() != lock_file:
            for name in ["package.json", "package-lock.json"]:
                shutil.copy(ours / name, place)
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                           cwd=place, check=True, timeout=300)
            installed.write_bytes(lock_file)
    return place / "node_modules/.bin/validate-api"


def resolve(document, thing):
    """What a reference leads to, or the thing itself."""
    if "$ref" not in thing:
        return thing
    for key in thing["$ref"].split("/")[1:]:
        document = document[key]
    return document


def schema_checker(document, schema):
    resolver = RefResolver.from_schema(document)
    return Draft202012Validator(schema, resolver=resolver,
                                format_checker=draft202012_format_checker)


def component(name):
    return {"$ref": f"#/components/schemas/{name}"}


def assert_fits(document, schema, value):
    mistakes = [f"{error.json_path}: {error.message}"
                for error in schema_checker(document, schema).iter_errors(value)]
    assert mistakes == []


def assert_answer_is_documented(document, path, method, answer):
    """The answer's status, its type and its body are what the operation says."""
    responses = document["paths"][path][method]["responses"]
    assert str(answer.status_code) in responses, answer.text
    response = resolve(document, responses[str(answer.status_code)])
    if "content" not in response:
        assert answer.content == b""
    else:
        media = response["content"][answer.headers["Content-Type"]]
        assert_fits(document, media["schema"], answer.json())
    documented = {name.lower() for name in response.get("headers", {})}
    assert {"etag", "location", "idempotent-replayed"} & set(
        name.lower() for name in answer.headers) <= documented
    return answer


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


# The document itself

@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_the_same_document(servers, cluster, role):
    answer = servers[role].get("/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.content == cluster.write.get("/v1/openapi.json").content


@pytest.mark.parametrize("role", ROLES)
def test_it_is_only_read(servers, role):
    assert servers[role].request("HEAD", "/v1/openapi.json").content == b""
    answer = servers[role].post("/v1/openapi.json", {})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


def test_an_independent_validator_takes_it(document, validator, tmp_path):
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    told = subprocess.run([validator, file], capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stdout + told.stderr
    assert json.loads(told.stdout) == {"valid": True}


def test_the_independent_validator_would_find_a_mistake(document, validator, tmp_path):
    broken = json.loads(json.dumps(document))
    broken["paths"][PARTS]["get"]["parameters"][0] = {"$ref": "#/components/parameters/None"}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(broken), encoding="utf-8")
    assert subprocess.run([validator, file], capture_output=True, timeout=60).returncode != 0


def test_every_schema_is_one(document):
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_has_a_name_of_its_own(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) > 0


def test_what_a_path_leaves_open_is_a_parameter_once(document):
    for path, _, operation in operations(document):
        parameters = [resolve(document, p) for p in operation.get("parameters", [])]
        names = [(p["in"], p["name"]) for p in parameters]
        assert len(names) == len(set(names))
        assert {name for where, name in names if where == "path"} == {
            part[1:-1] for part in path.split("/") if part.startswith("{")}


# What it says of the servers

def part(**fields):
    part.made += 1
    return {"code": f"AB-{part.made}", **fields}


part.made = 0


def create(cluster, **fields):
    answer = cluster.bulkhead.post(PARTS, part(**fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


FULL = {"kind": "nut", "weight": 1.5, "count": 7, "checked": "2026-11-21",
        "seen": "2026-11-21T08:15:30Z", "drawing": "01890a5d-ac96-774b-bcce-b302099a8057",
        "keeper": "ana@example.org", "size": {"x": 3}, "older_sizes": [{"x": 1, "y": 2}]}


@pytest.mark.parametrize("fields", [{}, FULL], ids=["least", "most"])
def test_a_record_is_served_as_documented(cluster, document, fields):
    created = assert_answer_is_documented(
        document, PARTS, "post", cluster.bulkhead.post(PARTS, part(**fields)))
    assert created.status_code == 201
    cluster.await_everywhere(created.json(), path=PARTS)
    for server in [cluster.bulkhead, cluster.write, cluster.reads[0]]:
        found = server.get(f"{PARTS}/{created.json()['id']}")
        assert_answer_is_documented(document, f"{PARTS}/{{id}}", "get", found)
        assert found.json() == created.json()


def test_a_page_is_served_as_documented(cluster, document):
    cluster.await_everywhere(create(cluster), create(cluster), path=PARTS)
    for query in ["", "?page_size=1&kind=bolt"]:
        page = cluster.bulkhead.get(PARTS + query)
        assert_answer_is_documented(document, PARTS, "get", page)
        assert page.status_code == 200 and page.json()["data"]
    assert_answer_is_documented(document, PARTS, "get", cluster.bulkhead.get(f"{PARTS}?none=1"))


@pytest.mark.parametrize("method, body, headers, status", [
    ("PATCH", {"count": 3, "kind": None}, {"If-Match": '"1"'}, 200),
    ("PATCH", {"count": 3}, {"If-Match": '"9"'}, 412),
    ("PATCH", {"count": 3}, {}, 428),
    ("PATCH", {"count": None, "code": None}, {"If-Match": "*"}, 422),
    ("PATCH", {"id": "x"}, {"If-Match": "*", "Content-Type": "text/plain"}, 415),
    ("PUT", {"code": "ZZ-9"}, {"If-Match": '"1"'}, 422),
    ("DELETE", None, {"If-Match": '"1"', "Idempotency-Key": "the-end"}, 204),
    ("DELETE", None, {"If-Match": "1"}, 400)])
def test_a_change_is_answered_as_documented(cluster, document, method, body, headers, status):
    path = f"{PARTS}/{create(cluster)['id']}"
    answer = cluster.bulkhead.request(method, path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert_answer_is_documented(document, f"{PARTS}/{{id}}", method.lower(), answer)


def test_a_new_record_under_a_known_id_is_documented_and_so_is_its_replay(cluster, document):
    path = f"{PARTS}/01890a5d-ac96-774b-bcce-b302099a8057"
    headers = {"If-None-Match": "*", "Idempotency-Key": "made-once"}
    for replayed in [None, "true"]:
        answer = cluster.bulkhead.request("PUT", path, json={"code": "CC-1"}, headers=headers)
        assert answer.status_code == 201
        assert answer.headers.get("Idempotent-Replayed") == replayed
        assert_answer_is_documented(document, f"{PARTS}/{{id}}", "put", answer)


def test_a_value_that_is_taken_is_documented(cluster, document):
    taken = create(cluster)
    answer = cluster.bulkhead.post(PARTS, {"code": taken["code"]})
    assert answer.status_code == 409
    assert_answer_is_documented(document, PARTS, "post", answer)


def test_an_older_path_answers_as_documented(cluster, document):
    answer = cluster.bulkhead.post("/api/piezas/", {"codigo": "OL-1", "cuenta": 2})
    assert answer.status_code == 202
    assert_answer_is_documented(document, "/api/piezas/", "post", answer)
    cluster.await_everywhere(answer.json(), path=PARTS)
    found = cluster.bulkhead.get(f"/api/piezas/{answer.json()['id']}/")
    assert found.json()["codigo"] == "OL-1"
    assert_answer_is_documented(document, "/api/piezas/{id}/", "get", found)
    answer = cluster.bulkhead.post("/api/piezas/", {"codigo": "nada", "code": "OL-2"})
    assert answer.status_code == 422
    assert_answer_is_documented(document, "/api/piezas/", "post", answer)


def test_every_answer_of_the_images_path_is_documented(cluster, document):
    path = "/procesamiento/procesar-imagen"
    for body, status in [({"id_imagen": "i1", "id_paciente": "p1"}, 202), ({}, 422)]:
        answer = cluster.bulkhead.post(path, body)
        assert answer.status_code == status
        assert_answer_is_documented(document, path, "post", answer)


INPUTS = [
    {}, FULL, {"code": "nada"}, {"code": "AB-123456789"}, {"code": None}, {"kind": "screw"},
    {"kind": None}, {"weight": None}, {"weight": -1}, {"weight": "1"}, {"count": 100},
    {"count": 101}, {"count": 1.5}, {"count": True}, {"checked": "2026-02-30"}, {"checked": 1},
    {"drawing": "x"}, {"keeper": "nobody"}, {"size": {}}, {"size": {"x": 1, "z": 1}},
    {"size": None}, {"older_sizes": [{"y": 1}]}, {"older_sizes": [1]}, {"older_sizes": [{"x": 1}]},
    {"id": "01890a5d-ac96-774b-bcce-b302099a8057"}, {"version": 1}, {"none": None}]


@pytest.mark.parametrize("fields", INPUTS, ids=str)
def test_a_body_fits_its_schema_where_the_server_takes_it(cluster, document, fields):
    body = part(**fields)
    is_fine = schema_checker(document, component("stock.Part.input")).is_valid(body)
    answer = cluster.write.post(PARTS, body)
    assert (answer.status_code == 201) == is_fine, answer.text


PATCHES = [
    {}, {"count": 5}, {"count": None}, {"code": None}, {"kind": None}, {"kind": "screw"},
    {"weight": None}, {"weight": "heavy"}, {"size": None}, {"size": {"x": 2}},
    {"size": {"y": 2}}, {"size": {"y": None}}, {"size": {"x": None}}, {"size": {"z": 1}},
    {"older_sizes": [{"y": 2}]}, {"older_sizes": [{"x": 2}]}, {"older_sizes": None}, {"none": 1},
    {"version": 1}, {"id": "01890a5d-ac96-774b-bcce-b302099a8057"}]


@pytest.mark.parametrize("patch", PATCHES, ids=str)
def test_a_patch_fits_its_schema_where_the_server_takes_it(cluster, document, patch):
    path = f"{PARTS}/{create(cluster, **FULL)['id']}"
    is_fine = schema_checker(document, component("stock.Part.patch")).is_valid(patch)
    answer = cluster.write.request("PATCH", path, json=patch, headers={"If-Match": '"1"'})
    assert (answer.status_code == 200) == is_fine, answer.text


def test_an_element_of_a_batch_is_a_creation_or_a_change(document):
    content = document["paths"][f"{REPORTS}/batch"]["post"]["requestBody"]["content"]
    checker = schema_checker(document, content["application/json"]["schema"])
    creation = {"title": "t", "author": "a", "department": "d", "category": "technical",
                "priority": "low"}
    identifier = {"id": "01890a5d-ac96-774b-bcce-b302099a8057"}
    assert checker.is_valid([creation, {**identifier, "title": "u"}, {**identifier, "version": 3}])
    assert not checker.is_valid([])
    assert not checker.is_valid([creation] * 1001)
    assert not checker.is_valid([{"title": "u"}])
    assert not checker.is_valid([{**creation, "version": 1}])


# The schemas of events

@pytest.mark.parametrize("role", ROLES)
def test_every_role_serves_the_schemas_of_its_model(cluster, servers, document, role):
    rows = cluster.written("SELECT fingerprint, schema FROM mamparo.schemas")
    assert rows
    for fingerprint, schema in rows:
        answer = servers[role].get(f"/v1/schemas/{fingerprint}")
        assert answer.text == schema
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert_answer_is_documented(document, "/v1/schemas/{fingerprint}", "get", answer)
        assert servers[role].post(f"/v1/schemas/{fingerprint}", {}).status_code == 405
    assert servers[role].get("/v1/schemas/0000000000000000").status_code == 404

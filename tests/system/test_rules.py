"""What a model says of changes: fields that stay, values that are alone, versions that are named."""
import json
import shutil

import pytest
from harness.cluster import MODELS

PERSONS = "/v1/medical/persons"
SCHEMA = {
    "type": "record", "name": "Person", "namespace": "medical", "requireVersion": True,
    "fields": [
        {"name": "document", "type": "string", "maxLength": 20, "unique": True, "immutable": True},
        {"name": "name", "type": "string"},
        {"name": "email", "type": ["null", "string"], "default": None, "maxLength": 100, "unique": True}]}


@pytest.fixture(scope="module")
def write(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    for place in [folder, *folder.parents][:3]:
        place.chmod(0o755)
    models = shutil.copytree(MODELS, folder / "models")
    (models / "medical/persons.avsc").write_text(json.dumps(SCHEMA), encoding="utf-8")
    cluster = site.new_cluster(reads=1, MODELS=models).start()
    yield cluster.write
    cluster.close()


def person(write, document, **fields):
    answer = write.post(PERSONS, {"document": document, "name": "Ana", **fields})
    assert answer.status_code == 201, answer.text
    return f"{PERSONS}/{answer.json()['id']}"


def change(write, method, path, body=None, **headers):
    return write.request(method, path, json=body, headers={k.replace("_", "-"): v
                                                           for k, v in headers.items()})


@pytest.mark.parametrize("method, body", [
    ("PUT", {"document": "v", "name": "Eva"}), ("PATCH", {"name": "Eva"}), ("DELETE", None)])
def test_a_change_that_names_no_version_is_428_where_the_model_wants_one(write, method, body):
    path = person(write, f"v{method}")
    answer = change(write, method, path, body)
    assert answer.status_code == 428
    assert answer.json()["reason"] == "version_required"
    assert write.get(path).json()["version"] == 1


def test_any_version_is_a_version_too(write):
    path = person(write, "any")
    assert change(write, "PATCH", path, {"name": "Eva"}, If_Match="*").status_code == 200
    assert change(write, "PATCH", path, {"name": "Eva"}, If_Match='"2"').status_code == 200
    assert change(write, "PATCH", path, {"name": "Eva"}, If_Match='"2"').status_code == 412


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_immutable_field_stays_and_is_named(write, method):
    path = person(write, f"i{method}")
    answer = change(write, method, path, {"document": "other", "name": "Eva"}, If_Match='"1"')
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/document"]
    same = {"document": f"i{method}", "name": "Eva"}
    assert change(write, method, path, same, If_Match='"1"').status_code == 200


def test_a_value_that_must_be_alone_is_409_and_the_field_is_named(write):
    person(write, "u1", email="a@b.co")
    other = person(write, "u2", email="b@b.co")
    for answer in [write.post(PERSONS, {"document": "u1", "name": "Eva"}),
                   write.post(PERSONS, {"document": "u3", "name": "Eva", "email": "a@b.co"}),
                   change(write, "PATCH", other, {"email": "a@b.co"}, If_Match='"1"')]:
        assert answer.status_code == 409
        assert answer.json()["reason"] == "conflict"
        assert answer.json()["errors"][0]["pointer"] in ("/document", "/email")


def test_many_records_may_have_none_of_a_value_that_must_be_alone(write):
    person(write, "n1")
    person(write, "n2")


def test_the_value_of_a_deleted_record_may_be_taken_again(write):
    path = person(write, "again")
    assert change(write, "DELETE", path, If_Match='"1"').status_code == 204
    person(write, "again")

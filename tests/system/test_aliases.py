"""Paths of a system before, as a service.json declares them: its clients go on unchanged."""
import json

import pytest
from harness.models import field, models_with, record
from harness.process import wait_until
from harness.program import run_to_end

CUSTOMERS = "/v1/shop/customers"
OLD = "/api/clientes"
NAMES = {"nombre": "name", "correo": "email", "domicilio": "address"}

ADDRESS = {"type": "record", "name": "Address", "fields": [
    field("name"), field("number", "int", default=0)]}
CUSTOMER = record("Customer", "customers", [
    field("name", minLength=1, maxLength=40, filter=True),
    field("email", ["null", "string"], default=None, maxLength=100, unique=True),
    field("address", ["null", ADDRESS], default=None),
    field("phone", default="")], namespace="shop")
ALIASES = [
    {"method": "POST", "path": f"{OLD}/", "collection": "customers", "status": 202, "names": NAMES},
    {"method": "GET", "path": f"{OLD}/", "collection": "customers", "names": NAMES},
    {"method": "GET", "path": f"{OLD}/{{id}}/", "collection": "customers", "names": NAMES},
    {"method": "PUT", "path": f"{OLD}/{{id}}/", "collection": "customers", "status": 201,
     "names": NAMES},
    {"method": "PATCH", "path": f"{OLD}/{{id}}/", "collection": "customers", "names": NAMES},
    {"method": "DELETE", "path": f"{OLD}/{{id}}/", "collection": "customers", "status": 200},
    {"method": "POST", "path": "/clientes.do", "collection": "customers"},
    {"method": "GET", "path": "/cliente/{id}/ficha", "collection": "customers",
     "names": {"telefono": "phone"}}]

ABSENT = "0190f6a2-7a00-7000-8000-00000000abcd"


def services(**attributes):
    """A service of the tests' own; the attributes are those of its one alias."""
    alias = {"method": "POST", "path": "/old", "collection": "customers", **attributes}
    alias = {name: value for name, value in alias.items() if value is not ...}
    return {"shop/customers.avsc": CUSTOMER, "shop/service.json": {"aliases": [alias]}}


@pytest.fixture(scope="module")
def cluster(site, tmp_path_factory):
    models = models_with(tmp_path_factory.mktemp("aliases"), {
        "shop/customers.avsc": CUSTOMER, "shop/service.json": {"aliases": ALIASES}})
    made = site.new_cluster(reads=1, MODELS=models).start()
    yield made
    made.close()


def create(cluster, name="Ana", **fields):
    """By the old path, and known everywhere."""
    answer = cluster.bulkhead.post(f"{OLD}/", {"nombre": name, **fields})
    assert answer.status_code == 202, answer.text
    made = answer.json()
    cluster.await_everywhere(made, path=CUSTOMERS)
    return made


def renamed(old):
    """A record of the old path with the names of the model, in the same order."""
    return {NAMES.get(name, name): value for name, value in old.items()}


def pointers(answer):
    return sorted(error["pointer"] for error in answer.json()["errors"])


# What they do

def test_a_post_to_an_old_path_creates(cluster):
    answer = cluster.bulkhead.post(f"{OLD}/", {
        "nombre": "Ana", "correo": "ana@b.co", "phone": "1", "domicilio": {"name": "Cra 7"}})
    made = answer.json()
    assert answer.status_code == 202
    assert list(made) == ["id", "version", "nombre", "correo", "domicilio", "phone", "created_at",
                          "updated_at", "created_by", "updated_by"]
    assert made["domicilio"] == {"name": "Cra 7", "number": 0}
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"{CUSTOMERS}/{made['id']}"
    own = cluster.write.get(answer.headers["Location"]).json()
    assert own == renamed(made)
    assert list(own) == list(renamed(made))


def test_a_record_is_read_by_its_old_path_on_either_side(cluster):
    made = create(cluster, correo="eva@b.co")
    for server in [cluster.bulkhead, cluster.write, cluster.reads[0]]:
        answer = server.get(f"{OLD}/{made['id']}/")
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
        assert answer.json() == made
        assert server.get(f"{CUSTOMERS}/{made['id']}").json() == renamed(made)


def test_a_record_of_the_new_path_is_read_by_the_old_one(cluster):
    made = cluster.create(CUSTOMERS, name="Nueva", address={"name": "Cll 1", "number": 2})
    cluster.await_everywhere(made, path=CUSTOMERS)
    old = cluster.bulkhead.get(f"{OLD}/{made['id']}/").json()
    assert (old["nombre"], old["domicilio"]) == ("Nueva", {"name": "Cll 1", "number": 2})
    assert renamed(old) == made


def test_each_path_has_names_of_its_own(cluster):
    made = create(cluster, phone="311")
    sheet = cluster.bulkhead.get(f"/cliente/{made['id']}/ficha").json()
    assert (sheet["telefono"], sheet["name"]) == ("311", "Ana")
    assert "phone" not in sheet and "nombre" not in sheet


@pytest.mark.parametrize("ending", ["", "/"])
def test_a_slash_at_the_end_is_of_no_account(cluster, ending):
    answer = cluster.bulkhead.post(f"{OLD}{ending}", {"nombre": "Barra"})
    assert answer.status_code == 202
    made = answer.json()
    cluster.await_everywhere(made, path=CUSTOMERS)
    assert cluster.bulkhead.get(f"{OLD}/{made['id']}{ending}").json() == made
    assert cluster.bulkhead.get(f"/cliente/{made['id']}/ficha{ending}").status_code == 200
    assert cluster.bulkhead.get(f"{OLD}{ending}").status_code == 200


def test_a_list_has_the_old_names(cluster):
    made = [create(cluster, f"Lista {n}") for n in range(3)]
    answer = cluster.bulkhead.get(f"{OLD}/?page_size=2")
    assert answer.status_code == 200
    assert answer.json()["data"] == [made[2], made[1]]
    assert answer.json()["pagination"]["has_next"] is True
    assert cluster.bulkhead.get(f"{OLD}/?page_size=1&page=3").json()["data"] == [made[0]]
    assert cluster.bulkhead.get(f"{OLD}/?page=x").status_code == 400


def test_an_empty_list_is_one_on_the_old_path_too(cluster):
    answer = cluster.bulkhead.get(f"{OLD}/?name=nobody")
    assert answer.json()["data"] == []
    assert answer.json()["pagination"]["total_records"] == 0


def test_a_put_to_an_old_path_replaces(cluster):
    made = create(cluster, correo="put@b.co", phone="1")
    answer = cluster.bulkhead.request("PUT", f"{OLD}/{made['id']}/", json={"nombre": "Otra"})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')
    new = answer.json()
    assert (new["nombre"], new["correo"], new["phone"]) == ("Otra", None, "")


def test_a_patch_to_an_old_path_merges(cluster):
    made = create(cluster, correo="patch@b.co", domicilio={"name": "Cra 7", "number": 7})
    answer = cluster.bulkhead.request("PATCH", f"{OLD}/{made['id']}/", json={
        "correo": None, "domicilio": {"number": 8}})
    assert answer.status_code == 200
    new = answer.json()
    assert (new["nombre"], new["correo"], new["version"]) == ("Ana", None, 2)
    assert new["domicilio"] == {"name": "Cra 7", "number": 8}


def test_a_delete_of_an_old_path_deletes(cluster):
    made = create(cluster)
    path = f"{OLD}/{made['id']}/"
    assert cluster.bulkhead.request("DELETE", path).status_code == 200
    assert cluster.write.get(path).status_code == 404
    assert cluster.write.get(f"{CUSTOMERS}/{made['id']}").status_code == 404
    wait_until(lambda: cluster.bulkhead.get(path).status_code == 404, 10, "it to be gone")
    assert cluster.bulkhead.request("DELETE", path).status_code == 404


def test_a_head_of_an_old_path_is_a_get_without_its_body(cluster):
    made = create(cluster)
    for path in [f"{OLD}/{made['id']}/", f"{OLD}/"]:
        answer = cluster.bulkhead.request("HEAD", path)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("method, status", [("PUT", 412), ("PATCH", 412), ("DELETE", 412)])
def test_a_version_may_be_named_on_an_old_path(cluster, method, status):
    made = create(cluster)
    answer = cluster.bulkhead.request(method, f"{OLD}/{made['id']}/", json={"nombre": "x"},
                                      headers={"If-Match": '"9"'})
    assert answer.status_code == status
    assert cluster.write.get(f"{OLD}/{made['id']}/").json() == made


def test_a_key_is_kept_on_an_old_path_too(cluster):
    first, again = (cluster.bulkhead.post(f"{OLD}/", {"nombre": "Clave"},
                                          headers={"Idempotency-Key": "old-path"}) for _ in "ab")
    assert first.status_code == again.status_code == 202
    assert again.content == first.content
    assert first.json()["nombre"] == "Clave"
    assert again.headers["Idempotent-Replayed"] == "true"
    other = cluster.bulkhead.post("/clientes.do", {"name": "Clave"},
                                  headers={"Idempotency-Key": "old-path"})
    assert (other.status_code, other.json()["reason"]) == (422, "key_reused")


def test_without_a_status_of_its_own_an_old_path_has_the_usual_one(cluster):
    answer = cluster.bulkhead.post("/clientes.do", {"name": "Do"})
    assert (answer.status_code, answer.json()["name"]) == (201, "Do")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
def test_an_old_path_does_not_ask_for_a_content_type(cluster, kind):
    answer = cluster.bulkhead.request("POST", f"{OLD}/", data=b'{"nombre":"Tipo"}',
                                      headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == 202


def test_an_old_path_is_closed_with_its_service(cluster):
    switch = "/bulkhead/services/shop/writes"
    cluster.bulkhead.request("PUT", switch, json={"enabled": False, "why": "a drill"})
    try:
        closed = cluster.bulkhead.post(f"{OLD}/", {"nombre": "x"})
        assert (closed.status_code, closed.json()["reason"]) == (503, "disabled")
        assert cluster.bulkhead.get(f"{OLD}/").status_code == 200
    finally:
        cluster.bulkhead.request("PUT", switch, json={"enabled": True, "why": "over"})
    assert cluster.bulkhead.post(f"{OLD}/", {"nombre": "x"}).status_code == 202


# Mistakes

def test_mistakes_point_at_what_the_client_wrote(cluster):
    answer = cluster.bulkhead.post(f"{OLD}/", {
        "nombre": 5, "correo": 7, "domicilio": {"number": "x"}, "phone": 1, "otro": 2})
    assert answer.status_code == 422
    assert pointers(answer) == ["/correo", "/domicilio/name", "/domicilio/number", "/nombre",
                                "/otro", "/phone"]


def test_what_is_missing_is_called_by_its_old_name(cluster):
    path = f"{OLD}/{create(cluster)['id']}/"
    for answer in [cluster.bulkhead.post(f"{OLD}/", {}),
                   cluster.bulkhead.request("PUT", path, json={}),
                   cluster.bulkhead.request("PATCH", path, json={"nombre": None})]:
        assert (answer.status_code, pointers(answer)) == (422, ["/nombre"])


def test_a_value_that_is_taken_is_called_by_its_old_name(cluster):
    create(cluster, correo="taken@b.co")
    answer = cluster.bulkhead.post(f"{OLD}/", {"nombre": "Eva", "correo": "taken@b.co"})
    assert (answer.status_code, pointers(answer)) == (409, ["/correo"])


def test_a_field_under_both_its_names_is_refused(cluster):
    answer = cluster.bulkhead.post(f"{OLD}/", {"nombre": "Ana", "name": "Eva"})
    assert answer.status_code == 422
    assert pointers(answer) == ["/nombre"]


@pytest.mark.parametrize("body", ['[]', '"x"', '7', 'null'])
def test_a_body_that_is_no_object_is_422(cluster, body):
    answer = cluster.bulkhead.request("POST", f"{OLD}/", data=body)
    assert (answer.status_code, pointers(answer)) == (422, [""])


@pytest.mark.parametrize("body", ["", "{", '{"nombre":"x","nombre":"y"}'])
def test_a_body_that_is_no_json_is_400(cluster, body):
    answer = cluster.bulkhead.request("POST", f"{OLD}/", data=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("path, method, allowed", [
    (f"{OLD}/", "PUT", "GET, HEAD, POST"), (f"{OLD}/", "DELETE", "GET, HEAD, POST"),
    (f"{OLD}/{ABSENT}/", "POST", "GET, HEAD, PUT, PATCH, DELETE"),
    ("/clientes.do", "GET", "POST"), (f"/cliente/{ABSENT}/ficha", "PATCH", "GET, HEAD"),
    ("/procesamiento/procesar-imagen", "GET", "POST")])
def test_another_method_is_405_and_the_declared_ones_are_named(cluster, path, method, allowed):
    for server in [cluster.bulkhead, cluster.write]:
        answer = server.request(method, path, json={})
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
        assert answer.json()["reason"] == "method_not_allowed"


@pytest.mark.parametrize("old_id", ["1", "000042", "abc", "01890a5d", ABSENT])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_id_that_is_not_known_here_is_404(cluster, method, old_id):
    for server in [cluster.bulkhead, cluster.write]:
        answer = server.request(method, f"{OLD}/{old_id}/", json={"nombre": "x"})
        assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/cliente", f"{OLD}/1/2",
                                  "/cliente/x", "/cliente//ficha", "/CLIENTES.do", "/clientesXdo"])
def test_a_path_that_nobody_declared_is_404(cluster, path):
    for server in cluster.servers:
        assert server.post(path, {"nombre": "x"}).status_code == 404


# Mistakes of a service.json

WRONG = [
    ({"statuz": 202}, "statuz"),
    ({"collection": "costumers"}, "costumers"),
    ({"collection": ...}, "collection"),
    ({"names": {"nombre": "nome"}}, "nome"),
    ({"names": {"nombre": 7}}, "nombre"),
    ({"names": {"nombre": "id"}}, "id"),
    ({"names": {"phone": "name"}}, "phone"),
    ({"names": {"a": "name", "b": "name"}}, "name"),
    ({"names": ["name"]}, "names"),
    ({"path": "/v1/shop/old"}, "/v1/shop/old"),
    ({"path": "/bulkhead/old"}, "/bulkhead/old"),
    ({"path": "/database/write/"}, "/database/write/"),
    ({"path": "/replication/shop"}, "/replication/shop"),
    ({"path": "/"}, "path"),
    ({"path": ""}, "path"),
    ({"path": ...}, "path"),
    ({"path": 7}, "path"),
    ({"path": "old"}, "path"),
    ({"path": "/old?x=1"}, "path"),
    ({"path": "/old path"}, "path"),
    ({"path": "/old/{name}"}, "path"),
    ({"path": "/old/x{id}", "method": "GET"}, "path"),
    ({"path": "/old/{id}/{id}", "method": "GET"}, "path"),
    ({"path": "/old/{id}"}, "POST"),
    ({"method": "PUT"}, "PUT"),
    ({"method": "PATCH"}, "PATCH"),
    ({"method": "DELETE"}, "DELETE"),
    ({"method": "HEAD"}, "method"),
    ({"method": "post"}, "method"),
    ({"method": ...}, "method"),
    ({"status": 199}, "status"),
    ({"status": 204}, "status"),
    ({"status": 404}, "status"),
    ({"status": "202"}, "status"),
    ({"status": None}, "status")]


@pytest.mark.parametrize("wrong, named", WRONG)
def test_an_alias_with_a_mistake_is_refused_and_named(tmp_path, wrong, named):
    check_refused(models_with(tmp_path, services(**wrong)), named)


def check_refused(models, named, role="write", file="shop/service.json"):
    status, said = run_to_end(role, MODELS=models)
    assert status == 78, said
    mistakes = [line for line in said.splitlines() if file in line]
    assert any(named in line for line in mistakes), said


@pytest.mark.parametrize("role", ["write", "read", "bulkhead"])
def test_every_role_looks_at_the_aliases(tmp_path, role):
    check_refused(models_with(tmp_path, services(status=500)), "status", role)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"aliases":{}}', '{"aliases":[7]}',
                                  '{"alias":[]}', '{"aliases":[],"aliases":[]}'])
def test_a_service_json_that_is_none_is_refused_and_named(tmp_path, text):
    check_refused(models_with(tmp_path, {**services(), "shop/service.json": text}), "service.json")


@pytest.mark.parametrize("other", ["/old", "/old/"])
def test_one_path_and_method_cannot_be_declared_twice(tmp_path, other):
    aliases = [{"method": "POST", "path": path, "collection": "customers"}
               for path in ("/old", other)]
    models = models_with(tmp_path, {**services(), "shop/service.json": {"aliases": aliases}})
    check_refused(models, other)


def test_two_services_cannot_declare_one_path(tmp_path):
    models = models_with(tmp_path, services(path="/procesamiento/procesar-imagen"))
    check_refused(models, "/procesamiento/procesar-imagen", file="service.json")


def test_one_path_may_be_declared_for_several_methods(tmp_path):
    aliases = [{"method": method, "path": "/old", "collection": "customers"}
               for method in ("POST", "GET")]
    models = models_with(tmp_path, {**services(), "shop/service.json": {"aliases": aliases}})
    status, said = run_to_end(MODELS=models, PORT=0)
    assert status == 78
    assert "service.json" not in said and "PORT" in said


def test_all_mistakes_of_the_aliases_are_told_at_once(tmp_path):
    wrong = {"method": "GIVE", "path": "old", "collection": "none", "status": 1, "odd": 2}
    models = models_with(tmp_path, {**services(), "shop/service.json": json.dumps(
        {"aliases": [wrong, {**wrong, "odder": 3}]})})
    for named in ["odd", "odder", "none", "status", "method"]:
        check_refused(models, named)

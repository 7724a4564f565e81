"""The older clients' paths (SYSTEMS.md, section 1) on every role: status, shape and values."""
import uuid

import pytest
from harness.process import wait_until

ROLES = ["bulkhead", "write", "read"]
RECORD = ["id", "title", "content", "created_at", "updated_at"]
WRITTEN = ["id", "title", "content", "created_at", "message"]
PAGINATION = ["current_page", "total_pages", "total_records", "has_next", "has_previous"]
ENTRIES = 25


@pytest.fixture(scope="module")
def entries(cluster):
    """The answers to twenty-five writes on the older path, newest first."""
    written = [
        cluster.bulkhead.post("/bulkhead/", {"title": f"Entrada {n}", "content": f"Contenido {n}"})
        for n in range(ENTRIES)]
    assert {answer.status_code for answer in written} == {201}
    for read in cluster.reads:
        wait_until(lambda: total(read.get("/database/read/")) == ENTRIES, 10,
                   f"{read.name} to have all entries")
    return [answer.json() for answer in reversed(written)]


@pytest.fixture(params=ROLES)
def server(request, cluster):
    return {"bulkhead": cluster.bulkhead, "write": cluster.write,
            "read": cluster.reads[0]}[request.param]


def role(server):
    return server.settings["SERVER_TYPE"]


def total(answer):
    return answer.json()["pagination"]["total_records"]


def ids(answer):
    return [record["id"] for record in answer.json()["data"]]


def is_refused(answer, status, error=None):
    """An error of the older paths: their own key first, beside those of problem+json."""
    body = answer.json()
    assert answer.status_code == status, body
    assert next(iter(body)) == "error", body
    assert body["error"] and (error is None or body["error"] == error), body
    assert body["title"] and body["reason"] and body["detail"], body
    assert answer.headers["Content-Type"] == "application/problem+json"
    return True


def is_refused_for_its_role(answer, server):
    assert is_refused(answer, 403)
    assert list(answer.json())[:2] == ["error", "server_type"]
    assert answer.json()["server_type"] == role(server)
    return True


def flip(cluster, service_name):
    answer = cluster.bulkhead.post("/bulkhead/toggle/", {"service_name": service_name})
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture
def switched_off(cluster, request):
    service = request.param
    assert flip(cluster, service).json()["status"] == "disabled"
    yield service
    assert flip(cluster, service).json()["status"] == "enabled"


# GET /bulkhead/, GET /, GET /database/read/

# On these paths the older clients read; the gateway says what its reader says.
READING = [("bulkhead", "/bulkhead/"), ("bulkhead", "/"), ("read", "/database/read/")]


@pytest.fixture(params=READING, ids=lambda row: f"{row[0]} {row[1]}")
def reading(request, cluster, entries):
    """Asks one of the reading paths, with this query."""
    name, path = request.param
    server = cluster.bulkhead if name == "bulkhead" else cluster.reads[1]
    return lambda query="": server.get(path + query)


def test_a_list_has_ten_records_of_page_one_newest_first(reading, entries):
    answer = reading()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.json()) == ["data", "pagination"]
    assert ids(answer) == [entry["id"] for entry in entries[:10]]
    assert all(list(record) == RECORD for record in answer.json()["data"])


def test_the_pagination_says_where_we_are(reading):
    first = reading().json()["pagination"]
    middle = reading("?page=2").json()["pagination"]
    last = reading("?page=3").json()["pagination"]
    assert list(first) == PAGINATION
    assert list(first.values()) == [1, 3, ENTRIES, True, False]
    assert list(middle.values()) == [2, 3, ENTRIES, True, True]
    assert list(last.values()) == [3, 3, ENTRIES, False, True]


def test_the_query_chooses_the_page_and_its_size(reading, entries):
    answer = reading("?page=3&page_size=7")
    assert ids(answer) == [entry["id"] for entry in entries[14:21]]
    assert list(answer.json()["pagination"].values()) == [3, 4, ENTRIES, True, True]


def test_one_record_is_found_by_its_id(reading, entries):
    answer = reading(f"?id={entries[3]['id']}")
    record = answer.json()
    assert answer.status_code == 200
    assert list(record) == RECORD
    assert {name: record[name] for name in RECORD[:4]} == {
        name: entries[3][name] for name in RECORD[:4]}
    assert record["updated_at"] == record["created_at"]


@pytest.mark.parametrize("unknown", ["01890a5d-ac96-774b-bcce-b302099a8057", "99", "nada"])
def test_an_unknown_id_is_404(reading, unknown):
    assert is_refused(reading(f"?id={unknown}"), 404, "Record not found")


@pytest.mark.parametrize("page", ["0", "-1", "4", "99999999999999999999", "uno", "1.5", ""])
def test_a_page_that_is_not_there_is_400(reading, page):
    assert is_refused(reading(f"?page={page}"), 400, "Invalid page number")


@pytest.mark.parametrize("size", ["0", "-1", "diez"])
def test_a_page_size_that_cannot_be_is_400(reading, size):
    assert is_refused(reading(f"?page_size={size}"), 400)


def test_an_empty_collection_is_one_empty_page(fresh):
    answer = fresh.bulkhead.get("/bulkhead/")
    assert answer.status_code == 200
    assert answer.json()["data"] == []
    assert list(answer.json()["pagination"]) == PAGINATION
    assert total(answer) == 0
    assert not answer.json()["pagination"]["has_next"]


# POST /bulkhead/, POST /database/write/

WRITING = [("bulkhead", "/bulkhead/"), ("write", "/database/write/")]


@pytest.fixture(scope="module")
def scratch(site):
    """Another cluster: what is written there disturbs no count of ours."""
    made = site.new_cluster(reads=1).start()
    yield made
    made.close()


@pytest.fixture(params=WRITING, ids=lambda row: f"{row[0]} {row[1]}")
def writing(request, scratch):
    """Posts a body to one of the writing paths."""
    name, path = request.param
    server = scratch.bulkhead if name == "bulkhead" else scratch.write
    return lambda body=None, **how: server.post(path, body, **how)


def test_a_write_answers_201_with_what_was_written(writing):
    answer = writing({"title": "Dolor de cabeza", "content": "Desde ayer."})
    written = answer.json()
    assert answer.status_code == 201
    assert list(written) == WRITTEN
    assert written["title"] == "Dolor de cabeza"
    assert written["content"] == "Desde ayer."
    assert written["message"] == "Data written successfully"
    assert uuid.UUID(written["id"]).version == 7


def test_content_may_be_left_out_and_a_title_has_up_to_200_characters(writing):
    answer = writing({"title": "ñ" * 200})
    assert answer.status_code == 201
    assert answer.json()["content"] == ""


@pytest.mark.parametrize("body", [
    {}, {"content": "sin título"}, {"title": ""}, {"title": "x" * 201}, {"title": None},
    {"title": 5}, {"title": "x", "content": 5}], ids=str)
def test_a_body_that_breaks_the_rules_is_400(writing, body):
    assert is_refused(writing(body), 400)


@pytest.mark.parametrize("body", [b"", b"{", b"no", b'{"title":"x"} y', b'{"title":"\xff"}'])
def test_a_body_that_is_not_json_is_400(writing, body):
    answer = writing(data=body, headers={"Content-Type": "application/json"})
    assert is_refused(answer, 400, "Invalid JSON data")


def test_what_the_gateway_writes_the_gateway_reads(scratch):
    written = scratch.bulkhead.post("/bulkhead/", {"title": "Ida y vuelta"}).json()
    found = wait_until(
        lambda: (answer := scratch.bulkhead.get(f"/bulkhead/?id={written['id']}")).ok and answer,
        5, "the record to come back")
    assert found.json()["title"] == "Ida y vuelta"


# POST /bulkhead/toggle/, GET /bulkhead/status/

def test_the_status_names_both_services(cluster):
    answer = cluster.bulkhead.get("/bulkhead/status/")
    assert answer.status_code == 200
    assert list(answer.json().items()) == [("GET", "enabled"), ("POST", "enabled")]


@pytest.mark.parametrize("name", ["GET", "get", "Get", "POST", "post", "pOsT"])
def test_a_toggle_flips_in_any_case_and_flips_back(cluster, name):
    service = name.upper()
    for status in ["disabled", "enabled"]:
        answer = flip(cluster, name)
        assert list(answer.json()) == ["service", "status", "message"]
        assert answer.json()["service"] == service
        assert answer.json()["status"] == status
        assert answer.json()["message"]
        assert cluster.bulkhead.get("/bulkhead/status/").json()[service] == status


@pytest.mark.parametrize("body", [
    {}, {"service_name": "PUT"}, {"service_name": ""}, {"service_name": None},
    {"service_name": 1}, {"service_name": ["GET"]}, [], "GET"], ids=str)
def test_a_toggle_of_anything_else_is_400_and_flips_nothing(cluster, body):
    assert is_refused(cluster.bulkhead.post("/bulkhead/toggle/", body), 400)
    assert set(cluster.bulkhead.get("/bulkhead/status/").json().values()) == {"enabled"}


def test_a_toggle_that_is_not_json_is_400(cluster):
    answer = cluster.bulkhead.post(
        "/bulkhead/toggle/", data=b"GET", headers={"Content-Type": "application/json"})
    assert is_refused(answer, 400)


def says_it_is_disabled(answer, service):
    body = answer.json()
    assert answer.status_code == 503
    assert list(body.items())[:2] == [
        ("error", f"{service} service is currently unavailable"), ("status", "disabled")]
    return True


@pytest.mark.parametrize("switched_off", ["GET"], indirect=True)
def test_with_get_switched_off_reads_are_503_and_writes_go_on(cluster, switched_off):
    assert says_it_is_disabled(cluster.bulkhead.get("/bulkhead/"), "GET")
    assert says_it_is_disabled(cluster.bulkhead.get("/bulkhead/?page=1"), "GET")
    assert says_it_is_disabled(cluster.bulkhead.get("/"), "GET")
    answer = cluster.bulkhead.get("/v1/medical/entries")
    assert answer.status_code == 503
    assert answer.json()["reason"] == "disabled"
    assert cluster.bulkhead.post("/bulkhead/", {"title": ""}).status_code == 400


@pytest.mark.parametrize("switched_off", ["POST"], indirect=True)
def test_with_post_switched_off_writes_are_503_and_reads_go_on(cluster, entries, switched_off):
    assert says_it_is_disabled(cluster.bulkhead.post("/bulkhead/", {"title": "x"}), "POST")
    answer = cluster.bulkhead.post("/v1/medical/entries", {"title": "x"})
    assert answer.status_code == 503
    assert answer.json()["reason"] == "disabled"
    assert total(cluster.bulkhead.get("/bulkhead/")) == ENTRIES


@pytest.mark.parametrize("switched_off", ["GET"], indirect=True)
def test_every_connection_to_the_gateway_obeys_a_toggle(cluster, switched_off):
    fresh_connection = {"Connection": "close"}
    answers = [cluster.bulkhead.get("/bulkhead/", headers=fresh_connection) for _ in range(30)]
    assert {answer.status_code for answer in answers} == {503}


# The same paths on the other roles

def test_every_role_says_it_is_healthy_and_who_it_is(server):
    answer = server.get("/database/health/")
    assert answer.status_code == 200
    assert list(answer.json().items()) == [("status", "healthy"), ("server_type", role(server))]


def test_only_a_write_server_writes(server):
    answer = server.post("/database/write/", {"title": ""})
    if role(server) == "write":
        assert is_refused(answer, 400)
    else:
        assert is_refused_for_its_role(answer, server)


def test_only_a_read_server_reads(server):
    answer = server.get("/database/read/")
    if role(server) == "read":
        assert answer.status_code == 200
    else:
        assert is_refused_for_its_role(answer, server)


@pytest.mark.parametrize("method, path", [
    ("GET", "/bulkhead/"), ("POST", "/bulkhead/"), ("POST", "/bulkhead/toggle/"),
    ("GET", "/bulkhead/status/")])
def test_only_the_gateway_is_a_gateway(cluster, method, path):
    body = {"title": "x", "service_name": "GET"}
    for server in [cluster.write, cluster.reads[0]]:
        assert is_refused_for_its_role(server.request(method, path, json=body), server)


@pytest.mark.parametrize("name, method, path", [
    ("bulkhead", "DELETE", "/bulkhead/"), ("bulkhead", "GET", "/bulkhead/toggle/"),
    ("bulkhead", "POST", "/bulkhead/status/"), ("write", "GET", "/database/write/"),
    ("read", "POST", "/database/read/"), ("write", "POST", "/database/health/")])
def test_a_wrong_method_is_405_and_names_the_right_one(cluster, name, method, path):
    server = {"bulkhead": cluster.bulkhead, "write": cluster.write, "read": cluster.reads[0]}[name]
    answer = server.request(method, path)
    assert is_refused(answer, 405)
    assert method not in answer.headers["Allow"]

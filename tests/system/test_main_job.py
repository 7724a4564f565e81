"""Written at the gateway, read from every replica: a record from creation to tombstone."""
import http.client
import json
import threading
import uuid
from datetime import datetime, timezone

import pytest
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"
REPORTS = "/v1/medical/reports"
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
ENTRY = ["id", "version", "title", "content",
         "created_at", "updated_at", "created_by", "updated_by"]
REPORT = ["id", "version", "title", "description", "author", "department", "category", "priority",
          "status", "due_date", "tags", "created_at", "updated_at", "created_by", "updated_by"]
A_REPORT = {"title": "Presupuesto", "author": "Ana", "department": "Compras",
            "category": "financial", "priority": "low"}


@pytest.fixture
def entry(cluster):
    """A new record, present on all replicas. Its title is its own."""
    made = cluster.create(title=f"Entrada {uuid.uuid4()}", content="Texto")
    cluster.await_everywhere(made)
    return made


def at(record, path=ENTRIES):
    return f"{path}/{record['id']}"


def total(answer):
    return answer.json()["pagination"]["total_records"]


def is_problem(answer, status, reason):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["reason"] == reason
    return True


def await_total(server, query, expected):
    wait_until(lambda: total(server.get(ENTRIES + query)) == expected, 10,
               f"{server.name} to count {expected} for {query}")


# Creating and reading

def test_a_creation_answers_201_with_where_it_is_which_version_and_what(cluster):
    answer = cluster.bulkhead.post(ENTRIES, {"title": "Dolor leve", "content": "Sin fiebre"})
    record = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Location"] == at(record)
    assert answer.headers["ETag"] == '"1"'
    assert list(record) == ENTRY
    assert uuid.UUID(record["id"]).version == 7
    assert record["version"] == 1
    assert (record["title"], record["content"]) == ("Dolor leve", "Sin fiebre")
    assert record["created_at"] == record["updated_at"]
    age = datetime.now(timezone.utc) - datetime.fromisoformat(record["created_at"])
    assert abs(age.total_seconds()) < 30


def test_a_record_posted_to_the_gateway_is_served_by_all_three_replicas(cluster, entry):
    for server in [*cluster.reads, cluster.bulkhead]:
        answer = server.get(at(entry))
        assert answer.status_code == 200
        assert answer.headers["ETag"] == '"1"'
        assert list(answer.json().items()) == list(entry.items())


def test_every_kind_of_text_comes_back_as_it_was_sent(cluster):
    text = 'ñandú 漢字 😀 "quoted" \\ / \t\r\n </script> \u2028 \x7f'
    record = cluster.create(title=text, content=text)
    cluster.await_everywhere(record)
    assert record["title"] == record["content"] == text
    assert cluster.reads[0].get(at(record)).json() == record
    assert ids(cluster.reads[0].get(ENTRIES, params={"title": text})) == [record["id"]]


def test_the_write_server_gives_one_record_and_no_list(cluster, entry):
    one = cluster.write.get(at(entry))
    assert (one.status_code, one.json(), one.headers["ETag"]) == (200, entry, '"1"')
    many = cluster.write.get(ENTRIES)
    assert is_problem(many, 405, "method_not_allowed")
    assert many.headers["Allow"] == "POST"


def test_a_read_server_takes_no_command(cluster, entry):
    for method, path in [("POST", ENTRIES), ("PUT", at(entry)), ("PATCH", at(entry)),
                         ("DELETE", at(entry))]:
        answer = cluster.reads[0].request(method, path, json={"title": "x"})
        assert is_problem(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("method, path, allowed", [
    ("PUT", ENTRIES, {"GET", "HEAD", "POST"}), ("DELETE", ENTRIES, {"GET", "HEAD", "POST"}),
    ("POST", f"{ENTRIES}/{NOBODY}", {"GET", "HEAD", "PUT", "PATCH", "DELETE"})])
def test_the_gateway_names_the_methods_that_it_allows(cluster, method, path, allowed):
    answer = cluster.bulkhead.request(method, path, json={"title": "x"})
    assert is_problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_a_record_that_never_was_is_404_everywhere(cluster):
    for server in [cluster.bulkhead, cluster.write, *cluster.reads]:
        assert is_problem(server.get(f"{ENTRIES}/{NOBODY}"), 404, "not_found")


# Lists

def ids(answer):
    return [record["id"] for record in answer.json()["data"]]


@pytest.fixture(scope="module")
def thirteen(cluster):
    """Thirteen records of one title, newest first, present on all replicas."""
    made = [cluster.create(title="Trece", content=str(n)) for n in range(13)]
    for read in cluster.reads:
        await_total(read, "?title=Trece", 13)
    return list(reversed(made))


def test_a_list_is_newest_first_with_exact_totals(cluster, thirteen):
    for server in [*cluster.reads, cluster.bulkhead]:
        answer = server.get(f"{ENTRIES}?title=Trece&page=2&page_size=5")
        assert answer.status_code == 200
        assert answer.json()["data"] == thirteen[5:10]
        pagination = answer.json()["pagination"]
        assert list(pagination)[:5] == [
            "current_page", "total_pages", "total_records", "has_next", "has_previous"]
        assert list(pagination.values())[:5] == [2, 3, 13, True, True]


def test_an_unfiltered_list_counts_every_live_record(cluster):
    def live():
        return cluster.written("SELECT count(*) FROM medical.entries WHERE NOT deleted")[0][0]
    for read in cluster.reads:
        await_total(read, "", live())


def test_a_filter_compares_the_whole_value_and_its_case(cluster, thirteen):
    for query in ["?title=Trec", "?title=trece", "?title=Trece%20", "?title=%25", "?title="]:
        answer = cluster.reads[0].get(ENTRIES + query)
        assert (answer.status_code, total(answer)) == (200, 0), query


def test_a_filter_understands_percent_and_plus(cluster):
    record = cluster.create(title="uno + dos & más")
    cluster.await_everywhere(record)
    for query in ["?title=uno%20%2B%20dos%20%26%20m%C3%A1s", "?title=uno+%2b+dos+%26+m%c3%a1s"]:
        assert ids(cluster.bulkhead.get(ENTRIES + query)) == [record["id"]]


def test_a_hundred_fit_on_a_page_and_ten_come_unasked(cluster, thirteen):
    assert len(ids(cluster.reads[0].get(f"{ENTRIES}?title=Trece"))) == 10
    assert len(ids(cluster.reads[0].get(f"{ENTRIES}?title=Trece&page_size=100"))) == 13


# Changing

def test_a_replacement_leaves_nothing_of_the_old(cluster, entry):
    answer = cluster.bulkhead.request("PUT", at(entry), json={"title": "Otro"})
    record = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert list(record) == ENTRY
    assert (record["version"], record["title"], record["content"]) == (2, "Otro", "")
    assert record["created_at"] == entry["created_at"]
    assert record["updated_at"] >= entry["updated_at"]
    cluster.await_everywhere(record)
    for read in cluster.reads:
        assert read.get(at(entry)).json() == record
        assert total(read.get(f"{ENTRIES}?title={entry['title']}")) == 0


@pytest.mark.parametrize("content_type", ["application/merge-patch+json", "application/json"])
def test_a_patch_changes_what_it_names_and_null_takes_away(cluster, entry, content_type):
    def patch(body):
        return cluster.bulkhead.request("PATCH", at(entry), data=json.dumps(body),
                                        headers={"Content-Type": content_type})

    kept = patch({"title": "Nuevo"})
    assert (kept.status_code, kept.headers["ETag"]) == (200, '"2"')
    assert (kept.json()["title"], kept.json()["content"]) == ("Nuevo", "Texto")
    removed = patch({"content": None})
    assert (removed.status_code, removed.json()["version"]) == (200, 3)
    assert removed.json()["content"] == ""
    required = patch({"title": None})
    assert is_problem(required, 422, "invalid")
    assert required.json()["errors"][0]["pointer"] == "/title"
    cluster.await_everywhere(removed.json())
    assert cluster.reads[2].get(at(entry)).json() == removed.json()


def test_an_empty_patch_still_answers_with_the_record(cluster, entry):
    answer = cluster.bulkhead.request("PATCH", at(entry), json={})
    assert answer.status_code == 200
    assert answer.json()["title"] == entry["title"]


def test_a_deleted_record_is_gone_from_everywhere_and_every_total(cluster, thirteen):
    record = cluster.create(title="Efímera")
    cluster.await_everywhere(record)
    answer = cluster.bulkhead.request("DELETE", at(record))
    assert (answer.status_code, answer.content) == (204, b"")
    for read in cluster.reads:
        await_total(read, "?title=Ef%C3%ADmera", 0)
        assert is_problem(read.get(at(record)), 404, "not_found")
    for method in ["GET", "PUT", "PATCH", "DELETE"]:
        again = cluster.write.request(method, at(record), json={"title": "x"})
        assert is_problem(again, 404, "not_found")


def test_a_deleted_record_stays_in_the_table_as_a_tombstone(cluster, entry):
    assert cluster.bulkhead.request("DELETE", at(entry)).status_code == 204
    assert cluster.written(
        "SELECT version, deleted FROM medical.entries WHERE id = %s", entry["id"]) == [(2, True)]


@pytest.mark.parametrize("method, ending", [("PUT", 200), ("PATCH", 200), ("DELETE", 204)])
def test_a_condition_on_the_version_holds_or_is_412(cluster, entry, method, ending):
    def change(condition):
        return cluster.bulkhead.request(method, at(entry), json={"title": "x"},
                                        headers={"If-Match": condition})

    for stale in ['"2"', '"99999999999"']:
        assert is_problem(change(stale), 412, "stale_version")
    assert cluster.write.get(at(entry)).json() == entry
    assert change('"1"').status_code == ending


def test_if_match_star_needs_only_that_there_is_a_record(cluster, entry):
    star = {"If-Match": "*"}
    here = cluster.bulkhead.request("PATCH", at(entry), json={"content": "x"}, headers=star)
    assert here.status_code == 200
    nowhere = cluster.bulkhead.request(
        "PATCH", f"{ENTRIES}/{NOBODY}", json={"content": "x"}, headers=star)
    assert nowhere.status_code in (404, 412)


def test_of_many_who_change_the_same_version_exactly_one_succeeds(cluster, entry):
    answers = at_once(8, lambda n: cluster.bulkhead.request(
        "PATCH", at(entry), json={"content": str(n)}, headers={"If-Match": '"1"'}))
    assert sorted(answer.status_code for answer in answers) == [200] + 7 * [412]
    assert cluster.write.get(at(entry)).json()["version"] == 2


def test_unconditional_changes_at_once_all_count(cluster, entry):
    answers = at_once(8, lambda n: cluster.bulkhead.request(
        "PATCH", at(entry), json={"content": str(n)}))
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 10))


def at_once(count, ask):
    """The answers to `count` requests that start together."""
    start, answers = threading.Barrier(count), []

    def one(number):
        start.wait()
        answers.append(ask(number))

    threads = [threading.Thread(target=one, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return answers


def put_if_none(cluster, identifier, title):
    return cluster.bulkhead.request("PUT", f"{ENTRIES}/{identifier}", json={"title": title},
                                    headers={"If-None-Match": "*"})


def test_put_with_if_none_match_creates_under_the_clients_id(cluster):
    identifier = str(uuid.uuid4())
    answer = put_if_none(cluster, identifier, "Con id")
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert answer.headers["Location"] == f"{ENTRIES}/{identifier}"
    assert (answer.json()["id"], answer.json()["version"]) == (identifier, 1)
    cluster.await_everywhere(answer.json())
    assert is_problem(put_if_none(cluster, identifier, "Otra"), 412, "stale_version")
    assert cluster.write.get(f"{ENTRIES}/{identifier}").json() == answer.json()


def test_of_many_who_create_the_same_id_exactly_one_succeeds(cluster):
    identifier = str(uuid.uuid4())
    answers = at_once(8, lambda n: put_if_none(cluster, identifier, str(n)))
    assert sorted(answer.status_code for answer in answers) == [201] + 7 * [412]
    assert cluster.written(
        "SELECT count(*) FROM mamparo.events WHERE subject = %s", identifier) == [(1,)]


def test_put_without_a_condition_creates_nothing(cluster):
    answer = cluster.bulkhead.request("PUT", f"{ENTRIES}/{NOBODY}", json={"title": "x"})
    assert is_problem(answer, 404, "not_found")


def test_a_tombstones_id_is_not_created_again(cluster, entry):
    cluster.bulkhead.request("DELETE", at(entry))
    answer = put_if_none(cluster, entry["id"], "Otra vez")
    assert 400 <= answer.status_code < 500
    assert cluster.write.get(at(entry)).status_code == 404


# Reports

def test_a_report_gets_its_defaults_and_keeps_its_order(cluster):
    answer = cluster.bulkhead.post(REPORTS, A_REPORT)
    report = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == at(report, REPORTS)
    assert list(report) == REPORT
    assert (report["description"], report["status"]) == ("", "draft")
    assert (report["due_date"], report["tags"]) == (None, [])
    cluster.await_everywhere(report, path=REPORTS)
    assert cluster.reads[1].get(at(report, REPORTS)).json() == report


def test_a_full_report_comes_back_whole(cluster):
    full = {**A_REPORT, "description": "Detalle", "status": "review", "priority": "critical",
            "due_date": "2028-02-29", "tags": ["año", "2028", ""]}
    report = cluster.create(REPORTS, **full)
    assert {name: report[name] for name in full} == full
    cluster.await_everywhere(report, path=REPORTS)
    assert cluster.reads[0].get(at(report, REPORTS)).json() == report


def test_a_report_is_patched_field_by_field_and_a_list_whole(cluster):
    report = cluster.create(REPORTS, **A_REPORT, tags=["uno", "dos"], due_date="2027-01-31")
    answer = cluster.bulkhead.request("PATCH", at(report, REPORTS), json={
        "status": "approved", "tags": ["tres"], "due_date": None})
    assert answer.status_code == 200
    assert answer.json() == {
        **report, "version": 2, "status": "approved", "tags": ["tres"], "due_date": None,
        "updated_at": answer.json()["updated_at"]}


@pytest.mark.parametrize("field, value", [
    ("category", "other"), ("priority", "LOW"), ("status", ""), ("due_date", "2027-02-29"),
    ("due_date", "29/02/2028"), ("due_date", 5), ("tags", "uno"), ("tags", [1]),
    ("author", ""), ("author", "x" * 101), ("department", None)])
def test_a_report_with_a_wrong_value_is_refused_at_its_field(cluster, field, value):
    answer = cluster.bulkhead.post(REPORTS, {**A_REPORT, field: value})
    assert is_problem(answer, 422, "invalid")
    assert [mistake["pointer"].split("/")[1] for mistake in answer.json()["errors"]] == [field]


def test_every_declared_filter_finds_its_report_and_they_combine(cluster):
    department = f"Área {uuid.uuid4()}"
    report = cluster.create(REPORTS, **{**A_REPORT, "department": department, "priority": "high"},
                            status="published", due_date="2029-12-31")
    other = cluster.create(REPORTS, **{**A_REPORT, "department": department})
    cluster.await_everywhere(report, other, path=REPORTS)

    def found(**filters):
        answer = cluster.bulkhead.get(REPORTS, params={"department": department, **filters})
        assert answer.status_code == 200, answer.text
        return ids(answer)

    assert found() == [other["id"], report["id"]]
    for name in ["priority", "status", "due_date"]:
        assert found(**{name: report[name]}) == [report["id"]]
    for name in ["title", "author", "category"]:
        assert found(**{name: report[name]}) == [other["id"], report["id"]]
    assert found(status="published", priority="high", category="financial") == [report["id"]]
    assert found(status="published", priority="low") == []


def test_twenty_reports_come_unasked(cluster):
    made = [cluster.create(REPORTS, **{**A_REPORT, "department": "Veinte"}) for _ in range(21)]
    cluster.await_everywhere(*made, path=REPORTS)
    answer = cluster.reads[0].get(f"{REPORTS}?department=Veinte")
    assert len(ids(answer)) == 20
    assert answer.json()["pagination"]["total_pages"] == 2


# HTTP itself

@pytest.fixture(params=["bulkhead", "read", "write"])
def connection(request, cluster):
    server = {"bulkhead": cluster.bulkhead, "read": cluster.reads[0],
              "write": cluster.write}[request.param]
    opened = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    yield opened
    opened.close()


def ask(connection, method, path, body=None):
    """One request on this connection; http.client would hide a lost step from us, so the socket
    must be the same before and after."""
    before = connection.sock
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert before in (None, connection.sock), "the connection was closed in between"
    return answer.status, dict(answer.getheaders()), content


def test_head_says_how_long_and_sends_no_body(cluster, entry, connection):
    for path in [at(entry), f"{ENTRIES}/{NOBODY}", "/database/health/"]:
        status, headers, body = ask(connection, "GET", path)
        head_status, head_headers, nothing = ask(connection, "HEAD", path)
        assert nothing == b""
        assert head_status == status
        assert lower(head_headers)["content-length"] == str(len(body))
        assert without_the_moment(head_headers) == without_the_moment(headers)


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


MOMENTARY = ["date", "replica-lag-ms", "x-request-id", "server-timing"]


def without_the_moment(headers):
    return {name: value for name, value in lower(headers).items() if name not in MOMENTARY}


def test_a_connection_stays_in_step_after_every_kind_of_answer(cluster, entry, connection):
    doomed = cluster.create(title="Por borrar")
    cluster.await_everywhere(doomed)
    marker = ask(connection, "GET", at(entry))[2]
    assert json.loads(marker) == entry
    for method, path, body in [
            ("HEAD", at(entry), None), ("HEAD", "/nada", None), ("GET", "/nada", None),
            ("POST", ENTRIES, '{"title":'), ("POST", ENTRIES, '{"title":""}'),
            ("PUT", ENTRIES, '{"title":"x"}'), ("DELETE", at(doomed), None),
            ("HEAD", at(doomed), None), ("POST", f"{ENTRIES}/x/y/z", '{"title":"x"}')]:
        ask(connection, method, path, body)
        assert ask(connection, "GET", at(entry))[2] == marker, f"after {method} {path}"

"""Creations and patches by the thousand: an outcome for each, all of them once, or none."""
import json
import random
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from harness.load import everything_is_everywhere
from harness.models import field, models_with, record
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"
PERSONS = "/v1/medical/persons"
TALLIES = "/v1/medical/tallies"
TABLES = {ENTRIES: "medical.entries", PERSONS: "medical.persons", TALLIES: "medical.tallies"}
CLIENTS = 6

PERSON = record("Person", "persons", [
    field("document", maxLength=40, unique=True),
    field("email", ["null", "string"], default=None, maxLength=100, unique=True),
    field("city", default="", immutable=True),
    field("name", default="")], namespace="medical", requireVersion=True)
TALLY = record("Tally", "tallies", [field(f"of_{n}", "int", default=0) for n in range(CLIENTS)],
               namespace="medical")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return models_with(tmp_path_factory.mktemp("batch"),
                       {"medical/persons.avsc": PERSON, "medical/tallies.avsc": TALLY})


@pytest.fixture(scope="module")
def cluster(site, models):
    made = site.new_cluster(MODELS=models).start()
    yield made
    made.close()


def send(server, members, path=ENTRIES, query="", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.request("POST", f"{path}/batch{query}", json=members, headers=names)


def outcomes(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["outcomes"]


def statuses(answer):
    return [outcome["status"] for outcome in outcomes(answer)]


def create(cluster, path=ENTRIES, **fields):
    """A record, made by the write server alone: nothing has to travel first."""
    answer = cluster.write.post(path, {"title": "Antes", **fields} if path == ENTRIES else fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def now(cluster, identifier, path=ENTRIES):
    answer = cluster.write.get(f"{path}/{identifier}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored(cluster, path=ENTRIES):
    """How many records and events there are."""
    return cluster.written(f"SELECT (SELECT count(*) FROM {TABLES[path]}),"
                           " (SELECT count(*) FROM mamparo.events)")[0]


def events_of(cluster, identifiers):
    return Counter(cluster.written(
        "SELECT subject::text, version FROM mamparo.events WHERE subject = ANY(%s::uuid[])",
        list(identifiers)))


def titled(stem, count):
    return [{"title": f"{stem} {number}"} for number in range(count)]


# Outcomes

def test_every_member_has_its_outcome_and_they_stand_in_order(cluster):
    one, other = create(cluster), create(cluster)
    answer = send(cluster.bulkhead, [
        {"title": "Primera"}, {"id": one["id"], "content": "nuevo"}, {"title": ""},
        {"id": str(uuid.uuid4()), "content": "x"}, {"title": "Última"},
        {"id": other["id"], "version": 7, "content": "x"}])
    assert answer.headers["Content-Type"] == "application/json"
    first, patched, empty, unknown, last, stale = outcomes(answer)
    assert [first["status"], last["status"]] == [201, 201]
    assert now(cluster, first["id"])["title"] == "Primera"
    assert now(cluster, last["id"])["title"] == "Última"
    assert patched == {"status": 200, "id": one["id"], "etag": '"2"'}
    assert set(first) == {"status", "id", "etag"} and first["etag"] == '"1"'
    for outcome, status, reason in [(empty, 422, "invalid"), (unknown, 404, "not_found"),
                                    (stale, 412, "stale_version")]:
        assert set(outcome) == {"status", "problem"}
        assert outcome["status"] == outcome["problem"]["status"] == status
        assert outcome["problem"]["reason"] == reason
    assert now(cluster, other["id"]) == other


def test_a_record_is_read_as_the_batch_left_it(cluster):
    old = create(cluster, content="viejo")
    answer = send(cluster.bulkhead, [{"title": "Nueva", "content": "c"},
                                     {"id": old["id"], "content": None}], X_Actor="ana")
    made, patched = (now(cluster, outcome["id"]) for outcome in outcomes(answer))
    assert (made["title"], made["content"], made["version"]) == ("Nueva", "c", 1)
    assert (made["created_by"], patched["created_by"]) == ("ana", None)
    assert (patched["title"], patched["content"]) == ("Antes", "")
    assert (patched["version"], patched["updated_by"]) == (2, "ana")
    assert patched["created_at"] == old["created_at"]
    cluster.await_everywhere(made, patched)
    for read in cluster.reads:
        assert read.get(f"{ENTRIES}/{made['id']}").json() == made
        assert read.get(f"{ENTRIES}/{patched['id']}").json() == patched


ABSENT = str(uuid.uuid4())
MISTAKES = [
    (7, 422, ""), (None, 422, ""), ("title", 422, ""), ([], 422, ""),
    ({}, 422, "/title"), ({"title": ""}, 422, "/title"), ({"title": 5}, 422, "/title"),
    ({"title": "x" * 201}, 422, "/title"), ({"title": "x", "más": 1}, 422, "/más"),
    ({"title": "x", "version": 1}, 422, "/version"),
    ({"id": "x", "title": "x"}, 422, "/id"), ({"id": 7, "title": "x"}, 422, "/id"),
    ({"id": None, "title": "x"}, 422, "/id"), ({"id": ABSENT, "title": "x"}, 404, None),
    ({"id": ABSENT, "version": 0}, 422, "/version"),
    ({"id": ABSENT, "version": "1"}, 422, "/version"),
    ({"id": ABSENT, "version": 1.0}, 422, "/version"),
    ({"id": ABSENT, "version": None}, 422, "/version")]


@pytest.mark.parametrize("member, status, pointer", MISTAKES)
def test_a_members_mistake_is_its_own_and_the_others_are_stored(cluster, member, status, pointer):
    before = stored(cluster)
    good, bad, last = outcomes(send(cluster.write, [{"title": "a"}, member, {"title": "b"}]))
    assert (good["status"], bad["status"], last["status"]) == (201, status, 201)
    assert stored(cluster) == (before[0] + 2, before[1] + 2)
    pointers = [error["pointer"] for error in bad["problem"].get("errors", [])]
    assert pointers == ([pointer] if pointer is not None else [])


def test_every_mistake_of_a_member_is_told(cluster):
    [bad] = outcomes(send(cluster.write, [{"titel": "x", "content": 7}]))
    assert {error["pointer"] for error in bad["problem"]["errors"]} == {
        "/title", "/titel", "/content"}


def test_a_patch_that_would_spoil_its_record_is_refused(cluster):
    old = create(cluster)
    [bad] = outcomes(send(cluster.write, [{"id": old["id"], "title": None}]))
    assert bad["status"] == 422
    assert now(cluster, old["id"]) == old


def test_a_deleted_record_is_not_patched(cluster):
    old = create(cluster)
    cluster.write.request("DELETE", f"{ENTRIES}/{old['id']}")
    assert statuses(send(cluster.write, [{"id": old["id"], "content": "x"}])) == [404]


def test_a_record_stands_in_a_batch_once(cluster):
    old = create(cluster)
    first, second = outcomes(send(cluster.write, [
        {"id": old["id"], "content": "1"}, {"id": old["id"].upper(), "content": "2"}]))
    assert (first["status"], second["status"]) == (200, 422)
    assert [error["pointer"] for error in second["problem"]["errors"]] == ["/id"]
    assert now(cluster, old["id"])["content"] == "1"


# Versions

def test_a_patch_changes_the_version_that_it_names_and_no_other(cluster):
    old = create(cluster)
    patch = {"id": old["id"], "version": 1, "content": "uno"}
    assert statuses(send(cluster.write, [patch])) == [200]
    [stale] = outcomes(send(cluster.write, [patch]))
    assert (stale["status"], stale["problem"]["reason"]) == (412, "stale_version")
    assert statuses(send(cluster.write, [{**patch, "version": 2, "content": "dos"}])) == [200]
    assert now(cluster, old["id"])["content"] == "dos"


def test_a_patch_that_names_no_version_changes_the_one_there_is(cluster):
    old = create(cluster)
    for number in range(2, 5):
        [outcome] = outcomes(send(cluster.write, [{"id": old["id"], "content": f"{number}"}]))
        assert outcome["etag"] == f'"{number}"'


def test_where_the_model_wants_a_version_a_patch_without_one_is_428(cluster):
    old = create(cluster, PERSONS, document="428")
    [bare] = outcomes(send(cluster.write, [{"id": old["id"], "name": "Eva"}], PERSONS))
    assert (bare["status"], bare["problem"]["reason"]) == (428, "version_required")
    patch = {"id": old["id"], "version": 1, "name": "Eva"}
    assert statuses(send(cluster.write, [patch], PERSONS)) == [200]


def test_an_immutable_field_stays_in_a_batch_too(cluster):
    old = create(cluster, PERSONS, document="fixed", city="Cali")
    patch = {"id": old["id"], "version": 1, "city": "Pasto"}
    [bad] = outcomes(send(cluster.write, [patch], PERSONS))
    assert bad["status"] == 422
    assert [error["pointer"] for error in bad["problem"]["errors"]] == ["/city"]


# All or none

def refusable(cluster):
    """A member for each way to be refused."""
    create(cluster, PERSONS, document="taken")
    versioned = create(cluster, PERSONS, document="versioned")
    return {422: {"document": 7}, 404: {"id": ABSENT, "version": 1, "name": "x"},
            412: {"id": versioned["id"], "version": 9, "name": "x"},
            428: {"id": versioned["id"], "name": "x"}, 409: {"document": "taken"}}


@pytest.fixture(scope="module")
def refused(cluster):
    return refusable(cluster)


@pytest.mark.parametrize("status", [422, 404, 412, 428, 409])
def test_of_an_atomic_batch_with_a_refused_member_nothing_is_stored(cluster, refused, status):
    old = create(cluster, PERSONS, document=f"atomic {status}")
    before = stored(cluster, PERSONS)
    answer = send(cluster.bulkhead, [
        {"document": f"new {status}"}, refused[status],
        {"id": old["id"], "version": 1, "name": "Eva"}], PERSONS, "?atomic=true")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    made, bad, patched = answer.json()["outcomes"]
    assert bad["status"] == bad["problem"]["status"] == status
    for outcome in [made, patched]:
        assert (outcome["status"], outcome["problem"]["reason"]) == (424, "rolled_back")
        assert "id" not in outcome
    assert stored(cluster, PERSONS) == before
    assert now(cluster, old["id"], PERSONS) == old


def test_of_an_atomic_batch_without_mistakes_everything_is_stored(cluster):
    old = create(cluster)
    before = stored(cluster)
    answer = send(cluster.bulkhead, [*titled("Todas", 5), {"id": old["id"], "content": "x"}],
                  query="?atomic=true")
    assert statuses(answer) == [201] * 5 + [200]
    assert stored(cluster) == (before[0] + 5, before[1] + 6)


def test_a_batch_that_says_it_is_not_atomic_is_none(cluster):
    assert statuses(send(cluster.write, [{"title": "x"}, {}], query="?atomic=false")) == [201, 422]


# Many

def test_a_thousand_are_stored_at_once_with_an_event_each_and_arrive_everywhere(cluster):
    before = stored(cluster)
    found = outcomes(send(cluster.bulkhead, titled("Mil", 1000), X_Actor="mil"))
    assert {outcome["status"] for outcome in found} == {201}
    assert stored(cluster) == (before[0] + 1000, before[1] + 1000)
    identifiers = [outcome["id"] for outcome in found]
    titles = dict(cluster.written(
        "SELECT id::text, body::json->>'title' FROM medical.entries WHERE id = ANY(%s::uuid[])",
        identifiers))
    assert [titles[one] for one in identifiers] == [f"Mil {number}" for number in range(1000)]
    assert events_of(cluster, identifiers) == Counter({(one, 1): 1 for one in identifiers})
    assert cluster.written("SELECT count(DISTINCT xmin::text) FROM mamparo.events"
                           " WHERE actor = 'mil'") == [(1,)]
    everything_is_everywhere(cluster)


def test_a_thousand_patches_are_stored_at_once_with_an_event_each_and_arrive_everywhere(cluster):
    made = [outcome["id"] for outcome in outcomes(send(cluster.write, titled("Parche", 1000)))]
    random.shuffle(made)
    found = outcomes(send(cluster.bulkhead, [{"id": one, "content": one} for one in made]))
    assert found == [{"status": 200, "id": one, "etag": '"2"'} for one in made]
    assert events_of(cluster, made) == Counter({(one, n): 1 for one in made for n in (1, 2)})
    everything_is_everywhere(cluster)
    page = cluster.reads[0].get(f"{ENTRIES}?title=Parche%207").json()["data"]
    assert [one["content"] for one in page] == [page[0]["id"]]


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_of_none_or_of_more_than_a_thousand_is_422(cluster, count):
    before = stored(cluster)
    answer = send(cluster.bulkhead, titled("Demasiadas", count))
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid")
    assert stored(cluster) == before


def test_each_accepted_member_has_one_event_and_what_the_request_said_is_in_it(cluster):
    old = create(cluster)
    before = stored(cluster)
    found = outcomes(send(cluster.bulkhead, [{"title": "e"}, {"title": ""}, {"id": old["id"]}],
                          X_Actor="eva", X_Correlation_Id="corr", X_Causation_Id="cause"))
    assert stored(cluster) == (before[0] + 1, before[1] + 2)
    events = cluster.written(
        "SELECT subject::text, version, type, actor, correlation_id, causation_id"
        " FROM mamparo.events WHERE correlation_id = 'corr'")
    assert sorted(events) == sorted([
        (found[0]["id"], 1, "medical.entry.created", "eva", "corr", "cause"),
        (old["id"], 2, "medical.entry.updated", "eva", "corr", "cause")])


# Values that must be alone

def test_a_value_that_a_stored_record_has_is_409_for_that_member_alone(cluster):
    create(cluster, PERSONS, document="d1", email="a@b.co")
    found = outcomes(send(cluster.write, [
        {"document": "d2"}, {"document": "d1"}, {"document": "d3", "email": "a@b.co"},
        {"document": "d4", "email": "c@b.co"}], PERSONS))
    assert [outcome["status"] for outcome in found] == [201, 409, 409, 201]
    pointers = [outcome["problem"]["errors"][0]["pointer"] for outcome in found[1:3]]
    assert pointers == ["/document", "/email"]
    assert {outcome["problem"]["reason"] for outcome in found[1:3]} == {"conflict"}


def test_of_two_members_with_one_value_the_first_has_it(cluster):
    found = outcomes(send(cluster.write, [
        {"document": "twin", "name": "first"}, {"document": "alone"},
        {"document": "twin", "name": "second"}], PERSONS))
    assert [outcome["status"] for outcome in found] == [201, 201, 409]
    assert now(cluster, found[0]["id"], PERSONS)["name"] == "first"


def test_a_patch_to_a_value_that_another_has_is_409(cluster):
    create(cluster, PERSONS, document="p1")
    other = create(cluster, PERSONS, document="p2")
    patch = {"id": other["id"], "version": 1, "document": "p1"}
    assert statuses(send(cluster.write, [patch, {"document": "p3"}], PERSONS)) == [409, 201]
    assert now(cluster, other["id"], PERSONS) == other


def test_the_value_of_a_deleted_record_may_be_taken_by_a_batch(cluster):
    old = create(cluster, PERSONS, document="again")
    cluster.write.request("DELETE", f"{PERSONS}/{old['id']}", headers={"If-Match": '"1"'})
    members = [{"document": "again"}, {"document": "again"}]
    assert statuses(send(cluster.write, members, PERSONS)) == [201, 409]


def test_a_patch_keeps_the_value_that_its_record_has_whoever_else_wants_it(cluster):
    old = create(cluster, PERSONS, document="mine")
    found = send(cluster.write, [{"document": "mine"},
                                 {"id": old["id"], "version": 1, "name": "Eva"}], PERSONS)
    assert statuses(found) == [409, 200]


def test_a_member_does_not_give_way_to_one_that_is_refused(cluster):
    create(cluster, PERSONS, document="stored", email="stored@b.co")
    found = send(cluster.write, [
        {"document": "stored"}, {"document": "free", "email": "stored@b.co"},
        {"document": "free"}], PERSONS)
    assert statuses(found) == [409, 409, 201]


def at_once(*calls):
    """Runs the calls together, and returns their results in order."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def post(cluster, members, path=ENTRIES, **headers):
    """On a connection of its own, so that the servers' loops share the work."""
    return requests.post(f"http://{cluster.write.address}{path}/batch", json=members, timeout=20,
                         headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("order", [1, -1], ids=["the-same-order", "opposite-orders"])
def test_of_two_batches_that_race_for_values_each_value_goes_to_one(cluster, order):
    for attempt in range(4):
        members = [{"document": f"race {order} {attempt} {n}"} for n in range(400)]
        one, other = at_once(lambda: post(cluster, members, PERSONS),
                             lambda: post(cluster, members[::order], PERSONS))
        pairs = zip(statuses(one), statuses(other)[::order])
        assert {tuple(sorted(pair)) for pair in pairs} == {(201, 409)}
    assert cluster.written("SELECT max(n) FROM (SELECT count(*) AS n FROM medical.persons"
                           " WHERE NOT deleted GROUP BY document) counted") == [(1,)]


# Keys

def replay(cluster, members, key, path=ENTRIES):
    """Sends it twice under one key, and returns the first answer."""
    first = send(cluster.bulkhead, members, path, Idempotency_Key=key)
    before = stored(cluster, path)
    again = send(cluster.bulkhead, members, path, Idempotency_Key=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert stored(cluster, path) == before
    return first


def test_a_batch_repeated_under_its_key_is_answered_the_same_and_done_once(cluster):
    old = create(cluster)
    members = [*titled("Clave", 3), {"id": old["id"], "version": 1, "content": "x"}]
    assert statuses(replay(cluster, members, "batch-once")) == [201, 201, 201, 200]


def test_a_batch_with_refused_members_is_answered_the_same_again(cluster):
    members = [{"document": "keyed"}, {"document": "keyed"}, {"document": ""}, {},
               {"id": ABSENT, "version": 1}]
    assert statuses(replay(cluster, members, "batch-refused", PERSONS)) == [201, 409, 201, 422, 404]


def test_an_atomic_batch_is_answered_the_same_again(cluster):
    first, again = (send(cluster.write, titled("Atómica", 2), query="?atomic=true",
                         Idempotency_Key="atom") for _ in "ab")
    assert statuses(first) == [201, 201]
    assert again.content == first.content


def test_a_batch_of_which_nothing_was_stored_leaves_its_key_free(cluster):
    assert statuses(send(cluster.write, [{}], Idempotency_Key="batch-free")) == [422]
    refused = send(cluster.write, [{"title": "x"}, {}], query="?atomic=true",
                   Idempotency_Key="batch-free")
    assert refused.status_code == 422
    assert statuses(send(cluster.write, [{"title": "x"}], Idempotency_Key="batch-free")) == [201]


def test_a_batchs_key_is_good_for_that_batch_alone(cluster):
    send(cluster.write, [{"title": "x"}], Idempotency_Key="batch-taken")
    before = stored(cluster)
    others = [
        send(cluster.write, [{"title": "y"}], Idempotency_Key="batch-taken"),
        send(cluster.write, [{"title": "x"}, {"title": "x"}], Idempotency_Key="batch-taken"),
        send(cluster.write, [{"title": "x"}], query="?atomic=true", Idempotency_Key="batch-taken"),
        cluster.write.post(ENTRIES, {"title": "x"}, headers={"Idempotency-Key": "batch-taken"})]
    assert [(answer.status_code, answer.json()["reason"]) for answer in others] == [
        (422, "key_reused")] * 4
    assert stored(cluster) == before


def check_done_once(cluster, members, path, key):
    """Twenty at once, in every loop of the server: one answer, or a plea to wait for it."""
    before = stored(cluster, path)
    answers = at_once(*[lambda: post(cluster, members, path, Idempotency_Key=key)] * 20)
    done = [answer for answer in answers if answer.status_code == 200]
    assert len({answer.content for answer in done}) == 1, {answer.text for answer in done}
    assert len([a for a in done if "Idempotent-Replayed" not in a.headers]) == 1
    for answer in answers:
        assert answer.status_code == 200 or answer.json()["reason"] == "in_progress"
    records, events = stored(cluster, path)
    made = statuses(done[0])
    assert records == before[0] + made.count(201)
    assert events == before[1] + made.count(201) + made.count(200)
    return made


def test_twenty_equal_batches_under_one_key_store_once(cluster):
    for attempt in range(5):
        made = check_done_once(cluster, titled("Veinte", 50), ENTRIES, f"twenty-{attempt}")
        assert made == [201] * 50


def test_twenty_equal_batches_under_one_key_take_their_values_once(cluster):
    for attempt in range(5):
        members = [{"document": f"twenty {attempt} {n}"} for n in range(50)]
        made = check_done_once(cluster, members, PERSONS, f"twenty-persons-{attempt}")
        assert made == [201] * 50


def test_twenty_equal_batches_under_one_key_change_their_versions_once(cluster):
    for attempt in range(5):
        made = [create(cluster, PERSONS, document=f"v {attempt} {n}")["id"] for n in range(10)]
        members = [{"id": one, "version": 1, "name": "Eva"} for one in made]
        assert check_done_once(cluster, members, PERSONS, f"twenty-patches-{attempt}") == [200] * 10


# Together

class Patcher:
    """Sets its own field of all the records, again and again, each time in another order. What is
    answered besides that it was done, or that it waited too long for its turn, it keeps."""

    def __init__(self, cluster, number, identifiers, rounds):
        self.cluster, self.number = cluster, number
        self.identifiers, self.rounds = list(identifiers), rounds
        self.accepted = Counter()
        self.oddities = []

    def run(self):
        for value in range(1, self.rounds + 1):
            random.shuffle(self.identifiers)
            members = [{"id": one, f"of_{self.number}": value} for one in self.identifiers]
            wait_until(lambda: self._patch(members), 20, "a turn")

    def _patch(self, members):
        """False when it is to ask again."""
        answer = post(self.cluster, members, TALLIES)
        if answer.status_code == 503 and answer.json()["reason"] == "queue_timeout":
            return False
        if answer.status_code != 200 or set(statuses(answer)) != {200}:
            self.oddities.append((answer.status_code, answer.text))
            return True
        self.accepted.update(outcome["id"] for outcome in outcomes(answer))
        return True


def test_batches_that_patch_the_same_records_at_once_lose_no_change(cluster):
    made = [o["id"] for o in outcomes(send(cluster.write, [{} for _ in range(10)], TALLIES))]
    patchers = [Patcher(cluster, number, made, rounds=8) for number in range(CLIENTS)]
    at_once(*[patcher.run for patcher in patchers])
    assert [oddity for patcher in patchers for oddity in patcher.oddities] == []
    accepted = sum((patcher.accepted for patcher in patchers), Counter())
    for one in made:
        tally = now(cluster, one, TALLIES)
        assert tally["version"] == 1 + accepted[one] == 1 + 8 * CLIENTS
        assert [tally[f"of_{number}"] for number in range(CLIENTS)] == [8] * CLIENTS
    assert events_of(cluster, made) == Counter(
        {(one, n): 1 for one in made for n in range(1, 2 + 8 * CLIENTS)})


def test_a_batch_that_meets_single_patches_loses_none_of_them(cluster):
    made = [o["id"] for o in outcomes(send(cluster.write, [{} for _ in range(5)], TALLIES))]

    def patch_singly(one):
        for value in range(1, 11):
            answer = requests.patch(f"http://{cluster.write.address}{TALLIES}/{one}", timeout=20,
                                    json={"of_1": value})
            assert answer.status_code == 200, answer.text

    batches = Patcher(cluster, 0, made, rounds=10)
    at_once(batches.run, *[lambda one=one: patch_singly(one) for one in made])
    assert batches.oddities == []
    for one in made:
        tally = now(cluster, one, TALLIES)
        assert (tally["version"], tally["of_0"], tally["of_1"]) == (21, 10, 10)


# The request

@pytest.mark.parametrize("body", [{"title": "x"}, {}, "x", 7, None])
def test_a_body_that_is_no_array_is_422(cluster, body):
    answer = cluster.bulkhead.request(
        "POST", f"{ENTRIES}/batch", data=json.dumps(body),
        headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid")


@pytest.mark.parametrize("body", ["", "[", '[{"title":"x"},]', '[{"title":"x","title":"y"}]'])
def test_a_body_that_is_no_json_is_400(cluster, body):
    before = stored(cluster)
    answer = cluster.bulkhead.request("POST", f"{ENTRIES}/batch", data=body,
                                      headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert stored(cluster) == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-ndjson",
                                  "application/merge-patch+json"])
def test_another_content_type_is_415(cluster, kind):
    answer = cluster.bulkhead.request("POST", f"{ENTRIES}/batch", data='[{"title":"x"}]',
                                      headers={"Content-Type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize("query", ["atomic", "atomic=", "atomic=1", "atomic=TRUE", "atomic=yes",
                                   "x=1", "atomic=true&x=1", "atomic=true&atomic=false"])
def test_a_query_that_is_not_understood_is_400_and_stores_nothing(cluster, query):
    before = stored(cluster)
    answer = send(cluster.bulkhead, [{"title": "x"}], query=f"?{query}")
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == ["atomic"]
    assert stored(cluster) == before


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_batch_is_posted(cluster, method):
    for server in [cluster.bulkhead, cluster.write]:
        answer = server.request(method, f"{ENTRIES}/batch")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_read_server_takes_no_batch(cluster):
    assert send(cluster.reads[0], [{"title": "x"}]).status_code == 403


def test_a_batch_larger_than_a_body_may_be_is_413(cluster):
    before = stored(cluster)
    big = [{"title": "x", "content": "y" * 2000} for _ in range(600)]
    assert send(cluster.write, big).status_code == 413
    assert stored(cluster) == before


# Crashes

class Insistent:
    """Sends batches, each under a key of its own, and repeats each one until it is answered."""

    def __init__(self, cluster, number):
        self.cluster, self.number = cluster, number
        self.stopping = threading.Event()
        self.answered = {}  # key → (members, the outcomes)

    def run(self):
        while not self.stopping.is_set():
            key = f"insistent-{self.number}-{len(self.answered)}"
            members = titled(key, 10)
            answer = self._insist(members, key)
            self.answered[key] = (members, outcomes(answer))

    def _insist(self, members, key):
        def ask():
            try:
                answer = post(self.cluster, members, Idempotency_Key=key)
            except requests.ConnectionError:
                return None
            return answer if answer.status_code == 200 else None

        return wait_until(ask, 20, f"the answer to {key}")


def await_batches(clients, more):
    """All of them go on, whichever of them does."""
    def done():
        return sum(len(client.answered) for client in clients)

    target = done() + more
    wait_until(lambda: done() >= target, 20, f"{more} more batches to be answered")


def test_a_write_server_killed_amid_batches_stores_each_of_them_exactly_once(new_cluster):
    cluster = new_cluster(reads=1).start()
    clients = [Insistent(cluster, number) for number in range(3)]
    with ThreadPoolExecutor(len(clients)) as pool:
        running = [pool.submit(client.run) for client in clients]
        try:
            for _ in range(5):
                await_batches(clients, 6)
                cluster.write.kill()
                cluster.write.start().await_ready()
        finally:
            for client in clients:
                client.stopping.set()
    assert [future.result() for future in running] == [None] * len(clients)
    answered = {k: v for client in clients for k, v in client.answered.items()}
    titles = Counter(member["title"] for members, _ in answered.values() for member in members)
    assert Counter(t for [t] in cluster.written(
        "SELECT body::json->>'title' FROM medical.entries")) == titles
    made = [outcome["id"] for _, found in answered.values() for outcome in found]
    assert events_of(cluster, made) == Counter({(one, 1): 1 for one in made})
    everything_is_everywhere(cluster)

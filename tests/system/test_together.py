"""Creations that wait together go to PostgreSQL as one statement, and nobody can tell."""
import http.client
import json
import uuid
from collections import Counter
from contextlib import contextmanager

import pytest
import requests
from harness.models import field, models_with, record
from harness.process import wait_until

PERSONS = "/v1/medical/persons"
FIELDS = [field("document", maxLength=20, unique=True), field("size", ["null", "double"], default=None),
          field("notes", ["null", "string"], default=None)]
TOGETHER = 20
LOCKS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
STATEMENTS = "SELECT DISTINCT xmin::text, cmin::text FROM medical.persons WHERE id = ANY(%s::uuid[])"
EVENTS = "SELECT subject::text, type, version FROM mamparo.events WHERE subject = ANY(%s::uuid[])"


@pytest.fixture(scope="module")
def cluster(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    for place in [folder, *folder.parents][:3]:
        place.chmod(0o755)
    models = models_with(folder, {"medical/persons.avsc": record("Person", "persons", FIELDS,
                                                                 namespace="medical")})
    made = site.new_cluster(reads=1, MODELS=models)
    made.write.settings.update(THREADS=1, DATABASE_CONNECTIONS=1, QUEUE_MS=20000,
                               LOCK_TIMEOUT_MS=20000, STATEMENT_TIMEOUT_MS=20000)
    yield made.start()
    made.close()


@contextmanager
def table_locked(cluster):
    with cluster.postgres.connect(cluster.write_database) as other, other.transaction():
        other.execute("LOCK TABLE medical.persons")
        yield


def document():
    return uuid.uuid4().hex[:20]


class Client:
    """Asks now, and hears the answer later."""

    def __init__(self, server, body, headers):
        self.http = http.client.HTTPConnection(server.host.address, server.port, timeout=30)
        self.http.request("POST", PERSONS, json.dumps(body).encode(),
                          {"Content-Type": "application/json", **headers})

    def answer(self):
        with self.http.getresponse() as answer:
            return answer.status, json.loads(answer.read())


def create_together(cluster, bodies, headers=None):
    """One statement is held up, and with it the only connection: all others wait behind it. The
    one thread takes what comes later later: so they are all there when that is answered."""
    with table_locked(cluster):
        first = Client(cluster.write, {"document": document()}, {})
        wait_until(lambda: cluster.written(LOCKS, cluster.write_database) == [(1,)], 10,
                   "the first to wait for the table")
        others = [Client(cluster.write, *one) for one in zip(bodies, headers or [{}] * len(bodies))]
        assert requests.get(f"http://{cluster.write.address}/nothing", timeout=10).status_code == 404
    assert first.answer()[0] == 201
    return [other.answer() for other in others]


def ids_of(answers):
    return [body["id"] for status, body in answers if status == 201]


def each_has_one_event(cluster, ids):
    return sorted(cluster.written(EVENTS, ids)) == sorted(
        (one, "medical.person.created", 1) for one in ids)


def test_what_waited_together_is_one_statement_with_an_event_for_each(cluster):
    bodies = [{"document": document(), "size": number / 3 if number % 2 else None}
              for number in range(TOGETHER)]
    answers = create_together(cluster, bodies)
    ids = ids_of(answers)
    assert len(ids) == TOGETHER
    assert len(cluster.written(STATEMENTS, ids)) == 1
    assert each_has_one_event(cluster, ids)
    for body, (_, made) in zip(bodies, answers):
        assert {name: made[name] for name in body} == body
        assert cluster.write.get(f"{PERSONS}/{made['id']}").json() == made
    cluster.await_everywhere(*(made for _, made in answers), path=PERSONS)


def test_who_wants_what_another_has_is_refused_alone(cluster):
    taken = cluster.create(PERSONS, document=document())["document"]
    twice = document()
    bodies = [{"document": document()} for _ in range(TOGETHER - 3)]
    bodies[3:3] = [{"document": taken}, {"document": twice}, {"document": twice}]
    answers = create_together(cluster, bodies)
    assert Counter(status for status, _ in answers) == {201: TOGETHER - 2, 409: 2}
    status, problem = answers[3]
    assert status == 409
    assert problem["errors"][0]["pointer"] == "/document"
    assert each_has_one_event(cluster, ids_of(answers))


def test_a_key_of_one_among_many_gives_its_first_answer_again(cluster):
    bodies = [{"document": document()} for _ in range(TOGETHER)]
    headers = [{"Idempotency-Key": str(uuid.uuid4())} for _ in bodies]
    answers = create_together(cluster, bodies, headers)
    assert len(cluster.written(STATEMENTS, ids_of(answers))) == 1
    for body, header, (_, made) in zip(bodies, headers, answers):
        again = cluster.write.post(PERSONS, body, headers=header)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json() == made
    assert each_has_one_event(cluster, ids_of(answers))


def test_what_is_too_much_for_one_statement_is_several(cluster):
    bodies = [{"document": document(), "notes": f"{number} " + "ñ" * 60000}
              for number in range(TOGETHER)]
    answers = create_together(cluster, bodies)
    ids = ids_of(answers)
    assert len(ids) == TOGETHER
    assert 1 < len(cluster.written(STATEMENTS, ids)) < TOGETHER
    assert each_has_one_event(cluster, ids)
    assert [made["notes"] for _, made in answers] == [body["notes"] for body in bodies]

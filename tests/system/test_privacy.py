"""Personal data is reduced before it is stored, published, logged or answered."""
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass

import pytest
from harness import traces
from harness.cluster import PSEUDONYM_KEY
from harness.events import Stream
from harness.models import field, models_with, record
from harness.process import wait_until
from harness.program import run_to_end
from harness.raw import exchange
from harness.site import Site, quick

IMAGES = "/v1/imaging/images"
PATIENTS = "/v1/imaging/patients"
OLD_PATH = "/procesamiento/procesar-imagen"
STEM = "Tlacuachito"     # every raw text here begins with it: one word, as a parser would quote
NUMBER = "77319900450"   # the raw number
BORN = "1947-03-29"      # the raw date
PATIENT = record("Patient", "patients", [
    field("document", maxLength=60, minLength=8, pattern="^[A-Z].*-[0-9]+$", privacy="pseudonym",
          unique=True, immutable=True),
    field("born", ["null", {"type": "int", "logicalType": "date"}], default=None, privacy="year"),
    field("seen", ["null", {"type": "long", "logicalType": "timestamp-millis"}], default=None,
          privacy="year", filter=True),
    field("nickname", ["null", "string"], default=None, maxLength=60, privacy="pseudonym"),
    field("note", ["null", "string"], default=None, privacy="mask"),
    field("ward", default="")], namespace="imaging")


@pytest.fixture(scope="module")
def site():
    """Its own: every file of it is searched."""
    made = Site(quick())
    yield made
    made.close()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return models_with(tmp_path_factory.mktemp("privacy"), {"imaging/patients.avsc": PATIENT})


@pytest.fixture(scope="module")
def cluster(site, models):
    """Its servers log all they can, and PostgreSQL every statement with what was bound to it."""
    made = site.new_cluster(reads=2, MODELS=models, LOG_LEVEL="debug")
    made.make_databases()
    for database in databases(made):
        log_statements(site.postgres, database)
    yield made.start_servers()
    made.close()


def databases(cluster):
    return [cluster.write_database, *(f"{cluster.name}_read_{n}" for n in (1, 2))]


def log_statements(postgres, database):
    """What is asked of a replica is the client's own words: there, only what it stores."""
    with postgres.connect("postgres") as connection:
        for name, value in [("log_statement", "mod" if "read" in database else "all"),
                            ("log_min_messages", "info"),
                            ("log_parameter_max_length_on_error", "-1")]:
            connection.execute(f"ALTER DATABASE {database} SET {name} = '{value}'")


def raw(name):
    """A value that must be found nowhere."""
    return f"{STEM} {name}"


def pseudonym(value):
    return hmac.new(PSEUDONYM_KEY.encode(), value.encode(), hashlib.sha256).hexdigest()


def image(name, **fields):
    return {"id_imagen": f"img {name}", "modalidad": "RX", "id_paciente": raw(name),
            "fuente_de_datos": raw("fuente"), "antecedentes": f"ñandú, {raw('antes')} …",
            "fecha_ingesta": f"{BORN}T10:11:12Z", **fields}


def reduced(name, **fields):
    return {"id_imagen": f"img {name}", "modalidad": "RX", "id_paciente": pseudonym(raw(name)),
            "fuente_de_datos": "***", "antecedentes": "***", "fecha_ingesta": BORN[:4], **fields}


def patient(number, **fields):
    return {"document": f"{STEM}-{number}", "born": BORN, "seen": f"{BORN}T10:11:12.345Z",
            "nickname": raw(f"nick {number}"), "note": raw("nota"), **fields}


def holds(record, fields):
    return {name: record[name] for name in fields} == fields


def made(answer):
    """The record of an answer that says it was accepted."""
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json()


# The big search

class Talk:
    """Asks the servers and keeps every answer."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.answers = []

    def ask(self, method, path, body=None, server=None, **headers):
        """A body that is text or bytes goes as it is."""
        is_plain = isinstance(body, (str, bytes))
        data = body if is_plain or body is None else json.dumps(body, ensure_ascii=False)
        answer = (server or self.cluster.bulkhead).request(
            method, path, data=data.encode() if isinstance(data, str) else data,
            headers={"Content-Type": "application/json",
                     **{name.replace("_", "-"): value for name, value in headers.items()}})
        self.answers.append(answer)
        return answer

    def record(self, *request, **headers):
        return made(self.ask(*request, **headers))

    def refused(self, status, *request, **headers):
        answer = self.ask(*request, **headers)
        assert answer.status_code == status, (request, answer.text)


def say_all_that_is_right(talk):
    talk.record("POST", OLD_PATH, image("alias"))
    first = talk.record("POST", IMAGES, image("post"), X_Actor="ana")
    path = f"{IMAGES}/{first['id']}"
    talk.record("PUT", path, image("put"), If_Match='"1"')
    talk.record("PATCH", path, {"id_paciente": raw("patch"), "antecedentes": raw("más")})
    talk.record("PATCH", path, {"fecha_ingesta": BORN})
    talk.record("PUT", f"{IMAGES}/{uuid.uuid4()}", image("new"), If_None_Match="*")
    talk.record("POST", f"{IMAGES}/batch", [
        image("batch"), {"id": first["id"], "id_paciente": raw("batch patch")},
        image("x", id_imagen=""), {"id": str(uuid.uuid4()), **image("absent")},
        {"id": first["id"], **image("twice")}, image("y", otro=raw("otro")), raw("member")])
    talk.record("POST", PATIENTS, patient(1))
    assert talk.ask("DELETE", path).status_code == 204


def say_it_under_keys(talk):
    batch = [image("keyed batch"), image("z", id_imagen=7), patient(9)]
    for path, body in [(OLD_PATH, image("keyed alias")), (IMAGES, image("keyed")),
                       (f"{IMAGES}/batch", batch), (PATIENTS, patient(2))]:
        first, again = (talk.ask("POST", path, body, Idempotency_Key=f"key{path}") for _ in "ab")
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.content == first.content
        talk.refused(422, "POST", path, image("other"), Idempotency_Key=f"key{path}")


def say_it_with_mistakes(talk):
    values = [
        {"id_paciente": [raw("list")]}, {"id_paciente": {"nombre": raw("object")}},
        {"id_paciente": raw("long") * 20}, {"fuente_de_datos": raw("long") * 50},
        {"fecha_ingesta": f"29/03/1947 {STEM}"}, {"fecha_ingesta": f"{BORN}Z{STEM}"},
        {"paciente": raw("unknown field")}, {"modalidad": [raw("elsewhere")]},
        {"id_paciente": int(NUMBER)}, {"antecedentes": [int(NUMBER)]}]
    for path in [IMAGES, OLD_PATH]:
        for value in values:
            talk.refused(422, "POST", path, image("mistake", **value))
        talk.refused(422, "POST", path, raw("text alone").join('""'))
    for value in [{"document": STEM}, {"document": f"{STEM}-x"}, {"born": f"{BORN} {STEM}"},
                  {"born": f"{BORN}T00:00:00Z"}, {"seen": f"{BORN} {STEM}"}]:
        talk.refused(422, "POST", PATIENTS, patient(3, **value))
    talk.refused(422, "POST", f"{IMAGES}/batch", image("no array"))
    talk.refused(422, "POST", f"{IMAGES}/batch?atomic=true", [image("atomic"), {}])


def malformed():
    """What a JSON parser may quote from, at the place where it stops."""
    value = raw("malformed")
    return [f'{{"id_paciente": "{value}', f'{{"id_paciente": "{value}"',
            f'{{"id_paciente": {value}}}',
            f'{{"id_paciente": "{value}" "x"}}', f'{{"id_paciente": "{value}"}} {value}',
            f'{{"id_paciente": "{value}\n"}}', f'{{"id_paciente": "{value}\\q"}}',
            f'{{"id_paciente": "{value}\\ud800"}}', f'{{"id_paciente": "{value}\\u0000"}}',
            f'{{"{value}": 1, "{value}": 2}}', f'{{"id_paciente": "{value}", "{value}}}',
            f'[{value}]', value, f"'{value}'", f'{{{value}: 1}}', f'"{value}", 1',
            f'{{"id_paciente": "{value}'.encode() + b'\xff"}', f"id_paciente={value}",
            f'{{"id_paciente": "x" "{value}"}}', f'["x" "{value}"]', f'{{"x" "{value}"}}',
            f'["x" {NUMBER}]', f'{{{NUMBER}: "x"}}', f'{{"id_paciente": -{NUMBER}x}}',
            "[" * 40 + f'"{value}"' + "]" * 40]


def say_it_malformed(talk):
    for path in [IMAGES, OLD_PATH, f"{IMAGES}/batch"]:
        for body in malformed():
            talk.refused(400, "POST", path, body)


def say_it_in_conflict(talk):
    talk.refused(409, "POST", PATIENTS, patient(1))
    old = talk.record("POST", PATIENTS, patient(4))
    path = f"{PATIENTS}/{old['id']}"
    talk.refused(422, "PATCH", path, {"document": f"{STEM}-5"})
    talk.refused(412, "PUT", path, patient(4), If_Match='"7"')
    talk.refused(412, "PUT", path, patient(4), If_None_Match="*")
    talk.refused(404, "PATCH", f"{PATIENTS}/{uuid.uuid4()}", patient(4))
    talk.refused(409, "POST", f"{PATIENTS}/batch?atomic=true", [patient(6), patient(1)])
    found = talk.record("POST", f"{PATIENTS}/batch", [
        patient(7), patient(7), patient(1), {"id": old["id"], "document": f"{STEM}-8"}])
    assert [outcome["status"] for outcome in found["outcomes"]] == [201, 409, 409, 422]


def say_it_in_the_wrong_place(talk):
    body = image("astray")
    talk.refused(415, "POST", IMAGES, body, Content_Type="text/plain")
    talk.refused(405, "PATCH", IMAGES, body)
    talk.refused(405, "DELETE", OLD_PATH, body)
    for path, status in [(IMAGES, 405), (OLD_PATH, 405), (f"{IMAGES}/batch", 403)]:
        talk.refused(status, "POST", path, body, server=talk.cluster.reads[0])
    talk.refused(404, "POST", "/v1/imaging/nothing", body)
    talk.refused(400, "POST", f"{IMAGES}?x=1", body)
    talk.refused(413, "POST", IMAGES, image("big", antecedentes=raw("big") * 100000))
    talk.refused(400, "GET", f"{IMAGES}/{raw('id')}")
    for server in [talk.cluster.bulkhead, talk.cluster.write]:
        cut = f"POST {IMAGES} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n{raw('header')}\r\n\r\n"
        refusal = exchange(server, cut.encode())
        assert refusal.statuses == [400] and STEM.encode() not in refusal.received


def say_it_to_nobody(talk):
    """The write server is gone, and comes back."""
    talk.cluster.write.kill()
    for path, body in [(IMAGES, image("nobody")), (OLD_PATH, image("nobody")),
                       (f"{IMAGES}/batch", [image("nobody")])]:
        talk.refused(503, "POST", path, body)
    talk.cluster.write.start().await_ready()


@dataclass
class Told:
    answers: list
    keys: dict    # what Redis had while nothing was trimmed
    events: list  # the same, decoded
    last: dict    # the last record of them


@pytest.fixture(scope="module")
def told(cluster):
    """Everything is said while a replica stands still, so that the stream keeps all of it."""
    talk = Talk(cluster)
    cluster.reads[1].pause()
    for say in [say_all_that_is_right, say_it_under_keys, say_it_with_mistakes, say_it_malformed,
                say_it_in_conflict, say_it_in_the_wrong_place, say_it_to_nobody]:
        say(talk)
    last = talk.record("POST", OLD_PATH, image("last"))
    stream = Stream(cluster, "imaging")
    wait_until(lambda: stream.events()[-1].subject == last["id"], 10, "the last event")
    kept, events = traces.keys(cluster.redis.client), stream.events()
    cluster.reads[1].resume()
    cluster.await_everywhere(last, path=IMAGES)
    for read in cluster.reads:
        for path in ["", f"/{last['id']}", f"/{last['id']}/history", "?page_size=100",
                     f"?id_paciente={raw('last')}", f"?{STEM}=x"]:
            talk.ask("GET", f"{IMAGES}{path}", server=read)
    return Told(talk.answers, kept, events, last)


def needles():
    """A raw value as it may be written: as it is, in hexadecimal digits, or as a hash that could
    be guessed at."""
    values = [raw(name) for name in ["alias", "post", "put", "patch", "batch", "keyed", "last"]]
    values += [f"{STEM}-{number}" for number in range(1, 9)]
    digests = [hashlib.sha256(value.encode()) for value in values]
    texts = [STEM, STEM.lower(), STEM.upper(), BORN, NUMBER]
    texts += [text.encode().hex() for text in texts]
    texts += [digest.hexdigest() for digest in digests]
    return [*(text.encode() for text in texts), *(digest.digest() for digest in digests)]


def check_reduced(places):
    """Nothing raw is in any of them, and the pseudonyms that must be somewhere are."""
    assert [(name, needle) for name, data in places.items() for needle in needles()
            if needle in data] == []


def control(told):
    return told.last["id_paciente"].encode()


def test_no_answer_tells_a_raw_value(told):
    # A client's own words in a name are his own: "is not a field", "is no parameter".
    asked = [answer for answer in told.answers if f"?{STEM}=" not in answer.url]
    bodies = {f"{n}: {answer.request.method} {answer.request.path_url}": answer.content
              for n, answer in enumerate(asked)}
    heads = {f"{name} head": str(answer.headers).encode() for name, answer in zip(bodies, asked)}
    check_reduced({**bodies, **heads})
    assert control(told) in b"".join(bodies.values())


def test_no_table_of_the_write_database_holds_a_raw_value(cluster, told):
    tables = traces.rows(cluster.postgres, cluster.write_database)
    check_reduced(tables)
    events = [data for name, data in tables.items() if name.startswith("mamparo.events_")]
    for place in [tables["imaging.images"], tables["mamparo.keys"], b"".join(events)]:
        assert len(place) > 1000
    assert control(told) in tables["imaging.images"]
    assert control(told) in b"".join(events)


@pytest.mark.parametrize("number", [1, 2])
def test_no_table_of_a_read_database_holds_a_raw_value(cluster, told, number):
    tables = traces.rows(cluster.site.postgres, f"{cluster.name}_read_{number}")
    check_reduced(tables)
    history = b"".join(data for name, data in tables.items() if "mamparo.history_" in name)
    assert control(told) in tables["imaging.images"]
    assert control(told) in history


def test_no_stream_and_no_other_key_of_redis_holds_a_raw_value(told):
    check_reduced(told.keys)
    assert control(told) in told.keys["mamparo:{imaging}:events"]


def test_no_log_holds_a_raw_value(cluster, told):
    logs = {one.name: one.log_path.read_bytes() for one in [*cluster.processes, cluster.postgres]}
    check_reduced(logs)
    assert control(told) in logs[cluster.postgres.name]
    assert all(b'"level":"info"' in logs[server.name] for server in cluster.servers)


def test_no_file_of_the_databases_holds_a_raw_value(cluster, told):
    """Not even the write-ahead log, which has what was stored and deleted since."""
    texts = [needle.decode() for needle in needles() if needle.isascii()]
    assert traces.files_with(cluster.site.folder, texts) == []
    assert traces.files_with(cluster.site.folder, [control(told).decode()]) != []


def test_no_page_of_the_admin_port_tells_a_raw_value(cluster, told):
    assert told
    pages = ["/metrics", "/statusz", "/readyz"]
    check_reduced({f"{server.name}{page}": server.admin(page).content
                   for server in cluster.servers for page in pages})


def test_an_event_has_the_reduced_images_before_and_after(told):
    images = [event.data[side] for event in told.events for side in ("before", "after")]
    images = [one for one in images if one is not None]
    assert len(images) > 10
    for one in images:
        if "id_imagen" in one:
            assert (one["antecedentes"], one["fecha_ingesta"]) == ("***", BORN[:4])
        else:
            assert (one["note"], one["born"].isoformat()) == ("***", f"{BORN[:4]}-01-01")
            assert one["seen"].isoformat() == f"{BORN[:4]}-01-01T00:00:00+00:00"


# Pseudonyms

def test_a_pseudonym_is_the_hmac_of_the_value_under_the_key(cluster):
    answer = made(cluster.bulkhead.post(OLD_PATH, image("hmac")))
    assert holds(answer, reduced("hmac"))
    assert cluster.write.get(f"{IMAGES}/{answer['id']}").json() == answer


def test_the_same_patient_has_the_same_pseudonym_by_every_path(cluster):
    body, write = image("same"), cluster.write
    first = made(write.post(OLD_PATH, body))
    path = f"{IMAGES}/{made(write.post(IMAGES, image('another')))['id']}"
    found = [
        first, made(write.post(IMAGES, body)), made(write.request("PUT", path, json=body)),
        made(write.request("PATCH", path, json={"id_paciente": body["id_paciente"]})),
        made(write.request("PUT", f"{IMAGES}/{uuid.uuid4()}", json=body,
                           headers={"If-None-Match": "*"}))]
    [outcome] = made(write.post(f"{IMAGES}/batch", [body]))["outcomes"]
    found.append(write.get(f"{IMAGES}/{outcome['id']}").json())
    other = made(write.post(PATIENTS, patient(20, nickname=body["id_paciente"])))
    assert {one["id_paciente"] for one in found} == {other["nickname"]} == {pseudonym(raw("same"))}


def test_values_that_differ_at_all_have_other_pseudonyms(cluster):
    values = ["Ana", "ana", "Ana ", "Aná", "A" * 200]
    found = [made(cluster.write.post(IMAGES, image("x", id_paciente=value)))["id_paciente"]
             for value in values]
    assert found == [pseudonym(value) for value in values]
    assert len(set(found)) == len(values)


def test_sending_back_what_was_read_changes_nothing(cluster):
    for path, body in [(IMAGES, image("back")), (PATIENTS, patient(21))]:
        old = made(cluster.write.post(path, body))
        place = f"{path}/{old['id']}"
        fields = {name: old[name] for name in body}
        replaced = made(cluster.write.request("PUT", place, json=fields))
        patched = made(cluster.write.request("PATCH", place, json=fields))
        cluster.write.post(f"{path}/batch", [{"id": old["id"], **fields}])
        now = cluster.write.get(place).json()
        assert [one["version"] for one in (replaced, patched, now)] == [2, 3, 4]
        assert all(holds(one, fields) for one in (replaced, patched, now))


def test_a_patch_of_another_field_leaves_a_pseudonym_alone(cluster):
    old = made(cluster.write.post(PATIENTS, patient(22)))
    new = made(cluster.write.request("PATCH", f"{PATIENTS}/{old['id']}", json={"ward": "sur"}))
    assert new == {**old, "ward": "sur", "version": 2, "updated_at": new["updated_at"]}


def test_an_immutable_pseudonym_takes_the_same_raw_value_again(cluster):
    old = made(cluster.write.post(PATIENTS, patient(23)))
    new = made(cluster.write.request("PUT", f"{PATIENTS}/{old['id']}", json=patient(23)))
    assert new["document"] == old["document"] == pseudonym(f"{STEM}-23")
    answer = cluster.write.request("PUT", f"{PATIENTS}/{old['id']}", json=patient(24))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/document"]


def test_a_pseudonym_that_must_be_alone_is_409_and_the_field_is_named(cluster):
    made(cluster.write.post(PATIENTS, patient(25)))
    answer = cluster.write.post(PATIENTS, patient(25, nickname=None))
    assert answer.status_code == 409
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/document"]


def test_a_fields_rules_are_for_the_raw_value(cluster):
    assert cluster.write.post(IMAGES, image("x", id_paciente="A" * 201)).status_code == 422
    assert cluster.write.post(IMAGES, image("x", id_paciente="")).status_code == 422
    assert cluster.write.post(IMAGES, image("x", antecedentes="A" * 10001)).status_code == 422
    assert cluster.write.post(PATIENTS, patient(26, document="ninguno-26")).status_code == 422
    assert cluster.write.post(IMAGES, image("x", antecedentes="A" * 10000)).status_code == 201


def test_a_list_is_filtered_by_pseudonym_and_year(cluster):
    one = made(cluster.bulkhead.post(IMAGES, image("filter", fecha_ingesta="1931-05-06")))
    cluster.await_everywhere(one, path=IMAGES)
    read = cluster.reads[0]

    def found(query):
        answer = read.get(f"{IMAGES}?{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    assert found(f"id_paciente={one['id_paciente']}") == [one]
    assert found("fecha_ingesta=1931") == [one]
    assert found(f"id_paciente={raw('filter')}") == []
    assert found("fecha_ingesta=1931-05-06") == []


def digest_of(cluster, key):
    """What is kept of a request, to know it again by its key."""
    return cluster.written("SELECT request FROM mamparo.keys WHERE key = %s", key)[0][0]


def test_without_the_pseudonyms_key_nobody_can_try_whose_request_it_was(cluster):
    stranger = cluster.new_write("stranger")
    stranger.settings["PSEUDONYM_KEY"] = PSEUDONYM_KEY[::-1]
    stranger.start().await_ready()
    for server, key in [(cluster.write, "one"), (cluster.write, "other"), (stranger, "stranger")]:
        made(server.post(IMAGES, image("digest"), headers={"Idempotency-Key": key}))
    stranger.stop()
    assert digest_of(cluster, "one") == digest_of(cluster, "other")
    assert digest_of(cluster, "one") != digest_of(cluster, "stranger")


# Masks and years

def test_what_is_masked_is_three_stars_whatever_it_was(cluster):
    for value in ["x", "***", " ", "ñ" * 500]:
        answer = made(cluster.write.post(IMAGES, image("mask", fuente_de_datos=value)))
        assert answer["fuente_de_datos"] == "***"


def test_nothing_is_nobodys_and_stays_nothing(cluster):
    answer = made(cluster.write.post(IMAGES, {"id_imagen": "x", "id_paciente": raw("bare")}))
    assert (answer["fuente_de_datos"], answer["antecedentes"]) == ("", "")
    assert answer["fecha_ingesta"] is None
    empty = dict.fromkeys(["born", "seen", "nickname", "note"])
    answer = made(cluster.write.post(PATIENTS, patient(30, **empty)))
    assert holds(answer, empty)
    answer = made(cluster.write.request("PATCH", f"{PATIENTS}/{answer['id']}", json={
        "nickname": raw("later"), "note": raw("later")}))
    assert holds(answer, {"nickname": pseudonym(raw("later")), "note": "***", "born": None})


@pytest.mark.parametrize("text", [
    "2031", "2031-11-21", "2031-11-21T08:15:30Z", "2031-11-21T08:15:30.123-05:00",
    "2031-11-21 08:15:30"])
def test_only_the_year_of_a_date_is_kept(cluster, text):
    answer = made(cluster.write.post(IMAGES, image("year", fecha_ingesta=text)))
    assert answer["fecha_ingesta"] == "2031"


def test_a_date_and_an_instant_become_the_first_of_their_year(cluster):
    answer = made(cluster.write.post(PATIENTS, patient(31)))
    assert answer["born"] == f"{BORN[:4]}-01-01"
    assert answer["seen"] == f"{BORN[:4]}-01-01T00:00:00.000Z"


@pytest.mark.parametrize("text", ["", "ayer", "21-11-2031", "2031-13-01", "2031-02-30", "203",
                                  "-031", "20311121", "2031-11-21x", "2031-11"])
def test_a_date_of_which_no_year_can_be_taken_is_422(cluster, text):
    answer = cluster.write.post(IMAGES, image("year", fecha_ingesta=text))
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/fecha_ingesta"]


# The key

def test_a_write_server_does_not_start_without_the_key_that_its_models_need():
    status, said = run_to_end("write", without=["PSEUDONYM_KEY"])
    assert status == 78
    assert "PSEUDONYM_KEY" in said and "id_paciente" in said


def test_a_key_that_is_too_short_is_refused_and_not_shown():
    status, said = run_to_end("write", PSEUDONYM_KEY="demasiado-corta")
    assert status == 78
    assert "PSEUDONYM_KEY" in said and "demasiado" not in said


def test_without_pseudonyms_in_the_models_no_key_is_needed(tmp_path):
    models = models_with(tmp_path, {})
    (models / "imaging/images.avsc").unlink()
    (models / "imaging/service.json").unlink()
    status, said = run_to_end("write", without=["PSEUDONYM_KEY"], MODELS=models, PORT=0)
    assert status == 78
    assert "PORT" in said and "PSEUDONYM_KEY" not in said

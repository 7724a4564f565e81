"""What happened to a record: every change of it, on every replica, kept by months."""
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"
OLD = "2020-01-15T10:11:12.345Z"
LINES = "SELECT * FROM mamparo.history ORDER BY collection, subject, version, time"
MONTHS = ("SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid"
          " WHERE inhparent = %s::regclass")

ABSENT = "0190f6a2-7a00-7000-8000-00000000abcd"


def history(server, identifier, query=""):
    answer = server.get(f"{ENTRIES}/{identifier}/history{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def await_history(server, identifier, count):
    """The lines of a record, the newest first, once there are so many."""
    def lines():
        answer = server.get(f"{ENTRIES}/{identifier}/history?page_size=100")
        return answer.status_code == 200 and len(answer.json()["data"]) >= count

    wait_until(lines, 10, f"{count} lines of {identifier} at {server.name}")
    return history(server, identifier, "?page_size=100")["data"]


def change(cluster, method, identifier, body=None, actor=None):
    answer = cluster.bulkhead.request(method, f"{ENTRIES}/{identifier}", json=body,
                                      headers={"X-Actor": actor.encode()} if actor else {})
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.content else None


def replica(cluster, number):
    return f"{cluster.name}_read_{number}"


def asked(cluster, number, statement, *parameters):
    return cluster.site.postgres.query(replica(cluster, number), statement, *parameters)


@pytest.fixture(scope="module")
def life(cluster):
    """An entry that was created, replaced, patched and deleted: what was answered each time."""
    made = cluster.bulkhead.post(ENTRIES, {"title": "Uno", "content": 'a "b" \\ ñ\n'},
                                 headers={"X-Actor": "ana"}).json()
    return [made, change(cluster, "PUT", made["id"], {"title": "Dos"}, "José Ñandú"),
            change(cluster, "PATCH", made["id"], {"content": "c"}),
            change(cluster, "DELETE", made["id"], actor="eva")]


# A record's lines

def test_every_change_has_a_line_and_the_newest_is_first(cluster, life):
    lines = await_history(cluster.reads[0], life[0]["id"], 4)
    assert [line["version"] for line in lines] == [4, 3, 2, 1]
    assert [line["kind"] for line in lines] == ["deleted", "updated", "updated", "created"]
    assert all(list(line) == ["version", "time", "actor", "kind", "before", "after"]
               for line in lines)


def test_a_line_has_what_was_answered_before_and_at_the_time(cluster, life):
    lines = await_history(cluster.reads[0], life[0]["id"], 4)
    assert [line["after"] for line in lines] == life[::-1]
    assert [line["before"] for line in lines] == [*life[2::-1], None]
    for line, answered in zip(lines[1:], life[2::-1]):
        assert list(line["after"]) == list(answered)


def test_a_line_tells_who_it_was_and_when(cluster, life):
    lines = await_history(cluster.reads[0], life[0]["id"], 4)
    assert [line["actor"] for line in lines] == ["eva", None, "José Ñandú", "ana"]
    assert [line["time"] for line in lines[1:]] == [one["updated_at"] for one in life[2::-1]]
    assert lines[0]["time"] >= lines[1]["time"]
    assert datetime.fromisoformat(lines[0]["time"]).utcoffset() == timedelta(0)


def test_a_deleted_record_keeps_its_history(cluster, life):
    identifier = life[0]["id"]
    await_history(cluster.reads[0], identifier, 4)
    assert cluster.reads[0].get(f"{ENTRIES}/{identifier}").status_code == 404
    assert len(history(cluster.reads[0], identifier)["data"]) == 4


def test_the_history_is_the_same_through_the_gateway_and_on_every_replica(cluster, life):
    path = f"{ENTRIES}/{life[0]['id']}/history"
    for read in cluster.reads:
        await_history(read, life[0]["id"], 4)
    answers = [server.get(path) for server in [cluster.bulkhead, *cluster.reads]]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/json"}


def test_what_a_batch_and_an_older_path_did_is_history_too(cluster):
    made = cluster.bulkhead.post("/bulkhead/", {"title": "Vieja"}).json()
    answer = cluster.bulkhead.post(f"{ENTRIES}/batch", [
        {"title": "Por lote"}, {"id": made["id"], "content": "lote"}, {"title": ""}],
        headers={"X-Actor": "lote"})
    created, patched, _ = answer.json()["outcomes"]
    [line] = await_history(cluster.reads[0], created["id"], 1)
    assert (line["kind"], line["actor"], line["after"]["title"]) == ("created", "lote", "Por lote")
    last, first = await_history(cluster.reads[0], patched["id"], 2)
    assert (first["actor"], first["after"]["content"]) == (None, "")
    assert (last["actor"], last["before"], last["after"]["content"]) == (
        "lote", first["after"], "lote")


def test_a_refused_change_leaves_no_line(cluster):
    made = cluster.create(title="Se queda")
    for method, body, headers in [("PATCH", {"title": None}, {}),
                                  ("PUT", {"title": "x"}, {"If-Match": '"9"'}),
                                  ("DELETE", None, {"If-Match": '"9"'})]:
        answer = cluster.bulkhead.request(method, f"{ENTRIES}/{made['id']}", json=body,
                                          headers=headers)
        assert answer.status_code in (412, 422)
    change(cluster, "PATCH", made["id"], {"content": "x"})
    lines = await_history(cluster.reads[0], made["id"], 2)
    assert [line["version"] for line in lines] == [2, 1]


def test_a_record_that_keeps_its_id_does_not_get_anothers_history(cluster):
    report = {"title": "T", "author": "A", "department": "D", "category": "technical",
              "priority": "low"}
    one = str(uuid.uuid4())
    for path, body in [(ENTRIES, {"title": "x"}), ("/v1/medical/reports", report)]:
        answer = cluster.bulkhead.request("PUT", f"{path}/{one}", json=body,
                                          headers={"If-None-Match": "*"})
        assert answer.status_code == 201, answer.text
    [entry] = await_history(cluster.reads[0], one, 1)
    assert entry["after"]["title"] == "x"
    path = f"/v1/medical/reports/{one}/history"
    wait_until(lambda: cluster.reads[0].get(path).status_code == 200, 10, "the report's history")
    [line] = cluster.reads[0].get(path).json()["data"]
    assert (line["kind"], line["after"]["author"]) == ("created", "A")


# Pages

@pytest.fixture(scope="module")
def long_life(cluster):
    """An entry of twenty-five versions, known to the first replica."""
    made = cluster.create(title="Larga")
    for number in range(2, 26):
        change(cluster, "PATCH", made["id"], {"content": f"{number}"})
    await_history(cluster.reads[0], made["id"], 25)
    return made["id"]


def test_a_page_has_ten_lines_when_nobody_says(cluster, long_life):
    found = history(cluster.reads[0], long_life)
    assert [line["version"] for line in found["data"]] == list(range(25, 15, -1))
    assert found["pagination"] == {"current_page": 1, "total_pages": 3, "total_records": 25,
                                   "has_next": True, "has_previous": False}


@pytest.mark.parametrize("size, pages", [(1, 25), (7, 4), (25, 1), (100, 1)])
def test_all_pages_together_are_the_whole_history(cluster, long_life, size, pages):
    versions = []
    for page in range(1, pages + 1):
        found = history(cluster.bulkhead, long_life, f"?page={page}&page_size={size}")
        assert found["pagination"] == {
            "current_page": page, "total_pages": pages, "total_records": 25,
            "has_next": page < pages, "has_previous": page > 1}
        versions += [line["version"] for line in found["data"]]
    assert versions == list(range(25, 0, -1))


@pytest.mark.parametrize("query, parameter", [
    ("page=0", "page"), ("page=-1", "page"), ("page=x", "page"), ("page=", "page"),
    ("page_size=0", "page_size"), ("page_size=101", "page_size"), ("page_size=x", "page_size"),
    ("title=x", "title"), ("version=1", "version"), ("page=1&page=1", "page"),
    ("page=%zz", "page")])
def test_a_parameter_that_cannot_be_is_400_and_named(cluster, long_life, query, parameter):
    for server in [cluster.bulkhead, cluster.reads[0]]:
        answer = server.get(f"{ENTRIES}/{long_life}/history?{query}")
        assert (answer.status_code, answer.json()["reason"]) == (400, "bad_request")
        assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


def test_a_page_beyond_the_last_one_is_400(cluster, long_life):
    assert cluster.reads[0].get(f"{ENTRIES}/{long_life}/history?page=4").status_code == 400
    assert cluster.reads[0].get(
        f"{ENTRIES}/{long_life}/history?page=2&page_size=25").status_code == 400


# Paths

@pytest.mark.parametrize("path, status", [
    (f"{ENTRIES}/{ABSENT}/history", 404), (f"{ENTRIES}/17/history", 400),
    (f"{ENTRIES}/{ABSENT}/histories", 404), (f"{ENTRIES}/{ABSENT}/history/1", 404),
    (f"/v1/medical/nothing/{ABSENT}/history", 404), (f"{ENTRIES}//history", 400)])
def test_a_history_of_nothing_is_refused(cluster, path, status):
    for server in [cluster.bulkhead, cluster.reads[0]]:
        answer = server.get(path)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_history_is_only_read(cluster, life, method):
    for server in [cluster.bulkhead, cluster.reads[0]]:
        answer = server.request(method, f"{ENTRIES}/{life[0]['id']}/history", json={})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_head_of_a_history_is_a_get_without_its_body(cluster, long_life):
    answer = cluster.bulkhead.request("HEAD", f"{ENTRIES}/{long_life}/history")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_write_server_serves_no_history(cluster, life):
    answer = cluster.write.get(f"{ENTRIES}/{life[0]['id']}/history")
    assert (answer.status_code, answer.json()["reason"]) == (403, "wrong_role")


# On every replica

def await_equal(cluster, seconds=20):
    """Every replica has a line for each event, and all of them have the same ones."""
    [(events,)] = cluster.written("SELECT count(*) FROM mamparo.events")
    for number in (1, 2, 3):
        wait_until(lambda: asked(cluster, number, "SELECT count(*) FROM mamparo.history")
                   == [(events,)], seconds, f"{events} lines on replica {number}")
    tables = [asked(cluster, number, LINES) for number in (1, 2, 3)]
    assert tables[0] == tables[1] == tables[2]


def begin_again(cluster, number):
    """The replica has forgotten what it had read and where it was; something happens meanwhile."""
    read = cluster.reads[number - 1]
    read.stop()
    with cluster.site.postgres.connect(replica(cluster, number)) as connection:
        connection.execute("DELETE FROM mamparo.cursors")
        connection.execute("DELETE FROM mamparo.history")
    while_away = cluster.create(title="Mientras tanto")
    read.start().await_ready()
    cluster.await_everywhere(while_away)


def test_a_replica_that_begins_again_from_nothing_has_the_same_history(cluster, life, long_life):
    answer = cluster.bulkhead.post(f"{ENTRIES}/batch", [{"title": f"{n}"} for n in range(1000)])
    change(cluster, "PATCH", answer.json()["outcomes"][500]["id"], {"content": "x"}, "ana")
    await_equal(cluster)
    read = cluster.reads[0]
    before = [history(read, one, "?page_size=100") for one in (life[0]["id"], long_life)]
    begin_again(cluster, 1)
    cluster.await_everywhere(cluster.create(title="Después"))
    await_equal(cluster)
    assert [history(read, one, "?page_size=100") for one in (life[0]["id"], long_life)] == before


def live_a_little(cluster, title):
    made = cluster.create(title=title)
    change(cluster, "PATCH", made["id"], {"content": "x"})
    change(cluster, "DELETE", made["id"])
    return made["id"]


def test_a_replica_that_was_killed_and_away_has_the_same_history(cluster):
    one = live_a_little(cluster, "Con la segunda")
    cluster.reads[1].kill()
    other = live_a_little(cluster, "Sin la segunda")
    cluster.reads[1].start().await_ready()
    for identifier in [one, other]:
        await_history(cluster.reads[1], identifier, 3)
    await_equal(cluster)


def test_the_history_is_the_same_after_redis_lost_everything(cluster):
    live_a_little(cluster, "Antes")
    cluster.redis.kill()
    live_a_little(cluster, "Sin Redis")
    cluster.redis.start()
    live_a_little(cluster, "Después")
    await_equal(cluster)


def test_a_log_that_was_rewound_takes_its_later_history_with_it(new_cluster):
    cluster = new_cluster().start()
    kept = cluster.create(title="Antes")
    cluster.write.stop()
    copy = f"{cluster.write_database}_copy"
    with cluster.postgres.connect("postgres") as connection:
        connection.execute(
            f"CREATE DATABASE {copy} TEMPLATE {cluster.write_database} OWNER mamparo")
    cluster.write.start().await_ready()
    lost = live_a_little(cluster, "Perdida")
    change(cluster, "PATCH", kept["id"], {"content": "perdido"})
    await_equal(cluster)
    cluster.write.kill()
    cluster.write_database = copy
    cluster.write.settings |= {"WRITE_DATABASE_URL": cluster.postgres.url(copy),
                               "REPLICATION_SLOT": f"{cluster.name}_copy"}
    cluster.write.start().await_ready()
    changed = change(cluster, "PATCH", kept["id"], {"content": "otro"})
    await_equal(cluster)
    for read in cluster.reads:
        assert history(read, kept["id"])["data"][0]["after"] == changed
        assert read.get(f"{ENTRIES}/{lost}/history").status_code == 404


# Months

COPY = """INSERT INTO mamparo.events (id, time, service, collection, type, subject, version,
        fingerprint, actor, data)
    SELECT %s, %s, service, collection, type, subject, version, fingerprint,
        'copied', data FROM mamparo.events WHERE subject = %s AND actor IS NULL"""


def month(side, time):
    return f"{side}_{time:%Y_%m}"


def uuid_of(time):
    """Version 7: they ascend with their time."""
    milliseconds = round(time.timestamp() * 1000)
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | uuid.uuid4().int & (1 << 62) - 1)


def copy_event(cluster, made, time):
    """The event of a record happened at another time as well: it is published like any other."""
    with cluster.postgres.connect(cluster.write_database) as connection:
        connection.execute("SELECT mamparo.open_month('events', %s)", [time])
        connection.execute(COPY, [uuid_of(time), time, made["id"]])


def months_of(cluster, side):
    """The partitions of mamparo.events, or of the first replica's mamparo.history."""
    table = f"mamparo.{side}"
    found = cluster.written(MONTHS, table) if side == "events" else asked(cluster, 1, MONTHS, table)
    return {name for [name] in found}


def await_months(cluster, gone, present):
    """On both sides the first are gone, and the others stay."""
    for side in ("events", "history"):
        wait_until(lambda: not months_of(cluster, side) & {month(side, one) for one in gone}, 20,
                   f"{gone} of {side} to be dropped")
        assert {month(side, one) for one in present} <= months_of(cluster, side)


def restart(cluster, **settings):
    for server in [cluster.write, *cluster.reads]:
        server.stop()
        server.settings.update(settings)
        server.start()
    for server in [cluster.write, *cluster.reads]:
        server.await_ready()
    cluster.await_everywhere(cluster.create(title="Marca"))


def utc_now():
    return datetime.now(timezone.utc)


def place_of(cluster, side, identifier):
    """time → the partition where that line of the record lies."""
    statement = f"SELECT time, tableoid::regclass::text FROM mamparo.{side} WHERE subject = %s"
    found = (cluster.written(statement, identifier) if side == "events"
             else asked(cluster, 1, statement, identifier))
    return {time: name.removeprefix("mamparo.") for time, name in found}


@pytest.fixture(scope="module")
def months(site):
    """A cluster of one replica that keeps everything, with a record that is of long ago too."""
    made = site.new_cluster(reads=1).start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def ages(months):
    """The record, and when it is said to have happened: long ago, just in time, and now."""
    made = months.create(title="De siempre")
    edge = (utc_now() - timedelta(days=30)).replace(microsecond=0)
    old = [datetime.fromisoformat(OLD), datetime.fromisoformat("2020-02-29T23:59:59.999Z"),
           datetime.fromisoformat("2020-03-01T00:00:00Z"),
           edge.replace(day=1) - timedelta(days=1), edge]
    for time in old:
        copy_event(months, made, time)
    await_history(months.reads[0], made["id"], 6)
    return made, [*old, datetime.fromisoformat(made["created_at"])]


def test_the_months_of_today_and_of_next_week_are_there_before_they_are_needed(months):
    wanted = [utc_now(), utc_now() + timedelta(days=7)]
    for side in ("events", "history"):
        wait_until(lambda: {month(side, time) for time in wanted} <= months_of(months, side), 10,
                   f"the partitions of {side}")


def test_events_of_two_months_live_in_two_partitions(months, ages):
    made, times = ages
    for side in ("events", "history"):
        assert place_of(months, side, made["id"]) == {time: month(side, time) for time in times}


def test_events_of_any_month_are_one_history(months, ages):
    made, times = ages
    lines = history(months.reads[0], made["id"])["data"]
    assert {datetime.fromisoformat(line["time"]) for line in lines} == set(times)
    assert {line["actor"] for line in lines} == {None, "copied"}


def test_a_month_is_kept_for_ever_when_nobody_says(months, ages):
    restart(months)
    await_months(months, gone=[], present=ages[1])
    assert len(history(months.reads[0], ages[0]["id"])["data"]) == 6


def test_a_long_look_at_the_history_does_not_hold_the_replica_up(months, ages):
    assert ages

    def interruptions():
        return months.reads[0].log().count("replica.interrupted")

    with months.site.postgres.connect(replica(months, 1)) as connection, connection.transaction():
        connection.execute("SELECT count(*) FROM mamparo.history")
        restart(months, HISTORY_DAYS=30)
        before = interruptions()
        for number in range(4):
            months.await_everywhere(months.create(title=f"{number}"))
        assert interruptions() - before <= 1


def test_months_that_are_wholly_too_old_are_dropped_on_both_sides(months, ages):
    made, times = ages
    restart(months, HISTORY_DAYS=30)
    await_months(months, gone=times[:4], present=times[4:])
    for side in ("events", "history"):
        assert set(place_of(months, side, made["id"])) == set(times[4:])
    assert len(history(months.reads[0], made["id"])["data"]) == 2
    assert months.reads[0].get(f"{ENTRIES}/{made['id']}").json() == made
    months.await_everywhere(months.create(title="Después"))


def test_a_replica_that_begins_again_keeps_the_same_months_as_the_others(months, ages):
    made, _ = ages
    restart(months, HISTORY_DAYS=30)
    before = place_of(months, "history", made["id"])
    begin_again(months, 1)
    assert place_of(months, "history", made["id"]) == before


def test_what_comes_too_late_to_be_kept_is_not_stored_on_a_replica(months, ages):
    assert ages
    restart(months, HISTORY_DAYS=30)
    made = months.create(title="Con retraso")
    copy_event(months, made, datetime.fromisoformat(OLD))
    months.await_everywhere(months.create(title="Marca"))
    assert len(history(months.reads[0], made["id"])["data"]) == 1
    assert month("history", datetime.fromisoformat(OLD)) not in months_of(months, "history")

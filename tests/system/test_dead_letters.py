"""What a replica cannot apply holds back its own record alone, is listed, and is replayed or dropped
by command, in order."""
import json
import os
import subprocess

import pytest
from harness.cluster import BINARY
from harness.load import ENTRIES, everything_is_everywhere
from harness.process import wait_until

POISON = "veneno"
REFUSING = f"""
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.body LIKE '%{POISON}%' THEN RAISE EXCEPTION 'no {POISON} here'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON medical.entries
      FOR EACH ROW EXECUTE FUNCTION refuse()"""


def in_database(cluster, database, statement, *parameters):
    with cluster.postgres.connect(database) as connection:
        cursor = connection.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else None


def in_replica(cluster, statement, *parameters):
    return in_database(cluster, f"{cluster.name}_read_1", statement, *parameters)


@pytest.fixture
def refusing(fresh):
    """A cluster of whose replicas the first refuses poison."""
    in_replica(fresh, REFUSING)
    return fresh


def heal(cluster):
    in_replica(cluster, "DROP FUNCTION refuse CASCADE")


def letters(cluster):
    return in_replica(cluster, "SELECT commit || '-' || index, record::text, tries, why"
                               " FROM mamparo.dead_letters ORDER BY commit, index")


def await_letters(cluster, count):
    wait_until(lambda: len(letters(cluster)) == count, 15, f"{count} dead letters")
    return letters(cluster)


def run(cluster, *words, url=None):
    url = cluster.reads[0].settings["READ_DATABASE_URL"] if url is None else url
    return subprocess.run([BINARY, "dead-letters", *words], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "READ_DATABASE_URL": url},
                          stdin=subprocess.DEVNULL, timeout=40)


def listed(cluster, *words):
    done = run(cluster, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def patch(cluster, record, **fields):
    answer = cluster.write.request("PATCH", f"{ENTRIES}/{record['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def serves(cluster, record):
    answer = cluster.reads[0].get(f"{ENTRIES}/{record['id']}")
    return answer.status_code == 200 and answer.json()["version"] == record["version"]


def await_served(cluster, *records):
    for record in records:
        wait_until(lambda record=record: serves(cluster, record), 10, "the record to be served")


def history(cluster, record):
    items = cluster.reads[0].get(f"{ENTRIES}/{record['id']}/history").json()["data"]
    return sorted(item["version"] for item in items)


def test_one_record_waits_and_all_others_go_on(refusing):
    poison = refusing.create(title=POISON)
    others = [refusing.create(title=f"Sana {number}") for number in range(20)]
    await_served(refusing, *others)
    [(position, record, tries, why)] = await_letters(refusing, 1)
    assert (record, tries) == (poison["id"], 1)
    assert f"no {POISON} here" in why
    assert not serves(refusing, poison)
    for read in refusing.reads[1:]:
        assert read.get(f"{ENTRIES}/{poison['id']}").status_code == 200


def test_what_comes_for_the_record_waits_behind_and_is_applied_in_order(refusing):
    poison = refusing.create(title=POISON)
    await_letters(refusing, 1)
    for number in range(5):
        last = patch(refusing, poison, title=f"Cambio {number}")
    other = refusing.create(title="Otra")
    await_served(refusing, other)
    assert [letter[2] for letter in await_letters(refusing, 6)] == [1, 0, 0, 0, 0, 0]
    assert not serves(refusing, last)
    heal(refusing)
    done = run(refusing, "medical", "replay", "all")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "tried anew: 6, left of them: 0\n"
    await_served(refusing, last)
    assert history(refusing, last) == [1, 2, 3, 4, 5, 6]
    everything_is_everywhere(refusing)


def test_with_the_first_one_dropped_those_behind_it_are_applied(refusing):
    poison = refusing.create(title=POISON)
    [(position, *_)] = await_letters(refusing, 1)
    healthy = patch(refusing, poison, title="Sana")
    await_letters(refusing, 2)
    done = run(refusing, "medical", "drop", position)
    assert (done.returncode, done.stderr) == (0, "")
    await_served(refusing, healthy)
    assert letters(refusing) == []
    assert history(refusing, healthy) == [2]
    await_served(refusing, patch(refusing, poison, title="Y sigue"))


def test_a_replay_that_fails_says_so_and_loses_nothing(refusing):
    poison = refusing.create(title=POISON)
    [(position, *_)] = await_letters(refusing, 1)
    done = run(refusing, "medical", "replay", position)
    assert (done.returncode, done.stdout) == (1, "tried anew: 1, left of them: 1\n")
    assert [(letter[0], letter[1], letter[2]) for letter in letters(refusing)] == [
        (position, poison["id"], 1)]


def test_it_is_listed_by_command_and_by_the_server(refusing):
    poison = refusing.create(title=POISON)
    [(position, *_)] = await_letters(refusing, 1)
    [letter] = listed(refusing)
    assert letter == listed(refusing, "medical")[0]
    assert (letter["service"], letter["position"]) == ("medical", position)
    assert (letter["record"], letter["tries"]) == (poison["id"], 1)
    assert letter["type"] == "medical.entry.created"
    assert POISON in letter["why"] and letter["since"].endswith("Z")
    assert listed(refusing, "imaging") == []
    status = refusing.reads[0].admin("/statusz").json()["services"]
    assert (status["medical"]["dead_letters"], status["imaging"]["dead_letters"]) == (1, 0)
    assert status["medical"]["first_dead_letters"] == [letter]
    assert ('mamparo_replica_dead_letters{service="medical"} 1'
            in refusing.reads[0].admin("/metrics").text)
    assert refusing.reads[0].is_ready()


def test_few_among_many_are_found_out(refusing):
    refusing.reads[0].pause()
    made = [refusing.write.post(f"{ENTRIES}/batch", [
        {"title": POISON if number % 97 == 50 else f"Sana {number}"} for number in range(500)])
        for _ in range(2)]
    assert [answer.status_code for answer in made] == [200, 200]
    refusing.reads[0].resume()
    wait_until(lambda: in_replica(refusing, "SELECT count(*) FROM medical.entries") == [(990,)],
               40, "the others to be applied")
    assert len(await_letters(refusing, 10)) == 10
    heal(refusing)
    assert run(refusing, "medical", "replay", "all").returncode == 0
    everything_is_everywhere(refusing)


def test_what_waits_outlives_the_process(refusing):
    poison = refusing.create(title=POISON)
    await_letters(refusing, 1)
    refusing.reads[0].kill()
    last = patch(refusing, poison, title="Sana otra vez")
    refusing.reads[0].start().await_ready()
    await_letters(refusing, 2)
    assert not serves(refusing, last)
    heal(refusing)
    assert run(refusing, "medical", "replay", "all").returncode == 0
    await_served(refusing, last)


def test_an_event_whose_data_nobody_can_read_is_put_aside_too(fresh):
    before = fresh.create(title="Antes")
    in_database(fresh, fresh.write_database,
                "INSERT INTO mamparo.events (id, time, service, collection, type, subject, version,"
                " fingerprint, data) SELECT gen_random_uuid(), now(), 'medical', 'entries',"
                " 'medical.entry.updated', %s, 2, fingerprint, '\\xc301ff' FROM mamparo.schemas"
                " WHERE collection = 'entries' LIMIT 1", before["id"])
    after = fresh.create(title="Después")
    await_served(fresh, before, after)
    [(_, record, _, why)] = await_letters(fresh, 1)
    assert record == before["id"] and "Avro" in why
    assert run(fresh, "medical", "drop", "all").returncode == 0
    await_served(fresh, patch(fresh, before, title="Otra vez"))


def test_a_replica_that_is_filled_anew_has_no_letters_left(refusing):
    poison = refusing.create(title=POISON)
    await_letters(refusing, 1)
    heal(refusing)
    refusing.redis.client.hset("mamparo:{medical}:stream", "epoch", "another")
    in_replica(refusing, "UPDATE mamparo.cursors SET epoch = 'older' WHERE service = 'medical'")
    refusing.reads[0].kill()
    refusing.reads[0].start().await_ready()
    await_served(refusing, poison)
    await_letters(refusing, 0)


@pytest.mark.parametrize("words, url, status, said", [
    (["medical", "replay"], None, 64, "usage"),
    (["medical", "throw", "all"], None, 64, "usage"),
    (["replay", "all"], None, 64, "usage"),
    (["--all"], None, 64, "usage"),
    (["medical", "drop", "1-x"], None, 64, '"1-x" is no position'),
    (["medical", "drop", "7-0"], None, 1, "no dead letter"),
    ([], "", 78, "READ_DATABASE_URL: is not set"),
    ([], "postgresql://127.0.0.1:1/none", 1, "READ_DATABASE_URL"),
])
def test_what_it_cannot_do_it_says(cluster, words, url, status, said):
    done = run(cluster, *words, url=url)
    assert (done.returncode, done.stdout if status > 1 else "") == (status, "")
    assert said in done.stderr

"""mamparo verify: equal is equal, also under load; what differs on a replica is named."""
import os
import re
import subprocess

import pytest
from harness.cluster import BINARY, MODELS
from harness.load import ENTRIES, Load
from harness.versions import CONTENT, TITLE, WARD, make_version, restart_with

KEY = "k" * 40


def run(cluster, *words, **settings):
    env = {"PATH": os.environ["PATH"], "MODELS": str(MODELS),
           "WRITE_SERVERS": cluster.write.address if cluster else "",
           "READ_SERVERS": ",".join(read.address for read in cluster.reads) if cluster else "",
           **settings}
    return subprocess.run([BINARY, "verify", *words], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


def spoil(cluster, statement, *parameters, replica=1):
    database = f"{cluster.name}_read_{replica}"
    with cluster.site.postgres.connect(database) as connection:
        return connection.execute(statement, parameters or None)


@pytest.fixture
def filled(fresh):
    """Some records, of which one was changed and one deleted, and all replicas have them."""
    records = [fresh.create(title=f"Consulta {number}", content="Sin fiebre") for number in range(30)]
    changed = fresh.bulkhead.request("PATCH", f"{ENTRIES}/{records[3]['id']}",
                                     json={"title": "Otra cosa"}).json()
    assert fresh.bulkhead.request("DELETE", f"{ENTRIES}/{records[4]['id']}").status_code == 204
    last = fresh.create(title="La última")
    fresh.await_everywhere(changed, last)
    return fresh, records


def collection_line(done, name):
    [line] = [line for line in done.stdout.splitlines() if line.startswith(name + " ")]
    return re.fullmatch(name + r"  (\d+) records? with their tombstones, checksum ([0-9a-f]{16}),"
                        r" at (\d+-\d+)", line).groups()


def test_replicas_that_have_everything_are_equal(filled):
    cluster, _ = filled
    done = run(cluster)
    assert (done.returncode, done.stderr) == (0, "")
    count, checksum, position = collection_line(done, "medical/entries")
    assert (count, int(checksum, 16) > 0, int(position.split("-")[0]) > 0) == ("31", True, True)
    assert collection_line(done, "medical/reports")[:2] == ("0", "0" * 16)
    for read in cluster.reads:
        assert done.stdout.count(f"  {read.address}  equal\n") == 3  # collections


@pytest.mark.parametrize("statement, said", [
    ("UPDATE medical.entries SET body = replace(body, 'fiebre', 'fiebrf') WHERE id = %s",
     "version 1 has another content than on the write side"),
    ("UPDATE medical.entries SET created_at = created_at + interval '1 ms' WHERE id = %s",
     "version 1 has another content than on the write side"),
    ("UPDATE medical.entries SET deleted = true WHERE id = %s",
     "version 1 has another content than on the write side"),
])
def test_a_flipped_byte_is_found_and_the_record_named(filled, statement, said):
    cluster, records = filled
    spoil(cluster, statement, records[7]["id"], replica=2)
    done = run(cluster, "medical/entries")
    assert (done.returncode, done.stderr) == (1, "")
    first, second, third = (read.address for read in cluster.reads)
    assert done.stdout.splitlines()[1:] == [
        f"  {first}  equal", f"  {second}  differs in 1 record",
        f"    record {records[7]['id']}: {said}", f"  {third}  equal"]


@pytest.mark.parametrize("statement, said", [
    ("DELETE FROM medical.entries WHERE id = %s",
     "is missing; the write side has version 1"),
    ("UPDATE medical.entries SET version = 0 WHERE id = %s",
     "has version 0; the write side has version 1"),
    ("UPDATE medical.entries SET version = 9 WHERE id = %s",
     "has version 9; the write side has version 1"),
    ("INSERT INTO medical.entries (id, version, deleted, created_at, body)"
     " SELECT 'ffffffff-ffff-ffff-ffff-ffffffffffff', 1, false, now(), body FROM medical.entries"
     " WHERE id = %s", "has version 1, but the write side does not know it"),
])
def test_what_may_be_on_its_way_is_waited_for_and_then_named(filled, statement, said):
    cluster, records = filled
    spoil(cluster, statement, records[7]["id"])
    done = run(cluster, "medical", "--wait", "1")
    assert (done.returncode, done.stderr) == (1, "")
    named = "ffffffff-ffff-ffff-ffff-ffffffffffff" if "INSERT" in statement else records[7]["id"]
    assert f"    record {named}: {said}\n" in done.stdout
    assert done.stdout.count("differs in 1 record\n") == 1


def test_under_load_nothing_is_called_different_that_is_not(filled):
    cluster, records = filled
    with Load(cluster, creators=8, updaters=8) as load:
        load.await_progress()
        for _ in range(3):
            done = run(cluster, "medical/entries", "--wait", "30")
            assert (done.returncode, done.stderr) == (0, ""), done.stdout
        spoil(cluster, "UPDATE medical.entries SET body = replace(body, 'fiebre', 'fiebrf')"
                       " WHERE id = %s", records[7]["id"])
        done = run(cluster, "medical/entries", "--wait", "30")
        load.await_progress()
    assert done.returncode == 1
    assert done.stdout.count("    record ") == 1 and records[7]["id"] in done.stdout


def test_a_field_that_was_added_stands_wherever_a_side_put_it(new_cluster, tmp_path):
    older = make_version(tmp_path / "older", [TITLE, CONTENT])
    newer = make_version(tmp_path / "newer", [TITLE, WARD, CONTENT])
    cluster = new_cluster(reads=1, MODELS=older).start()
    record = [cluster.create(title=f"Antes {number}") for number in range(20)][-1]
    cluster.await_everywhere(record)
    restart_with(newer, cluster.write, cluster.reads[0], cluster.bulkhead)
    cluster.await_everywhere(cluster.create(title="Después", ward="sur"))
    cluster.site.postgres.create(f"{cluster.name}_anew")
    cluster.reads.append(cluster.new_read("anew", "anew").start().await_ready())
    done = run(cluster, "medical/entries", MODELS=str(newer))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.count("equal") == 2


def test_what_an_older_server_wrote_beside_a_newer_one_is_no_difference(new_cluster, tmp_path):
    """The write side keeps it as it came, and replicas give it the default."""
    older = make_version(tmp_path / "older", [TITLE, CONTENT])
    newer = make_version(tmp_path / "newer", [TITLE, CONTENT, WARD])
    cluster = new_cluster(reads=2, MODELS=newer).start()
    restart_with(older, cluster.write)
    written = cluster.create(title="De la anterior")
    cluster.await_everywhere(written)
    restart_with(newer, cluster.write)
    done = run(cluster, "medical/entries", MODELS=newer)
    assert (done.returncode, done.stdout.count("  equal\n")) == (0, 2), done.stdout
    spoil(cluster, "UPDATE medical.entries SET body = (body::jsonb - 'ward')::text WHERE id = %s",
          written["id"])
    done = run(cluster, "medical/entries", MODELS=newer)
    assert (done.returncode, done.stdout.count("  differs in 1 record\n")) == (1, 1), done.stdout


def test_many_that_differ_are_counted_and_some_of_them_named(filled):
    cluster, _ = filled
    spoil(cluster, "UPDATE medical.entries SET body = replace(body, 'o', '0')")
    done = run(cluster, "medical/entries")
    assert done.returncode == 1
    assert "differs in 30 records\n" in done.stdout
    assert done.stdout.count("    record ") == 20
    assert "    and 10 more\n" in done.stdout


def test_a_server_that_does_not_answer_is_told(filled):
    cluster, _ = filled
    cluster.reads[1].kill()
    done = run(cluster, "medical/entries")
    assert done.returncode == 69
    assert f"  {cluster.reads[1].address}  cannot be compared: no server behind can be reached" \
        in done.stdout
    assert done.stdout.count("equal\n") == 2
    cluster.write.kill()
    done = run(cluster, "medical/entries")
    assert (done.returncode, done.stdout) == (69, "")
    assert cluster.write.address in done.stderr


def test_checksums_want_the_clusters_key_where_there_is_one(new_cluster):
    cluster = new_cluster(reads=1, CLUSTER_KEY=KEY).start()
    path = "/checksums/medical/entries"
    for server in [cluster.write, cluster.reads[0]]:
        assert server.get(path).status_code == 401
        assert server.get(path, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
    assert run(cluster).returncode == 69
    assert run(cluster, CLUSTER_KEY=KEY).returncode == 0


@pytest.mark.parametrize("query", [
    "from=7", "upto=x", "most=0", "most=100001", "most=-1", "most=1e3", "list=yes", "list", "x=1",
    "from=00000000-0000-0000-0000-000000000000'", "most=1&most=x"])
def test_checksums_refuse_what_they_do_not_know(cluster, query):
    for server in [cluster.write, cluster.reads[0]]:
        answer = server.get(f"/checksums/medical/entries?{query}")
        assert (answer.status_code, answer.json()["reason"]) == (400, "bad_request")
        assert "most=1 to 100000" in answer.json()["detail"]


def test_checksums_of_what_is_not_there(cluster):
    for path in ["/checksums/", "/checksums/medical", "/checksums/medical/none",
                 "/checksums/medical/entries/"]:
        assert cluster.write.get(path).status_code == 404
    assert cluster.write.post("/checksums/medical/entries").status_code == 405
    assert cluster.bulkhead.get("/checksums/medical/entries").status_code == 404


@pytest.mark.parametrize("words, settings, status, said", [
    (["a", "b"], {}, 64, "usage"), (["--wait"], {}, 64, "usage"),
    (["--wait", "-1"], {}, 64, "usage"), (["--all"], {}, 64, "usage"),
    (["medical/none"], {}, 78, 'no "medical/none"'), (["none"], {}, 78, 'no "none"'),
    ([], {"WRITE_SERVERS": ""}, 78, "WRITE_SERVERS: is not set"),
    ([], {"READ_SERVERS": ""}, 78, "READ_SERVERS: is not set"),
    ([], {"READ_SERVERS": "127.0.0.1:x"}, 78, "READ_SERVERS"),
    ([], {"MODELS": "/none"}, 78, "/none"),
])
def test_what_it_cannot_do_it_says(cluster, words, settings, status, said):
    done = run(cluster, *words, **settings)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr

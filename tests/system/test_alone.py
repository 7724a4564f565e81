"""A read server whose world is gone: write side, its database and Redis are down."""
import pytest
from harness.connection import Connection
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"


@pytest.fixture
def filled(apart):
    apart.record = apart.create(title="Antes de la noche")
    apart.await_everywhere(apart.record)
    return apart


def end_the_world(cluster):
    cluster.write.kill()
    cluster.postgres.kill()
    cluster.redis.kill()


def queries(record):
    path = f"{ENTRIES}/{record['id']}"
    return [ENTRIES, f"{ENTRIES}?page=1&page_size=1", f"{ENTRIES}?title=Antes%20de%20la%20noche", path,
            f"{path}/history", "/database/read/", f"/database/read/?id={record['id']}",
            "/v1/openapi.json"]


def age(server):
    return int(server.get(ENTRIES).headers["age"])


def lag_ms(server):
    return int(server.get(ENTRIES).headers["replica-lag-ms"])


def answers(server, record):
    """Of every query, the status and what it found."""
    connection = Connection(server)
    found = {path: connection.ask("GET", path) for path in queries(record)}
    assert {path: answer.status for path, answer in found.items()} == dict.fromkeys(found, 200)
    return {path: answer.body for path, answer in found.items()}


def test_every_query_works_when_all_else_is_down_and_after_a_restart_too(filled):
    read = filled.reads[0]
    before = answers(read, filled.record)
    end_the_world(filled)
    assert answers(read, filled.record) == before
    for _ in range(2):
        read.kill()
        read.start().await_ready()
        assert answers(read, filled.record) == before
    through = Connection(filled.bulkhead)
    for path in [path for path in before if path.startswith(ENTRIES)]:
        answer = through.ask("GET", path)
        assert (answer.status, answer.body) == (200, before[path])


def test_the_age_grows_from_the_moment_that_the_stream_was_out_of_sight(filled):
    read = filled.reads[0]
    assert age(read) == lag_ms(read) == 0
    end_the_world(filled)
    wait_until(lambda: age(read) >= 3, 15, "three seconds to be said")
    answer = read.get(ENTRIES)
    assert int(answer.headers["replica-lag-ms"]) // 1000 == int(answer.headers["age"])
    wait_until(lambda: age(filled.bulkhead) >= 3, 5, "any reader to say so")
    missing = read.get(f"{ENTRIES}/{'0' * 8}-0000-7000-8000-000000000000")
    assert missing.status_code == 404 and int(missing.headers["age"]) >= 3
    read.kill()
    read.start().await_ready()
    wait_until(lambda: lag_ms(read) > 0, 10, "the replica to have looked")
    assert age(read) >= 3
    so_far = lag_ms(read)
    wait_until(lambda: lag_ms(read) >= so_far + 2000, 15, "the age to grow on")


def test_redis_alone_away_ages_the_answers_and_leaves_the_server_ready(new_cluster):
    cluster = new_cluster(reads=1)
    read = cluster.reads[0]
    read.settings["LAG_MAX_MS"] = 500
    cluster.start()
    cluster.await_everywhere(cluster.create(title="Con Redis"))
    cluster.redis.kill()
    wait_until(lambda: lag_ms(read) >= 4000, 15, "the answers to age")
    assert read.is_ready()
    cluster.redis.start()
    wait_until(lambda: lag_ms(read) == 0, 30, "the replica to be up to date again")
    cluster.await_everywhere(cluster.create(title="Otra vez"), seconds=30)


def test_a_replica_is_up_to_date_again_when_the_world_is_back(filled):
    read = filled.reads[0]
    end_the_world(filled)
    wait_until(lambda: age(read) >= 3, 15, "the answers to age")
    filled.redis.start()
    filled.postgres.start()
    filled.write.start().await_ready(40)
    filled.await_everywhere(filled.create(title="De vuelta"), seconds=40)
    wait_until(lambda: lag_ms(read) == 0, 20, "the replica to be up to date again")


def test_a_process_that_does_not_apply_says_the_age_of_what_the_other_one_filled(new_cluster):
    cluster = new_cluster(reads=1).start()
    twin = cluster.new_read("read-twin", "read_1").start().await_ready()
    cluster.await_everywhere(cluster.create(title="De los dos"))
    wait_until(lambda: "standby" in twin.admin("/statusz").text, 10, "the twin to stand by")
    for _ in range(20):
        assert lag_ms(twin) == 0
    cluster.redis.kill()
    wait_until(lambda: lag_ms(twin) >= 3000, 20, "the twin's answers to age")
    assert twin.is_ready() and twin.get(ENTRIES).status_code == 200

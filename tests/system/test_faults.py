"""Killed, paused or emptied while clients write: nothing acknowledged is lost or doubled."""
import time

import pytest
from harness.cluster import MODELS
from harness.events import Stream
from harness.load import Load, all_records, check_promises, everything_is_everywhere
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"


def away_and_back(load, server):
    """Killed under load, and started again when its absence has had time to hurt."""
    load.await_progress()
    server.kill()
    if server is not load.cluster.reads[0]:
        wait_until(lambda: load.refused, 10, "the absence to be noticed")
    server.start().await_ready()
    load.await_progress()


def is_unavailable(answer):
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["reason"] and answer.json()["detail"]
    return True


# Our own servers

@pytest.mark.parametrize("role", ["bulkhead", "write", "read"])
def test_kill_9_of_a_role_under_load_loses_nothing_and_doubles_nothing(fresh, role):
    server = {"bulkhead": fresh.bulkhead, "write": fresh.write, "read": fresh.reads[0]}[role]
    with Load(fresh) as load:
        for _ in range(3):
            away_and_back(load, server)
    check_promises(load, Stream(fresh))
    if role != "bulkhead":
        assert set(load.writes) <= {200, 201, 503}
        assert set(load.reads) == {200}, "reads stay up"


def test_kill_9_of_everything_at_once_loses_nothing_and_doubles_nothing(fresh):
    with Load(fresh) as load:
        load.await_progress()
        for server in fresh.servers:
            server.kill()
        for server in fresh.servers:
            server.start()
        for server in fresh.servers:
            server.await_ready()
        load.await_progress()
    check_promises(load, Stream(fresh))


def test_a_write_server_that_hangs_is_given_up_in_time_and_reads_go_on(fresh):
    record = fresh.create(title="Antes")
    fresh.await_everywhere(record)
    fresh.write.pause()
    began = time.monotonic()
    answer = fresh.bulkhead.post(ENTRIES, {"title": "Nunca oída"})
    assert is_unavailable(answer)
    assert time.monotonic() - began < 5
    assert fresh.bulkhead.get(f"{ENTRIES}/{record['id']}").status_code == 200
    fresh.write.resume()
    fresh.await_everywhere(fresh.create(title="Después"))


def test_a_read_server_that_hangs_is_not_waited_for(fresh):
    record = fresh.create(title="Antes")
    fresh.await_everywhere(record)
    fresh.reads[1].pause()
    for _ in range(10):
        assert fresh.bulkhead.get(f"{ENTRIES}/{record['id']}", timeout=4).status_code == 200
    later = fresh.create(title="Mientras tanto")
    fresh.reads[1].resume()
    fresh.await_everywhere(later)


def test_without_any_read_server_a_read_is_503_and_writes_go_on(fresh):
    for read in fresh.reads:
        read.kill()
    assert is_unavailable(fresh.bulkhead.get(ENTRIES))
    assert is_unavailable(fresh.bulkhead.get("/bulkhead/"))
    assert fresh.bulkhead.get("/bulkhead/").json()["error"]
    record = fresh.create(title="Sin lectores")
    for read in fresh.reads:
        read.start().await_ready()
    fresh.await_everywhere(record)
    wait_until(lambda: fresh.bulkhead.get(ENTRIES).status_code == 200, 15,
               "the gateway to read again")


@pytest.fixture
def second_write(fresh):
    """Another write server on the same database. The first leads: it came first."""
    fresh.await_everywhere(fresh.create(title="La primera dirige"))
    second = fresh.new_write("write-2").start().await_ready()
    fresh.bulkhead.stop()
    fresh.bulkhead.settings["WRITE_SERVERS"] = f"{fresh.write.address},{second.address}"
    for read in fresh.reads:
        read.stop()
        read.settings["WRITE_SERVERS"] = fresh.bulkhead.settings["WRITE_SERVERS"]
        read.start().await_ready()
    fresh.bulkhead.start().await_ready()
    return second


def are_up(gateway, side):
    servers = gateway.get("/bulkhead/services/").json()["medical"][side]["servers"]
    return {server["state"] for server in servers} == {"up"}


def test_when_the_leading_relay_dies_another_write_server_takes_over(fresh, second_write):
    with Load(fresh) as load:
        load.await_progress()
        fresh.write.kill()
        load.await_progress()
        fresh.await_everywhere(fresh.create(title="Tras el relevo"), seconds=5)
        fresh.write.start().await_ready()
        wait_until(lambda: are_up(fresh.bulkhead, "writes"), 5, "the gateway to know that it is back")
        load.await_progress()
        second_write.kill()
        fresh.await_everywhere(fresh.create(title="De vuelta"), seconds=5)
    check_promises(load, Stream(fresh))


def test_a_new_replica_that_comes_late_gets_everything(fresh):
    with Load(fresh) as load:
        load.await_progress(300)
        doomed = fresh.create(title="Borrada antes")
        assert fresh.bulkhead.request("DELETE", f"{ENTRIES}/{doomed['id']}").status_code == 204
        fresh.site.postgres.create(f"{fresh.name}_late")
        late = fresh.new_read("read-late", "late").start().await_ready()
        fresh.reads.append(late)
        load.await_progress()
    check_promises(load, Stream(fresh))
    assert late.get(f"{ENTRIES}/{doomed['id']}").status_code == 404


def test_two_read_servers_share_a_database_and_one_of_them_applies(fresh):
    first = fresh.reads[0]
    twin = fresh.new_read("read-twin", "read_1").start().await_ready()
    fresh.reads.append(twin)
    with Load(fresh) as load:
        load.await_progress()
        for dying in [first, twin]:
            assert appliers_of(fresh, "read_1") == len(list(MODELS.glob("*/")))  # one a service
            dying.kill()
            alive = twin if dying is first else first
            record = fresh.create(title=f"Sin {dying.name}")
            wait_until(lambda: alive.get(f"{ENTRIES}/{record['id']}").status_code == 200, 10,
                       f"{alive.name} to apply")
            dying.start().await_ready()
    check_promises(load, Stream(fresh))


def appliers_of(cluster, database):
    [(count,)] = cluster.site.postgres.query(
        f"{cluster.name}_{database}", """
        SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""")
    return count


# Redis

def test_redis_may_be_killed_and_come_back_empty_under_load(fresh):
    with Load(fresh) as load:
        for _ in range(2):
            load.await_progress()
            fresh.redis.kill()
            load.await_progress()
            fresh.redis.start()
            load.await_progress()
    check_promises(load, Stream(fresh))
    assert set(load.writes) == {200, 201}, "Redis is not needed for writing"
    assert set(load.reads) == {200}


def test_redis_may_be_flushed_under_load(fresh):
    with Load(fresh) as load:
        for _ in range(3):
            load.await_progress()
            fresh.redis.client.flushall()
    check_promises(load, Stream(fresh))


def test_the_stream_alone_may_be_deleted_under_load(fresh):
    with Load(fresh) as load:
        for _ in range(3):
            load.await_progress()
            fresh.redis.client.delete(Stream(fresh).key)
    check_promises(load, Stream(fresh))


@pytest.mark.parametrize("loss", ["delete", "flush", "kill"])
def test_what_redis_loses_before_a_replica_saw_it_comes_again_though_nobody_writes(fresh, loss):
    fresh.await_everywhere(fresh.create(title="Vista por todas"))
    fresh.reads[1].pause()
    for title in ["Ya en su buzón", "Perdida por el camino"]:
        record = fresh.create(title=title)
        wait_until(lambda: record["id"] in {event.subject for event in Stream(fresh).events()}, 5,
                   "the event to be published")
    if loss == "delete":
        fresh.redis.client.delete(Stream(fresh).key)
    elif loss == "flush":
        fresh.redis.client.flushall()
    else:
        fresh.redis.kill()
        fresh.redis.start()
    fresh.reads[1].resume()
    fresh.await_everywhere(record)


def test_without_redis_reads_and_writes_go_on_and_all_stay_ready(fresh):
    record = fresh.create(title="Con Redis")
    fresh.await_everywhere(record)
    fresh.redis.kill()
    later = fresh.create(title="Sin Redis")
    for read in fresh.reads:
        assert read.get(f"{ENTRIES}/{record['id']}").status_code == 200
    wait_until(lambda: all("redis" in server.log().lower() for server in fresh.reads), 10,
               "the read servers to log that Redis is away")
    assert all(server.is_ready() for server in fresh.servers)
    fresh.redis.start()
    fresh.await_everywhere(later)


def test_while_redis_refuses_to_write_nothing_is_skipped(fresh):
    """Out of memory: every XADD is answered with an error, and the connection lives."""
    with Load(fresh) as load:
        load.await_progress()
        fresh.redis.client.config_set("maxmemory", "1")
        load.await_progress()
        fresh.redis.client.config_set("maxmemory", "0")
    check_promises(load, Stream(fresh))


# PostgreSQL

@pytest.mark.parametrize("way", ["stop", "kill"])
def test_the_write_database_may_restart_under_load(apart, way):
    with Load(apart) as load:
        load.await_progress()
        getattr(apart.postgres, way)()
        load.await_refusal()
        assert is_unavailable(apart.bulkhead.post(ENTRIES, {"title": "Sin base"}))
        assert apart.write.is_live() and not apart.write.is_ready()
        apart.postgres.start()
        apart.write.await_ready()
        load.await_progress()
    check_promises(load, Stream(apart))
    assert set(load.writes) <= {200, 201, 503}
    assert set(load.reads) == {200}, "the read side does not depend on the write database"


@pytest.fixture
def replica(new_cluster, new_postgres):
    """One read server more, on a PostgreSQL of its own; neither is running yet."""
    cluster, postgres = new_cluster(reads=1).start(), new_postgres()
    read = cluster.new_read("read-own", "own")
    read.settings["READ_DATABASE_URL"] = postgres.url("own")
    cluster.reads.append(read)
    return cluster, read, postgres


def test_the_database_of_a_replica_may_restart(replica):
    cluster, read, postgres = replica
    postgres.start().create("own")
    read.start().await_ready()
    record = cluster.create(title="Antes")
    cluster.await_everywhere(record)
    postgres.kill()
    path = f"{ENTRIES}/{record['id']}"
    assert is_unavailable(read.get(ENTRIES))
    wait_until(lambda: read.get(path).status_code != 200, 2, "what is in memory to count no more")
    assert is_unavailable(read.get(path))
    wait_until(lambda: not read.is_ready(), 5, "the replica to say that it is not ready")
    later = cluster.create(title="Mientras tanto")
    postgres.start()
    read.await_ready()
    cluster.await_everywhere(record, later)
    everything_is_everywhere(cluster)


def test_a_replica_whose_database_lost_its_last_commits_makes_its_months_again(replica):
    cluster, read, postgres = replica
    postgres.start().create("own")
    read.start().await_ready()
    cluster.await_everywhere(cluster.create(title="Antes"))
    with postgres.connect("own") as database:
        for [month] in database.execute("SELECT inhrelid::regclass::text FROM pg_inherits"
                                        " WHERE inhparent = 'mamparo.history'::regclass"
                                        ).fetchall():
            database.execute(f"DROP TABLE {month}")
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         " WHERE usename = 'mamparo'")
    cluster.await_everywhere(cluster.create(title="Después"))
    assert "no partition" not in read.log()


def waits_for(server, reason):
    """Live, not ready, and it logged why."""
    wait_until(server.is_live, 10, f"{server.name} to be live")
    wait_until(lambda: reason in server.log().lower(), 10, f"{server.name} to log the reason")
    answer = server.admin("/readyz")
    assert answer.status_code == 503
    assert answer.text
    return True


def test_a_read_server_waits_for_its_database(replica):
    cluster, read, postgres = replica
    record = cluster.create(title="Antes")
    read.start()
    assert waits_for(read, "database")
    assert is_unavailable(read.get(ENTRIES))
    postgres.start().create("own")
    read.await_ready()
    cluster.await_everywhere(record)


def test_a_write_server_waits_for_its_database(new_cluster, new_postgres):
    cluster = new_cluster(reads=1, postgres=new_postgres())
    cluster.redis.start()
    cluster.write.start()
    assert waits_for(cluster.write, "database")
    assert is_unavailable(cluster.write.post(ENTRIES, {"title": "Pronto"}))
    cluster.postgres.start()
    cluster.make_databases()
    cluster.write.await_ready()
    assert cluster.write.post(ENTRIES, {"title": "Ahora"}).status_code == 201


@pytest.mark.parametrize("role", ["write", "read"])
def test_a_server_waits_for_redis(new_cluster, role):
    cluster = new_cluster(reads=1)
    cluster.make_databases()
    server = {"write": cluster.write, "read": cluster.reads[0]}[role].start()
    assert waits_for(server, "redis")
    cluster.redis.start()
    for other in cluster.servers:
        if other is not server:
            other.start()
    for every in cluster.servers:
        every.await_ready()
    cluster.await_everywhere(cluster.create(title="Por fin"))


def test_the_order_of_starting_does_not_matter(new_cluster):
    cluster = new_cluster()
    cluster.make_databases()
    for server in reversed(cluster.servers):
        server.start()
        wait_until(server.is_live, 10, f"{server.name} to be live")
    cluster.redis.start()
    for server in cluster.servers:
        server.await_ready()
    cluster.await_everywhere(cluster.create(title="Al revés"))
    assert len(all_records(cluster.reads[2])) == 1

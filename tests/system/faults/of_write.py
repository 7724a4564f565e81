"""Faults of the write servers.

Before the commit: we hold `mamparo.events`, so that the statements of both wait inside their
transaction, which pg_locks shows. Half of these are ended, as if PostgreSQL had seen the client go;
the others commit without anybody who could answer.

Between commit and XADD: CLIENT PAUSE has Redis hold every EXEC. What is acknowledged meanwhile is
committed, and certainly not published; with the relay's connection its held EXEC is gone too.

Amid a block: a backlog is made in the same way and let go; the relay is killed as soon as the first
of its windows is in the stream, and a part of the backlog is not."""
import signal

from harness.process import wait_until

from .fault import fault
from .world import STREAM


@fault("write", "kill -9 before the commit", short=True)
def kill_before_the_commit(world):
    with world.write_database.connect() as holder, holder.transaction():
        holder.execute("LOCK TABLE mamparo.events IN SHARE MODE")
        waiting = world.write_database.await_waiting("mamparo.events")
        for write in world.writes:
            write.kill()
        for (pid,) in waiting[::2]:
            world.write_database.query("SELECT pg_terminate_backend(%s)", pid)
    for write in world.writes:
        write.start()


@fault("write", "kill -9 after the commit, before XADD", short=True)
def kill_before_xadd(world):
    leader = world.leader
    world.redis.client.client_pause(60000, all=False)
    world.traffic.await_progress(50)
    leader.kill()
    world.redis.client.client_unpause()
    leader.start()


@fault("write", "kill -9 amid a block")
def kill_amid_a_block(world):
    leader, client = world.leader, world.redis.client
    client.client_pause(60000, all=False)
    world.traffic.await_progress(1500)
    before, committed = top_of(client), count_events(world)
    published = client.xinfo_stream(STREAM)["entries-added"]
    client.client_unpause()
    wait_until(lambda: top_of(client) != before, 10, "the first window")
    leader.kill()
    more = client.xinfo_stream(STREAM)["entries-added"] - published
    assert 0 < more < committed - published, "it was killed too late"
    leader.start()


def top_of(client):
    return client.xinfo_stream(STREAM)["last-generated-id"]


def count_events(world):
    [(count,)] = world.write_database.query(
        "SELECT count(*) FROM mamparo.events WHERE service = 'medical'")
    return count


@fault("write", "SIGSTOP for 10 s")
def stop_the_leader(world):
    leader = world.leader
    leader.signal(signal.SIGSTOP)
    world.last(10)
    leader.signal(signal.SIGCONT)

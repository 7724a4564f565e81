"""Faults of Redis. It runs without an append-only file, so a kill empties it.

What Redis loses is more than all replicas have: one of them stands still until it is lost."""
from contextlib import contextmanager

from .fault import fault
from .world import STREAM


@contextmanager
def unread(world):
    """In the block there are events that one replica has yet to read."""
    world.reads[1].pause()
    try:
        world.traffic.await_progress()
        yield
    finally:
        world.reads[1].resume()


@fault("redis", "SIGSTOP for 5 s")
def stop(world):
    world.redis.pause()
    world.last(5)
    world.redis.resume()


@fault("redis", "kill -9 without AOF")
def kill(world):
    world.redis.kill()
    world.traffic.await_progress()
    world.redis.start()


@fault("redis", "restart from an older RDB")
def restart_from_an_older_file(world):
    world.redis.client.save()
    world.traffic.await_progress(500)
    world.redis.kill()
    world.traffic.await_progress()
    world.redis.start()
    assert world.redis.client.exists(STREAM), "it has not read the file"


@fault("redis", "FLUSHALL")
def flush(world):
    with unread(world):
        world.redis.client.flushall()


@fault("redis", "DEL of the stream")
def delete_the_stream(world):
    with unread(world):
        world.redis.client.delete(STREAM)


@fault("redis", "maxmemory reached for 5 s")
def fill_the_memory(world):
    world.redis.client.config_set("maxmemory", 1)
    world.last(5)
    world.redis.client.config_set("maxmemory", 0)


@fault("redis", "wrong type at the key", short=True)
def put_another_type(world):
    """Nobody takes it away: it heals by itself, or not."""
    with unread(world):
        world.redis.client.pipeline().delete(STREAM).set(STREAM, "a word").execute()


@fault("redis", "replaced by an empty stream")
def replace_by_an_empty_stream(world):
    with unread(world), world.redis.client.pipeline() as pipe:
        pipe.delete(STREAM).xgroup_create(STREAM, "none", mkstream=True)
        pipe.xgroup_destroy(STREAM, "none").execute()

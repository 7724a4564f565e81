"""Faults of the PostgreSQL of the write side."""
import psycopg
from harness.process import wait_until

from .fault import fault
from .world import kill_9

SLOT = "SELECT wal_status, active_pid FROM pg_replication_slots WHERE slot_name = %s"


@fault("write PostgreSQL", "restart")
def restart(world):
    world.write_postgres.stop()
    world.last(2)
    world.write_postgres.start()


@fault("write PostgreSQL", "kill -9")
def kill(world):
    kill_9(world.write_postgres)
    world.last(2)
    world.write_postgres.start()


@fault("write PostgreSQL", "slot dropped")
def drop_the_slot(world):
    wait_until(lambda: is_dropped(world), 10, "the slot to be ours for a moment")


def is_dropped(world):
    """Between the end of the one that reads it and the moment when the next one does."""
    slot = world.cluster.name
    try:
        with world.write_database.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                               " WHERE slot_name = %s AND active", [slot])
            connection.execute("SELECT pg_drop_replication_slot(%s)", [slot])
    except psycopg.errors.ObjectInUse:
        return False
    return True


@fault("write PostgreSQL", "slot invalidated")
def invalidate_the_slot(world):
    """A replica that stands still has the slot keep its log, of which there is enough then."""
    database, slot = world.write_database, world.cluster.name
    database.run("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
    database.run("SELECT pg_reload_conf()")
    world.reads[2].pause()
    try:
        wait_until(lambda: is_invalid_after_more_log(database, slot), 60, "the slot to be lost")
    finally:
        world.reads[2].resume()
    database.run("ALTER SYSTEM RESET max_slot_wal_keep_size")
    database.run("SELECT pg_reload_conf()")


def is_invalid_after_more_log(database, slot):
    database.run("SELECT pg_logical_emit_message(false, 'fault', repeat('x', 1000000))"
                 " FROM generate_series(1, 20)")
    database.run("SELECT pg_switch_wal()")
    database.run("CHECKPOINT")
    return [status for status, _ in database.query(SLOT, slot)] == ["lost"]

"""Faults of a read server and of its PostgreSQL.

A block is stored in one transaction: rows, history, cursor, commit. Amid the block: we hold
`mamparo.history`, so the applier has stored rows and waits, which pg_locks shows. Between apply
and commit: we hold the cursor's row, so all is stored but for the cursor, with which it is
committed."""
from harness.process import wait_until

from .fault import fault
from .world import kill_9


@fault("read", "kill -9 amid a block")
def kill_amid_a_block(world):
    read, database = world.reads[0], world.read_databases[0]
    with database.connect() as holder, holder.transaction():
        holder.execute("LOCK TABLE mamparo.history IN SHARE MODE")
        database.await_waiting("mamparo.history")
        read.kill()
    read.start()


@fault("read", "kill -9 between apply and commit", short=True)
def kill_between_apply_and_commit(world):
    read, database = world.reads[0], world.read_databases[0]
    with database.connect() as holder, holder.transaction():
        holder.execute("SELECT FROM mamparo.cursors WHERE service = 'medical' FOR UPDATE")
        database.await_waiting_for_row("mamparo.cursors")
        read.kill()
    read.start()


@fault("read", "its PostgreSQL restarted")
def restart_the_database(world):
    world.read_postgres.stop()
    world.read_postgres.start()


@fault("read", "its PostgreSQL killed -9")
def kill_the_database(world):
    kill_9(world.read_postgres)
    wait_until(lambda: not world.reads[0].is_ready(), 10, "the replica to notice")
    world.read_postgres.start()


@fault("read", "its PostgreSQL locked for 10 s")
def lock_the_database(world):
    with world.read_databases[0].connect() as holder, holder.transaction():
        holder.execute("LOCK TABLE medical.entries IN ACCESS EXCLUSIVE MODE")
        world.last(10)

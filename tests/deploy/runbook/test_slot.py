"""A stuck slot, and one that PostgreSQL has given up."""
import os
import signal
from contextlib import contextmanager

import pytest
from harness.load import everything_is_everywhere
from harness.process import wait_until
from installation import relay_of

SLOT = "SELECT active_pid, wal_status FROM pg_replication_slots WHERE slot_name = 'mamparo'"


def leader(installation):
    """The write server that holds the slot."""
    return wait_until(lambda: next((write for write in installation.writes
                                    if relay_of(write) == "leading"), None), 20, "a leader")


def epoch(installation):
    return installation.written("SELECT epoch FROM mamparo.epoch")


@contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_write_server_that_is_frozen_loses_the_slot_to_another(installation):
    frozen = leader(installation)
    frozen.pause()
    try:
        others = [write for write in installation.writes if write is not frozen]
        wait_until(lambda: relay_of(others[0]) == "leading", 10, "the other one to lead")
        installation.create(title="Mientras tanto")
        everything_is_everywhere(installation)
    finally:
        frozen.resume()
    wait_until(lambda: relay_of(frozen) == "standby", 10, "it to stand by")


def test_a_slot_whose_own_process_hangs_is_free_when_postgresql_was_restarted(installation):
    """Nobody can take it before; restarting write servers does not help."""
    holder = leader(installation)
    before = epoch(installation)
    [(walsender, _)] = installation.written(SLOT)
    os.kill(walsender, signal.SIGSTOP)
    during = installation.create(title="Atascada")
    wait_until(lambda: "PostgreSQL does not answer" in holder.log(), 20, "the relay to notice")
    wait_until(lambda: {relay_of(write) for write in installation.writes} == {"standby"}, 10,
               "all to stand by")
    installation.rerun(holder)
    assert installation.written(SLOT)[0][0] == walsender
    assert relay_of(holder) != "leading"
    installation.cloud.sql.kill()  # a gentle stop would wait for that process
    installation.cloud.sql.start()
    leader(installation)
    everything_is_everywhere(installation)
    assert epoch(installation) == before
    assert installation.bulkhead.get(f"/v1/medical/entries/{during['id']}").status_code == 200


@pytest.fixture
def little_room(installation):
    """As max_slot_wal_keep_size has it, only less."""
    installation.cloud.sql.set("max_slot_wal_keep_size = '4MB'", "max_wal_size = '4MB'")
    installation.written("SELECT pg_reload_conf()")


def test_a_slot_that_was_given_up_is_made_anew_and_replicas_fill_themselves(
        installation, little_room):
    before = epoch(installation)
    installation.redis.pause()  # so nobody confirms anything
    try:
        during = [installation.create(title=f"Sin Redis {n}") for n in range(10)]
        wait_until(lambda: grow_log(installation) == "lost", 60, "the slot to be given up")
    finally:
        installation.redis.resume()
    wait_until(lambda: epoch(installation) != before, 30, "another epoch")
    leader(installation)
    everything_is_everywhere(installation, 60)
    status, said = installation.verify()
    assert status == 0 and "differs" not in said, said
    for read in installation.reads:
        assert "the stream is of another epoch" in read.log()
        assert read.get(f"/v1/medical/entries/{during[-1]['id']}").status_code == 200


def grow_log(installation):
    """By a megabyte. The slot's state."""
    installation.written("SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000))")
    with installation.cloud.sql.connect("postgres") as connection:
        connection.execute("CHECKPOINT")
    return installation.written(SLOT)[0][1]

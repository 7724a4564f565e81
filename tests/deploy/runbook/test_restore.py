"""Restoring the write database: to a moment before a mistake, in its own place, from a backup and
the archived log. Reads go on; nobody is restarted."""
import pytest
from harness.load import ENTRIES, everything_is_everywhere
from harness.process import wait_until
from installation import Users

SERVICES = ("imaging", "medical")


def titles(server):
    return {record["title"] for record in server.get(f"{ENTRIES}?page_size=100").json()["data"]}


def epoch(installation):
    return installation.written("SELECT epoch FROM mamparo.epoch")


def await_archived(installation):
    [(last,)] = installation.written("SELECT pg_walfile_name(pg_switch_wal())")
    wait_until(lambda: installation.written(
        "SELECT last_archived_wal >= %s FROM pg_stat_archiver", last) == [(True,)], 20,
        f"{last} to be archived")


@pytest.fixture(scope="module")
def restored(installation):
    """What was there before the moment, what was lost after it, and how clients fared meanwhile."""
    installation.cloud.sql.back_up()
    kept = [installation.create(title=f"Queda {n}") for n in range(30)]
    [(moment,)] = installation.written("SELECT clock_timestamp()::text")
    lost = installation.bulkhead.post(
        ENTRIES, {"title": "Se pierde"}, headers={"Idempotency-Key": "una-vez"}).json()
    changed = installation.bulkhead.request(
        "PATCH", f"{ENTRIES}/{kept[0]['id']}", json={"title": "Por error"}).json()
    for record in kept[1:]:
        installation.bulkhead.request("DELETE", f"{ENTRIES}/{record['id']}")
    installation.before = epoch(installation)
    installation.pids = {server.name: server.pid for server in all_of(installation)}
    await_archived(installation)
    with Users(installation, creators=0, updaters=0) as load:
        for service in SERVICES:
            installation.switch(f"{service}/writes", False)
        installation.refusals = await_from_all(installation, 503)
        installation.cloud.sql.stop()
        installation.cloud.sql.restore(moment)
        installation.cloud.sql.start()
        wait_until(installation.cloud.sql.is_writable, 60, "the database to have been restored")
        wait_until(lambda: all(titles(read) == {record["title"] for record in kept}
                               for read in installation.reads), 60, "the replicas to follow")
        installation.said = installation.verify()
        for service in SERVICES:
            installation.switch(f"{service}/writes", True)
        await_from_all(installation, 201)
    installation.load = load
    return kept, lost, changed


def await_from_all(installation, status):
    """What every gateway says to a write, once it follows a switch."""
    def all_say():
        answers = [gateway.post(ENTRIES, {"title": "A ver"}) for gateway in installation.gateways]
        return {answer.status_code for answer in answers} == {status} and answers

    return wait_until(all_say, 5, f"every gateway to say {status}")


def all_of(installation):
    return installation.gateways + installation.writes + installation.reads


def test_nobody_was_restarted_and_no_read_failed(installation, restored):
    assert {server.name: server.pid for server in all_of(installation)} == installation.pids
    assert not installation.load.complaints, installation.load.complaints


def test_while_it_was_restored_a_write_was_refused_in_words(installation, restored):
    assert {answer.json()["reason"] for answer in installation.refusals} == {"disabled"}


def test_the_log_has_another_epoch_and_verify_says_equal(installation, restored):
    assert epoch(installation) != installation.before
    status, said = installation.said
    assert (status, said.count("equal"), said.count("differs")) == (0, 9, 0), said
    for read in installation.reads:
        assert "the stream is of another epoch" in read.log()


def test_writes_go_on_and_reach_everyone(installation, restored):
    installation.create(title="Después")
    everything_is_everywhere(installation)


def test_a_lost_command_may_be_repeated_under_its_key(installation, restored):
    """The key went with it, so it is done, and not answered from memory."""
    _, lost, _ = restored
    answer = installation.bulkhead.post(
        ENTRIES, {"title": "Se pierde"}, headers={"Idempotency-Key": "una-vez"})
    assert answer.status_code == 201
    assert answer.json()["id"] != lost["id"]


def test_a_version_that_is_gone_fits_no_condition(installation, restored):
    _, _, changed = restored
    answer = installation.bulkhead.request(
        "PATCH", f"{ENTRIES}/{changed['id']}", json={"content": "x"},
        headers={"If-Match": f'"{changed["version"]}"'})
    assert answer.status_code == 412


def test_a_list_after_a_version_that_is_gone_is_too_stale_and_a_record_is_as_it_is_now(
        installation, restored):
    """A browser's cookie asks so for a minute."""
    _, lost, changed = restored
    for record, status in [(lost, 404), (changed, 200)]:
        after = {"Read-After": f"entries/{record['id']}@{record['version']}"}
        listed = installation.bulkhead.get(ENTRIES, headers=after)
        assert (listed.status_code, listed.json()["reason"]) == (503, "too_stale")
        assert installation.bulkhead.get(
            f"{ENTRIES}/{record['id']}", headers=after).status_code == status

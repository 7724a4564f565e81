"""Rotating a secret: secrets.sh gives it another value, then the servers that read it are replaced,
or run their boot script again, while clients write and read."""
import subprocess

import pytest
from harness.load import ENTRIES
from harness.process import wait_until
from installation import Users, check_unseen, relay_of


def rotate(installation, name):
    """It says so, and never what the value is."""
    before = installation.cloud.secret(name)
    said = installation.cloud.secrets_sh("rotate", name)
    assert said == f"secrets.sh: mamparo-lab-{name} has a new value\n"
    assert installation.cloud.secret(name) != before
    return before


def test_a_write_database_has_another_password_and_no_client_notices(installation):
    with Users(installation) as load:
        rotate(installation, "write-database-url")
        old = installation.writes
        load.await_progress(50)  # over the connections that there are
        standby = next(write for write in old if relay_of(write) != "leading")
        wait_until(lambda: "password authentication failed" in standby.log(), 10,
                   "one that makes a connection to be refused")
        installation.replace("write")
        load.await_progress(50)
    check_unseen(load)
    assert "password authentication failed" not in "".join(
        fresh.log() for fresh in installation.writes if fresh not in old)


def cursor_of(installation):
    for number in range(3):
        installation.create(title=f"Página {number}")
    page = installation.bulkhead.get(f"{ENTRIES}?page_size=1").json()
    return page["pagination"]["next_cursor"]


def test_a_cluster_key_is_another_one_group_by_group(installation):
    """A replica that fills itself with the new key is refused by write servers with the older one,
    and tries again; so does a cursor of before the change once more from the first page."""
    cursor = cursor_of(installation)
    with Users(installation) as load:
        older = rotate(installation, "cluster-key")
        empty = next(one for one in installation.places["read"] if not one.is_running())
        installation.boot(empty)
        wait_until(lambda: "401" in empty.log(), 20, "the replica to be refused")
        installation.replace("write")
        installation.await_asked(empty.await_ready())
        assert empty.stop() == 0
        for role in ["read", "bulkhead"]:
            installation.replace(role)
        load.await_progress(20)
    check_unseen(load)
    installation.switch("imaging/reads", True)
    answer = installation.gateways[0].request(
        "PUT", "/bulkhead/services/imaging/reads", json={"enabled": False, "why": "no"},
        headers={"Authorization": f"Bearer {older}"})
    assert answer.status_code == 401
    answer = installation.bulkhead.get(f"{ENTRIES}?page_size=1&cursor={cursor}")
    assert answer.status_code == 400 and "cursor" in answer.text, answer.text


def test_redis_has_another_password_and_the_boot_script_runs_again(installation):
    with Users(installation) as load:
        installation.redis.change_password()
        rotate(installation, "redis-url")
        for role in ["write", "read", "bulkhead"]:
            for server in installation.group(role):
                installation.rerun(server)
        load.await_progress(50)
    check_unseen(load)


def test_a_pseudonym_key_is_kept_for_ever(installation):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        installation.cloud.secrets_sh("rotate", "pseudonym-key")
    assert "another key makes other pseudonyms" in refused.value.stderr

"""Schema change, and adding a service: a release with other models, rolled out over the groups
while clients write and read, and rolled back."""
import json

import pytest
from harness.load import ENTRIES
from harness.models import field, record
from harness.process import wait_until
from harness.versions import WARD, make_version, without
from installation import Users, check_unseen, run

ROLES = ["write", "read", "bulkhead"]
BACK = ROLES[::-1]
VESSELS = "/v1/ships/vessels"
SHIPS = record("Vessel", "vessels", [field("name", maxLength=50, filter=True)], namespace="ships")


def fields_of(models):
    return json.loads((models / "medical/entries.avsc").read_text(encoding="utf-8"))["fields"]


def roll(installation, models, roles, between=lambda role: None):
    """Group by group, while clients write and read; they see nothing of it."""
    with Users(installation) as load:
        installation.models = models
        for role in roles:
            installation.replace(role)
            between(role)
            load.await_progress(20)
    check_unseen(load)


@pytest.fixture(scope="module")
def folder(installation, tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def before(installation):
    return installation.models


@pytest.fixture(scope="module")
def newer(folder, before):
    return make_version(folder / "newer", [*fields_of(before), WARD])


def test_check_says_that_the_change_breaks_nothing(before, newer):
    status, said = run("check", newer, "--against", before)
    assert status == 0, said


def test_check_names_what_would_break(folder, before):
    count = {"name": "content", "type": "long", "default": 0}
    broken = make_version(folder / "broken", [*without(fields_of(before), "content"), count])
    status, said = run("check", broken, "--against", before)
    assert status == 78 and "field content" in said, (status, said)


def test_a_field_is_rolled_out_and_back_before_anything_used_it(installation, before, newer):
    roll(installation, newer, ROLES)
    answer = installation.bulkhead.get(f"{ENTRIES}?ward=norte&page_size=1").json()
    assert answer["data"][0]["ward"] == "norte"
    roll(installation, before, BACK)
    assert installation.bulkhead.get(f"{ENTRIES}?ward=norte").status_code == 400


@pytest.fixture(scope="module")
def used(installation, newer):
    """The field once more, and a service besides, and both are used."""
    (newer / "ships").mkdir()
    (newer / "ships/vessels.avsc").write_text(json.dumps(SHIPS), encoding="ascii")
    statuses = {}
    roll(installation, newer, ROLES, lambda role: statuses.update(
        {role: installation.bulkhead.get(VESSELS).status_code}))
    assert statuses == {"write": 404, "read": 404, "bulkhead": 200}
    return installation.create(title="Con sala", ward="sur")


def test_a_service_is_a_folder_more_and_nobody_is_told_of_it(installation, used):
    vessel = installation.create(VESSELS, name="Santa María")
    for read in installation.reads:
        wait_until(lambda: read.get(f"{VESSELS}/{vessel['id']}").status_code == 200, 10,
                   f"{read.name} to have the vessel")
    status, said = installation.verify()
    assert status == 0 and "ships/vessels  1 record" in said, said


def test_what_used_them_outlives_a_roll_back(installation, before, used):
    roll(installation, before, BACK)
    path = f"{ENTRIES}/{used['id']}"
    answer = installation.bulkhead.request("PATCH", path, json={"content": "y sigue"})
    assert answer.json()["ward"] == "sur"
    refused = installation.bulkhead.request("PATCH", path, json={"ward": "este"})
    assert refused.status_code == 422, refused.text
    assert installation.bulkhead.get(VESSELS).status_code == 404

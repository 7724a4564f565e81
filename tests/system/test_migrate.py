"""mamparo migrate: the tables of a role's database as a step of their own, before it starts."""
import json
import os
import shutil
import subprocess

import pytest
from harness.cluster import BINARY, MODELS, PSEUDONYM_KEY
from harness.program import WHOLE


def migrate(*words, role="write", **settings):
    given = {"SERVER_TYPE": role, "MODELS": MODELS, **WHOLE[role], **settings}
    return subprocess.run(
        [BINARY, "migrate", *words], timeout=30, stdin=subprocess.DEVNULL, capture_output=True,
        env={"PATH": os.environ["PATH"], **{k: str(v) for k, v in given.items()}}, text=True)


@pytest.fixture(params=[("write", "WRITE_DATABASE_URL"), ("read", "READ_DATABASE_URL")])
def side(request, site):
    """A role, and the settings of an empty database of its own."""
    role, setting = request.param
    database = f"migrated_{role}_{site.ports.take()}"
    site.postgres.create(database)
    return role, database, {setting: site.postgres.url(database)}


def test_an_empty_database_has_the_tables_and_once_more_changes_nothing(side, site):
    role, database, settings = side
    for _ in range(2):
        done = migrate(role=role, **settings)
        assert done.returncode == 0, done
        assert json.loads(done.stdout)["event"] == "database.migrated"
    assert site.postgres.query(database, "SELECT count(*) FROM medical.entries") == [(0,)]


def test_a_model_that_breaks_an_earlier_one_is_refused_and_changes_nothing(side, site, tmp_path):
    role, database, settings = side
    assert migrate(role=role, **settings).returncode == 0
    models = shutil.copytree(MODELS, tmp_path / "models")
    file = models / "medical/entries.avsc"
    schema = json.loads(file.read_text(encoding="utf-8"))
    schema["fields"].append({"name": "ward", "type": "string"})
    file.write_text(json.dumps(schema), encoding="utf-8")
    done = migrate(role=role, **settings, MODELS=models)
    assert done.returncode == 78
    assert "medical/entries.avsc" in done.stderr and "ward" in done.stderr


def test_a_database_that_is_away_is_told_of(site):
    done = migrate("--wait", "1")
    assert done.returncode == 1
    assert done.stderr.startswith("mamparo migrate: ")
    assert PSEUDONYM_KEY not in done.stderr


def test_it_waits_for_a_database_that_is_yet_to_come(site):
    database = f"late_{site.ports.take()}"
    waiting = subprocess.Popen(
        [BINARY, "migrate", "--wait", "60"], stdout=subprocess.PIPE, text=True,
        env={**WHOLE["write"], "PATH": os.environ["PATH"], "SERVER_TYPE": "write",
             "MODELS": str(MODELS), "WRITE_DATABASE_URL": site.postgres.url(database)})
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.5)
    site.postgres.create(database)
    assert waiting.wait(30) == 0


def test_the_language_of_search_is_that_of_the_settings(site):
    database = f"searched_{site.ports.take()}"
    site.postgres.create(database)
    given = {"READ_DATABASE_URL": site.postgres.url(database), "SEARCH_LANGUAGE": "english"}
    shape = ("SELECT table_name, column_name, generation_expression FROM information_schema.columns"
             " WHERE table_schema = 'medical' ORDER BY 1, 2")
    assert migrate(role="read", **given).returncode == 0
    assert any("english" in (row[2] or "") for row in site.postgres.query(database, shape))


def test_a_gateway_has_no_database():
    done = migrate(role="bulkhead")
    assert (done.returncode, done.stderr) == (78, "mamparo migrate: bulkhead has no database\n")


def test_mistakes_of_the_settings_are_named():
    done = migrate(WRITE_DATABASE_URL="mysql://x")
    assert done.returncode == 78
    assert "WRITE_DATABASE_URL" in done.stderr


@pytest.mark.parametrize("words", [["--wait"], ["--wait", "-1"], ["--wait", "soon"], ["now"]])
def test_other_words_get_the_usage(words):
    done = migrate(*words)
    assert done.returncode == 64
    assert done.stderr.startswith("usage: mamparo migrate")

"""mamparo check: are the models right, and do they go with older ones? Without a database."""
import json
import os
import re
import shutil
import subprocess

import pytest
from harness.cluster import BINARY, MODELS

NO_SUCH = "/nowhere/at/all"
ENUM = {"type": "enum", "name": "Kind", "symbols": ["a", "b"]}
ADDRESS = {"type": "record", "name": "Address", "fields": [
    {"name": "street", "type": "string"}, {"name": "town", "type": "string", "default": ""}]}
FIELDS = [
    {"name": "title", "type": "string"}, {"name": "note", "type": "string", "default": ""},
    {"name": "count", "type": "int"},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "email", "type": ["null", "string"], "default": None}, {"name": "kind", "type": ENUM},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "address", "type": ADDRESS}]


def check(*words, cwd=None, **settings):
    """Runs it to its end; what it printed to standard output and to standard error apart."""
    return subprocess.run(
        [BINARY, "check", *map(str, words)], cwd=cwd, env={"PATH": os.environ["PATH"], **settings},
        timeout=10, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def refused(*words, **how):
    """The lines that it says of what it refuses."""
    done = check(*words, **how)
    assert done.returncode == 78, done
    assert done.stdout == ""
    return done.stderr.splitlines()


def write(folder, fields=None, collection="items", **schema):
    """The folder of models shop/<collection>.avsc, with these fields."""
    file = folder / "shop" / f"{collection}.avsc"
    file.parent.mkdir(parents=True, exist_ok=True)
    fields = FIELDS if fields is None else fields
    file.write_text(json.dumps({"type": "record", "name": "Item", "fields": fields, **schema}),
                    encoding="utf-8")
    return folder


def changed(name, **attributes):
    """The fields, one of them changed."""
    assert name in [field["name"] for field in FIELDS]
    return [{**field, **attributes} if field["name"] == name else field for field in FIELDS]


def without(*names):
    return [field for field in FIELDS if field["name"] not in names]


@pytest.fixture
def old(tmp_path):
    return write(tmp_path / "old")


@pytest.fixture
def new(tmp_path):
    return tmp_path / "new"


# The models alone

def test_the_shipped_models_are_right():
    done = check(MODELS)
    assert done.returncode == 0, done
    assert done.stderr == ""
    *collections, last = done.stdout.splitlines()
    assert "medical/entries" in done.stdout
    files = sorted(MODELS.glob("*/*.avsc"))
    assert len(collections) == len(files)
    for file, line in zip(files, collections):
        count = len(json.loads(file.read_text(encoding="utf-8"))["fields"])
        assert re.fullmatch(
            rf"{file.parent.name}/{file.stem}  fingerprint [0-9a-f]{{16}}  {count} fields?", line)
    assert re.fullmatch(r"all is well: \d+ collections?", last)


def test_the_folder_is_models_where_nobody_says(tmp_path):
    assert check(MODELS=str(MODELS)).stdout == check(MODELS).stdout
    assert check(MODELS, MODELS=NO_SUCH).stdout == check(MODELS).stdout
    shutil.copytree(MODELS, tmp_path / "models")
    assert check(cwd=tmp_path).stdout == check(MODELS).stdout
    assert check(cwd=tmp_path, MODELS="").stdout == check(MODELS).stdout


def test_the_fingerprint_is_that_of_the_events(cluster):
    cluster.create(title="Una", content="x")
    stored = cluster.written("SELECT DISTINCT fingerprint FROM mamparo.events")
    assert f"medical/entries  fingerprint {stored[0][0]}  " in check(MODELS).stdout


def test_every_mistake_of_every_file_is_named(new):
    write(new, [{"name": "id", "type": "int"}, {"name": "a", "type": "float"}])
    write(new, [{"name": "b", "type": "int", "uniq": True}], collection="others")
    (new / "shop" / "third.avsc").write_text("{", encoding="utf-8")
    said = "\n".join(refused(new))
    assert f"{new}/shop/items.avsc: field id: is a name that every record has already" in said
    assert f"{new}/shop/items.avsc: field a: type must be" in said
    assert f'{new}/shop/others.avsc: field b: has the unknown attribute "uniq"' in said
    assert f"{new}/shop/third.avsc: line 1" in said


@pytest.mark.parametrize("words", [[NO_SUCH], [MODELS, "--against", NO_SUCH]], ids=str)
def test_a_folder_that_is_not_there_is_named(words):
    assert f"{NO_SUCH}: cannot be read: No such file or directory" in refused(*words)


def test_a_folder_without_models_is_refused(tmp_path):
    assert any("has no service" in line for line in refused(tmp_path))


# Against older ones

def test_the_same_models_go_with_themselves(old):
    done = check(old, "--against", old)
    assert done.returncode == 0, done
    last = done.stdout.splitlines()[-1]
    assert last == f"all is well: 1 collection, compatible both ways with {old}"


@pytest.mark.parametrize("fields", [
    [*FIELDS, {"name": "new", "type": "int", "default": 0}],
    without("note", "email"),
    list(reversed(FIELDS)),
    changed("title", maxLength=5, filter=True, doc="x"),
    changed("email", type=["string", "null"]),
    changed("kind", type={**ENUM, "symbols": ["b", "a"]}),
    changed("address", type={**ADDRESS, "fields": ADDRESS["fields"][:1]}),
], ids=["added", "removed", "reordered", "rules", "branches", "symbols", "within"])
def test_a_compatible_change_passes_both_ways(old, new, fields):
    write(new, fields)
    for newer, older in [(new, old), (old, new)]:
        done = check(newer, "--against", older)
        assert done.returncode == 0, done


INCOMPATIBLE = {
    "added": ([*FIELDS, {"name": "new", "type": "int"}], "new", "was added without a default"),
    "removed": (without("title"), "title", "was removed, and had no default"),
    "promoted": (changed("count", type="long"), "count", "was int and is now long"),
    "another type": (changed("title", type="boolean"), "title", "was string and is now boolean"),
    "logical type lost": (changed("day", type="int"), "day", "was int (date) and is now int"),
    "logical type gained": (changed("title", type={"type": "string", "logicalType": "uuid"}),
                            "title", "was string and is now string (uuid)"),
    "null allowed": (changed("title", type=["null", "string"]), "title",
                     "was string and is now null or string: older programs"),
    "null forbidden": (changed("email", type="string", default=""), "email",
                       "was null or string and is now string: records written before"),
    "symbol added": (changed("kind", type={**ENUM, "symbols": ["a", "b", "c"]}), "kind",
                     'the symbol "c" was added'),
    "symbol removed": (changed("kind", type={**ENUM, "symbols": ["a"]}), "kind",
                       'the symbol "b" was removed'),
    "enum renamed": (changed("kind", type={**ENUM, "name": "Sort"}), "kind",
                     "was enum shop.Kind and is now enum shop.Sort"),
    "record renamed": (
        changed("address", type={**ADDRESS, "aliases": ["Address"], "name": "Place"}), "address",
        "was record shop.Address and is now record shop.Place"),
    "field renamed": ([{**FIELDS[0], "name": "heading", "aliases": ["title"]}, *FIELDS[1:]],
                      "title", "was removed"),
    "items": (changed("tags", type={"type": "array", "items": "int"}), "tags[]",
              "was string and is now int"),
    "within": (changed("address", type={**ADDRESS, "fields": ADDRESS["fields"][1:]}),
               "address.street", "was removed, and had no default"),
}


@pytest.mark.parametrize("change", INCOMPATIBLE)
def test_an_incompatible_change_is_named_with_file_field_and_rule(old, new, change):
    fields, field, rule = INCOMPATIBLE[change]
    write(new, fields)
    said = refused(new, "--against", old)
    wanted = f"{new}/shop/items.avsc: field {field}: {rule}"
    assert any(line.startswith(wanted) for line in said), said


def test_every_broken_rule_is_named_and_nothing_else(old, new):
    write(new, [*without("title", "note"), {"name": "new", "type": "int"}])
    heading, *said = refused(new, "--against", old)
    assert str(new) in heading and str(old) in heading
    assert [line.split(": ")[1] for line in said] == ["field new", "field title"]


def test_another_name_for_the_record_is_refused(old, new):
    write(new, name="Thing")
    said = refused(new, "--against", old)
    assert said[1].startswith(f"{new}/shop/items.avsc: the record was called shop.Item and is now "
                              "called shop.Thing: ")


def test_a_collection_that_is_gone_is_a_mistake_and_a_new_one_is_none(old, new):
    write(new, collection="others")
    said = refused(new, "--against", old)
    assert said[1:] == [f"{new}/shop/items.avsc: the collection is gone; "
                        "events of it could not be applied"]
    write(new)
    assert check(new, "--against", old).returncode == 0


def test_a_service_that_is_gone_is_as_many_collections(old, tmp_path):
    write(old, collection="others")
    said = refused(MODELS, "--against", old)
    assert len([line for line in said if "the collection is gone" in line]) == 2


def test_each_of_several_older_ones_is_compared(tmp_path, old, new):
    write(new)
    older = write(tmp_path / "older", without("count"))
    oldest = write(tmp_path / "oldest", without("kind"))
    done = check("--against", old, new, "--against", old)
    assert done.stdout.splitlines()[-1].endswith(f"compatible both ways with {old}, {old}")
    said = "\n".join(refused(new, "--against", older, "--against", old, "--against", oldest))
    assert "field count: was added" in said and "field kind: was added" in said
    assert said.index(str(older)) < said.index("field count:") < said.index(str(oldest))
    assert f"compatible with {old}:" not in said


def test_mistakes_in_the_models_do_not_hide_those_in_older_ones(old, new):
    write(new, [{"name": "a", "type": "float"}])
    write(old, [{"name": "b", "type": "bytes"}])
    said = "\n".join(refused(new, "--against", old))
    assert f"{new}/shop/items.avsc: field a: type must be" in said
    assert f"{old}/shop/items.avsc: field b: type must be" in said


# Usage

@pytest.mark.parametrize("words", [
    ["a", "b"], ["--against"], ["a", "--against"], ["--against", "--against", "a"], ["--nada"],
    ["a", "--against", ""], [""]], ids=str)
def test_words_that_are_not_understood_end_in_usage(words):
    done = check(*words)
    assert done.returncode == 64, done
    assert done.stdout == ""
    assert "usage: mamparo check [<folder>] [--against <older folder>]..." in done.stderr


def test_help_names_the_command():
    done = subprocess.run([BINARY, "--help"], timeout=5, capture_output=True, text=True)
    assert "mamparo check [<folder>]" in done.stdout
    assert "--against <older folder>" in done.stdout

"""The sample data: Spanish medical entries, the same everywhere; once more changes nothing."""
import os
import subprocess

import pytest
from harness.cluster import BINARY, MODELS
from harness.load import all_records, everything_is_everywhere

COUNT = 300


def seed(cluster, *arguments):
    return subprocess.run(
        [BINARY, "seed", *map(str, arguments)], text=True, capture_output=True, timeout=60,
        env={"PATH": os.environ["PATH"], "MODELS": str(MODELS),
             "WRITE_SERVERS": cluster.write.address})


def stored(cluster):
    return cluster.written(
        "SELECT id::text, version, deleted, body FROM medical.entries ORDER BY id")


def event_count(cluster):
    return cluster.written("SELECT count(*) FROM mamparo.events")[0][0]


def sample(cluster):
    """What a replica serves, without the times."""
    return sorted((r["id"], r["title"], r["content"]) for r in all_records(cluster.reads[0]))


@pytest.fixture(scope="module")
def seeded(cluster):
    done = seed(cluster, "medical", COUNT)
    assert done.returncode == 0, done.stderr
    everything_is_everywhere(cluster)
    return cluster


def test_every_seeded_entry_is_on_every_replica(seeded):
    for read in seeded.reads:
        assert len(all_records(read)) == COUNT


def test_titles_have_three_to_six_words_and_contents_fifteen_to_thirty(seeded):
    words = (MODELS / "medical/words.txt").read_text(encoding="utf-8")
    vocabulary = {line for line in words.splitlines() if line and not line.startswith("#")}
    for record in all_records(seeded.reads[0]):
        title, content = (record[field].lower().split() for field in ["title", "content"])
        assert 3 <= len(title) <= 6, record
        assert 15 <= len(content) <= 30, record
        assert {word.strip(".,") for word in title + content} <= vocabulary


def test_the_entries_differ(seeded):
    contents = [content for _, _, content in sample(seeded)]
    assert len(set(contents)) == COUNT


def test_loading_twice_changes_nothing(seeded):
    before, events = stored(seeded), event_count(seeded)
    assert seed(seeded, "medical", COUNT).returncode == 0
    assert stored(seeded) == before
    assert event_count(seeded) == events == COUNT


def test_two_clusters_get_the_same_entries(seeded, new_cluster):
    other = new_cluster(reads=1).start()
    assert seed(other, "medical", COUNT).returncode == 0
    everything_is_everywhere(other)
    assert sample(other) == sample(seeded)


def test_more_of_it_keeps_what_is_there_and_a_deleted_one_stays_deleted(new_cluster):
    cluster = new_cluster(reads=1).start()
    assert seed(cluster, "medical", 20).returncode == 0
    first = stored(cluster)
    gone = first[0][0]
    assert cluster.bulkhead.request("DELETE", f"/v1/medical/entries/{gone}").status_code == 204
    assert seed(cluster, "medical", 30).returncode == 0
    now = {row[0]: row for row in stored(cluster)}
    assert len(now) == 30
    assert [now[row[0]] for row in first[1:]] == first[1:]
    assert now[gone][2], "deleted"


@pytest.mark.parametrize("arguments", [["nada", 5], ["medical", "many"], ["medical", -1]], ids=str)
def test_what_cannot_be_seeded_is_said_so(cluster, arguments):
    done = seed(cluster, *arguments)
    assert done.returncode > 0
    assert done.stderr

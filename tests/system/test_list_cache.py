"""Lists and counts served from memory: as fresh as those of the database."""
from harness.load import ENTRIES
from harness.memory import (Hammer, change, counts, in_database, metric, path_of, small, some,
                            version_in_list, warm_paths)
from harness.process import wait_until

REPORT = {"title": "Informe", "author": "A", "department": "D", "category": "technical",
          "priority": "low"}
PLAIN, GZIP = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}
LISTS = [ENTRIES, f"{ENTRIES}?page_size=2", f"{ENTRIES}?page=2&page_size=2",
         f"{ENTRIES}?title=Lista%202", f"{ENTRIES}?q=lista&fields=title",
         f"{ENTRIES}/stats?by=title"]


def listed(cluster, count=5):
    records = [cluster.create(title=f"Lista {number}") for number in range(count)]
    cluster.await_everywhere(*records)
    return records


def warm_lists(server, *paths, **how):
    return warm_paths(server, *paths, of="list_cache", **how)


def test_lists_and_counts_are_served_from_memory_as_the_database_gave_them(new_cluster):
    cluster = small(new_cluster)
    read = cluster.reads[0]
    listed(cluster)
    first = [read.get(path) for path in LISTS]
    warm_lists(read, *LISTS)
    with (cluster.site.postgres.connect(f"{cluster.name}_read_1") as connection,
          connection.transaction()):
        connection.execute("LOCK TABLE medical.entries")
        for path, answer in zip(LISTS, first, strict=True):
            again = read.get(path)
            assert (again.status_code, again.content) == (200, answer.content)
            for name in ("etag", "link", "content-type", "vary"):
                assert again.headers.get(name) == answer.headers.get(name)
            assert read.request("HEAD", path).headers["etag"] == answer.headers["etag"]
            known = {"If-None-Match": answer.headers["etag"]}
            assert read.get(path, headers=known).status_code == 304
    held = counts(read, "list_cache")
    assert held["lists"] == metric(read, "mamparo_list_cache_lists") == len(LISTS)
    assert held["bytes"] == metric(read, "mamparo_list_cache_bytes")
    assert held["bytes"] > sum(len(answer.content) for answer in first)


def test_who_prefers_gzip_and_who_does_not_get_each_his_own(new_cluster):
    cluster = small(new_cluster)
    read = cluster.reads[0]
    cluster.await_everywhere(*[cluster.create(title=f"Larga {number}", content="x" * 400)
                               for number in range(5)])
    [plain] = warm_lists(read, ENTRIES, headers=PLAIN)
    assert "content-encoding" not in plain.headers
    first = read.get(ENTRIES, headers=GZIP)
    hits = counts(read, "list_cache")["hits"]
    again = read.get(ENTRIES, headers=GZIP)
    assert counts(read, "list_cache")["hits"] == hits + 1
    for answer in (first, again):
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
        assert answer.json() == plain.json()
    known = {"If-None-Match": first.headers["etag"]}
    assert read.get(ENTRIES, headers={**GZIP, **known}).status_code == 304
    assert read.get(ENTRIES, headers={**PLAIN, **known}).status_code == 200


def test_lists_show_a_change_as_soon_as_it_is_in_the_database(new_cluster):
    cluster = small(new_cluster)
    read = cluster.reads[0]
    record, *_ = listed(cluster)
    for number in range(20):
        warm_lists(read, ENTRIES, f"{ENTRIES}/stats?by=title")
        title = f"Lista cambiada {number}"
        change(cluster, record, title=title)
        [shown] = [one for one in read.get(ENTRIES).json()["data"] if one["id"] == record["id"]]
        assert shown["title"] == title
        counted = read.get(f"{ENTRIES}/stats?by=title").json()["counts"]
        assert {"value": title, "count": 1} in counted


def test_lists_show_what_comes_and_what_goes(new_cluster):
    cluster = small(new_cluster)
    read = cluster.reads[0]
    records = listed(cluster)
    for total in range(6, 16):
        [answer] = warm_lists(read, ENTRIES)
        assert answer.json()["pagination"]["total_records"] == total - 1
        records.append(cluster.create(title="Nueva"))
        wait_until(lambda: in_database(cluster, records[-1]), 10, "the creation to be applied")
        assert read.get(ENTRIES).json()["pagination"]["total_records"] == total
        assert read.get(ENTRIES).json()["data"][0]["id"] == records[-1]["id"]
    warm_lists(read, ENTRIES)
    assert cluster.write.request("DELETE", path_of(records[-1])).status_code == 204
    wait_until(lambda: in_database(cluster, records[-1])[1], 10, "the deletion to be applied")
    assert read.get(ENTRIES).json()["pagination"]["total_records"] == 14


def test_a_list_outlives_changes_of_other_collections(new_cluster):
    cluster = small(new_cluster)
    read = cluster.reads[0]
    listed(cluster)
    warm_lists(read, ENTRIES)
    before = counts(read, "list_cache")
    assert cluster.write.post("/v1/medical/reports", REPORT).status_code == 201
    wait_until(lambda: read.get("/v1/medical/reports").json()["data"], 10, "the other record")
    assert read.get(ENTRIES).status_code == 200
    assert counts(read, "list_cache")["hits"] > before["hits"]


def test_many_lists_stay_within_their_quarter(new_cluster):
    bound = 400_000
    cluster = small(new_cluster, CACHE_BYTES=bound)
    read = cluster.reads[0]
    for number in range(20):
        last = cluster.create(title=f"Larga {number}", content="x" * 400)
    cluster.await_everywhere(last)
    for size in range(1, 21):
        for page in (1, 2):
            read.get(f"{ENTRIES}?page_size={size}&page={page}")
            assert counts(read, "list_cache")["bytes"] <= bound / 4
    assert counts(read, "list_cache")["lists"] > 8


def test_no_list_tells_less_than_the_database_has(new_cluster, is_long):
    cluster = new_cluster(reads=1).start()
    read = cluster.reads[0]
    with Hammer(cluster, some(cluster), [read], ask=version_in_list) as hammer:
        hammer.await_progress(20_000 if is_long else 1500, 3000, seconds=600 if is_long else 90)
    print(f"{hammer.changes} changes, {hammer.reads} reads, {counts(read, 'list_cache')}")
    assert hammer.refused == 0
    assert counts(read, "list_cache")["hits"] > 0

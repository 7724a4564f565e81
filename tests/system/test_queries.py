"""Lists: filters, order, search, members, counts, pages and cursors, against a Python that does the
same to the same records."""
import collections
import json
import threading
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from harness.models import models_with
from harness.process import wait_until
from queries.parts import (
    BATCHES, KINDS, MODEL, NULLABLE, PATH, SORTS, create_parts, in_order, make_parts)

COUNT = 1500


@pytest.fixture(scope="module")
def shop(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("queries")
    cluster = site.new_cluster(reads=2, MODELS=models_with(folder, MODEL)).start()
    cluster.parts = create_parts(cluster, make_parts(COUNT))
    await_count(cluster, COUNT)
    yield cluster
    cluster.close()


def await_count(cluster, count):
    for read in cluster.reads:
        wait_until(lambda: read.get(PATH).json()["pagination"]["total_records"] == count, 30,
                   f"{read.name} to have {count} parts")


@pytest.fixture
def ask(shop):
    """A page of the list, or the mistakes with their parameters."""
    def ask(query, below="", server=None):
        answer = (server or shop.bulkhead).get(f"{PATH}{below}?{query}")
        assert answer.status_code in (200, 400), answer.text
        if answer.status_code == 200:
            return answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json"
        return {mistake["parameter"]: mistake["detail"] for mistake in answer.json()["errors"]}

    return ask


def ids(records):
    return [record["id"] for record in records]


def all_by_cursor(server, query):
    """Every record of a list, by following its cursors."""
    records, cursor, pages = [], "", 0
    while cursor is not None:
        answer = server.get(f"{PATH}?page_size=100&{query}{cursor}")
        assert answer.status_code == 200, answer.text
        pages += 1
        pagination = answer.json()["pagination"]
        assert pagination["current_page"] == pages
        assert pagination["has_previous"] == (pages > 1)
        assert pagination["has_next"] == (pagination["next_cursor"] is not None)
        records += answer.json()["data"]
        cursor = pagination["next_cursor"] and f"&cursor={pagination['next_cursor']}"
    return records


# Filters

RELATIONS = {
    "": lambda a, b: a == b, ".ne": lambda a, b: a != b, ".lt": lambda a, b: a < b,
    ".lte": lambda a, b: a <= b, ".gt": lambda a, b: a > b, ".gte": lambda a, b: a >= b}
VALUES = {
    "title": "música árbol 00100", "maker": "c_d", "count": 9, "serial": 9, "weight": 2.5,
    "made": "2026-02-10", "seen": "2026-01-10T00:00:00.000Z"}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("relation", RELATIONS)
def test_values_compare_as_those_of_their_type(shop, name, relation):
    holds = RELATIONS[relation]
    wanted = [part for part in shop.parts
              if part[name] is not None and holds(part[name], VALUES[name])]
    query = f"{name}{relation}={quote(str(VALUES[name]))}"
    assert ids(all_by_cursor(shop.reads[0], query)) == ids(wanted)


@pytest.mark.parametrize("query, holds", [
    ("kind=cog", lambda p: p["kind"] == "cog"),
    ("kind.ne=cog", lambda p: p["kind"] != "cog"),
    ("kind.in=cog,nut", lambda p: p["kind"] in ("cog", "nut")),
    ("is_spare=true", lambda p: p["is_spare"]),
    ("is_spare.ne=true", lambda p: not p["is_spare"]),
    ("count.in=1,2,-3", lambda p: p["count"] in (1, 2, -3)),
    ("weight.in=1e300,0.1,2.50", lambda p: p["weight"] in (1e300, 0.1, 2.5)),
    ("serial=-9223372036854775807", lambda p: p["serial"] == 1 - 2**63),
    ("made.null=true", lambda p: p["made"] is None),
    ("made.null=false", lambda p: p["made"] is not None),
    ("maker.in=%C3%81cme,Beta 100%25", lambda p: p["maker"] in ("Ácme", "Beta 100%")),
    ("batch=" + BATCHES[3], lambda p: p["batch"] == BATCHES[3]),
    ("batch=" + BATCHES[11].upper(), lambda p: p["batch"] == BATCHES[11]),
    ("seen.gte=2026-01-10T01:00:00%2B01:00&seen.lt=2026-01-11T00:00:00Z",
     lambda p: "2026-01-10T00" <= p["seen"] < "2026-01-11T00"),
    ("count.gte=0&count.lt=50&kind=nut&is_spare=false",
     lambda p: 0 <= p["count"] < 50 and p["kind"] == "nut" and not p["is_spare"]),
    ("title.like=CAMI%C3%93N", lambda p: "camión" in p["title"]),
    ("title.like=n 001", lambda p: "n 001" in p["title"]),
    ("maker.like=100%25", lambda p: p["maker"] == "Beta 100%"),
    ("maker.like=100_", lambda p: False),
    ("title.like=%25%25%25nada", lambda p: False),
    ("created_at.gte=2020-01-01T00:00:00Z", lambda p: True),
    ("created_at.lt=2020-01-01T00:00:00Z", lambda p: False),
    ("updated_at.gt=2020-01-01T00:00:00Z&kind=bolt", lambda p: p["kind"] == "bolt"),
])
def test_a_filter_finds_what_fits_and_nothing_else(shop, query, holds):
    wanted = [part for part in shop.parts if holds(part)]
    assert all_by_cursor(shop.bulkhead, query) == wanted
    total = shop.reads[1].get(f"{PATH}?{query}").json()["pagination"]["total_records"]
    assert total == len(wanted)


def test_a_record_is_found_by_its_id_in_a_list(shop, ask):
    some = shop.parts[3]["id"], shop.parts[8]["id"]
    assert ids(ask(f"id={some[0]}")["data"]) == [some[0]]
    assert ids(ask(f"id.in={some[1]},{some[0]}")["data"]) == list(some)


# Order

@pytest.mark.parametrize("sort", [
    *(sign + name for name in [*SORTS, "created_at", "updated_at"] for sign in ["", "-"]),
    "maker,-title", "-weight,count,-seen", "serial,made", "-made,kind", "-count,-updated_at"])
def test_a_list_comes_in_the_order_that_was_asked_for(shop, sort):
    records = all_by_cursor(shop.reads[0], f"sort={sort}")
    assert ids(records) == ids(in_order(shop.parts, sort))
    first = shop.reads[1].get(f"{PATH}?sort={sort}&page=3&page_size=20").json()["data"]
    assert first == records[40:60]


def test_null_comes_before_everything_else(shop, ask):
    for name in NULLABLE:
        assert ask(f"sort={name}")["data"][0][name] is None
        assert ask(f"sort=-{name}")["data"][0][name] is not None


def test_a_filter_keeps_the_order(shop):
    wanted = [p for p in in_order(shop.parts, "-weight") if p["kind"] == "nut"]
    assert ids(all_by_cursor(shop.reads[0], "kind=nut&sort=-weight")) == ids(wanted)


# Members

def test_only_the_members_that_were_chosen_are_served_and_always_the_id(shop, ask):
    page = ask("fields=title,version,made&page_size=5")
    assert page["data"] == [
        {name: part[name] for name in ["id", "version", "title", "made"]} for part in shop.parts[:5]]
    assert list(page["data"][0]) == ["id", "version", "title", "made"]
    assert ask("fields=id")["data"] == [{"id": part["id"]} for part in shop.parts[:7]]


# Search

def words_of(part):
    return " ".join([part["title"], part["notes"], *part["tags"]]).split()


@pytest.mark.parametrize("query, holds", [
    ("cancion", lambda words: "canción" in words),
    ("CANCI%C3%93N", lambda words: "canción" in words),
    ("canciones", lambda words: "canción" in words),
    ("nino rio", lambda words: "niño" in words and "río" in words),
    ("arbol or examen", lambda words: "árbol" in words or "examen" in words),
    ("arbol -examen", lambda words: "árbol" in words and "examen" not in words),
    ("verde rojo", lambda words: "verde" in words and "rojo" in words),
    ("00017", lambda words: "00017" in words),
    ("nada", lambda words: False), ("de la", lambda words: False),
    ("la -examen", lambda words: False), ("!%26|()*:'%22\\", lambda w: False)])
def test_a_search_finds_words_in_any_form_and_without_their_accents(shop, query, holds):
    wanted = {part["id"] for part in shop.parts if holds(words_of(part))}
    assert set(ids(all_by_cursor(shop.reads[0], f"q={query}&sort=title"))) == wanted
    page = shop.bulkhead.get(f"{PATH}?q={query}").json()
    assert page["pagination"]["total_records"] == len(wanted)
    assert set(ids(page["data"])) <= wanted


def test_a_search_puts_the_best_first(shop, ask):
    best = shop.bulkhead.post(PATH, {**make_parts(1)[0], "title": "zafiro zafiro zafiro",
                                     "notes": "zafiro"}).json()
    shop.await_everywhere(best, path=PATH)
    other = shop.bulkhead.post(PATH, {**make_parts(1)[0], "title": "otro", "notes":
                               "un zafiro entre muchas otras palabras"}).json()
    shop.await_everywhere(other, path=PATH)
    try:
        assert ids(ask("q=zafiro")["data"]) == [best["id"], other["id"]]
        assert ids(ask("q=zafiro&sort=-created_at")["data"]) == [other["id"], best["id"]]
        assert ask("q=zafiro&kind=nada")["kind"]
    finally:
        for record in (best, other):
            assert shop.bulkhead.request("DELETE", f"{PATH}/{record['id']}").status_code == 204
        await_count(shop, COUNT)


def test_a_ranked_search_ends_at_its_thousandth_record_and_a_sorted_one_does_not(shop, ask):
    everything = "q=verde or rojo or azul"
    last = ask(f"{everything}&page=10&page_size=100")
    assert last["pagination"]["total_records"] == COUNT
    assert (len(last["data"]), last["pagination"]["has_next"]) == (100, False)
    assert last["pagination"]["next_cursor"] is None
    assert "sort" in ask(f"{everything}&page=11&page_size=100")["page"]
    assert ask(f"{everything}&page=11&page_size=100&sort=title")["data"]


# Counts

@pytest.mark.parametrize("by", ["kind", "is_spare", "maker", "count", "serial", "weight", "made"])
@pytest.mark.parametrize("query, holds", [
    ("", lambda p: True), ("&kind=cog", lambda p: p["kind"] == "cog"),
    ("&count.lt=3&is_spare=false", lambda p: p["count"] < 3 and not p["is_spare"]),
    ("&q=cancion", lambda p: "canción" in words_of(p)), ("&title=nada", lambda p: False)])
def test_counts_are_exact_and_the_largest_come_first(shop, by, query, holds):
    wanted = collections.Counter(p[by] for p in shop.parts if holds(p))
    stats = shop.bulkhead.get(f"{PATH}/stats?by={by}{query}").json()
    assert list(stats) == ["by", "counts", "total"]
    assert (stats["by"], stats["total"]) == (by, sum(wanted.values()))
    counts = [(count["value"], count["count"]) for count in stats["counts"]]
    assert len(counts) == min(100, len(wanted))
    assert [n for _, n in counts] == sorted(wanted.values(), reverse=True)[:100]
    assert all(wanted[found] == n for found, n in counts)


def test_counts_are_only_read_and_only_there(shop):
    for server in [shop.bulkhead, *shop.reads]:
        assert server.post(f"{PATH}/stats?by=kind", {}).status_code in (403, 405)
    assert shop.write.get(f"{PATH}/stats?by=kind").status_code == 403


# Pages

def test_pages_have_exact_totals_with_and_without_filters(shop, ask):
    nuts = [part for part in shop.parts if part["kind"] == "nut"]
    for query, wanted in [("", shop.parts), ("kind=nut&", nuts)]:
        pages = -(-len(wanted) // 7)
        for page in [1, 2, pages]:
            found = ask(f"{query}page={page}")
            assert found["data"] == wanted[(page - 1) * 7:page * 7]
            cursor = found["pagination"].pop("next_cursor")
            assert (cursor is None) == (page == pages)
            assert found["pagination"] == {
                "current_page": page, "total_pages": pages, "total_records": len(wanted),
                "has_next": page < pages, "has_previous": page > 1}
        assert str(pages) in ask(f"{query}page={pages + 1}")["page"]


def test_an_empty_list_has_one_page(ask):
    assert ask("title=nada") == {"data": [], "pagination": {
        "current_page": 1, "total_pages": 1, "total_records": 0, "has_next": False,
        "has_previous": False, "next_cursor": None}}


def test_the_links_lead_through_all_pages_and_back(shop):
    query = "kind=nut&title.like=" + quote("canción") + "&sort=-title&fields=title&page_size=9"
    wanted = ids(p for p in in_order(shop.parts, "-title")
                 if p["kind"] == "nut" and "canción" in p["title"])
    url = f"http://{shop.bulkhead.address}{PATH}?{query}"
    there = follow(url, "next")
    assert [i for page in there for i in page] == wanted and len(there) > 2
    assert follow(f"{url}&page={len(there)}", "prev") == there[::-1]


def follow(url, relation):
    pages = []
    while url:
        answer = requests.get(url, timeout=10)
        assert answer.status_code == 200, answer.text
        pages.append(ids(answer.json()["data"]))
        link = answer.links.get(relation)
        url = link and f"{url.split('/v1')[0]}{link['url']}"
    return pages


def test_on_a_cursors_page_the_link_goes_by_cursor(shop, ask):
    first = ask("kind=cog&page_size=50")
    cursor = first["pagination"]["next_cursor"]
    answer = shop.bulkhead.get(f"{PATH}?kind=cog&page_size=50&cursor={cursor}")
    target = urlsplit(answer.links["next"]["url"])
    assert parse_qs(target.query)["cursor"] == [answer.json()["pagination"]["next_cursor"]]
    assert "prev" not in answer.links


# Cursors

def test_a_cursor_of_one_server_is_good_at_every_other(shop):
    cursor = shop.reads[0].get(f"{PATH}?sort=maker").json()["pagination"]["next_cursor"]
    pages = [server.get(f"{PATH}?sort=maker&cursor={cursor}").json()["data"]
             for server in [*shop.reads, shop.bulkhead]]
    assert pages[0] == in_order(shop.parts, "maker")[7:14]
    assert pages[1:] == [pages[0], pages[0]]


def test_a_cursor_fits_only_the_list_that_it_is_from(shop, ask):
    cursor = ask("kind=cog&sort=title")["pagination"]["next_cursor"]
    assert ask(f"sort=title&kind=cog&page_size=3&fields=title&cursor={cursor}")["data"]
    for query in ["", "kind=cog", "sort=title", "kind=nut&sort=title", "kind=cog&sort=-title",
                  "kind=cog&sort=title,count", "kind.ne=cog&sort=title",
                  "kind=cog&sort=title&count=1", "kind=cog&sort=title&q=rio"]:
        assert list(ask(f"{query}&cursor={cursor}")) == ["cursor"], query
    entries = shop.reads[0].get(f"/v1/medical/entries?cursor={cursor}")
    assert (entries.status_code, entries.json()["errors"][0]["parameter"]) == (400, "cursor")


def test_a_cursor_with_any_character_changed_is_refused(shop, ask, chance):
    cursor = ask("sort=-maker")["pagination"]["next_cursor"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for at in range(len(cursor)):
        other = chance.choice(letters.replace(cursor[at], ""))
        forged = cursor[:at] + other + cursor[at + 1:]
        assert list(ask(f"sort=-maker&cursor={forged}", server=shop.reads[0])) == ["cursor"]
    for forged in ["", "x", cursor[:-1], cursor + "A", cursor[4:], cursor + "=", cursor * 2, "%20",
                   "'; DROP TABLE shop.parts; --", "A" * 4000]:
        assert list(ask(f"sort=-maker&cursor={quote(forged)}")) == ["cursor"]


def test_a_cursor_goes_with_neither_a_page_nor_ranks(ask):
    cursor = ask("")["pagination"]["next_cursor"]
    assert list(ask(f"page=2&cursor={cursor}")) == ["cursor"]
    assert list(ask(f"q=rio&cursor={cursor}")) == ["cursor"]


def test_while_records_come_and_go_a_cursor_shows_each_that_stays_once(new_cluster, tmp_path):
    cluster = new_cluster(reads=1, MODELS=models_with(tmp_path, MODEL)).start()
    tmp_path.chmod(0o755)
    parts = create_parts(cluster, make_parts(600))
    await_count(cluster, 600)
    leaving = {part["id"] for part in parts[::5]}
    stopping = threading.Event()

    def disturb():
        made = iter(make_parts(2000, seed=2))
        for identifier in leaving:
            if stopping.is_set():
                return
            cluster.write.post(PATH, next(made))
            cluster.write.request("DELETE", f"{PATH}/{identifier}")

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for sort in ["-created_at", "title", "-weight", "maker,-count"]:
            seen = [record["id"] for record in all_pages(cluster.reads[0], sort)]
            assert len(seen) == len(set(seen))
            staying = [i for i in ids(in_order(parts, sort)) if i not in leaving]
            known = set(staying)
            assert [i for i in seen if i in known] == staying
    finally:
        stopping.set()
        thread.join()


def all_pages(read, sort):
    cursor = ""
    while cursor is not None:
        page = read.get(f"{PATH}?sort={sort}&page_size=10{cursor}").json()
        yield from page["data"]
        cursor = page["pagination"]["next_cursor"]
        cursor = cursor and f"&cursor={cursor}"


def test_with_a_cluster_key_a_cursor_of_another_key_is_forged(new_cluster, shop, tmp_path):
    cursors = []
    for key in ["a" * 32, "b" * 32]:
        (tmp_path / key).mkdir()
        cluster = new_cluster(reads=1, CLUSTER_KEY=key,
                              MODELS=models_with(tmp_path / key, MODEL)).start()
        create_parts(cluster, make_parts(20))
        await_count(cluster, 20)
        [read] = cluster.reads
        assert all(read.get(f"{PATH}?cursor={cursor}").status_code == 400 for cursor in cursors)
        cursors.append(read.get(PATH).json()["pagination"]["next_cursor"])
        assert read.get(f"{PATH}?cursor={cursors[-1]}").status_code == 200


# What is not understood

SQL = "x'; DROP TABLE shop.parts; --"


@pytest.mark.parametrize("query, parameter, told", [
    ("nada=1", "nada", "page, page_size, cursor, sort, fields, q, title"),
    ("secret=x", "secret", "allowed are"), ("notes=x", "notes", "allowed are"),
    ("version=1", "version", "allowed are"), ("deleted=true", "deleted", "allowed are"),
    ("kind.=cog", "kind.", "allowed are"), ("kind.nada=cog", "kind.nada", ".in"),
    ("kind.lt=cog", "kind.lt", ".ne"), ("is_spare.in=true", "is_spare.in", ".null"),
    ("count.like=123", "count.like", ".gte"), ("batch.gt=" + BATCHES[0], "batch.gt", ".in"),
    ("kind=nada", "kind", "symbols"), ("count=uno", "count", "32 bits"),
    ("count=2147483648", "count", "32 bits"), ("count.in=1,x", "count.in", "32 bits"),
    ("count.in=", "count.in", "32 bits"), ("serial=9223372036854775808", "serial", "whole number"),
    ("weight=NaN", "weight", "number"), ("weight.gt=1e999", "weight.gt", "number"),
    ("made=2026-02-30", "made", "date"), ("seen=2026-01-01", "seen", "RFC 3339"),
    ("batch=1", "batch", "UUID"), ("id=1", "id", "UUID"), ("created_at.gte=ayer", "created_at.gte",
                                                           "RFC 3339"),
    ("is_spare=1", "is_spare", "true or false"), ("made.null=1", "made.null", "true or false"),
    ("title.like=ab", "title.like", "3 letters"), ("title.like=%25%25%25%25", "title.like",
                                                   "3 letters"),
    ("count.in=" + ",".join(map(str, range(51))), "count.in", "50"),
    ("kind=cog&kind=nut", "kind", "twice"), ("count.lt=1&count.lt=2", "count.lt", "twice"),
    ("&".join(f"{n}.null=false" for n in [*SORTS, "batch", "is_spare"][:9]), "batch.null",
     "at most 8"),
    ("sort=secret", "sort", "created_at, updated_at, title"), ("sort=", "sort", "allowed are"),
    ("sort=is_spare", "sort", "allowed are"), ("sort=title,title", "sort", "twice"),
    ("sort=title,-title", "sort", "twice"), ("sort=--title", "sort", "allowed are"),
    ("sort=title,", "sort", "allowed are"), ("sort=title,maker,count,weight", "sort", "at most 3"),
    ("sort=kind,title", "sort", "last"), ("sort=title&sort=count", "sort", "twice"),
    ("fields=nada", "fields", "there are id, version"), ("fields=", "fields", "there are"),
    ("q=", "q", "1 to 200"), ("q=" + "x" * 8192, "q", "1 to 200"), ("q=-rio", "q", "leave out"),
    ("q=a&q=b", "q", "twice"), ("page=0", "page", "from 1 up"), ("page_size=0", "page_size", "100"),
    ("page_size=101", "page_size", "100"), ("title=%ff", "title", "UTF-8"), ("q=%c3", "q", "UTF-8"),
    ("title=a%00b", "title", "UTF-8"), ("sort=%ff", "sort", "UTF-8"), ("%ff=1", "?", "UTF-8"),
    ("by=kind", "by", "allowed are"),
])
def test_a_mistake_is_told_with_its_parameter_and_what_is_allowed(ask, query, parameter, told):
    mistakes = ask(query)
    assert list(mistakes) == [parameter]
    assert told in mistakes[parameter]


@pytest.mark.parametrize("query, parameter", [
    ("", "by"), ("by=", "by"), ("by=secret", "by"), ("by=id", "by"), ("by=created_at", "by"),
    ("by=kind&by=kind", "by"), ("by=kind&page=1", "page"), ("by=kind&sort=kind", "sort"),
    ("by=kind&fields=kind", "fields"), ("by=kind&cursor=x", "cursor"), (f"by={SQL}", "by"),
    ("by=kind&count=x", "count")])
def test_a_mistake_in_what_is_counted_is_told_likewise(ask, query, parameter):
    assert list(ask(query, below="/stats")) == [parameter]


def test_all_mistakes_are_told_at_once(ask):
    mistakes = ask("nada=1&page=0&page_size=x&sort=secret&fields=x&q=&kind.like=abc&count=x&made.lt=x")
    assert list(mistakes) == ["nada", "page", "page_size", "sort", "fields", "q", "kind.like",
                              "count", "made.lt"]


@pytest.mark.parametrize("text", [SQL, "' OR '1'='1", "$1", "%s", "\\'; SELECT pg_sleep(9); --", "\"",
                                  "kind\" desc; --", "1) or (1=1"])
def test_sql_is_text_in_every_place(shop, ask, text):
    quoted = quote(text)
    for query in [f"title={quoted}", f"title.in={quoted}", f"maker.ne={quoted}", f"q={quoted}"]:
        assert "data" in ask(query), query
    for query in [f"sort={quoted}", f"fields={quoted}", f"count={quoted}", f"kind.in={quoted}",
                  f"cursor={quoted}", f"{quoted}=1", f"title.{quoted}=1", f"page={quoted}",
                  f"made.null={quoted}"]:
        assert "data" not in ask(query), query
    assert ask("")["pagination"]["total_records"] == COUNT


def test_whatever_is_asked_the_answer_is_a_page_or_says_what_is_wrong(shop, chance):
    """Parameters put together at random, right and wrong."""
    names = [*SORTS, "is_spare", "batch", "id", "created_at", "secret", "nada", ""]
    operators = ["", ".ne", ".lt", ".lte", ".gt", ".gte", ".in", ".like", ".null", ".nada", "."]
    texts = ["", "true", "9", "-1.5", "cog", "bolt,nut", "2026-02-10", "2026-01-10T00:00:00Z", "cami",
             BATCHES[0], SQL, "%", "\\", "ñandú", "\U0001f600", "-title", "made,kind", "x" * 300, "\x01"]
    wholes = ["sort", "fields", "q", "page", "page_size", "cursor"]

    def parameter():
        name = chance.choice(wholes) if chance.random() < 0.3 else (
            chance.choice(names) + chance.choice(operators))
        raw = quote(chance.choice(texts))
        return f"{name}={raw if chance.random() < 0.95 else raw + '%' + chance.choice('0gf')}"

    read = shop.reads[0]
    for _ in range(1500):
        query = "&".join(parameter() for _ in range(chance.randrange(1, 5)))
        answer = read.get(f"{PATH}?{query}")
        assert answer.status_code in (200, 400), (query, answer.text)
        if answer.status_code == 400:
            assert all(m["parameter"] is not None and m["detail"] for m in answer.json()["errors"])
        else:
            pagination = answer.json()["pagination"]
            assert len(answer.json()["data"]) <= pagination["total_records"]
    assert "read_store.refused" not in read.log()


def test_more_shapes_of_a_query_than_a_connection_keeps_are_all_answered(shop):
    """Each set of filters is a statement of its own."""
    read, shapes = shop.reads[1], 0
    for sort in SORTS:
        for one in ["kind=cog", "is_spare=true", "count.gte=0", "made.null=false"]:
            for two in SORTS:
                for relation in [".ne", ".null"]:
                    text = "false" if relation == ".null" else {
                        "count": "5", "serial": "5", "weight": "5", "kind": "cog",
                        "made": "2026-01-01", "seen": "2026-01-01T00:00:00Z"}.get(two, "x")
                    query = f"{one}&{two}{relation}={text}&sort={sort}&page_size=1"
                    answer = read.get(f"{PATH}?{query}")
                    assert answer.status_code == 200 or "twice" in answer.text, answer.text
                    shapes += 1
    assert shapes > 500
    assert read.get(f"{PATH}/{shop.parts[0]['id']}").status_code == 200


# Evolution

def test_what_a_newer_model_declares_is_there_at_its_start(new_cluster, tmp_path):
    tmp_path.chmod(0o755)
    bare = json.loads(json.dumps(MODEL["shop/parts.avsc"]))
    for field in bare["fields"]:
        for attribute in ["filter", "sort", "search"]:
            field.pop(attribute, None)
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    older = models_with(tmp_path / "old", {"shop/parts.avsc": bare})
    newer = models_with(tmp_path / "new", MODEL)
    cluster = new_cluster(reads=1, MODELS=older).start()
    parts = create_parts(cluster, make_parts(50))
    await_count(cluster, 50)
    [read] = cluster.reads
    for query in ["kind=cog", "sort=title", "q=rio", "title.like=cami"]:
        assert read.get(f"{PATH}?{query}").status_code == 400
    for language, models in [("spanish", newer), ("english", newer), ("english", older),
                             ("spanish", newer)]:
        read.stop()
        read.settings.update(MODELS=models, SEARCH_LANGUAGE=language)
        read.start().await_ready()
    cogs = [part["id"] for part in parts if part["kind"] == KINDS[1]]
    assert ids(all_by_cursor(read, "kind=cog")) == cogs
    assert ids(all_by_cursor(read, "sort=title")) == ids(in_order(parts, "title"))
    rivers = {part["id"] for part in parts if "río" in words_of(part)}
    assert set(ids(all_by_cursor(read, "q=RIO&sort=title"))) == rivers

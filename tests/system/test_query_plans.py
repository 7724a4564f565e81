"""Every combination of filters, order and search uses an index. The plans are those of the very
statements that a read server sends, told by PostgreSQL itself."""
import pytest
from harness.models import models_with
from harness.process import wait_until
from queries.parts import BATCHES, MODEL, PATH, SORTS, create_parts, make_parts
from queries.plans import Plans, nodes

COUNT = 20_000
TABLE = "parts"


@pytest.fixture(scope="module")
def shop(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plans")
    cluster = site.new_cluster(reads=1, MODELS=models_with(folder, MODEL))
    cluster.make_databases()
    cluster.plans = Plans(site.postgres, f"{cluster.name}_read_1")
    cluster.start_servers()
    create_parts(cluster, make_parts(COUNT))
    [read] = cluster.reads
    wait_until(lambda: read.get(PATH).json()["pagination"]["total_records"] == COUNT, 60,
               "all parts to be there")
    with site.postgres.connect(f"{cluster.name}_read_1") as connection:
        connection.execute("VACUUM ANALYZE shop.parts")
    yield cluster
    cluster.close()


def sorted_rows(node):
    """How many records a node sorts. What comes in its order already is not sorted; the counts of
    stats are no records."""
    if node["Node Type"] != "Sort":
        return 0
    return sum(inner["Actual Rows"] * inner["Actual Loops"] for inner in node["Plans"]
               if inner["Node Type"] != "CTE Scan")


def check_plan(shop, query):
    """The answer; it was looked up."""
    answers = []
    [read] = shop.reads
    plans = shop.plans.of(lambda: answers.append(read.get(f"{PATH}{query}")), TABLE)
    [answer] = answers
    assert answer.status_code == 200, answer.text
    [plan] = plans
    for node in nodes(plan["Plan"]):
        if node.get("Relation Name") == TABLE:
            assert node["Node Type"] != "Seq Scan", plan
        assert sorted_rows(node) <= COUNT / 2, plan
    return answer


VALUES = {"title": "música árbol 00100", "maker": "c_d", "kind": "cog", "is_spare": "true",
          "count": "7", "serial": "10", "weight": "2.5", "made": "2026-03-01",
          "seen": "2026-01-10T00:00:00Z", "batch": BATCHES[0],
          "created_at": "2026-01-10T00:00:00Z", "updated_at": "2026-01-10T00:00:00Z"}
ORDERED = ["title", "maker", "count", "serial", "weight", "made", "seen", "created_at",
           "updated_at"]
FILTERS = [
    *(f"{name}={value}" for name, value in VALUES.items()),
    *(f"{name}.ne={value}" for name, value in VALUES.items()),
    *(f"{name}.in={value},{value}" for name, value in VALUES.items() if name != "is_spare"),
    *(f"{name}.{op}={VALUES[name]}" for name in ORDERED for op in ["lt", "lte", "gt", "gte"]),
    *(f"{name}.null={truth}" for name in VALUES for truth in ["true", "false"]),
    "title.like=cami", "maker.like=100%25", "title.like=nothing at all", "maker.like=cme",
    "id=018f3e7c-0000-7000-8000-00000000000a"]
ORDERS = [sign + name for name in [*SORTS, "created_at", "updated_at"] for sign in ["", "-"]]


@pytest.mark.parametrize("query", FILTERS)
def test_every_filter_has_an_index(shop, query):
    check_plan(shop, f"?{query}")


@pytest.mark.parametrize("sort", ORDERS)
def test_every_order_has_an_index_and_so_has_its_next_page(shop, sort):
    page = check_plan(shop, f"?sort={sort}").json()["pagination"]
    check_plan(shop, f"?sort={sort}&cursor={page['next_cursor']}")


@pytest.mark.parametrize("sort", [
    "maker,title", "-maker,-title", "maker,-title", "weight,count,-seen", "serial,made", "made,kind",
    "-seen,kind", "count,created_at", "-count,updated_at", "title,kind"])
def test_several_names_are_sorted_group_by_group(shop, sort):
    page = check_plan(shop, f"?sort={sort}").json()["pagination"]
    check_plan(shop, f"?sort={sort}&cursor={page['next_cursor']}")


@pytest.mark.parametrize("sort", ["-created_at", "title", "-weight", "kind", "made", "maker,-count"])
@pytest.mark.parametrize("query", [
    "kind=cog", "kind.ne=cog", "count=7", "count.gte=0", "count.gte=190", "title.like=cami",
    "made.null=true", "made.gte=2026-01-01&count.gte=-20", "kind=cog&is_spare=true&count.lt=50",
    "weight.in=0.1,2.5&kind.in=cog,nut", "q=cancion", "q=cancion -musica&kind=cog",
    "q=nada&count.gte=0", "title.like=acci&maker.like=cme", "created_at.gte=2026-01-01T00:00:00Z"])
def test_filters_and_orders_go_together(shop, query, sort):
    page = check_plan(shop, f"?{query}&sort={sort}").json()["pagination"]
    if page["next_cursor"]:
        check_plan(shop, f"?{query}&sort={sort}&cursor={page['next_cursor']}")


@pytest.mark.parametrize("query", [
    "q=cancion", "q=cancion rio", "q=nada", "q=%22musica cancion%22", "q=cancion or nino",
    "q=cancion&kind=cog", "q=cancion&title.like=cami", "q=de la", "q=-rio cancion"])
def test_a_search_is_looked_up_and_ranks_a_bounded_number(shop, query):
    check_plan(shop, f"?{query}")


@pytest.mark.parametrize("by", [name for name in VALUES if not name.endswith("_at")])
@pytest.mark.parametrize("query", ["", "&kind=cog", "&count.gte=0", "&q=cancion", "&title.like=cami",
                                   "&is_spare=true&made.null=false"])
def test_counts_are_taken_from_an_index(shop, by, query):
    check_plan(shop, f"/stats?by={by}{query}")


@pytest.mark.parametrize("query", ["", "kind=cog", "q=cancion&sort=title"])
def test_a_deep_page_by_cursor_reads_no_more_than_the_first(shop, query):
    [read] = shop.reads

    def cost(cursor):
        rows = []
        ask = f"?page_size=10&{query}{cursor}"
        for plan in shop.plans.of(lambda: rows.append(read.get(PATH + ask)), TABLE):
            page = [node for node in nodes(plan["Plan"]) if node["Node Type"] == "Limit"][0]
            rows.append(sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
                            for node in nodes(page)))
        return rows

    answer, first = cost("")
    for _ in range(60):
        next_cursor = answer.json()["pagination"]["next_cursor"]
        answer, last = cost(f"&cursor={next_cursor}")
    assert last <= 2 * first


def test_the_plans_would_show_a_scan_of_the_table(shop, site):
    def ask():
        with site.postgres.connect(f"{shop.name}_read_1") as connection:
            connection.execute("SELECT * FROM shop.parts ORDER BY body").fetchall()

    [plan] = shop.plans.of(ask, TABLE)
    kinds = [node["Node Type"] for node in nodes(plan["Plan"])]
    assert "Seq Scan" in kinds
    assert max(map(sorted_rows, nodes(plan["Plan"]))) == COUNT

"""Single records from the cache beside h2o that serves a constant of the same size: what is between
them is what our server does for an answer."""
from frame.measurement import OURS, at_least, measured, none
from frame.tools import CONNECTIONS, Ask, Constant, run_client
from frame.upkeep import cpu_seconds
from reads.entries import FIRST, HOT, ID_PREFIX, fill

TITLE = ("GET by id, of 10,000 records that are all in the cache, beside h2o with a constant of "
         "the same size (`tools/constant.c`): one thread each, 64 connections, our own client.")
CASE, RATE, CPU = "GET from the cache", "a second", "CPU of a request, µs"
BARE = "h2o"
AIMS = [
    at_least(0.85, CASE, RATE, BARE),
    *none(CASE, "failed"),
]
DIGITS = len(str(HOT)) - 1  # of the id, which the client fills in


def measure(site, plan):
    cluster = site.new_cluster(reads=1)
    [read] = cluster.reads
    read.settings["THREADS"] = 1
    cluster.start()
    fill(site.postgres, f"{cluster.name}_read_1", HOT)
    size = len(read.get(f"/v1/medical/entries/{ID_PREFIX}{FIRST}").content)
    bare = Constant("constant", site.folder, site, size).start()
    ask = Ask(f"/v1/medical/entries/{ID_PREFIX}{str(FIRST)[:-DIGITS]}#", span=HOT)
    warm_up(read, ask)
    for _, turn in plan.turns([(OURS, read), (BARE, bare)]):
        for side, server in turn:
            yield from measured(CASE, side, asked(server, ask, plan.seconds))


def warm_up(read, ask):
    """What was just looked up is kept once its bucket has been quiet."""
    for _ in range(2):
        run_client(read.port, ask, 1, connections=CONNECTIONS)


def asked(server, ask, seconds):
    before = cpu_seconds(server)
    tally = run_client(server.port, ask, seconds, connections=CONNECTIONS)
    return {RATE: tally.rate, CPU: (cpu_seconds(server) - before) / tally.requests * 1e6,
            "99th percentile, µs": tally.p99_us, "failed": tally.failed}

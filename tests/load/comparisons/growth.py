"""What becomes of rates and delays when there is more: records, threads, replicas, services."""
import json

from frame.arrival import arrival_of
from frame.durable import make_durable
from frame.measurement import Measurement, at_least
from frame.rivals import Wrk
from frame.tools import CONNECTIONS, Client, creation, run_client
from frame.upkeep import proportional_bytes
from harness.cluster import MODELS
from reads.entries import fill, questions

TITLE = "A table of 10⁴ to 10⁶ records; 1, 2, 4 threads; 1, 3, 5 replicas; 1, 4, 16 services."
CHARTS = ["growth.svg"]
RECORDS, THREADS = "growth by records", "growth by threads"
REPLICAS, SERVICES = "growth by replicas", "growth by services"
FEW, MORE, MANY = "×1", "×10", "×100"  # of a hundredth of a large table
AIMS = [
    *(at_least(0.8, RECORDS, f"{what}, a second", FEW, side=MANY)
      for what in ("GET by id", "GET page of 20", "GET filter, 20 of 50", "GET q=, 20 of 200")),
]
PACE = 500  # writes a second, while the lag is looked at


def measure(site, plan):
    make_durable(site.postgres)
    yield from by_records(site, plan)
    yield from by_threads(site, plan)
    yield from by_replicas(site, plan)
    yield from by_services(site, plan)


def by_records(site, plan):
    """The same table, fuller and fuller: so the rounds are one after another at each size."""
    cluster = site.new_cluster(reads=1)
    [read] = cluster.reads
    read.settings |= {"CACHE_BYTES": 0, "QUERY_TIMEOUT_MS": 60000}
    cluster.start()
    wrk, there = Wrk("", read.address, site.folder), 0
    for side, step in {FEW: plan.entries // 100, MORE: plan.entries // 10,
                       MANY: plan.entries}.items():
        plan.say(f"{step:,} records")
        fill(site.postgres, f"{cluster.name}_read_1", step, first=there)
        there = step
        for _ in range(plan.rounds):
            for one in questions(step):
                rate = wrk.rate(one, plan.seconds)
                yield Measurement(RECORDS, f"{one.what}, a second", side, rate)
    cluster.close()


def by_threads(site, plan):
    """Of one server, which has the records of the smallest table."""
    cluster = site.new_cluster(reads=1)
    [read] = cluster.reads
    cluster.start()
    fill(site.postgres, f"{cluster.name}_read_1", 10000)
    by_id, wrk = questions(10000)[0], Wrk("", read.address, site.folder)
    for _, turn in plan.turns([1, 2, 4]):
        for threads in turn:
            for server in (cluster.write, read):
                server.stop()
                server.settings["THREADS"] = threads
                server.start().await_ready()
            yield Measurement(THREADS, "GET by id, a second", str(threads),
                              wrk.rate(by_id, plan.seconds))
            yield Measurement(THREADS, "POST, a second", str(threads),
                              posts_a_second(cluster.write, plan))
    cluster.close()


def by_replicas(site, plan):
    """All on this machine, so what one more costs is taken from the others."""
    for number, turn in plan.turns([1, 3, 5], is_long=True):
        for count in turn:
            cluster = site.new_cluster(reads=count).start()
            tag, file = f"Consulta {number}-{count}", cluster.folder / "acknowledged"
            tally = run_client(cluster.write.port, creation(f"{tag} #"), plan.seconds, rate=PACE,
                               acknowledged=file)
            arrival = arrival_of(cluster, tag, file)
            assert not tally.failed and not arrival.lost, tally.statuses
            numbers = {"median until applied on all, ms": arrival.quantile(0.5) * 1000,
                       "99th percentile until applied on all, ms": arrival.quantile(0.99) * 1000,
                       "POST, a second": posts_a_second(cluster.write, plan)}
            for what, value in numbers.items():
                yield Measurement(REPLICAS, what, str(count), value)
            cluster.close()


def by_services(site, plan):
    """Each has a collection like ours; the same 64 clients are spread over them."""
    for number, turn in plan.turns([1, 4, 16], is_long=True):
        for count in turn:
            models, services = model_of(site.folder / f"models-{number}-{count}", count)
            cluster = site.new_cluster(reads=1, MODELS=models).start()
            numbers = {"POST, a second": posts_a_second(cluster.write, plan, services),
                       "PSS of the read server, MB": proportional_bytes(cluster.reads[0]) / 1e6,
                       "PSS of the write server, MB": proportional_bytes(cluster.write) / 1e6}
            for what, value in numbers.items():
                yield Measurement(SERVICES, what, str(count), value)
            cluster.close()


def model_of(folder, count):
    schema = json.loads((MODELS / "medical/entries.avsc").read_text("utf-8"))
    services = [f"ward{number}" for number in range(count)]
    for service in services:
        (folder / service).mkdir(parents=True)
        words = (MODELS / "medical/words.txt").read_text("utf-8")
        (folder / service / "words.txt").write_text(words, "utf-8")
        (folder / service / "entries.avsc").write_text(
            json.dumps(schema | {"namespace": service}), "utf-8")
    return folder, services


def posts_a_second(server, plan, services=("medical",)):
    """As fast as they can, by one client for each service."""
    clients = [Client(server.port, creation("Consulta #", f"{service}/entries"), plan.seconds,
                      connections=CONNECTIONS // len(services))
               for service in services]
    tallies = [client.tally() for client in clients]
    for client in clients:
        client.end()
    assert not any(tally.failed for tally in tallies), [tally.statuses for tally in tallies]
    return sum(tally.rate for tally in tallies)

"""The health team's test: a thousand users that come within a minute, each with four POSTs, through
a load balancer and autoscaled bulkheads."""
from autoscale.scene import Scene
from frame.arrival import arrival_of
from frame.durable import make_durable
from frame.measurement import OURS, at_most, measured, none
from frame.tools import creation, run_client

TITLE = ("A thousand users within 60 s, four POSTs each, one after another: HAProxy → autoscaled "
         "bulkheads → write → three replicas. Theirs: mean 228 ms, max 1,350 ms, no error.")
CASE = "1,000 users"
IS_PACED = True
AIMS = [
    at_most(5, CASE, "mean, ms"), at_most(100, CASE, "max, ms"), *none(CASE, "failed", "lost"),
    at_most(200, CASE, "readable everywhere, 99th percentile ms"),
]
USERS, LOOPS, SHARE, SCALE = 1000, 4, 0.2, 20


def measure(site, plan):
    users, seconds = plan.pick((50, 2), (USERS, 60))
    make_durable(site.postgres)
    cluster = site.new_cluster().start()
    cluster.bulkhead.stop()
    scene = Scene(site, ",".join(read.address for read in cluster.reads), cluster.write.address,
                  SHARE, SCALE)
    try:
        scene.start()
        scene.control()
        for number, _ in plan.turns(is_long=True):
            yield from come(cluster, scene, f"Consulta {number}", users, seconds)
    finally:
        scene.end()


def come(cluster, scene, tag, users, seconds):
    file = cluster.folder / "acknowledged"
    tally = run_client(scene.port, creation(f"{tag} #"), seconds, connections=users,
                       rate=(users - 0.5) / seconds, again=LOOPS - 1, acknowledged=file)
    assert tally.requests == users * LOOPS, tally.statuses
    arrival = arrival_of(cluster, tag, file)
    return measured(CASE, OURS, {
        "mean, ms": tally.mean_us / 1000, "max, ms": tally.max_us / 1000, "failed": tally.failed,
        "readable everywhere, 99th percentile ms": arrival.quantile(0.99) * 1000,
        "lost": arrival.lost, "bulkheads, at most": max(scene.sizes, default=1)})

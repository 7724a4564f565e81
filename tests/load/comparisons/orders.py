"""As many writes as the health team had orders, while each role is killed once. Each carries a key,
and is repeated under it until it has an outcome: so what counts is from when it was due until the
last replica has it, whatever happened meanwhile."""
import time

from frame.arrival import arrival_of
from frame.charts import draw_arrival
from frame.chores import verify
from frame.durable import make_durable
from frame.measurement import OURS, at_least, measured, none
from frame.tools import Client, creation

TITLE = ("328,000 creations under keys, at an even rate through the gateway, while the write "
         "server, a read server and the gateway are killed (-9), once each. "
         "Theirs: 99.99 % under 2 min.")
CHARTS = ["orders.svg"]
CASE = "328,000 orders, each role killed"
IS_PACED = True
AIMS = [
    at_least(100, CASE, "on all replicas within 5 s, %"),
    *none(CASE, "failed", "lost", "doubled"),
]
ORDERS, MINUTES = 328000, 4
AWAY_S = 1  # until what was killed is started again
AT_ONCE = 128  # at the gateway, which has places for so many; the others wait, and that counts


def measure(site, plan):
    orders = plan.pick(1200, ORDERS)
    seconds = round(plan.pick(6, 60 * (plan.minutes or MINUTES)))
    make_durable(site.postgres)
    cluster = site.new_cluster().start()
    for number, _ in plan.turns(is_long=True):
        file, tag = cluster.folder / "acknowledged", f"Pedido {number}"
        plan.say(f"{orders:,} in {seconds} s")
        with Client(cluster.bulkhead.port, creation(f"{tag} #"), seconds, rate=orders / seconds,
                    connections=AT_ONCE, key=tag.replace(" ", "-"), timeout_ms=30000,
                    acknowledged=file) as client:
            kills = list(kill_each([cluster.write, cluster.reads[0], cluster.bulkhead], seconds))
            tally = client.tally()
        arrival = arrival_of(cluster, tag, file)
        verify(cluster)
        draw_arrival(plan.charts / CHARTS[0], arrival, tally.start, kills)
        yield from measured(CASE, OURS, {
            "orders": tally.requests, "failed": tally.failed, "lost": arrival.lost,
            "doubled": arrival.doubled,
            "on all replicas within 5 s, %": 100 * arrival.share_within(5),
            "median, ms": arrival.quantile(0.5) * 1000,
            "99th percentile, ms": arrival.quantile(0.99) * 1000,
            "longest, ms": arrival.quantile(1) * 1000})


def kill_each(victims, seconds):
    """One after another, evenly over the time; each is started again a second later."""
    for number, victim in enumerate(victims):
        time.sleep(seconds / (len(victims) + 1) - (AWAY_S if number else 0))
        yield time.monotonic(), victim.settings["SERVER_TYPE"]
        victim.kill()
        time.sleep(AWAY_S)
        victim.start()

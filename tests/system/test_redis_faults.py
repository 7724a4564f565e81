"""Redis refuses, hangs up in the middle of a word, or is silent: nothing is skipped, order is kept,
and whoever asked recovers by itself."""
import pytest
from harness.events import Stream
from harness.load import ENTRIES
from harness.process import wait_until
from harness.redis_proxy import RedisProxy
from harness.witness import Witness

REFUSALS = {line.split()[0]: line for line in [
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist.",
    "NOPERM this user has no permissions to run this command",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "LOADING Redis is loading the dataset in memory",
    "NOREPLICAS Not enough good replicas to write."]}
OOM, LOADING = REFUSALS["OOM"], REFUSALS["LOADING"]
STREAM = "mamparo:{medical}:events"
RECORDS = "SELECT id::text, version FROM medical.entries ORDER BY id"
each_refusal = pytest.mark.parametrize("refusal", REFUSALS)


class Place:
    """A cluster where the Redis of one role is the proxy, and what its clients were promised."""

    def __init__(self, cluster, role):
        self.cluster, self.versions, self.rounds = cluster, {}, 0
        self.proxy = RedisProxy(cluster.redis, cluster.site.ports.take())
        for server in [cluster.write] if role == "write" else cluster.reads[:1]:
            server.settings["REDIS_URL"] = self.proxy.url()

    def start(self):
        self.cluster.start()
        self.owned = self.create()
        return self

    def __enter__(self):
        self.proxy.__enter__()
        return self

    def __exit__(self, *_):
        self.cluster.close()
        self.proxy.__exit__()

    def create(self):
        record = self.cluster.create(title="Una")
        self.versions[record["id"]] = 1
        return record

    def write_many(self, count=60):
        """In one transaction, which makes one long pipeline; one of them is changed, not made."""
        changes = [{"title": f"Muchas {number}"} for number in range(count)]
        changes[count // 2] = {"id": self.owned["id"], "content": str(len(self.versions))}
        answer = self.cluster.write.post(f"{ENTRIES}/batch", changes)
        assert answer.status_code == 200, answer.text
        for outcome in answer.json()["outcomes"]:
            self.versions[outcome["id"]] = int(outcome["etag"].strip('"'))

    def survives(self, *faults):
        """One after another, while clients write; what they were promised is kept."""
        with Witness(self.cluster) as witness:
            for make in faults:
                fault = make()
                self.write_many()
                fault.await_end()
            self.create()
            self.write_many()
            self.check(witness)

    def check(self, witness=None):
        """All of it is on every replica, and in the stream once and in order."""
        promised = sorted(self.versions.items())
        assert self.cluster.written(RECORDS) == promised
        for number, read in enumerate(self.cluster.reads, 1):
            database = f"{self.cluster.name}_read_{number}"
            wait_until(lambda: self.cluster.site.postgres.query(database, RECORDS) == promised, 8,
                       f"{read.name} to have all that was promised")
        if witness:
            witness.check()


@pytest.fixture(scope="module")
def relayed(site):
    """The relay's Redis is the proxy."""
    with Place(site.new_cluster(reads=2), "write") as place:
        yield place.start()


@pytest.fixture(scope="module")
def applied(site):
    """The first replica's Redis is the proxy."""
    with Place(site.new_cluster(reads=2), "read") as place:
        yield place.start()


@pytest.fixture
def not_started(new_cluster):
    """Makes places of a test's own."""
    made = []

    def make(role):
        made.append(Place(new_cluster(reads=1), role).__enter__())
        return made[-1]

    yield make
    for place in made:
        place.__exit__()


# The relay

@each_refusal
def test_an_event_that_redis_refuses_in_a_pipeline_is_not_skipped(relayed, refusal):
    relayed.survives(lambda: relayed.proxy.refuse("XADD", REFUSALS[refusal], times=2, spared=20))


def test_without_a_transaction_what_is_refused_is_not_hidden_by_what_is_taken(relayed):
    """MULTI is refused, so each XADD is for itself: one is refused, those behind it are not."""
    cluster, proxy = relayed.cluster, relayed.proxy
    relayed.check()
    standing = cluster.reads.pop()  # so nothing is trimmed
    standing.pause()
    began = wait_until(lambda: top_of(cluster), 5, "a top")
    proxy.refuse("MULTI", REFUSALS["NOPERM"])
    hole = proxy.refuse("XADD", OOM, spared=3)
    relayed.write_many()
    hole.await_end()
    relayed.create()
    wait_until(lambda: len(Stream(cluster).events(f"({began}")) == 61, 8,
               "the stream to hold every event")
    standing.resume()
    cluster.reads.append(standing)
    relayed.check()


@pytest.mark.parametrize("kind", [
    "MULTI", "EXEC", "XINFO", "GET", "HGETALL", "XTRIM", "XLEN", "HSET", "any"])
def test_a_relay_that_is_refused_something_else_goes_on_by_itself(relayed, kind):
    other = relayed.proxy.refuse(kind, LOADING, times=2)
    relayed.survives(lambda: relayed.proxy.refuse("EXEC", OOM), lambda: other)


@pytest.mark.parametrize("kind", ["XINFO", "SET", "XGROUP", "HSET"])
def test_a_relay_that_is_refused_at_its_start_begins_again(not_started, kind):
    place = not_started("write")
    fault = place.proxy.refuse(kind, LOADING, times=2)
    place.start()
    fault.await_end()
    place.survives()


def test_a_stream_whose_top_could_not_be_set_gets_it_later(relayed):
    """Else a replica that is behind what the slot has let go would not know that it is."""
    cluster = relayed.cluster
    confirmed = wait_until(lambda: confirmed_of(cluster), 8, "the last event to be confirmed")
    fault = relayed.proxy.refuse("XSETID", LOADING)
    cluster.redis.client.delete(STREAM)
    fault.await_end()
    wait_until(lambda: top_of(cluster) == confirmed, 5, "the top to be set")
    relayed.create()
    relayed.check()


def confirmed_of(cluster):
    """What was confirmed, once it is all that there is."""
    [(confirmed,)] = cluster.written(
        "SELECT confirmed FROM mamparo.streams WHERE service = 'medical'") or [(None,)]
    return confirmed == top_of(cluster) and confirmed


def top_of(cluster):
    if not cluster.redis.client.exists(STREAM):
        return None
    return cluster.redis.client.xinfo_stream(STREAM)["last-generated-id"].decode()


@pytest.mark.parametrize("kind, count", [
    ("EXEC", 0), ("EXEC", 3), ("EXEC", 200), ("MULTI", 0), ("XADD", 4), ("XINFO", 40)])
def test_a_reply_to_the_relay_that_breaks_off_repeats_nothing(relayed, kind, count):
    relayed.survives(*[lambda: relayed.proxy.cut(kind, count)] * 2)


@pytest.mark.parametrize("kind", ["MULTI", "XADD", "EXEC"])
def test_what_redis_does_long_after_the_relay_gave_it_up_does_no_harm(relayed, kind):
    with Witness(relayed.cluster) as witness:
        held = relayed.proxy.hold(kind)
        relayed.write_many()
        held.await_begin()
        relayed.check(witness)  # the relay has asked anew
        held.released.set()
        relayed.write_many()
        relayed.check(witness)


def test_a_relay_that_is_far_from_redis_keeps_up(relayed):
    """Forty milliseconds for each round trip; once the log did not bear that."""
    far = relayed.proxy.delay("MULTI XINFO HGETALL XTRIM XLEN", 0.04, times=10**6)
    with Witness(relayed.cluster) as witness:
        for _ in range(2):
            relayed.write_many(1000)
        relayed.check(witness)
    far.released.set()


# The applier

@each_refusal
def test_a_replica_that_may_not_read_goes_on_where_it_was(applied, refusal):
    applied.survives(lambda: applied.proxy.refuse("XREAD", REFUSALS[refusal], times=3))


@pytest.mark.parametrize("kind", ["GET", "XINFO", "HSET", "any"])
def test_a_replica_that_is_refused_something_else_goes_on(applied, kind):
    applied.survives(lambda: applied.proxy.refuse(kind, LOADING, times=6))


@pytest.mark.parametrize("kind, count", [
    ("XREAD", 0), ("XREAD", 1), ("XREAD", 60), ("XREAD", 3000), ("HSET", 0), ("XINFO", 40)])
def test_a_reply_to_a_replica_that_breaks_off_is_read_again(applied, kind, count):
    applied.survives(*[lambda: applied.proxy.cut(kind, count)] * 2)


def test_a_replica_that_waits_in_vain_for_redis_asks_again(applied):
    held = applied.proxy.hold("XREAD", times=2)
    held.await_end()
    applied.write_many()
    applied.check()
    held.released.set()
    applied.survives()


@pytest.mark.parametrize("kind", ["GET", "XINFO", "HSET"])
def test_a_replica_that_is_refused_while_it_is_filled_is_filled_all_the_same(not_started, kind):
    place = not_started("read")
    fault = place.proxy.refuse(kind, LOADING, times=3)
    place.start()
    fault.await_end()
    place.survives()

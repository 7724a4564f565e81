"""What was promised, counted when all is quiet again; and whether all replicas are equal."""
import os
import subprocess
from collections import Counter, defaultdict

from harness.cluster import BINARY, MODELS
from harness.load import ENTRIES
from harness.process import wait_until

from .traffic import FIRST

EVENTS = """SELECT actor, subject::text, version, type FROM mamparo.events
    WHERE service = 'medical' ORDER BY subject, version"""
LAST_WORDS = """SELECT count(*) FROM medical.entries record JOIN LATERAL (
        SELECT actor FROM mamparo.events WHERE subject = record.id AND version = record.version
    ) last ON true
    WHERE NOT deleted AND last.actor <> 'first' AND body::json->>'content' <> last.actor"""
COLLECTIONS = """SELECT quote_ident(table_schema) || '.' || quote_ident(table_name)
    FROM information_schema.columns WHERE table_schema <> 'mamparo'
    AND column_name IN ('id', 'version', 'deleted', 'created_at', 'body')
    GROUP BY 1 HAVING count(*) = 5 ORDER BY 1"""
DIGEST = """SELECT count(*), count(*) FILTER (WHERE NOT deleted), sum(hashtextextended(concat_ws(
    '|', id, version, deleted, extract(epoch FROM created_at), body), 0)::numeric) FROM {}"""
EVENT_DIGEST = """SELECT count(*), sum(hashtextextended(concat_ws('|', subject, version,
    extract(epoch FROM time), actor), 0)::numeric) FROM mamparo.{}
    WHERE collection IN ('entries', 'medical/entries')"""
SETTLE_S = 30


def check(world):
    """Raises what was not kept."""
    traffic = world.traffic
    assert traffic.surprises == [], traffic.surprises[:3]
    events = world.write_database.query(EVENTS)
    check_each_is_once(traffic, events)
    check_the_order(traffic, events)
    assert world.write_database.query(LAST_WORDS) == [(0,)], "a row is not what its last event says"


def check_each_is_once(traffic, events):
    stored = {actor: (subject, version) for actor, subject, version, _ in events}
    doubled = [a for a, times in Counter(e[0] for e in events).items() if times > 1 and a != FIRST]
    assert not doubled, f"applied twice: {doubled[:3]}"
    lost = [word for word, promise in traffic.promises.items()
            if word not in stored or stored[word][0] != promise.record
            or promise.version not in (0, stored[word][1])]
    assert not lost, f"{len(lost)} acknowledged writes lost: {lost[:3]}"
    strange = stored.keys() - traffic.issued - {FIRST}
    assert not strange, f"stored, and nobody asked: {list(strange)[:3]}"


def check_the_order(traffic, events):
    """Versions have no gap; and of two commands, of which the second was asked when the first had
    its answer, the second has the higher one."""
    history = defaultdict(list)
    for actor, subject, version, _ in events:
        history[subject].append((version, actor))
    for subject, changes in history.items():
        versions = [version for version, _ in changes]
        assert versions == list(range(1, len(versions) + 1)), f"{subject} has {versions}"
        latest_asked = 0
        for _, actor in changes:
            promise = traffic.promises.get(actor)
            if promise is not None:
                assert promise.answered > latest_asked, f"{subject}: {actor} is before its turn"
                latest_asked = max(latest_asked, promise.asked)


def verify(world):
    """Waits until nothing differs, and says which tool found it equal."""
    last = []

    def is_equal():
        last[:] = differences(world)
        return not last

    try:
        wait_until(is_equal, SETTLE_S, "all replicas to be equal")
    except AssertionError as failed:
        raise AssertionError(f"replicas differ: {last}") from failed
    return verified_by_mamparo(world)


def differences(world):
    write, found = world.write_database, []
    events = write.query(EVENT_DIGEST.format("events"))
    digests = {name: write.query(DIGEST.format(name)) for [name] in write.query(COLLECTIONS)}
    [(_, living, _)] = digests["medical.entries"]
    for read, database in zip(world.reads, world.read_databases):
        found += [f"{read.name} {name}" for name, digest in digests.items()
                  if database.query(DIGEST.format(name)) != digest]
        if database.query(EVENT_DIGEST.format("history")) != events:
            found.append(f"{read.name} history")
        page = read.get(f"{ENTRIES}?page_size=1").json()["pagination"]
        if page["total_records"] != living:
            found.append(f"{read.name} total: {page['total_records']}, not {living}")
    return found


def verified_by_mamparo(world):
    """`mamparo verify`, where there is such a command."""
    env = {"PATH": os.environ["PATH"], "MODELS": str(MODELS),
           "WRITE_SERVERS": ",".join(write.address for write in world.writes),
           "READ_SERVERS": ",".join(read.address for read in world.reads),
           "CLUSTER_KEY": world.gateway.settings.get("CLUSTER_KEY", "x" * 40)}
    usage = subprocess.run([BINARY, "verify", "--help"], env=env, capture_output=True, check=False,
                           timeout=10)
    if usage.returncode != 0:
        return "equal (SQL)"
    done = subprocess.run([BINARY, "verify"], env=env, capture_output=True, text=True, check=False,
                          timeout=120)
    assert done.returncode == 0, f"mamparo verify: {done.stdout[-300:]}{done.stderr[-300:]}"
    return "equal (SQL, mamparo)"

"""The cases. Each takes a stage and the plan, and gives numbers by what they measure.

Where a fault is made, the client asks at a fixed rate, so that what waits is counted from when it
was due. The fault comes a second after it began."""
import os
import time
from collections import Counter
from contextlib import contextmanager

from frame.tools import IMAGING, MEDICAL, creation
from frame.upkeep import cpu_seconds, resident_bytes

CREATE = creation("Consulta #")

WRITE_RATE, FAILING_RATE = 200, 500
BEFORE_S = 1
KILL_EVERY_S = 3
IDLE = 10000
MANY = 2000  # connections, so that what hangs does not keep the next from being sent


def throughput(stage, plan):
    stage.measure(MEDICAL, 1)
    before = cpu_seconds(stage.side)
    tally = stage.measure(MEDICAL, plan.seconds)
    used = cpu_seconds(stage.side) - before
    return {"requests a second": tally.rate, "99th percentile, µs": tally.p99_us,
            "CPU of a request, µs": used / tally.requests * 1e6, "failed": tally.failed}


def idle(stage, _):
    stage.measure(MEDICAL, 1)
    before = resident_bytes(stage.side)
    client = stage.idle(MEDICAL, IDLE)
    tally = client.tally()
    taken = resident_bytes(stage.side) - before
    assert len(os.listdir(f"/proc/{stage.side.pid}/fd")) > IDLE, "some were hung up on"
    client.end()
    return {"bytes a connection": taken / IDLE, "failed": tally.failed}


def pace(plan):
    """Of one who asks at a fixed rate."""
    return plan.pick(200, 2000)


def a_second_later(stage, plan, fault):
    """The tally of a run, and when in it the fault was made."""
    client = stage.client(MEDICAL, BEFORE_S + plan.seconds, rate=pace(plan), connections=MANY)
    time.sleep(BEFORE_S)
    at = time.monotonic()
    fault()
    tally = client.tally()
    client.end()
    return tally, at


def killed_reader(stage, plan):
    tally, _ = a_second_later(stage, plan, stage.reads[0].kill)
    return {"failed": tally.failed, "worst, ms": tally.max_us / 1000}


def stopped_reader(stage, plan):
    tally, at = a_second_later(stage, plan, stage.reads[0].pause)
    stage.reads[0].resume()
    return {"failed": tally.failed, "99.9th percentile, ms": tally.p999_us / 1000,
            "worst, ms": tally.max_us / 1000, "noticed after, s": tally.noticed_s(at)}


def slow_reader(stage, plan):
    before = stage.attempts()
    tally, _ = a_second_later(stage, plan, lambda: stage.reads[0].behave("slow", ms=2000))
    extra = (stage.attempts() - before) / tally.requests - 1
    return {"failed": tally.failed, "99.9th percentile, ms": tally.p999_us / 1000,
            "extra load, %": 100 * extra}


def killed_writers(stage, plan):
    """Real ones. What was acknowledged is compared with what is stored, by number."""
    tag = stage.folder.name
    file = stage.folder / "acknowledged"
    seconds = max(2, plan.seconds // KILL_EVERY_S) * KILL_EVERY_S
    client = stage.client(creation(f"{tag} #"), seconds, rate=WRITE_RATE, acknowledged=file,
                          timeout_ms=20000)
    for number in range(seconds // KILL_EVERY_S):
        time.sleep(KILL_EVERY_S / 2)
        victim = stage.writes[number % 2]
        victim.kill()
        time.sleep(KILL_EVERY_S / 2)
        victim.start().await_ready()
    tally = client.tally()
    client.end()
    acknowledged = {f"{tag} {line.split()[0]}" for line in file.read_text("ascii").splitlines()}
    stored = Counter(stage.real.stored(tag))
    return {"failed": tally.failed, "doubled": sum(stored.values()) - len(stored),
            "lost": len(acknowledged - stored.keys()), "worst, ms": tally.max_us / 1000}


def hanging_writes(stage, plan):
    return beside(stage, plan, MEDICAL, CREATE, stage.writes, "hang")


def hanging_reads(stage, plan):
    return beside(stage, plan, CREATE, MEDICAL, stage.reads, "hang")


def hanging_service(stage, plan):
    return beside(stage, plan, MEDICAL, IMAGING, stage.reads, "hang")


def dead_service(stage, plan):
    return beside(stage, plan, MEDICAL, IMAGING, stage.reads, "reset")


def beside(stage, plan, well, ill, backends, mode):
    """How the one fares while the other's servers behave so, by how it does before and after."""
    def fares(seconds):
        return stage.measure(well, seconds, rate=pace(plan), connections=MANY)

    quiet = [fares(plan.seconds)]
    behave(backends, mode, ill)
    with traffic(stage, ill, pace(plan) / 10):
        loud = fares(long_seconds(plan))
    behave(backends, "ok", ill)
    if not plan.is_short:
        quiet.append(fares(plan.seconds))
    usual_us = sum(tally.p99_us for tally in quiet) / len(quiet)
    return {"failed": loud.failed, "99th percentile, of usual": loud.p99_us / usual_us}


def long_seconds(plan):
    """What hangs has to hang for a while."""
    return plan.pick(plan.seconds, 6 * plan.seconds)


def behave(backends, mode, ask):
    for backend in backends:
        backend.behave(mode, ask.path.removeprefix("/"))


@contextmanager
def traffic(stage, ask, rate):
    """64 clients that ask for it as long as the block lasts."""
    client = stage.client(ask, 3600, rate=rate, connections=64, timeout_ms=5000)
    time.sleep(BEFORE_S)
    yield
    client.end()


def failing_upstream(stage, plan):
    for read in stage.reads:
        read.behave("fail")
    before = stage.attempts()
    tally = stage.measure(MEDICAL, plan.seconds, rate=FAILING_RATE)
    return {"attempts a request": (stage.attempts() - before) / tally.requests}


FAULTS = {
    "killed reader": killed_reader,
    "killed writers": killed_writers,
    "stopped reader": stopped_reader,
    "slow reader": slow_reader,
    "hanging writes": hanging_writes,
    "hanging reads": hanging_reads,
    "hanging service": hanging_service,
    "dead service": dead_service,
    "failing upstream": failing_upstream,
}

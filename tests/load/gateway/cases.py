"""The cases of the issue. Each takes a stage and gives numbers by what they measure.

Where a fault is made, the client asks at a fixed rate, so that what waits is counted from when it
was due. The fault comes a second after it began."""
import os
import time
from collections import Counter
from contextlib import contextmanager

from .sides import cpu_seconds, resident_bytes
from .stage import CREATE, IMAGING, MEDICAL, creation

RATE, WRITE_RATE, FAILING_RATE = 2000, 200, 500
BEFORE_S = 1
KILL_EVERY_S = 3
IN_MEMORY = 10000
MANY = 2000  # connections, so that what hangs does not keep the next from being sent


def throughput(stage, given):
    stage.measure(MEDICAL, 1)
    before = cpu_seconds(stage.side)
    tally = stage.measure(MEDICAL, given.seconds)
    used = cpu_seconds(stage.side) - before
    return {"requests a second": tally.rate, "99th percentile, µs": tally.p99_us,
            "CPU of a request, µs": used / tally.requests * 1e6, "failed": tally.failed}


def idle(stage, _):
    stage.measure(MEDICAL, 1)
    before = resident_bytes(stage.side)
    client = stage.idle(MEDICAL, IN_MEMORY)
    tally = client.tally()
    taken = resident_bytes(stage.side) - before
    assert len(os.listdir(f"/proc/{stage.side.pid}/fd")) > IN_MEMORY, "some were hung up on"
    client.end()
    return {"bytes a connection": taken / IN_MEMORY, "failed": tally.failed}


def a_second_later(stage, given, fault):
    """The tally of a run, and when in it the fault was made."""
    client = stage.client(MEDICAL, BEFORE_S + given.seconds, rate=RATE, connections=MANY)
    time.sleep(BEFORE_S)
    at = time.monotonic()
    fault()
    tally = client.tally()
    client.end()
    return tally, at


def killed_reader(stage, given):
    tally, _ = a_second_later(stage, given, stage.reads[0].kill)
    return {"failed": tally.failed, "worst, ms": tally.max_us / 1000}


def stopped_reader(stage, given):
    tally, at = a_second_later(stage, given, stage.reads[0].pause)
    stage.reads[0].resume()
    return {"failed": tally.failed, "99.9th percentile, ms": tally.p999_us / 1000,
            "worst, ms": tally.max_us / 1000, "noticed after, s": tally.noticed_s(at)}


def slow_reader(stage, given):
    before = stage.attempts()
    tally, _ = a_second_later(stage, given, lambda: stage.reads[0].behave("slow", ms=2000))
    extra = (stage.attempts() - before) / tally.requests - 1
    return {"failed": tally.failed, "99.9th percentile, ms": tally.p999_us / 1000,
            "extra load, %": 100 * extra}


def killed_writers(stage, given):
    """Real ones. What was acknowledged is compared with what is stored, by number."""
    tag = stage.folder.name
    file = stage.folder / "acknowledged"
    seconds = max(2 * KILL_EVERY_S, given.seconds // KILL_EVERY_S * KILL_EVERY_S)
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
    acknowledged = {f"{tag} {number}" for number in file.read_text(encoding="ascii").split()}
    stored = Counter(stage.real.stored(tag))
    return {"failed": tally.failed, "doubled": sum(stored.values()) - len(stored),
            "lost": len(acknowledged - stored.keys()), "worst, ms": tally.max_us / 1000}


def hanging_writes(stage, given):
    return beside(stage, given, MEDICAL, CREATE, stage.writes, "hang")


def hanging_reads(stage, given):
    return beside(stage, given, CREATE, MEDICAL, stage.reads, "hang")


def hanging_service(stage, given):
    return beside(stage, given, MEDICAL, IMAGING, stage.reads, "hang")


def dead_service(stage, given):
    return beside(stage, given, MEDICAL, IMAGING, stage.reads, "reset")


def beside(stage, given, well, ill, backends, mode):
    """How the one fares while the other's servers behave so, by how it does before and after."""
    def fares(seconds):
        return stage.measure(well, seconds, rate=RATE, connections=MANY)

    quiet = [fares(given.seconds)]
    behave(backends, mode, ill)
    with traffic(stage, ill):
        loud = fares(given.long_seconds)
    behave(backends, "ok", ill)
    quiet.append(fares(given.seconds))
    usual_us = sum(tally.p99_us for tally in quiet) / len(quiet)
    return {"failed": loud.failed, "99th percentile, of usual": loud.p99_us / usual_us}


def behave(backends, mode, ask):
    for backend in backends:
        backend.behave(mode, ask.path.removeprefix("/"))


@contextmanager
def traffic(stage, ask):
    """64 clients that ask for it as long as the block lasts."""
    client = stage.client(ask, 3600, rate=RATE // 10, connections=64, timeout_ms=5000)
    time.sleep(BEFORE_S)
    yield
    client.end()


def failing_upstream(stage, given):
    for read in stage.reads:
        read.behave("fail")
    before = stage.attempts()
    tally = stage.measure(MEDICAL, given.seconds, rate=FAILING_RATE)
    return {"attempts a request": (stage.attempts() - before) / tally.requests}


CASES = {
    "throughput": throughput,
    "idle": idle,
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

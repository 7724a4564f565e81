"""The wall clock of one role jumps by an hour and back: libfaketime, preloaded, reads the distance
from a file. The monotonic clock stays true, as it does when an operator sets the time."""
import tempfile
from functools import partial
from pathlib import Path

from harness.process import wait_until

from .fault import fault

FOLDER = tempfile.TemporaryDirectory(prefix="mamparo-clocks-")
LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
AHEAD = "SELECT count(*) > 0 FROM mamparo.events WHERE time > now() + interval '50 minutes'"
LAG = 'mamparo_replica_lag_milliseconds{service="medical"} '


def environment_of(role, file):
    return {role: {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_NO_CACHE": 1,
                   "FAKETIME_DONT_FAKE_MONOTONIC": 1, "DONT_FAKE_MONOTONIC": 1}}


def jump(world, file, is_ahead):
    file.write_text("+1h\n", encoding="ascii")
    wait_until(lambda: is_ahead(world), 10, "the hour to be seen")
    world.last(5)
    file.write_text("+0\n", encoding="ascii")
    world.last(5)


def writes_are_ahead(world):
    return world.write_database.query(AHEAD) == [(True,)]


def reads_are_ahead(world):
    """By the clock of a replica, what it has yet to apply is an hour old."""
    lines = world.reads[0].admin("/metrics").text.splitlines()
    return any(int(line.split()[-1]) > 3_000_000 for line in lines if line.startswith(LAG))


for one, are_ahead in {"write": writes_are_ahead, "read": reads_are_ahead}.items():
    distance_file = Path(FOLDER.name) / one
    fault("clock", f"1 h forward and back, of the {one} servers", needs=LIBRARY,
          environment=environment_of(one, distance_file))(
              partial(jump, file=distance_file, is_ahead=are_ahead))

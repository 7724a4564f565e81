"""The wall clock of one role jumps by an hour and back: libfaketime, preloaded, reads the distance
from a file. The monotonic clock stays true, as it does when an operator sets the time."""
import tempfile
from functools import partial
from pathlib import Path

from .fault import fault

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


def environment_of(role, file):
    return {role: {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_NO_CACHE": 1,
                   "FAKETIME_DONT_FAKE_MONOTONIC": 1, "DONT_FAKE_MONOTONIC": 1}}


def jump(world, file):
    for distance in ("+1h", "+0"):
        file.write_text(f"{distance}\n", encoding="ascii")
        world.last(5)


for one in ("write", "read"):
    distance_file = Path(tempfile.gettempdir()) / f"mamparo-fault-clock-{one}"
    fault("clock", f"1 h forward and back, of the {one} servers", needs=LIBRARY,
          environment=environment_of(one, distance_file))(partial(jump, file=distance_file))

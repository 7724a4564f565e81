"""What the kernel tells of a process: memory, CPU time, descriptors."""
import os
import re
from pathlib import Path


def resident_bytes(process):
    return _kilobytes(Path(f"/proc/{process.pid}/status"), "VmRSS") * 1024


def proportional_bytes(process):
    """Its own memory, and its share of what it has in common with others."""
    return _kilobytes(Path(f"/proc/{process.pid}/smaps_rollup"), "Pss") * 1024


def _kilobytes(file, name):
    return int(re.search(rf"^{name}:\s+(\d+) kB", file.read_text("ascii"), re.MULTILINE)[1])


def cpu_seconds(process):
    told = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))

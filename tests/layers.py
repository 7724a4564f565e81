#!/usr/bin/env python3
"""The layers: arrows point down, and every library stays behind its own door.

    role → cqrs → model, guard, io → base

A folder within a folder is of its layer.

An include of ours is written from src/. A library's header is read by the few .c files that wrap
it and by no header of ours. Prints each line that breaks this, and exits 1."""
import re
import sys
from pathlib import Path

BELOW = {
    "base": [],
    "guard": ["base"],
    "model": ["base"],
    "io": ["base"],
    "cqrs": ["model", "guard", "io", "base"],
    "role": ["cqrs", "model", "guard", "io", "base"],
    "": ["role", "base"],  # main.c
}
DOORS = {
    "h2o": ["io/loop.c", "io/http/*.c"],
    "libpq-fe": ["io/pg/*.c"],
    "zlib": ["io/http/http_coding.c"],
    "hiredis": ["io/redis_*.c"],
    "jansson": ["base/json.c"],
    "openssl": ["base/digest.c"],
    "avro": ["model/avro/avro.c"],
}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
SRC = Path(__file__).resolve().parent.parent / "src"


def library_of(header):
    return re.split(r"[/.]", header)[0]


def complaint(file, bracket, header):
    """What is wrong with this include of this file (a path from src/), or None."""
    if bracket == "<":
        doors = DOORS.get(library_of(header))
        if doors and not any(file.match(door) for door in doors):
            return f"<{header}> belongs behind {' and '.join(doors)}"
        return None
    folder = file.parts[0] if len(file.parts) > 1 else ""
    if not (SRC / header).is_file() or "/" not in header:
        return f'"{header}" is not a path from src/'
    target = header.split("/")[0]
    if target != folder and target not in BELOW[folder]:
        return f"{folder or 'main'} may not look at {target}"
    return None


def complaints():
    for path in sorted(SRC.rglob("*.[ch]")):
        file = path.relative_to(SRC)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = INCLUDE.match(line)
            wrong = include and complaint(file, *include.groups())
            if wrong:
                yield f"src/{file}:{number}: {wrong}"


found = list(complaints())
print("\n".join(found) if found else "layers: every arrow points down")
sys.exit(bool(found))

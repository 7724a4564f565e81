#!/usr/bin/env python3
"""The README's settings table is the program's own: readme.py <mamparo> [--write]

Compares what stands between the markers with what `mamparo settings` prints; with --write, puts it
there instead."""
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"

text = README.read_text() if README.exists() else ""
if text.count(BEGIN) != 1 or text.count(END) != 1:
    sys.exit(f"README.md needs one {BEGIN} … {END}")
before, rest = text.split(BEGIN)
written, after = rest.split(END)
told = subprocess.run([sys.argv[1], "settings"], check=True, capture_output=True, text=True).stdout

if "--write" in sys.argv:
    README.write_text(f"{before}{BEGIN}\n{told.strip()}\n{END}{after}")
elif written.strip() != told.strip():
    sys.exit("README.md: its settings table is not what `mamparo settings` prints; "
             f"tests/style/readme.py {sys.argv[1]} --write mends it")
print("readme: the settings table is the program's own")

#!/usr/bin/env python3
"""The table of inputs in each Terraform module's README is what its variables say of themselves.

inputs.py <folder>… [--write]   tells which README differs, or makes it right"""
import re
import sys
from pathlib import Path

VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.S | re.M)
TABLE = re.compile(r"<!-- inputs -->\n.*?<!-- /inputs -->\n", re.S)


def said(body, what):
    found = re.search(rf"^  {what}\s*= (.*)$", body, re.M)
    return found[1].strip() if found else None


def table(text):
    yield "<!-- inputs -->\n| input | type | default | what it is |\n|---|---|---|---|\n"
    for name, body in VARIABLE.findall(text):
        default = said(body, "default")
        default = "required" if default is None else f"`{default}`"
        yield f"| `{name}` | `{said(body, 'type')}` | {default} | {said(body, 'description')[1:-1]} |\n"
    yield "<!-- /inputs -->\n"


write = "--write" in sys.argv
wrong = 0
for folder in (Path(word) for word in sys.argv[1:] if word != "--write"):
    readme = folder / "README.md"
    now = readme.read_text(encoding="utf-8")
    right = "".join(table((folder / "variables.tf").read_text(encoding="utf-8")))
    then, places = TABLE.subn(lambda _, right=right: right, now)
    if write:
        readme.write_text(then, encoding="utf-8")
    elif places != 1 or then != now:
        print(f"{readme}: the inputs differ; tests/deploy/inputs.py {folder} --write")
        wrong = 1
sys.exit(wrong)

#!/usr/bin/env python3
"""Every variable of a Terraform module has a type, a description and a validation; the table of
inputs in the module's README is what they say of themselves, and what it costs is told there too.

inputs.py <folder>… [--write]   tells what is wrong, or makes the tables right"""
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


def lacking(text):
    """A yes or no needs no validation beyond being one."""
    for name, body in VARIABLE.findall(text):
        check = "nullable" if said(body, "type") == "bool" else "validation {"
        yield from (f"{name} has no {what}" for what in ("type", "description", check)
                    if f"  {what}" not in body)


write = "--write" in sys.argv
wrong = 0
for folder in (Path(word) for word in sys.argv[1:] if word != "--write"):
    readme = folder / "README.md"
    now = readme.read_text(encoding="utf-8")
    variables = (folder / "variables.tf").read_text(encoding="utf-8")
    right = "".join(table(variables))
    lacks = [*lacking(variables), *["a README without **Cost**"] * ("**Cost**" not in now)]
    if lacks:
        print(f"{folder}: {', '.join(lacks)}")
        wrong = 1
    then, places = TABLE.subn(lambda _, right=right: right, now)
    if write:
        readme.write_text(then, encoding="utf-8")
    elif places != 1 or then != now:
        print(f"{readme}: the inputs differ; tests/deploy/inputs.py {folder} --write")
        wrong = 1
sys.exit(wrong)

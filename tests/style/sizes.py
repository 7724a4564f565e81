#!/usr/bin/env python3
"""The sizes: nothing in the tree is longer, wider or more branched than the house allows.

Universal Ctags says where functions begin and end; we count. (Nesting and parameters are left to
clang-tidy.) Prints each offence, then the numbers of the whole tree; exits 1 if there was one."""
import re
import statistics
import subprocess
import sys
from collections import Counter, namedtuple
from pathlib import Path

FUNCTION_LINES, PATHS, WIDTH = 60, 12, 100
FILE_LINES = {".c": 400, ".h": 110}
FOLDER_FILES, CONDITIONALS = 12, 3

ROOT = Path(__file__).resolve().parents[2]
FORMAT = "%{input}\t%{name}\t%{line}\t%{end}"
ASIDE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
BRANCH = re.compile(r"\b(?:if|for|while|case|list_each)\b|&&|\|\||\?")
SHARED_LABEL = re.compile(r"\bcase\b[^:;{}?]*:\s*(?=case\b)")
Function = namedtuple("Function", "file name line lines paths")


def c_files(folder):
    return sorted(p.relative_to(ROOT) for p in (ROOT / folder).rglob("*.[ch]"))


def code_only(text):
    """The text without comments and literals, line for line."""
    return ASIDE.sub(lambda found: "\n" * found[0].count("\n"), text)


def functions(files):
    if not files:
        return
    told = subprocess.run(
        ["ctags", "-x", f"--_xformat={FORMAT}", "--kinds-C=f", "--fields=+e", "--languages=C",
         "--langmap=C:.c.h", *map(str, files)],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines_of = {str(f): code_only((ROOT / f).read_text()).split("\n") for f in files}
    for row in told.splitlines():
        file, name, first, last = row.split("\t")
        first, last = int(first), int(last)
        body = "\n".join(lines_of[file][first - 1:last])
        paths = 1 + len(BRANCH.findall(SHARED_LABEL.sub("", body)))
        yield Function(file, name, first, last - first + 1, paths)


def function_offences(found):
    for f in found:
        if f.lines > FUNCTION_LINES:
            yield f"{f.file}:{f.line}: {f.name} has {f.lines} lines, {FUNCTION_LINES} at most"
        if f.paths > PATHS:
            yield f"{f.file}:{f.line}: {f.name} has {f.paths} paths, {PATHS} at most"


def width_offences(files):
    for file in files:
        for number, line in enumerate((ROOT / file).read_text().splitlines(), 1):
            if len(line) > WIDTH:
                yield f"{file}:{number}: {len(line)} columns, {WIDTH} at most"


def file_offences(files):
    for file in files:
        lines = len((ROOT / file).read_text().splitlines())
        if lines > FILE_LINES[file.suffix]:
            yield f"{file}: {lines} lines, {FILE_LINES[file.suffix]} at most"
    for folder, count in Counter(f.parent for f in files if f.suffix == ".c").items():
        if count > FOLDER_FILES:
            yield f"{folder}: {count} .c files, {FOLDER_FILES} at most: split it by noun"
    for name, count in Counter(f.name for f in files).items():
        if count > 1:
            yield f"{name}: {count} files share this name"


def conditionals(file):
    """The #if, #ifdef and #ifndef of a file, but for its include guard."""
    lines = code_only((ROOT / file).read_text()).split("\n")
    for number, line in enumerate(lines, 1):
        opens = re.match(r"\s*#\s*(if|ifdef|ifndef)\b\s*(\w*)", line)
        guards = opens and opens[1] == "ifndef" and file.suffix == ".h" and re.match(
            rf"\s*#\s*define\s+{opens[2]}\s*$", lines[number] if number < len(lines) else "")
        if opens and not guards:
            yield f"{file}:{number}"


def conditional_offences(files):
    places = [place for file in files for place in conditionals(file)]
    if len(places) > CONDITIONALS:
        yield f"{len(places)} #if in the tree, {CONDITIONALS} at most: {', '.join(places)}"


def summary(files, found):
    if not found:
        return "sizes: no function yet"
    lengths = sorted(f.lines for f in found)
    longest = max(found, key=lambda f: f.lines)
    total = sum(len((ROOT / f).read_text().splitlines()) for f in files)
    return (f"sizes: {total} lines in {len(files)} files, {len(lengths)} functions: "
            f"median {statistics.median(lengths):g} lines, "
            f"90 % within {lengths[(len(lengths) * 9 + 9) // 10 - 1]}, "
            f"longest {longest.lines} ({longest.name}, {longest.file})")


ours, tests = c_files("src"), c_files("tests")
own_functions = list(functions(ours))
offences = [
    *function_offences([*own_functions, *functions(tests)]),
    *width_offences([*ours, *tests]),
    *file_offences(ours),
    *conditional_offences(ours),
]
print("\n".join([*offences, summary(ours, own_functions)]))
sys.exit(bool(offences))

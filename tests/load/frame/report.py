"""The one table, on the terminal and as RESULTS.md."""
from .figures import spread
from .measurement import OURS

# For whoever reads no more than the repository's README: case, what, beside whom.
SHOWN = [
    ("GET by id", "a second", "pgbench"),
    ("GET page of 20", "a second", "Django"),
    ("POST, durable", "a second", "pgbench"),
    ("gateway, GET", "requests a second", "HAProxy"),
    ("1,000 users", "mean, ms", None),
]
MARKS = "<!-- load -->\n", "<!-- /load -->\n"
HEAD = ["", "", OURS, "beside", "ratio", "aim", ""]


def table(results, names):
    """Lines of cells; a row has one line for each of its aims."""
    for name in names:
        for row, verdicts in results.rows(name):
            for verdict in verdicts or [None]:
                beside = verdict.aim.against if len(verdicts) > 1 else ()
                yield [row["case"], row["what"], *numbers(row["sides"], verdict, beside),
                       *([verdict.ratio, verdict.aim.text, verdict.word] if verdict else [""] * 3)]


def numbers(sides, verdict, beside):
    """Of whom the aim is about, and of the others: all, or those that are told."""
    ours = verdict.aim.side if verdict else OURS
    others = beside or [side for side in sides if side != ours]
    name = "" if ours == OURS else f"{ours} "
    return [f"{name}{spread(sides[ours])}" if ours in sides else "",
            "; ".join(f"{side} {spread(sides[side])}" for side in others if side in sides)]


def show(results, names):
    lines = [HEAD, *table(results, names)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    for line in lines:
        print("  ".join(cell + " " * (width - len(cell))
                        for cell, width in zip(line, widths, strict=True)).rstrip())


def missed(results, names):
    return [f"{row['case']}, {row['what']}: {verdict.ratio or spread(verdict.figures)}, "
            f"to be {verdict.aim.text}"
            for _, row, verdict in results.verdicts(names) if not verdict.is_met]


def markdown(results, machine, charts):
    commits = {kept["commit"] for kept in results.of.values()}
    parts = ["# Results", "", "Written by `tests/load/run.sh`; what is counted, and how, is in "
             "[README.md](README.md). Medians of the rounds, quartiles in parentheses; a ratio is "
             "ours by the other's of the same round.", "",
             *(f"- {what}: {value}" for what, value in machine.items()),
             f"- commit: {', '.join(sorted(commits))}", ""]
    for name in results.names:
        parts += [f"## {name}", "", results.comparisons[name].TITLE, "",
                  f"({results.of[name]['how']})", "", line_of(HEAD), "|" + "---|" * len(HEAD),
                  *map(line_of, table(results, [name])), ""]
        for chart in getattr(results.comparisons[name], "CHARTS", []):
            if (charts / chart).exists():
                parts += [f"![{name}]({charts.name}/{chart})", ""]
    lost = missed(results, results.names)
    parts += ["## Missed", "", *(f"- {line}" for line in lost or ["nothing"])]
    return "\n".join(parts) + "\n"


def line_of(cells):
    return f"| {' | '.join(cells)} |"


def show_off(results, readme):
    """The rows that are shown, between the marks of a README."""
    text = readme.read_text("utf-8")
    before, _, rest = text.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    assert end, f"{readme} has no place for the results"
    lines = [line_of(HEAD), "|" + "---|" * len(HEAD), *map(line_of, shown(results))]
    readme.write_text("".join([before, MARKS[0], *(f"{line}\n" for line in lines), MARKS[1],
                               after]), "utf-8")


def shown(results):
    for case, what, beside in SHOWN:
        for _, row, verdict in results.verdicts():
            if (row["case"], row["what"]) == (case, what) and beside in (
                    verdict.aim.against or [None]):
                yield [case, what, *numbers(row["sides"], verdict, verdict.aim.against),
                       verdict.ratio, verdict.aim.text, verdict.word]

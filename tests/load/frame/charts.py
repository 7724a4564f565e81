"""What was measured, drawn: ratios, growth, and when orders arrived."""
import math

import matplotlib

matplotlib.use("svg")
# pylint: disable=wrong-import-position
import matplotlib.pyplot as plot  # noqa: E402

from .figures import quartiles  # noqa: E402
from .measurement import OURS  # noqa: E402

INK, WARM, COOL, PALE = "#22313f", "#c0392b", "#2980b9", "#bdc3c7"
plot.rcParams.update({"font.size": 9, "axes.edgecolor": INK, "axes.spines.top": False,
                      "axes.spines.right": False, "svg.hashsalt": "mamparo",
                      "svg.fonttype": "none"})


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plot.close(figure)


def draw(results, charts):
    draw_ratios([(row, verdict) for _, row, verdict in results.verdicts()
                 if verdict.aim.against and verdict.aim.side == OURS], charts / "ratios.svg")
    if "growth" in results.of:
        draw_growth(results.of["growth"]["rows"], charts / "growth.svg")


def draw_ratios(judged, path):
    """One bar for each aim, in units of the aim: beyond 1 is better than was wanted."""
    if not judged:
        return
    figure, axes = plot.subplots(figsize=(8, 0.7 + 0.3 * len(judged)))
    for place, (_, verdict) in enumerate(judged):
        low, middle, high = (beyond(verdict.aim, one) for one in quartiles(verdict.figures))
        axes.barh(place, middle, color=COOL if verdict.is_met else WARM, height=0.6)
        axes.plot([low, high], [place, place], color=INK, linewidth=1)
        axes.text(max(middle, high) * 1.05, place, f"{quartiles(verdict.figures)[1]:.2f}",
                  va="center", color=INK, fontsize=8)
    axes.set_yticks(range(len(judged)), [label(row, verdict) for row, verdict in judged])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color=INK, linewidth=0.8)
    axes.set_xlabel("by what was aimed at, the line; the number is the ratio")
    save(figure, path)


def beyond(aim, ratio):
    return ratio / aim.bound if aim.is_least else aim.bound / ratio


def label(row, verdict):
    aim, others = verdict.aim, " and ".join(verdict.aim.against)
    return f"{row['case']}, {row['what']}, by {others} ({aim.text[:1]} {aim.bound:g})"


def draw_growth(rows, path):
    """A panel for each thing that grows and each unit; a line for each number."""
    panels = {}
    for row in rows:
        panels.setdefault((row["case"], unit_of(row["what"])), []).append(row)
    columns = 2
    figure, grid = plot.subplots(math.ceil(len(panels) / columns), columns, squeeze=False,
                                 figsize=(8, 2.4 * math.ceil(len(panels) / columns)))
    places = [axes for line in grid for axes in line]
    for axes, ((case, unit), lines) in zip(places, panels.items(), strict=False):
        for row in lines:
            sizes = [int(side.strip("×")) for side in row["sides"]]
            spreads = [quartiles(numbers) for numbers in row["sides"].values()]
            axes.plot(sizes, [middle for _, middle, _ in spreads], marker="o", markersize=3,
                      label=row["what"])
            axes.fill_between(sizes, [one[0] for one in spreads], [one[2] for one in spreads],
                              alpha=0.2)
        axes.set_xscale("log", base=10 if sizes[-1] >= 100 else 2)
        axes.set_xticks(sizes, list(row["sides"]))
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel(case.removeprefix("growth by "))
        axes.set_ylabel(unit)
        axes.legend(frameon=False, fontsize=7)
    for axes in places[len(panels):]:
        axes.set_visible(False)
    save(figure, path)


def unit_of(what):
    return what.rpartition(", ")[2]


def draw_arrival(path, arrival, start, marks):
    """The longest of each second's orders, and who was killed when."""
    longest = {}
    for due, lag in zip(arrival.due, arrival.lags, strict=True):
        second = int(due - start)
        longest[second] = max(longest.get(second, 0), lag * 1000)
    figure, axes = plot.subplots(figsize=(8, 2.4))
    axes.step(sorted(longest), [longest[second] for second in sorted(longest)], where="post",
              color=COOL)
    for at, whom in marks:
        axes.axvline(at - start, color=WARM, linewidth=0.8)
        axes.annotate(f" {whom} killed", (at - start, 1), xycoords=("data", "axes fraction"),
                      va="top", color=WARM, fontsize=8)
    axes.set_yscale("log")
    axes.axhline(5000, color=PALE, linewidth=0.8)
    axes.set_ylabel("on all replicas after, ms")
    axes.set_xlabel("seconds; the longest of each second's orders")
    save(figure, path)


def draw_upkeep(path, samples):
    """Of each process, over time."""
    figure, panels = plot.subplots(2, 1, figsize=(8, 4.5), sharex=True)
    times = [sample.at for sample in samples]
    for axes, what, unit in zip(panels, ["memory", "descriptors"], ["PSS, MB", "descriptors"],
                                strict=True):
        for name in samples[0].memory:
            axes.plot(times, [getattr(sample, what)[name] for sample in samples], label=name)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(unit)
    panels[0].legend(frameon=False, fontsize=7, ncols=5)
    panels[1].set_xlabel("seconds")
    save(figure, path)

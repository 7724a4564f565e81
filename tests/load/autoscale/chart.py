"""What happened, over time, as an SVG."""
from frame.charts import COOL, INK, WARM, plot, save


def draw(path, slices, samples, target, marks=()):
    """`marks`: (when, what happened)."""
    figure, (load, count, use, delay) = plot.subplots(4, 1, figsize=(8, 8), sharex=True)
    ends = [one.end for one in slices]
    load.step(ends, [one.offered for one in slices], where="pre", color=INK, label="offered")
    load.step(ends, [one.tally.rate for one in slices], where="pre", color=COOL, label="answered")
    load.set_ylabel("requests a second")
    load.legend(frameon=False)
    times = [one.at for one in samples]
    count.step(times, [one.serving for one in samples], where="post", color=INK)
    count.set_ylabel("instances")
    count.set_yticks(range(max(one.serving for one in samples) + 2))
    use.plot(times, [100 * one.use for one in samples], color=COOL, label="average")
    use.axhline(100 * target, color=WARM, linewidth=0.8, label="target")
    use.set_ylabel("CPU, %")
    use.legend(frameon=False)
    delay.step(ends, [one.tally.p50_us / 1000 for one in slices], where="pre", color=COOL,
               label="median")
    delay.step(ends, [one.tally.p99_us / 1000 for one in slices], where="pre", color=WARM,
               label="99th percentile")
    delay.set_yscale("log")
    delay.set_ylabel("delay, ms")
    delay.set_xlabel("seconds")
    delay.legend(frameon=False)
    for at, what in marks:
        for panel in (load, count, use, delay):
            panel.axvline(at, color=INK, linewidth=0.6, linestyle=":")
        load.annotate(what, (at, 1), xycoords=("data", "axes fraction"), rotation=30, fontsize=8)
    save(figure, path)

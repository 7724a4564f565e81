"""Ratios by round, and whether an aim is met by their median."""
import statistics
from dataclasses import dataclass

from .figures import spread


@dataclass(frozen=True)
class Verdict:
    """`figures`: one for each round, ratios where somebody is to be measured up to."""
    aim: object
    figures: list

    @property
    def is_met(self):
        middle = statistics.median(self.figures)
        return middle >= self.aim.bound if self.aim.is_least else middle <= self.aim.bound

    @property
    def word(self):
        return "met" if self.is_met else "missed"

    @property
    def ratio(self):
        return spread(self.figures, 2) if self.aim.against else ""


def judge(aim, by_side):
    """None where a side is missing: it was not measured, and that is another matter."""
    wanted = [aim.side, *aim.against]
    if any(not by_side.get(side) for side in wanted):
        return None
    ours, *theirs = (by_side[side] for side in wanted)
    if not theirs:
        return Verdict(aim, ours)
    best = max if aim.is_least else min
    return Verdict(aim, [one / (best(others) or float("nan"))
                         for one, *others in zip(ours, *theirs)])

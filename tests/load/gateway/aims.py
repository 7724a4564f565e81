"""What is to be reached, and the table that shows whether it is: medians of the rounds, quartiles
in parentheses."""
import statistics
from collections import defaultdict
from dataclasses import dataclass

from table import spread


@dataclass(frozen=True)
class Aim:
    """`figure` makes one number of the three sides' medians, ours first."""
    text: str
    figure: callable
    bound: float
    is_least: bool = False

    def is_met(self, medians):
        figure = self.figure(*medians)
        return figure >= self.bound if self.is_least else figure <= self.bound


def alone(ours, *_):
    return ours


def by_the_least(ours, *others):
    return ours / min(others)


def by_the_most(ours, *others):
    return ours / max(others)


def beyond_haproxy(ours, haproxy, *_):
    return ours - haproxy


NONE = Aim("0", alone, 0)
FAST = Aim("< 100", alone, 100)
UNMOVED = Aim("≤ 1.1", alone, 1.1)

AIMS = {
    ("throughput", "requests a second"): Aim("≥ 1.25 × the better", by_the_most, 1.25, True),
    ("throughput", "99th percentile, µs"): Aim("≤ 0.8 × the better", by_the_least, 0.8),
    ("throughput", "failed"): NONE,
    ("idle", "bytes a connection"): Aim("≤ HAProxy's", beyond_haproxy, 0),
    ("idle", "failed"): NONE,
    ("killed reader", "failed"): NONE,
    ("killed reader", "worst, ms"): Aim("≤ HAProxy's", beyond_haproxy, 0),
    ("killed writers", "failed"): NONE,
    ("killed writers", "doubled"): NONE,
    ("killed writers", "lost"): NONE,
    ("stopped reader", "failed"): NONE,
    ("stopped reader", "99.9th percentile, ms"): FAST,
    ("stopped reader", "noticed after, s"): Aim("≤ 1.0", alone, 1.0),
    ("slow reader", "failed"): NONE,
    ("slow reader", "99.9th percentile, ms"): FAST,
    ("slow reader", "extra load, %"): Aim("≤ 5", alone, 5),
    ("failing upstream", "attempts a request"): Aim("≤ 1.2", alone, 1.2),
    **{(case, "failed"): NONE
       for case in ("hanging writes", "hanging reads", "hanging service", "dead service")},
    **{(case, "99th percentile, of usual"): UNMOVED
       for case in ("hanging writes", "hanging reads", "hanging service", "dead service")},
}


class Table:
    def __init__(self, sides):
        self.sides = sides
        self.numbers = defaultdict(lambda: defaultdict(list))  # (case, what) → side → each round's

    def add(self, case, side, measured):
        for what, number in measured.items():
            self.numbers[case, what][side].append(number)

    def show(self):
        print(f"| case | | {' | '.join(self.sides)} | aim | ratio | |\n|---|---|{'---|' * 6}")
        for (case, what), by_side in self.numbers.items():
            cells = [shown(by_side[side]) for side in self.sides]
            print("|", " | ".join([case, what, *cells, *self._verdict(case, what, by_side)]), "|")

    def _verdict(self, case, what, by_side):
        aim = AIMS.get((case, what))
        medians = [statistics.median(by_side[side]) for side in self.sides if by_side[side]]
        if aim is None or len(medians) < len(self.sides):
            return ["", "", ""]
        ratio = "" if aim.figure in (alone, beyond_haproxy) else f"{aim.figure(*medians):.2f}"
        return [aim.text, ratio, "met" if aim.is_met(medians) else "missed"]


def shown(numbers):
    if not numbers:
        return "–"
    middle = statistics.median(numbers)
    digits = 0 if middle >= 100 or middle == int(middle) else 2
    return f"{middle:,.{digits}f}" if len(numbers) == 1 else spread(numbers, digits)

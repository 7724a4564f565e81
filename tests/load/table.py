"""The numbers of the rounds, and what is shown of them: median, and quartiles in parentheses."""
import statistics
from collections import defaultdict

FORMAT = "{:44}{:>30}{:>30}{:>24}"


class Table:
    """Of two sides, by their names."""

    def __init__(self, sides):
        self.sides = sides
        self.numbers = defaultdict(lambda: defaultdict(list))  # what → side → one of each round

    def add(self, what, side, number):
        self.numbers[what][side].append(number)

    def show(self):
        print(FORMAT.format("", *self.sides, "ratio"))
        for what, by_side in self.numbers.items():
            ours, theirs = (by_side[side] for side in self.sides)
            ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
            print(FORMAT.format(what, spread(ours), spread(theirs), spread(ratios, digits=2)))
        print("ratio: the first by the second, of each round")


def spread(numbers, digits=None):
    if digits is None:
        digits = 0 if min(numbers) >= 100 else 1
    low, middle, high = quartiles(numbers)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def quartiles(numbers):
    if len(numbers) == 1:
        return numbers * 3
    return statistics.quantiles(numbers, n=4, method="inclusive")

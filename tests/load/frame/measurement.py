"""What a comparison yields, and what is to be reached by it."""
from dataclasses import dataclass

OURS = "Mamparo"


@dataclass(frozen=True)
class Measurement:
    """One number of one round."""
    case: str
    what: str
    side: str
    value: float


def measured(case, side, numbers):
    return [Measurement(case, what, side, value) for what, value in numbers.items()]


@dataclass(frozen=True)
class Aim:
    """`side`'s number of a round, by that of the best of `against` where there are some, is to be
    at least the bound, or at most. The best is the highest where more is better."""
    case: str
    what: str
    bound: float
    is_least: bool
    against: tuple = ()
    side: str = OURS

    @property
    def is_promise(self):
        """None at all is no question of speed: it is kept, or the run fails."""
        return self.bound == 0

    @property
    def text(self):
        if self.is_promise:
            return "none"
        better = {0: "", 1: f" × {self.against[0]}" if self.against else ""}
        return f"{'≥' if self.is_least else '≤'} {self.bound:g}" + better.get(
            len(self.against), " × the better")


def at_least(bound, case, what, *against, side=OURS):
    return Aim(case, what, bound, True, against, side)


def at_most(bound, case, what, *against, side=OURS):
    return Aim(case, what, bound, False, against, side)


def none(case, *whats):
    return [Aim(case, what, 0, False) for what in whats]

"""How much is measured, and in which order."""
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """`rounds` of `seconds` for each measurement; what takes minutes by itself is done
    `long_rounds` times. Short, everything happens once and tiny: it shows that it works."""
    rounds: int
    long_rounds: int
    seconds: int
    entries: int  # of a large table
    minutes: float  # of the orders, and of the soak
    is_short: bool
    charts: Path  # a folder
    began: float
    name: str = ""  # of the comparison

    def pick(self, short, whole):
        return short if self.is_short else whole

    def turns(self, sides=(), is_long=False):
        """The sides, beginning with another one in each round."""
        sides = list(sides)
        rounds = self.long_rounds if is_long else self.rounds
        for number in range(rounds):
            turn = number % max(1, len(sides))
            yield number, sides[turn:] + sides[:turn]
            self.say(f"round {number + 1} of {rounds}")

    @property
    def how(self):
        """What a reader of its results has to know."""
        return (f"rounds: {self.rounds} of {self.seconds} s, {self.long_rounds} of what takes "
                f"minutes; a large table: {self.entries:,} entries; load average when it ended: "
                f"{os.getloadavg()[0]:.0f}")

    def say(self, line):
        passed = time.monotonic() - self.began
        print(f"{passed:6.0f} s  {self.name}: {line}", file=sys.stderr, flush=True)

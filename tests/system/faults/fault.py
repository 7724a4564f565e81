"""What a fault is, and the table of them. The of_… files fill it by being imported."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

MEMBERS = ("prepare", "heal_s", "pause_s", "needs")
table = []


@dataclass
class Fault:
    group: str
    name: str
    run: Callable
    is_short: bool
    options: dict = field(default_factory=dict)  # of the world it happens to
    prepare: Callable = lambda world: None       # before there is any load
    heal_s: int = 60                             # the longest that it may take to heal
    pause_s: float = 0.1                         # of each client, after each command
    needs: Path = Path("/")                      # a file without which it cannot happen

    @property
    def title(self):
        return f"{self.group}: {self.name}"


def fault(group, name, short=False, **more):
    """Puts a function of a world into the table. It returns when the fault is over. What is no
    member of a fault is an option of its world."""
    members = {key: more.pop(key) for key in MEMBERS if key in more}

    def put(run):
        table.append(Fault(group, name, run, short, more, **members))
        return run

    return put

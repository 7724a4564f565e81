"""What a fault is, and the table of them. The of_… files fill it by being imported."""
from dataclasses import dataclass, field
from typing import Callable

table = []


@dataclass
class Fault:
    group: str
    name: str
    run: Callable
    is_short: bool
    options: dict = field(default_factory=dict)  # of the world it happens to

    @property
    def title(self):
        return f"{self.group}: {self.name}"


def fault(group, name, short=False, **options):
    """Puts a function of a world into the table. It returns when the fault is over."""
    def put(run):
        table.append(Fault(group, name, run, short, options))
        return run

    return put

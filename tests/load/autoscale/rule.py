"""How many instances a managed instance group has: the rule that Google documents for scaling by
CPU (https://cloud.google.com/compute/docs/autoscaler/scaling-cpu and …/understanding-autoscaler-decisions).

 - As many as bring the average of the group to the target: the sum of their use by the target,
   rounded up.
 - What an instance uses while it initializes tells nothing, and it is not counted.
 - The group shrinks only to the most that it has needed within the stabilization period."""
import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reading:
    age: float  # of the instance, in seconds
    use: float  # of its CPU, 0 to 1


@dataclass
class Autoscaler:
    least: int = 1
    most: int = 3
    target: float = 0.75
    initialization_s: float = 60
    stabilization_s: float = 600
    needed: list = field(default_factory=list)  # (when, how many), within the stabilization period

    def size(self, now, readings):
        """How many there should be."""
        settled = [one.use for one in readings if one.age >= self.initialization_s]
        if not settled:
            return len(readings)
        wanted = math.ceil(round(sum(settled) / self.target, 6))
        wanted = min(max(wanted, self.least), self.most)
        self.needed = [(when, count) for when, count in self.needed
                       if when > now - self.stabilization_s] + [(now, wanted)]
        lately = max(count for _, count in self.needed)
        return max(wanted, min(lately, len(readings)))

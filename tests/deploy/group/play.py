#!/usr/bin/python3
"""What becomes of a group of gateways on machines of the lab: it grows, heals, is replaced,
shrinks, and serves a thousand users. Run by tests/deploy/autoscale.sh, in the lab's network.

It fails when a request does, but for those that a frozen machine held; when a write that was
acknowledged is not stored, or stored twice; or when the group does not do what it should."""
import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parents[1]
sys.path[1:1] = [str(TESTS / "system"), str(TESTS / "load")]

# pylint: disable=wrong-import-position
import requests  # noqa: E402
from autoscale.chart import draw  # noqa: E402
from autoscale.rule import Autoscaler, Reading  # noqa: E402
from harness.balancer import Balancer  # noqa: E402
from harness.process import Ports, end_all, last_words, wait_until  # noqa: E402
from load import LIGHT, SATURATING, Load  # noqa: E402
from machine import Machine  # noqa: E402
from manager import SCALE, TICK_S, Group  # noqa: E402
from users import Users  # noqa: E402

SURGE = 3
NOTICED_S = 4  # after which the balancer has seen that a machine is frozen
CALM_S = 10  # at one load, before the next thing happens
BOOT_S = 60  # a first boot takes less, however busy this machine is
HASTY_S, SLOW = 1, 0.05  # what a boot with so much of a CPU never takes
TWICE = 2


@dataclass
class Sample:
    at: float
    serving: int
    use: float


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--share", type=float, default=0.06, help="of a CPU, for each (0.06)")
    parser.add_argument("--chart", type=Path, default=HERE.parent / "autoscale.svg",
                        help="where it is drawn (tests/deploy/autoscale.svg)")
    return parser.parse_args()


def main():
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="mamparo-") as folder:
        try:
            Scene(given, Path(folder)).play()
        except AssertionError:
            print(last_words(), file=sys.stderr)
            raise
        finally:
            end_all(Path(folder))


class Scene:
    def __init__(self, given, folder):
        self.given, self.folder, self.ports = given, folder, Ports()
        self.rule = Autoscaler(initialization_s=60 / SCALE, stabilization_s=600 / SCALE)
        self.group = Group([Machine(11 + n, given.share) for n in range(self.rule.most + SURGE)],
                           BOOT_S)
        self.balancer = Balancer("balancer", folder, self.ports, self.group.machines, fall=3)
        began = time.monotonic()
        self.clock = lambda: time.monotonic() - began
        self.frozen = (0.0, 0.0)
        self.load, self.samples, self.marks, self.boots = None, [], [], {}

    def play(self):
        self.one_serves()
        self.a_saturating_load_makes_three()
        self.a_frozen_one_is_recreated()
        self.all_are_replaced()
        self.a_light_load_leaves_one()
        self.a_thousand_users_are_served()
        self.load.end()
        self.nothing_is_lost_nor_stored_twice()
        self.a_delay_shorter_than_the_boot_recreates_for_ever()
        self.show()

    def one_serves(self):
        self.group.resize(1)
        self.until(lambda: self.group.serving, "the first to serve")
        self.balancer.start()
        wait_until(self.is_balanced, 10, "the balancer to find it")
        self.load = Load(self.folder, self.balancer.port, self.clock)
        self.load.start()
        self.rest(CALM_S)

    def a_saturating_load_makes_three(self):
        self.mark("saturated")
        self.load.how = SATURATING
        self.until(lambda: len(self.group.serving) == self.rule.most, "three to serve")
        self.rest(CALM_S)

    def a_frozen_one_is_recreated(self):
        self.mark("one frozen")
        self.group.serving[0].freeze()
        self.frozen = (self.clock(), self.clock() + NOTICED_S)
        self.until(lambda: self.group.recreated, "healing")
        self.mark("recreated")
        self.until(lambda: len(self.group.serving) == self.rule.most, "another in its place")
        self.rest(CALM_S)

    def all_are_replaced(self):
        self.mark("replaced")
        before = self.group.members
        self.group.replace()
        self.until(lambda: not any(one.is_present for one in before), "the old to go")
        self.rest(CALM_S)

    def a_light_load_leaves_one(self):
        self.mark("light")
        self.load.how = LIGHT
        self.until(lambda: len(self.group.serving) == self.rule.least, "one to be left")

    def a_thousand_users_are_served(self):
        self.mark("1,000 users")
        users = Users(self.folder, self.balancer.port).start()
        self.until(lambda: not users.is_running(), "JMeter to end")
        answers = users.answers()
        times = [took for took, _ in answers]
        failed = sum(not is_well for _, is_well in answers)
        print(f"a thousand users: {len(answers):,} requests, {failed} failed, mean "
              f"{statistics.mean(times):.1f} ms, longest {max(times):,} ms", flush=True)
        assert (len(answers), failed) == (4000, 0), users.log()

    def nothing_is_lost_nor_stored_twice(self):
        titles = set(self.load.acknowledged)
        wait_until(lambda: titles <= set(self.load.stored()), 20, "what was acknowledged")
        stored = Counter(self.load.stored())
        print(f"{len(titles):,} writes acknowledged, and each is stored")
        assert all(stored[title] == 1 for title in titles)

    def a_delay_shorter_than_the_boot_recreates_for_ever(self):
        hasty = Group([Machine(20 + n, SLOW, burst=SLOW) for n in range(SURGE)], HASTY_S)
        hasty.resize(1)
        self.group = hasty
        self.until(lambda: hasty.recreated > TWICE or hasty.serving, "healing without patience")
        print(f"healing that waits {HASTY_S} s: recreated {hasty.recreated} times, never served")
        assert not hasty.serving

    def is_balanced(self):
        url = f"http://127.0.0.1:{self.balancer.port}/bulkhead/services/"
        return requests.get(url, timeout=5).ok

    def until(self, condition, what, seconds=300):
        deadline = self.clock() + seconds
        while not condition():
            assert self.clock() < deadline, f"waited {seconds} s in vain for {what}"
            self.tick()

    def rest(self, seconds):
        end = self.clock() + seconds
        self.until(lambda: self.clock() > end, "time to pass")

    def tick(self):
        time.sleep(TICK_S)
        self.group.look()
        now = self.clock()
        for machine in self.group.serving:
            self.boots.setdefault(machine.ready, machine.ready - machine.began)
        answering = [one for one in self.group.serving if not one.fails]
        if answering:
            use = statistics.mean(one.use() for one in answering)
            self.samples.append(Sample(now, len(answering), use))
        self.group.resize(self.rule.size(now, [Reading(one.service, one.use())
                                               for one in self.group.present]))

    def mark(self, what):
        self.marks.append((self.clock(), what))
        print(f"{self.clock():6.1f} s  {what}; till now {len(self.group.serving)} serve, their CPU "
              f"at {self.samples[-1].use:.0%}, {self.load.slices[-1].tally.rate:,.0f} reads a "
              "second", flush=True)

    def show(self):
        slices, sizes = self.load.slices, [one.serving for one in self.samples]
        held = [one for one in slices if one.began < self.frozen[1] and one.end > self.frozen[0]]
        others = [one for one in slices if one not in held]
        failed = sum(one.failed for one in others)
        for one in others:
            if one.failed:
                print(f"{one.end:6.1f} s  {one.tally.statuses} read, {one.writes.statuses} written")
        print(f"{sum(one.requests for one in slices):,} requests, {failed} failed, and "
              f"{sum(one.failed for one in held)} that the frozen one held; longest "
              f"{max(one.longest_ms for one in others):,.0f} ms; {sizes[0]} → {self.rule.most} → "
              f"{sizes[-1]} instances, {max(sizes)} while they were replaced; from power to "
              f"serving {statistics.median(self.boots.values()):.1f} s, "
              f"{min(self.boots.values()):.1f} to {max(self.boots.values()):.1f}")
        draw(self.given.chart, slices, self.samples, self.rule.target, self.marks)
        print(f"drawn: {self.given.chart}")
        assert failed == 0


if __name__ == "__main__":
    main()

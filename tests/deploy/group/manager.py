"""A managed instance group: how many machines it has, which are replaced and which recreated, by
the rules that terraform/modules/group sets. Its time runs faster than Google's, SCALE times, but
for booting, which takes as long as it takes."""
from machine import State

SCALE = 20
TICK_S = 10 / SCALE  # the interval of its health check
UNHEALTHY = 6  # checks that fail in a row


class Group:
    def __init__(self, machines, initial_delay_s):
        self.machines, self.initial_delay_s = machines, initial_delay_s
        self.retiring = []  # until those that replace them serve
        self.recreated = 0

    @property
    def present(self):
        return [one for one in self.machines if one.is_present]

    @property
    def members(self):
        return [one for one in self.present if one not in self.retiring]

    @property
    def serving(self):
        return [one for one in self.machines if one.is_serving]

    def resize(self, size):
        """The youngest go first."""
        members = sorted(self.members, key=lambda one: one.began)
        free = [one for one in self.machines if one.state is State.ABSENT]
        for machine in free[:max(size - len(members), 0)]:
            machine.start()
        for machine in members[size:]:
            machine.leave()

    def replace(self):
        """All, without one less meanwhile: as many new ones first."""
        self.retiring = self.members
        self.resize(len(self.retiring))

    def look(self):
        for machine in self.machines:
            machine.look()
        for machine in self.present:
            if machine.fails >= UNHEALTHY and machine.age > self.initial_delay_s:
                self.recreated += 1
                machine.kill()
                self.resize(len(self.members) + 1)
        members = self.members
        if len(members) >= len(self.retiring) and all(one.is_serving for one in members):
            for machine in self.retiring:
                machine.leave()
            self.retiring = []

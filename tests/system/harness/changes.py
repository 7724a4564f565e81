"""Clients that create, change and delete, for whoever needs events in great numbers."""
import random
from functools import partial

from .connection import Connection
from .load import ENTRIES, PAUSE_S, Clients
from .process import wait_until

AT_ONCE, MOST_OWNED = 20, 200


class ChangesLoad(Clients):
    """While in its block: each client has records of its own, and posts batches of which one half
    creates and the other half patches; and deletes a record now and then. To the write server
    itself, which must stay up."""

    def __init__(self, cluster, seed, clients=3):
        super().__init__()
        self.server = cluster.write
        self.events = [0] * clients  # each client's own count: every acknowledged change is one
        self.jobs = [partial(self._change, number, random.Random(seed + number))
                     for number in range(clients)]

    def await_events(self, more, seconds=60):
        target = sum(self.events) + more
        wait_until(lambda: sum(self.events) >= target, seconds, f"{more} more events")

    def _change(self, number, chance):
        connection, owned, turn = Connection(self.server), [], 0
        while not self.stopping.wait(PAUSE_S):
            turn += 1
            members = [{"title": f"{number}-{turn}-{n}"} for n in range(AT_ONCE // 2)]
            members += [{"id": identifier, "content": f"cambio {turn} \\ \"ñ\""}
                        for identifier in chance.sample(owned, min(len(owned), AT_ONCE // 2))]
            answer = connection.ask("POST", f"{ENTRIES}/batch", members)
            outcomes = answer.json()["outcomes"]
            assert {outcome["status"] for outcome in outcomes} <= {200, 201}, outcomes
            self.events[number] += len(outcomes)
            owned += [outcome["id"] for outcome in outcomes if outcome["status"] == 201]
            del owned[:-MOST_OWNED]
            if turn % 3 == 0:
                gone = owned.pop(chance.randrange(len(owned)))
                assert connection.ask("DELETE", f"{ENTRIES}/{gone}").status == 204
                self.events[number] += 1

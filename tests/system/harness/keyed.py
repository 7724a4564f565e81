"""Clients that give every command a key, and repeat it until the key has an outcome."""
from collections import Counter
from functools import partial
from itertools import count, cycle

from .connection import Connection
from .load import ENTRIES, PAUSE_S, Clients
from .process import wait_until

DOUBT_EVERY = 4


class KeyedLoad(Clients):
    """While in its block: each client posts one new entry after another, each under a key of its
    own, which is its title too. It knocks at both doors in turn, the gateway's and the write
    server's, until one of them says what became of it. Of every fourth key it asks that once more,
    though it knows."""

    def __init__(self, cluster, clients=64):
        super().__init__()
        self.cluster = cluster
        self.outcomes = {}       # key → body of its first 201
        self.unanswered = set()  # keys that had none when the load ended
        self.surprises = []      # what nobody should ever hear
        self.tries = Counter()   # how often each ending came
        self.jobs = [partial(self._create, number) for number in range(clients)]

    def await_outcomes(self, more, seconds=60):
        target = len(self.outcomes) + more
        wait_until(lambda: len(self.outcomes) >= target, seconds,
                   f"{more} more keys to be answered; so far {dict(self.tries)}")

    def await_tries(self, more, seconds=60):
        target = self.tries.total() + more
        wait_until(lambda: self.tries.total() >= target, seconds, f"{more} more requests")

    def has_outcome(self, connection, key):
        """Asks once. Whatever is neither an outcome nor a request to come again is a surprise."""
        answer = connection.ask("POST", ENTRIES, {"title": key}, {"Idempotency-Key": key})
        self.tries["broken" if answer is None else answer.status] += 1
        if answer is None or answer.status in (503, 504) or is_in_progress(answer):
            return False
        if answer.status != 201 or self.outcomes.setdefault(key, answer.body) != answer.body:
            self.surprises.append((key, answer.status, answer.body))
        return True

    def _create(self, number):
        doors = cycle([Connection(self.cluster.bulkhead), Connection(self.cluster.write)])
        for turn in count():
            key = f"{number}-{turn}"
            for _ in range(2 if turn % DOUBT_EVERY == 0 else 1):
                if not self._insist(doors, key):
                    return

    def _insist(self, doors, key):
        """False when the load ended over it."""
        while not self.stopping.wait(PAUSE_S):
            if self.has_outcome(next(doors), key):
                return True
        if key not in self.outcomes:
            self.unanswered.add(key)
        return False


def is_in_progress(answer):
    return answer.status == 409 and answer.json()["reason"] == "in_progress"

"""Clients with mixed commands on the same records, and what they were promised.

Each command has a word of its own. It is the Idempotency-Key, the X-Actor, by which its event is
known afterwards, and what is written, by which the row is. A client that gets no outcome repeats
the command under its key a few times, and then leaves it: it may or may not have happened."""
import random
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import count

import psycopg
from harness.connection import Connection
from harness.load import ENTRIES, Clients
from harness.process import wait_until

TRIES = 4
AGAIN_S = 0.2
KINDS = ["PATCH"] * 6 + ["PUT"] * 2 + ["DELETE"]
FIRST = "first"  # whoever made the records that were there
LATEST = "SELECT id::text, version FROM medical.entries WHERE id = ANY(%s::uuid[])"


@dataclass
class Promise:
    record: str
    version: int  # 0: the answer did not say
    asked: float
    answered: float


class Traffic(Clients):
    def __init__(self, world, pause_s, clients, records):
        super().__init__()
        self.world, self.pause_s = world, pause_s
        self.promises = {}         # word → what was promised
        self.issued = set()        # words
        self.refused = Counter()   # status → how often a request had no outcome
        self.settled = Counter()   # status → how often the outcome was no
        self.surprises = []        # what nobody should ever hear
        self.records = self._first(records)
        self.latest = {}           # record → its highest acknowledged version
        self.jobs = [*(partial(self._write, number) for number in range(clients)),
                     *(partial(self._read, read) for read in world.cluster.reads)]

    def _first(self, records):
        answer = self.world.cluster.bulkhead.post(
            f"{ENTRIES}/batch", [{"title": f"Ficha {n}"} for n in range(records)],
            headers={"X-Actor": FIRST})
        assert answer.status_code == 200, answer.text
        return [outcome["id"] for outcome in answer.json()["outcomes"]]

    @property
    def acknowledged(self):
        return len(self.promises)

    def await_progress(self, more=200, seconds=60):
        target = self.acknowledged + more
        wait_until(lambda: self.acknowledged >= target, seconds,
                   f"{more} more acknowledged writes; refused so far: {dict(self.refused)}")

    def _write(self, number):
        connection = Connection(self.world.cluster.bulkhead)
        for turn in count():
            if self.stopping.wait(self.pause_s * random.uniform(0.5, 1.5)):
                return
            self._command(connection, f"{number}-{turn}", random.randrange(len(self.records)))

    def _command(self, connection, word, slot):
        record = self.records[slot]
        method = random.choice(KINDS) if record else "POST"
        path = f"{ENTRIES}/{record}" if record else ENTRIES
        body = None if method == "DELETE" else {"title": "Ficha", "content": word}
        self.issued.add(word)
        asked = time.monotonic()
        for _ in range(TRIES):
            answer = connection.ask(method, path, body, {"Idempotency-Key": word, "X-Actor": word})
            if not self._is_refusal(answer):
                self._take(answer, word, slot, record, asked)
                return
            if self.stopping.wait(AGAIN_S):
                return

    def _is_refusal(self, answer):
        if answer is None:
            self.refused["broken"] += 1
            return True
        is_running = answer.status == 409 and answer.json()["reason"] == "in_progress"
        if answer.status in (503, 504) or is_running:
            self.refused[answer.status] += 1
            return True
        return False

    def _take(self, answer, word, slot, record, asked):
        if answer.status in (404, 409, 410, 412):
            self.settled[answer.status] += 1
        elif answer.status not in (200, 201, 204):
            self.surprises.append((word, answer.status, answer.body[:200]))
            return
        else:
            version = int((answer.headers["ETag"] or '"0"').strip('"'))
            stored = record or answer.json()["id"]
            self.promises[word] = Promise(stored, version, asked, time.monotonic())
            self.latest[stored] = max(self.latest.get(stored, 0), version)
        if answer.status == 201:
            self.records[slot] = stored
        elif answer.status != 200 and self.records[slot] == record:
            self.records[slot] = None

    def _read(self, server):
        """At a replica no record ever goes back."""
        connection, seen = Connection(server), {}
        while not self.stopping.wait(self.pause_s):
            record = random.choice(self.records)
            answer = connection.ask("GET", f"{ENTRIES}/{record}") if record else None
            if answer is not None and answer.status == 200:
                version = answer.json()["version"]
                if version < seen.get(record, 0):
                    self.surprises.append((server.name, record, seen[record], version))
                seen[record] = version

    def await_healed(self, seconds):
        """Everything that was acknowledged up to now is at every replica, all servers are ready and
        the next writes get through. Returns how long that took."""
        began, promised = time.monotonic(), dict(self.latest)
        for database in self.world.read_databases:
            latest = dict(promised)
            wait_until(lambda: has_all(database, latest), seconds,
                       f"all that was acknowledged to be in {database.name}")
        for server in self.world.servers:
            wait_until(server.is_ready, seconds, f"{server.name} to be ready")
        self.await_progress(20, seconds)
        return time.monotonic() - began


def has_all(database, latest):
    """Asked for what lags only, the fewer the nearer."""
    try:
        stored = dict(database.query(LATEST, list(latest)))
    except psycopg.Error:
        return False
    for record in [r for r, version in latest.items() if stored.get(r, 0) >= version]:
        del latest[record]
    return not latest

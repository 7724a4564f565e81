"""Requests through the balancer all the while: one record is read, lightly or by as many clients as
saturate the group; and new records are written beside. It is counted in slices."""
import os
import threading
from dataclasses import dataclass

import requests
from frame.tools import Ask, Client, creation
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"
SLICE_S = 2
LIGHT = {"rate": 30, "connections": 8}
SATURATING = {"connections": 48}  # the next request once the one before is answered
WRITES = {"rate": 10, "connections": 8}
TIMEOUT_MS = 5000


@dataclass
class Slice:
    began: float
    end: float
    offered: float  # None: as many as are answered
    tally: object  # of the reads
    writes: object

    @property
    def failed(self):
        return self.tally.failed + self.writes.failed

    @property
    def requests(self):
        return self.tally.requests + self.writes.requests

    @property
    def longest_ms(self):
        return max(self.tally.max_us, self.writes.max_us) / 1000


class Load(threading.Thread):
    """`clock`: the seconds since it all began."""

    def __init__(self, folder, port, clock):
        super().__init__(daemon=True)
        self.port, self.clock = port, clock
        self.numbers, self.acknowledged = folder / "numbers", []
        self.url = f"http://127.0.0.1:{port}{ENTRIES}"
        record = requests.post(self.url, json={"title": "Uno"}, timeout=5).json()["id"]
        wait_until(lambda: requests.get(f"{self.url}/{record}", timeout=5).ok, 20, "the replica")
        self.read, self.how = Ask(f"{ENTRIES}/{record}"), LIGHT
        self.slices, self.is_over = [], threading.Event()

    def run(self):
        while not self.is_over.is_set():
            how, began, title = self.how, self.clock(), f"{os.getpid()}-{len(self.slices)}-"
            clients = [self._client(self.read, **how),
                       self._client(creation(f"{title}#"), acknowledged=self.numbers, **WRITES)]
            tallies = [client.tally() for client in clients]
            for client in clients:
                client.end()
            self.slices.append(Slice(began, self.clock(), how.get("rate"), *tallies))
            self.acknowledged += [title + number for number in self.numbers.read_text().split()]

    def _client(self, ask, **how):
        return Client(self.port, ask, SLICE_S, timeout_ms=TIMEOUT_MS, **how)

    def end(self):
        assert self.is_alive()
        self.is_over.set()
        self.join()

    def stored(self):
        """The titles, each as often as there is one."""
        titles, cursor = [], ""
        while cursor is not None:
            listed = requests.get(f"{self.url}?page_size=100{cursor}", timeout=5).json()
            titles += [record["title"] for record in listed["data"]]
            following = listed["pagination"]["next_cursor"]
            cursor = following and f"&cursor={following}"
        return titles

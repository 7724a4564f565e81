"""Somebody who reads along in a stream, as a replica does, and remembers."""
import threading
import time

from .events import Stream, position_of
from .process import wait_until


# A replica that Redis forgets is waited for all the same; not so one that has everything to come.
BEYOND = f"{2**63 - 1}-0"


class Witness:
    """While in its block it reads along from where the stream is, and reports what it has seen, so
    that nothing is trimmed before. It asks Redis itself, whatever stands between."""

    def __init__(self, cluster, service="medical"):
        self.cluster, self.stream = cluster, Stream(cluster, service)
        self.service = service
        self.redis = cluster.redis.client
        self.replicas = self.stream.key.replace(":events", ":replicas")
        self.epoch = self.redis.get(self.stream.key.replace(":events", ":epoch")).decode()
        self.seen, self.subjects = [], set()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        wait_until(self._is_even, 10, "every event to be published before the witness looks")
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        self._report(BEYOND)

    def _is_even(self):
        """The stream's top, when it has the last of the events; those there are then known."""
        self.before = self._stored()
        self.top = self.redis.xinfo_stream(self.stream.key)["last-generated-id"].decode()
        self._report(self.top)
        last = self.redis.xrevrange(self.stream.key, count=1)
        return not self.before or (last and last[0][1][b"id"].decode() in self.before)

    def _read(self):
        last = self.top
        while not self.stopping.is_set():
            for _, entries in self.redis.xread({self.stream.key: last}, count=500, block=100):
                for position, fields in entries:
                    last = position.decode()
                    self.seen.append(self.stream.event(last, fields))
                    self.subjects.add(self.seen[-1].subject)
            self._report(last)

    def _report(self, position):
        self.redis.hset(self.replicas, "witness",
                        f"{position} {self.epoch} {time.time_ns() // 1000000}")

    def saw(self, record):
        return record["id"] in self.subjects

    def check(self, seconds=10):
        """Everything that was committed meanwhile was published: once, in order, none skipped."""
        wait_until(lambda: len(self.seen) >= len(self._stored() - self.before), seconds,
                   "the witness to see every event")
        seen, place, versions = list(self.seen), position_of(self.top), {}
        for event in seen:
            assert position_of(event.fields["prev"]) == place < event.position
            assert event.version == versions.get(event.subject, event.version - 1) + 1
            place, versions[event.subject] = event.position, event.version
        assert sorted(event.fields["id"] for event in seen) == sorted(self._stored() - self.before)

    def _stored(self):
        return {identifier for [identifier] in self.cluster.written(
            "SELECT id::text FROM mamparo.events WHERE service = %s", self.service)}

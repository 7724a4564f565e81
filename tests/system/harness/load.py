"""Clients that write without pause, what they were promised, and whether it was kept."""
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import requests

from .process import wait_until

ENTRIES = "/v1/medical/entries"
PAUSE_S = 0.005


class Clients:
    """Each has a job and a thread, while in the block. Its jobs end when `stopping` is set."""

    def __init__(self):
        self.stopping = threading.Event()
        self.jobs = []

    def __enter__(self):
        self.pool = ThreadPoolExecutor(len(self.jobs))
        self.running = [self.pool.submit(job) for job in self.jobs]
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for job in self.running:
            job.result()  # raises what the client did
        self.pool.shutdown()


class Load(Clients):
    """While in its block: creators post new entries, updaters patch one entry each, readers read.
    None ever repeats a request: what was not acknowledged may or may not have happened."""

    def __init__(self, cluster, creators=4, updaters=2, readers=1):
        super().__init__()
        self.cluster = cluster
        self.created = {}                   # id → title, of every 201
        self.updated = defaultdict(dict)    # id → {version: content}, of every 200
        self.writes, self.reads = Counter(), Counter()  # how often each status came
        owned = [cluster.create(title=f"propia {n}") for n in range(updaters)]
        self.created.update({record["id"]: record["title"] for record in owned})
        self.jobs = [
            *(partial(self._create, number) for number in range(creators)),
            *(partial(self._update, record["id"]) for record in owned),
            *([self._read] * readers)]

    @property
    def acknowledged(self):
        return len(self.created) + sum(map(len, self.updated.values()))

    @property
    def refused(self):
        return sum(count for status, count in self.writes.items() if status not in (200, 201))

    def await_progress(self, more=100, seconds=20):
        target = self.acknowledged + more
        wait_until(lambda: self.acknowledged >= target, seconds,
                   f"{more} more acknowledged writes; so far {dict(self.writes)}")

    def await_refusal(self, seconds=20):
        before = self.refused
        wait_until(lambda: self.refused > before, seconds, "a write to be refused")

    def _create(self, number):
        for title in self._names(f"creada {number}"):
            answer = self._ask(self.writes, "POST", ENTRIES, {"title": title})
            if answer is not None and answer.status_code == 201:
                self.created[answer.json()["id"]] = title

    def _update(self, identifier):
        for content in self._names("cambio"):
            path = f"{ENTRIES}/{identifier}"
            answer = self._ask(self.writes, "PATCH", path, {"content": content})
            if answer is not None and answer.status_code == 200:
                self.updated[identifier][answer.json()["version"]] = content

    def _read(self):
        for _ in self._names("lectura"):
            self._ask(self.reads, "GET", f"{ENTRIES}?page_size=5")

    def _names(self, stem):
        number = 0
        while not self.stopping.wait(PAUSE_S):
            number += 1
            yield f"{stem} {number}"

    def _ask(self, counter, method, path, body=None):
        """A connection for each request: none stays with a gateway that was killed."""
        url = f"http://{self.cluster.bulkhead.address}{path}"
        try:
            answer = requests.request(method, url, json=body, timeout=15)
        except requests.ConnectionError:
            counter["broken"] += 1
            return None
        counter[answer.status_code] += 1
        return answer


def check_promises(load, stream):
    """What was acknowledged is stored once, with an event for each version, and is everywhere."""
    cluster = load.cluster
    everything_is_everywhere(cluster)
    records = {record["id"]: record for record in all_records(cluster.reads[0])}
    titles = Counter(record["title"] for record in records.values())
    assert [title for title, times in titles.items() if times > 1] == []
    assert load.created.items() <= {i: r["title"] for i, r in records.items()}.items()
    history = history_of(cluster, stream)
    assert {i: len(history[i]) for i in records} == {
        i: record["version"] for i, record in records.items()}
    for identifier, promised in load.updated.items():
        for version, content in promised.items():
            assert history[identifier][version] == content


def everything_is_everywhere(cluster, seconds=20):
    """Every replica serves the records of the write database, each in its last version."""
    def written():
        return sorted(cluster.written(
            "SELECT id::text, version FROM medical.entries WHERE NOT deleted"))

    for read in cluster.reads:
        wait_until(lambda: sorted((r["id"], r["version"]) for r in all_records(read)) == written(),
                   seconds, f"{read.name} to serve all that was written")


def all_records(read):
    """Every record that a read server serves, page by page."""
    records, page, pages = [], 1, 1
    while page <= pages:
        answer = read.get(f"{ENTRIES}?page={page}&page_size=100")
        if answer.status_code != 200:
            return []
        records += answer.json()["data"]
        pages = answer.json()["pagination"]["total_pages"]
        page += 1
    return records


def history_of(cluster, stream):
    """id → {version: content}, from the events; each version is there, and once."""
    history = defaultdict(dict)
    for subject, version, raw in cluster.written(
            "SELECT subject::text, version, data FROM mamparo.events ORDER BY version"):
        assert version == len(history[subject]) + 1, f"{subject} has a gap or a double at {version}"
        data = stream.decoded(raw)
        assert data["version"] == version
        history[subject][version] = data["after"] and data["after"]["content"]
    return history

"""When what was acknowledged had got to every replica.

Each replica's database says itself when it committed a row (track_commit_timestamp), and the client
when the request was due: so nothing watches, and every single write counts."""
import time
from collections import Counter
from dataclasses import dataclass

from harness.process import wait_until

COUNT = "SELECT count(*) FROM medical.entries WHERE NOT deleted AND title LIKE %s"
APPLIED = """SELECT title, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8
    FROM medical.entries WHERE NOT deleted AND title LIKE %s"""
WRITTEN = """SELECT body::json->>'title' FROM medical.entries
    WHERE NOT deleted AND body::json->>'title' LIKE %s"""


@dataclass
class Arrival:
    """`lags`: for each acknowledged one, seconds from when it was due until the last replica had
    it, in the order of their numbers."""
    lags: list
    due: list  # likewise, by time.monotonic()
    lost: int
    doubled: int

    def quantile(self, share):
        ordered = sorted(self.lags)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    def share_within(self, seconds):
        return sum(lag <= seconds for lag in self.lags) / len(self.lags)


def arrival_of(cluster, tag, file, seconds=120):
    """Titles are `<tag> <number>`; the file is what the client acknowledged."""
    pattern = f"{tag} %"
    stored = Counter(title for [title] in cluster.written(WRITTEN, pattern))
    for number in range(1, len(cluster.reads) + 1):
        wait_until(lambda: replica(cluster, number, COUNT, pattern) == [(len(stored),)], seconds,
                   f"replica {number} to have {len(stored)} of {tag}")
    applied = [dict(replica(cluster, number, APPLIED, pattern))
               for number in range(1, len(cluster.reads) + 1)]
    wall = time.time() - time.monotonic()
    told = [line.split() for line in file.read_text("ascii").splitlines()]
    due = {f"{tag} {number}": int(at) / 1e6 for number, at, _ in told}
    there = [title for title in due if all(title in one for one in applied)]
    return Arrival([max(one[title] for one in applied) - due[title] - wall for title in there],
                   [due[title] for title in there], len(due) - len(there),
                   stored.total() - len(stored))


def replica(cluster, number, statement, *parameters):
    return cluster.site.postgres.query(f"{cluster.name}_read_{number}", statement, *parameters)

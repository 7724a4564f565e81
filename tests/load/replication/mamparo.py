"""Our side: the backlog is written while nothing publishes.

Held, the write server that leads the relay is stopped, and its replicas wait for the stream. What
is written then goes through a write server whose Redis is nowhere: it accepts commands, and never
gets as far as the slot."""
from concurrent.futures import ThreadPoolExecutor

from harness.connection import Connection
from harness.load import ENTRIES
from harness.process import wait_until

from .side import CONTENT, REPLICAS, Side

CLIENTS = 4


class Mamparo(Side):
    def __init__(self, site):
        self.cluster = site.new_cluster(reads=REPLICAS).start()
        name = self.cluster.name
        super().__init__("Mamparo", site.postgres, self.cluster.write_database,
                         [f"{name}_read_{number + 1}" for number in range(REPLICAS)])
        self.cluster.bulkhead.stop()
        self.aside = self.cluster.new_write("aside")
        self.aside.settings["REDIS_URL"] = "redis://127.0.0.1:1/0"
        self.prepare_watching()
        self.hold()

    def release(self):
        self.cluster.write.start()

    def hold(self):
        self.cluster.write.stop()

    def writer(self):
        self.cluster.write.await_ready()
        return writer_to(self.cluster.write)

    def write_backlog(self, tag, events, at_once):
        """The first and the last of it are transactions of their own."""
        self.aside.start()
        write = writer_to(self.aside)
        wait_until(lambda: accepts(self.aside), 10, "the write server without Redis to accept")
        write(f"{tag} first")
        blocks = [range(at, min(at + at_once, events - 1)) for at in range(1, events - 1, at_once)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            for one in [pool.submit(write_blocks, self.aside, tag, blocks[number::CLIENTS])
                        for number in range(CLIENTS)]:
                one.result()
        write(f"{tag} last")
        self.aside.stop()


def accepts(server):
    return server.is_live() and server.post(ENTRIES, {}).status_code == 422


def write_blocks(server, tag, blocks):
    connection = Connection(server)
    for numbers in blocks:
        records = [entry(f"{tag} {number}") for number in numbers]
        path, body = (ENTRIES, records[0]) if len(records) == 1 else (f"{ENTRIES}/batch", records)
        answer = connection.ask("POST", path, body)
        assert answer.status in (200, 201), answer.body


def writer_to(server):
    connection = Connection(server)

    def write(title):
        answer = connection.ask("POST", ENTRIES, entry(title))
        assert answer and answer.status == 201, answer

    return write


def entry(title):
    return {"title": title, "content": CONTENT}

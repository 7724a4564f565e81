"""A server behind the gateway that is not ours: it answers when the test lets it."""
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class HeldServer:
    """While in its block it takes every request, and answers 200 at its own pace; those of a service
    that is held wait until it is let go. A request that asks for it with `?q=break` has its connection
    closed instead."""

    def __init__(self, port):
        self.address = f"127.0.0.1:{port}"
        self.changed = threading.Condition()
        self.held = set()
        self.tickets = 0  # for those that are let go one by one
        self.inside, self.most = Counter(), Counter()
        self.seen = []  # the targets, in the order they came
        self.pace_s = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler_of(self))
        self.server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_):
        self.let_go(*list(self.held))
        self.server.shutdown()
        self.server.server_close()

    def hold(self, *services):
        with self.changed:
            self.held.update(services)

    def let_go(self, *services):
        with self.changed:
            self.held.difference_update(services)
            self.changed.notify_all()

    def let_one_go(self):
        with self.changed:
            self.tickets += 1
            self.changed.notify_all()

    def pass_through(self, target):
        """Takes as long as the test wants it to."""
        service = target.split("/")[2]
        with self.changed:
            self.seen.append(target)
            self.inside[service] += 1
            self.most[service] = max(self.most[service], self.inside[service])
            self.changed.wait_for(lambda: service not in self.held or self.tickets > 0)
            if service in self.held:
                self.tickets -= 1
        time.sleep(self.pace_s)
        with self.changed:
            self.inside[service] -= 1


def handler_of(owner):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path != "/ping":  # a check of the gateway's
                owner.pass_through(self.path)
            if self.path.endswith("q=break"):
                self.close_connection = True
                return
            body = b'{"data":[]}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def handle(self):
            try:
                super().handle()
            except ConnectionError:
                pass  # the gateway hung up

        def log_message(self, *_):
            pass

    return Handler

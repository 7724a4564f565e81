"""HTTP as bytes, for what no client library would send."""
import socket
from dataclasses import dataclass


@dataclass
class Exchange:
    received: bytes
    closed: bool  # by the server, within the time

    @property
    def statuses(self):
        """Of all answers that came, in order: more than one means that something was smuggled."""
        return [int(part[:3]) for part in self.received.split(b"HTTP/1.1 ")[1:]]


def exchange(server, data, seconds=3):
    """Sends these bytes and listens until the server closes, at most so long."""
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                received += part
        except TimeoutError:
            return Exchange(received, closed=False)
        except ConnectionError:
            pass
    return Exchange(received, closed=True)

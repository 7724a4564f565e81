"""Hosts of their own, and a wire between them that can be cut, be slow and lose packets.

Each host is a network namespace with one TUN device; a process of ours carries every packet from
one device to the other. So it needs no netem, which many kernels lack, and a cut is what it is in
the field: packets vanish, nobody is told, and TCP is left to find out. The host of the tests is
the first one, in our own namespace."""
import fcntl
import heapq
import itertools
import multiprocessing
import os
import random
import select
import struct
import subprocess
import time

from harness.process import Host

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
PACKET_MAX = 65536
DESTINATION = slice(16, 20)  # of an IPv4 header
SOURCE = slice(12, 16)
numbers = itertools.count()


def why_not():
    """Empty where wires can be made."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    is_allowed = subprocess.run(["unshare", "--net", "true"], check=False).returncode == 0
    return "" if is_allowed else "network namespaces are not allowed here"


class Wire:
    def __init__(self, names):
        self.made = []
        self.stem = f"mf{os.getpid()}x{next(numbers)}"
        self.net = f"198.{random.choice((18, 19))}.{random.randrange(256)}"  # RFC 2544
        self.devices = {}  # address as bytes → file of the device
        self.hosts = {"here": self._make(1, "")}
        for number, name in enumerate(names, 2):
            self.hosts[name] = self._make(number, f"{self.stem}n{number}")
        orders, self.orders = multiprocessing.Pipe(duplex=False)
        self.carrier = multiprocessing.get_context("fork").Process(
            target=carry, args=(self.devices, orders, self.orders), daemon=True)
        self.carrier.start()
        orders.close()

    def _make(self, number, netns):
        device, address = f"{self.stem[-9:]}d{number}", f"{self.net}.{number}"
        file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI))
        inside = []
        if netns:
            ip("netns", "add", netns)
            self.made.append(netns)
            ip("link", "set", device, "netns", netns)
            inside = ["-n", netns]
            ip(*inside, "link", "set", "lo", "up")
        ip(*inside, "address", "add", f"{address}/24", "dev", device)
        ip(*inside, "link", "set", device, "up")
        self.devices[as_bytes(address)] = file
        return Host(address, netns)

    def cut(self, one, other):
        pair = {as_bytes(self.hosts[name].address) for name in (one, other)}
        self.orders.send({"cut": pair})

    def slow(self, seconds):
        self.orders.send({"delay": seconds})

    def lose(self, share):
        self.orders.send({"loss": share})

    def mend(self):
        self.orders.send({"cut": None, "delay": 0, "loss": 0})

    def close(self):
        self.carrier.kill()
        self.carrier.join()
        for file in self.devices.values():
            os.close(file)
        for netns in self.made:
            ip("netns", "delete", netns)


def as_bytes(address):
    return bytes(map(int, address.split(".")))


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


def carry(devices, orders, theirs):
    """Each packet to the device of its destination, unless the faults say otherwise. It ends with
    whoever gives the orders."""
    theirs.close()
    state = {"cut": None, "delay": 0, "loss": 0}
    late, numbered = [], itertools.count()  # (when, number, device, packet)
    poll = select.epoll()
    for file in [*devices.values(), orders.fileno()]:
        poll.register(file, select.EPOLLIN)
    while True:
        wait = max(0, late[0][0] - time.monotonic()) if late else -1
        ready = [file for file, _ in poll.poll(wait)]
        if orders.fileno() in ready:
            try:
                state.update(orders.recv())
            except EOFError:
                return
            ready.remove(orders.fileno())
        for packet in itertools.chain.from_iterable(map(packets_of, ready)):
            target = devices.get(packet[DESTINATION])
            if target is not None and not is_lost(packet, state):
                when = time.monotonic() + state["delay"]
                heapq.heappush(late, (when, next(numbered), target, packet))
        while late and late[0][0] <= time.monotonic():
            put(*heapq.heappop(late)[2:])


def packets_of(file):
    for _ in range(64):
        try:
            packet = os.read(file, PACKET_MAX)
        except BlockingIOError:
            return
        yield packet


def is_lost(packet, state):
    if state["cut"] is not None and {packet[SOURCE], packet[DESTINATION]} == state["cut"]:
        return True
    return state["loss"] > 0 and random.random() < state["loss"]


def put(file, packet):
    try:
        os.write(file, packet)
    except OSError:
        pass  # a wire's buffers are finite too

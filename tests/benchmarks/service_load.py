"""Callers of an invoke endpoint, as light as Python's sockets allow: one after another, or several at once.

    python -m tests.benchmarks.service_load PORT PATH CALLERS COUNT

prints the seconds that COUNT invocations took and the latencies' median and 99th percentile, also in seconds. Every
answer must be 200 with the handler's result; anything else ends the measure.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from statistics import median

EVENT = b'{"key": 1}'
RESULT = b"true}"
WARMUP = 200


class Caller:
    """One connection with at most one request on its way."""

    def __init__(self, port: int, path: str) -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        self._request = head.encode() + b"Content-Length: %d\r\n\r\n" % len(EVENT) + EVENT
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._sent_at = 0.0

    def send(self) -> None:
        """Send the request."""
        self._sent_at = time.perf_counter()
        self.sock.sendall(self._request)

    def receive(self) -> float | None:
        """Read what has come; the latency once the answer is whole."""
        data = self.sock.recv(65_536)
        self._received += data
        if not data or not self._received.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"no result but {self._received[:500]!r}")
        if not self._received.endswith(RESULT):
            return None
        self._received = b""
        return time.perf_counter() - self._sent_at


def in_turn(caller: Caller, count: int) -> list[float]:
    """The latencies of one request after the other."""
    latencies: list[float] = []
    while len(latencies) < count:
        caller.send()
        latency = None
        while latency is None:
            latency = caller.receive()
        latencies.append(latency)
    return latencies


def at_once(callers: list[Caller], count: int) -> list[float]:
    """The latencies of as many requests, each caller sending its next as soon as it has its answer."""
    selector = selectors.DefaultSelector()
    for caller in callers:
        selector.register(caller.sock, selectors.EVENT_READ, caller)
        caller.send()
    latencies: list[float] = []
    under_way = len(callers)
    while under_way:
        for key, _ in selector.select():
            caller: Caller = key.data
            latency = caller.receive()
            if latency is None:
                continue
            latencies.append(latency)
            if len(latencies) + under_way <= count:
                caller.send()
            else:
                under_way -= 1
    return latencies


def main(port: str, path: str, callers: str, count: str) -> None:
    """Call; see the module's docstring."""
    made = [Caller(int(port), path) for _ in range(int(callers))]
    take = in_turn if len(made) == 1 else at_once
    for number in (WARMUP, int(count)):
        started = time.perf_counter()
        latencies = in_turn(made[0], number) if take is in_turn else at_once(made, number)
        seconds = time.perf_counter() - started
    latencies.sort()
    print(seconds, median(latencies), latencies[len(latencies) * 99 // 100])


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Ten thousand invocations through one process: every byte comes back, and nothing grows.

The server is this test itself, over one blocking connection, because 4 GB go each way: payloads are slices of one
random buffer, sent and compared without being copied.
"""

from __future__ import annotations

import math
import os
import random
import re
import socket
import string
import subprocess
from statistics import median
from typing import NamedTuple

import psutil
import pytest

from tests.runtime_process import OURS, environment

BRIEF = os.environ.get("LAMBDAKIT_TESTS") == "brief"
INVOCATIONS = 2_000 if BRIEF else 10_000
WARM_UP = INVOCATIONS // 10
LARGEST = 6 * 1024 * 1024
SAMPLED_EVERY = 50
GROWTH_ALLOWED = 8 * 1024 * 1024  # after the warm-up; what remains is the allocator's fragmentation
# glibc keeps freed blocks, and the more the larger they were: what is measured here is what Python still holds.
GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}

HANDLER = "def handler(event, context):\n    return event\n"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Kind(NamedTuple):
    """A shape of payload: what stands around the random text, and its content type."""

    before: bytes
    after: bytes
    content_type: str


KINDS = (
    Kind(b'"', b'"', "application/json"),
    Kind(b'[{"a": "', b'"}]', "application/json"),
    Kind(b"", b"", "application/octet-stream"),
)


class Peer:
    """The Runtime API's side of the connection: `ask` for `next`, `give` an event, `take` the answer's body."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray(LARGEST + 65_536)
        self._view = memoryview(self._buffer)

    def ask(self) -> None:
        """Read a `next`."""
        start, length = self._read()
        assert (self._buffer[:4], length) == (b"GET ", 0), bytes(self._buffer[:start])

    def give(self, number: int, kind: Kind, text: memoryview) -> None:
        """Send the event `number`."""
        size = len(kind.before) + len(text) + len(kind.after)
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind.content_type}\r\nContent-Length: {size}\r\n"
            f"Lambda-Runtime-Aws-Request-Id: id-{number}\r\nLambda-Runtime-Deadline-Ms: 9999999999999\r\n\r\n"
        )
        self._socket.sendall(head.encode() + kind.before)
        self._socket.sendall(text)
        self._socket.sendall(kind.after)

    def take(self, number: int) -> memoryview:
        """Read the result of the event `number` and accept it."""
        start, length = self._read()
        assert self._buffer.startswith(b"POST /2018-06-01/runtime/invocation/id-%d/response " % number), (
            bytes(self._view[: start + 500])
        )  # fmt: skip
        self._socket.sendall(ACCEPTED)
        return self._view[start : start + length]

    def _read(self) -> tuple[int, int]:
        """Read one request into the buffer: where its body begins and how long it is."""
        filled, end = 0, -1
        while end < 0:
            filled += self._received(filled)
            end = self._buffer.find(b"\r\n\r\n", 0, filled)
        end += 4
        found = LENGTH.search(self._buffer, 0, end)
        length = int(found[1]) if found else 0
        while filled < end + length:
            filled += self._received(filled)
        return end, length

    def _received(self, filled: int) -> int:
        count = self._socket.recv_into(self._view[filled:])
        assert count, "the runtime closed the connection"
        return count


def sizes(source: random.Random) -> list[int]:
    """Lengths of payloads, log-uniform from 0 to 6 MiB; the longest come early, so that warming up means warm."""
    scale = math.log(LARGEST + 1)
    drawn = [int(math.exp(source.random() * scale)) - 1 for _ in range(INVOCATIONS - len(KINDS))]
    return [LARGEST] * len(KINDS) + drawn


def pick(kind: Kind, size: int) -> Kind:
    """The kind itself, or bytes where the payload is too short to be JSON of that kind."""
    return kind if size >= len(kind.before) + len(kind.after) else KINDS[-1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_thousand_payloads_return_whole_and_leave_nothing(tmp_path):
    source = random.Random(20260102)
    text = memoryview("".join(source.choices(string.ascii_letters + string.digits, k=LARGEST + 4096)).encode())
    (tmp_path / "app.py").write_text(HANDLER)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        env = environment(f"127.0.0.1:{listener.getsockname()[1]}", GIVE_BACK)
        process = subprocess.Popen([*OURS, "app.handler"], cwd=tmp_path, env=env)
        try:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                resident, opened = run(Peer(connection), psutil.Process(process.pid), source, text)
        finally:
            process.kill()
            process.wait()

    quarter = len(resident) // 4
    growth = median(resident[-quarter:]) - median(resident[:quarter])
    assert growth <= GROWTH_ALLOWED, f"resident memory grew by {growth / 2**20:.1f} MiB: {resident}"
    assert len(set(opened)) == 1, f"open descriptors: {opened}"


def run(peer: Peer, process: psutil.Process, source: random.Random, text: memoryview) -> tuple[list[int], list[int]]:
    """Send everything and compare what returns; resident memory and open descriptors after the warm-up."""
    resident, opened = [], []
    peer.ask()
    for number, size in enumerate(sizes(source)):
        kind = pick(KINDS[number % len(KINDS)], size)
        start = source.randrange(4096)
        part = text[start : start + size - len(kind.before) - len(kind.after)]
        peer.give(number, kind, part)
        check(peer.take(number), kind, part)
        peer.ask()
        if number >= WARM_UP and number % SAMPLED_EVERY == 0:
            resident.append(process.memory_info().rss)
            opened.append(process.num_fds())
    return resident, opened


def check(body: memoryview, kind: Kind, part: memoryview) -> None:
    """Compare a result with what was sent, white space between JSON tokens aside."""
    begin, end = len(kind.before), len(body) - len(kind.after)
    if body[:begin] != kind.before:
        begin = len(kind.before.replace(b" ", b""))
        assert body[:begin] == kind.before.replace(b" ", b"")
    assert body[end:] == kind.after
    # As bytes: two memoryviews would be compared item by item.
    assert body[begin:end].tobytes() == part.tobytes(), f"{len(part)} bytes came back changed"

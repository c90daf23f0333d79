"""A Runtime API as fast as a blocking Python socket can be: it serves one client and takes the time.

    python -m tests.benchmarks.server EVENT_FILE WARMUP COUNT

prints the port, serves WARMUP + COUNT invocations of the event in EVENT_FILE to the first client that
connects, then prints the seconds that the last COUNT of them took (from one `next` to the next) and the bytes
of the last result. It parses no more than where a request ends, so that it is not what is measured;
`tests.benchmarks.floor` says how much of a figure is this server and the kernel.
"""

from __future__ import annotations

import re
import socket
import sys
import time
from pathlib import Path

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"
ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
BUFFER = 4 * 1024 * 1024


def event_answer(event: bytes) -> bytes:
    """The whole answer to `next`, made once."""
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        "Lambda-Runtime-Deadline-Ms": int(time.time() * 1000) + 900_000,
        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:bench",
        "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
        "Content-Length": len(event),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + event


def read_request(sock: socket.socket, buffer: bytearray, view: memoryview) -> int:
    """Read one request to its end; the length of its body."""
    filled = sock.recv_into(buffer)
    end = buffer.find(END_OF_HEAD, 0, filled)
    while end < 0:
        more = sock.recv_into(view[filled:])
        if not more:
            raise SystemExit("the client closed the connection")
        filled += more
        end = buffer.find(END_OF_HEAD, 0, filled)
    if buffer[0] == 71:  # G of GET
        return 0
    match = LENGTH.search(buffer, 0, end)
    if match is None:
        raise SystemExit(f"no content-length in {bytes(buffer[:end])!r}")
    length = int(match[1])
    missing = end + 4 + length - filled
    while missing > 0:
        missing -= sock.recv_into(view, missing)
    return length


def serve(sock: socket.socket, event: bytes, warmup: int, count: int) -> tuple[float, int]:
    """Serve the invocations; seconds of the last `count` and the length of the last result."""
    buffer = bytearray(BUFFER)
    view = memoryview(buffer)
    answer = event_answer(event)
    length = 0
    started = 0.0
    for number in range(warmup + count):
        read_request(sock, buffer, view)
        if number == warmup:
            started = time.perf_counter()
        sock.sendall(answer)
        length = read_request(sock, buffer, view)
        sock.sendall(ACCEPTED)
    read_request(sock, buffer, view)
    return time.perf_counter() - started, length


def main(event_file: str, warmup: str, count: str) -> None:
    """Serve one client; see the module's docstring."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        print(listener.getsockname()[1], flush=True)
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            seconds, length = serve(sock, Path(event_file).read_bytes(), int(warmup), int(count))
            print(seconds, length, flush=True)
            sys.stdin.read()  # the client is ended first, so that it has nothing to say about a lost server


if __name__ == "__main__":
    main(*sys.argv[1:])

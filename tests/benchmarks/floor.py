"""The least a client can do: the same requests and answers as a runtime, with nothing between them.

    python -m tests.benchmarks.floor HOST:PORT RESULT_BYTES

Prebuilt bytes out, answers read to their end, nothing parsed. What it takes is the server's and the kernel's
share of every figure in the table.
"""

from __future__ import annotations

import socket
import sys

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
RESPONSE = b"POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response HTTP/1.1"
LENGTH = b"Content-Length: "


def read_answer(sock: socket.socket, buffer: bytearray, view: memoryview) -> bool:
    """Read one answer to its end; False when the server has gone."""
    filled = sock.recv_into(buffer)
    if not filled:
        return False
    end = buffer.find(b"\r\n\r\n", 0, filled)
    start = buffer.find(LENGTH, 0, end) + len(LENGTH)
    stop = buffer.find(b"\r\n", start, end)
    missing = end + 4 + int(buffer[start : end if stop < 0 else stop]) - filled
    while missing > 0:
        missing -= sock.recv_into(view, missing)
    return True


def main(address: str, size: str) -> None:
    """Answer every event with `size` bytes until the server closes."""
    host, port = address.split(":")
    head = b"%b\r\nHost: x\r\nContent-Length: %b\r\n\r\n" % (RESPONSE, size.encode())
    request = head + b"x" * int(size)
    buffer = bytearray(4 * 1024 * 1024)
    view = memoryview(buffer)
    with socket.create_connection((host, int(port))) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            sock.sendall(NEXT)
            if not read_answer(sock, buffer, view):
                return
            sock.sendall(request)
            read_answer(sock, buffer, view)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""`python -m lambdakit.container.health`: the health check of a container image; exit status 0 is healthy.

Inside an execution environment there is no front to ask, and the service watches the runtime itself: healthy.
"""

from __future__ import annotations

import os
import socket
import sys

from lambdakit.container.entry import API_VARIABLE
from lambdakit.container.ports import port_of, reached_at
from lambdakit.exceptions import UsageError

__all__ = ("main",)

_SECONDS = 3
_REQUEST = b"GET /_lambdakit/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_HEALTHY = b"HTTP/1.1 200"


def main() -> int:
    """Ask the front; returns the exit status, and says on stderr what is wrong."""
    if os.environ.get(API_VARIABLE):
        return 0
    try:
        with socket.create_connection((reached_at(os.environ), port_of(os.environ)), _SECONDS) as connection:
            connection.sendall(_REQUEST)
            answer = connection.recv(len(_HEALTHY))
    except (OSError, UsageError) as error:
        sys.stderr.write(f"lambdakit: the front does not answer: {error}\n")
        return 1
    return 0 if answer == _HEALTHY else 1


if __name__ == "__main__":
    sys.exit(main())

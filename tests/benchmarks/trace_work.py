"""The work of the measures of tracing: what stands before a handler that is not, and that is, sampled; the import."""

from __future__ import annotations

import atexit
import json
import socket
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks.trace_process import CONTENDERS, REPEATED, ROOT

if TYPE_CHECKING:
    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

__all__ = ("importing", "sampled", "unsampled")

# By this the SDK knows where it is; elsewhere its import takes three times as long.
_IN_LAMBDA = "import os; os.environ['LAMBDA_TASK_ROOT'] = '/var/task'"
# The statements that make tracing ready, tracing being off, as each documentation writes them.
IMPORTS = {
    "lambdakit": f"{_IN_LAMBDA}; from lambdakit.middleware import tracing; tracing()",
    "Powertools": f"{_IN_LAMBDA}; from aws_lambda_powertools import Tracer; Tracer(disabled=True)",
}


def unsampled(_bench: Bench) -> Contenders:
    """An invocation that is not sampled; the peer is switched off, as it does not look at the header."""
    return _contenders("off", documents=0)


def sampled(_bench: Bench) -> Contenders:
    """An invocation that is sampled: one subsegment, with two annotations, sent to a socket."""
    return _contenders("sampled", documents=1)


def importing(bench: Bench) -> Contenders:
    """Milliseconds that import and construction add to the start of an interpreter."""

    def beyond_bare(statement: str) -> float:
        return (bench.first_statement(statement) - bench.first_statement()) * 1e3

    return {name: partial(beyond_bare, statement) for name, statement in IMPORTS.items()}


def _contenders(mode: str, *, documents: int) -> Contenders:
    return {name: _Process(name, mode, documents).take for name in CONTENDERS}


class _Process:
    """A contender's process, and the socket that stands in the daemon's place."""

    def __init__(self, contender: str, mode: str, documents: int) -> None:
        self._documents = documents
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(10)
        address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        command = [sys.executable, "-m", "tests.benchmarks.trace_process", contender, mode, address]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1)
        atexit.register(self._process.kill)

    def take(self) -> float:
        """Microseconds of one invocation; what came of the invocations is looked at, then thrown away."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        microseconds = float(self._process.stdout.readline())
        self._check()
        return microseconds

    def _check(self) -> None:
        count = 0
        self._socket.setblocking(False)
        try:
            while True:
                document = json.loads(self._socket.recv(70_000).partition(b"\n")[2])
                assert (document["name"][:3], document["trace_id"]) == ("## ", ROOT)
                assert document["annotations"].keys() == {"ColdStart", "Service"}
                count += 1
        except BlockingIOError:
            pass
        # The kernel keeps no more of them than fit its buffer.
        assert bool(count) == bool(self._documents), f"{count} documents for {REPEATED} invocations"

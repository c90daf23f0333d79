"""One contender of the measures of tracing, in a process of its own, because each changes what the other imports.

    python -m tests.benchmarks.trace_process lambdakit sampled DAEMON_ADDRESS

For every line it reads it does the work some hundred times, and writes the microseconds of one.
"""

from __future__ import annotations

import os
import sys
import timeit
from typing import Any

REPEATED = 300
ROOT = "1-5759e988-bd862e3fe1be46a994272793"


def handle(event: Any, context: Any) -> None:
    """What is traced."""


def lambdakit_handler() -> Any:
    """The handler in our spans."""
    from lambdakit import lambda_handler
    from lambdakit.middleware import tracing

    return lambda_handler(middleware=[tracing(service="orders")])(handle)


def powertools_handler() -> Any:
    """The handler in Powertools' subsegments."""
    from aws_lambda_powertools import Tracer

    return Tracer(service="orders", auto_patch=False).capture_lambda_handler(handle)


CONTENDERS = {"lambdakit": lambdakit_handler, "Powertools": powertools_handler}


def main() -> None:
    """Serve measures until the input ends."""
    contender, mode, address = sys.argv[1:]
    os.environ |= {"LAMBDA_TASK_ROOT": "/var/task", "AWS_XRAY_DAEMON_ADDRESS": address}
    os.environ["_X_AMZN_TRACE_ID"] = f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled={int(mode == 'sampled')}"
    if mode == "off":
        os.environ["POWERTOOLS_TRACE_DISABLED"] = "true"
    handler = CONTENDERS[contender]()
    for _ in sys.stdin:
        seconds = timeit.timeit(lambda: handler({}, None), number=REPEATED)
        print(seconds / REPEATED * 1e6, flush=True)


if __name__ == "__main__":
    main()

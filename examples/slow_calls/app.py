"""A function and, in a layer beside it, an external extension that names its slow calls: `layer/extensions/slow-calls`.

The extension is a program of its own. It is started before the function, subscribes to the service's telemetry, and
writes a line for every invocation in which the function took longer than SLOW_MS milliseconds. `pyproject.toml` says
that the layer is the function's; on AWS the same directory, zipped, is a layer of any Python function.

    cd examples/slow_calls && lambdakit invoke report --event event.json
"""

import time
from typing import Any

from lambdakit import Context


def handler(event: dict[str, Any], context: Context) -> str:
    """Work for as long as the event says."""
    time.sleep(event["seconds"])
    return f"worked for {event['seconds']} s"

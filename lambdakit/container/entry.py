"""The entry point's decision: inside an execution environment the runtime, anywhere else the invoke front.

The rule is that of AWS's base images. As process 1 it first makes a second process for that work and stays what a
container needs there (`init`). On Lambda it is not process 1, and nothing but the runtime is imported.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("main",)

API_VARIABLE = "AWS_LAMBDA_RUNTIME_API"
_INIT_PID = 1


def main(arguments: Sequence[str]) -> int:
    """Run the function that the first argument names, or the environment; returns the exit status."""
    if os.getpid() == _INIT_PID:
        from lambdakit.container.init import split

        status = split()
        if status is not None:
            return status
    if os.environ.get(API_VARIABLE):
        from lambdakit.runtime.entry import main as run_runtime

        return run_runtime(arguments)
    from lambdakit.container.front import serve

    return serve(arguments)

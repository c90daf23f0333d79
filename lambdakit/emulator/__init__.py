"""The local Lambda service: at its heart one execution environment, driven as an object.

    config = FunctionConfig(name="f", handler="app.handler", task_root=Path("/my/function"))
    async with ExecutionEnvironment(config) as environment:
        result = await environment.invoke(Invocation(b'{"key": 1}'))

Needs the `local` extra (`pip install 'lambdakit[local]'`).
"""

from __future__ import annotations

from lambdakit.emulator.environment import ExecutionEnvironment
from lambdakit.emulator.flight import RunningInvocation
from lambdakit.emulator.function import Answer, FunctionConfig, Invocation, InvocationResult
from lambdakit.emulator.logs import LogLine, LogSink

__all__ = (
    "Answer",
    "ExecutionEnvironment",
    "FunctionConfig",
    "Invocation",
    "InvocationResult",
    "LogLine",
    "LogSink",
    "RunningInvocation",
)

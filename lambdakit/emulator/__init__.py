"""The local Lambda service: many functions and their environments, driven as one object; no HTTP in it.

    async with LocalService() as service:
        service.add(FunctionConfig(name="f", handler="app.handler", task_root=Path("/my/function")))
        result = await service.invoke(InvokeRequest("f", b'{"key": 1}'))

`ExecutionEnvironment` is one environment by itself. `lambdakit.emulator.api` puts the Lambda API on the service.

Needs the `local` extra (`pip install 'lambdakit[local]'`).
"""

from __future__ import annotations

from lambdakit.emulator.environment import ExecutionEnvironment
from lambdakit.emulator.flight import RunningInvocation
from lambdakit.emulator.function import Answer, FunctionConfig, Invocation, InvocationResult
from lambdakit.emulator.logs import LogLine, LogOrigin, LogSink, ServiceLog
from lambdakit.emulator.service import InvokeRequest, LocalService, Observer

__all__ = (
    "Answer",
    "ExecutionEnvironment",
    "FunctionConfig",
    "Invocation",
    "InvocationResult",
    "InvokeRequest",
    "LocalService",
    "LogLine",
    "LogOrigin",
    "LogSink",
    "Observer",
    "RunningInvocation",
    "ServiceLog",
)

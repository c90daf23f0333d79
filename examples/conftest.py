"""What the examples' tests share: one real invocation of an example, as a user would make it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lambdakit.emulator import InvocationResult


@pytest.fixture
def invoke(request: pytest.FixtureRequest) -> Callable[..., InvocationResult]:
    """`invoke(event, **environment)`: the result of the `app.py` beside the test, in a bootstrap process.

    `invoke(event, "assign")` calls that function of it, not `handler`.
    """
    folder: Path = request.path.parent

    async def once(event: Any, function: str, variables: dict[str, str]) -> InvocationResult:
        config = FunctionConfig(folder.name, f"app.{function}", folder, timeout=30, environment=variables)
        async with ExecutionEnvironment(config) as environment:
            return await environment.invoke(Invocation(json.dumps(event).encode()))

    def run(event: Any, function: str = "handler", /, **variables: str) -> InvocationResult:
        return asyncio.run(once(event, function, variables))

    return run


@pytest.fixture
def event(request: pytest.FixtureRequest) -> Any:
    """The example's own event."""
    return json.loads((request.path.parent / "event.json").read_text())

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
    """`invoke(event, **environment)`: the result of the `app.py` beside the test, in a bootstrap process."""
    folder: Path = request.path.parent

    async def once(event: Any, variables: dict[str, str]) -> InvocationResult:
        config = FunctionConfig(folder.name, "app.handler", folder, timeout=30, environment=variables)
        async with ExecutionEnvironment(config) as environment:
            return await environment.invoke(Invocation(json.dumps(event).encode()))

    def run(event: Any, **variables: str) -> InvocationResult:
        return asyncio.run(once(event, variables))

    return run


@pytest.fixture
def event(request: pytest.FixtureRequest) -> Any:
    """The example's own event."""
    return json.loads((request.path.parent / "event.json").read_text())

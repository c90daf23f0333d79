"""Probes many TCP endpoints at once and says which of them answer: an `async def` handler.

All probes share one event loop, which lives as long as the environment, and stop a moment before the invocation would
time out, so that there is always an answer.

    lambdakit invoke examples/async_probe/app.py:handler --event examples/async_probe/event.json
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from lambdakit import Context

RESERVE_SECONDS = 0.5


class Probe(TypedDict):
    """What to probe: `host:port` each."""

    endpoints: list[str]


class Answer(TypedDict):
    """Each endpoint, with whether it accepted a connection."""

    up: dict[str, bool]


async def handler(event: Probe, context: Context) -> Answer:
    """Probe every endpoint of the event, all at the same time."""
    budget = max(0.0, context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS)
    endpoints = event["endpoints"]
    results = await asyncio.gather(*(is_up(endpoint, budget) for endpoint in endpoints))
    return {"up": dict(zip(endpoints, results, strict=True))}


async def is_up(endpoint: str, budget: float) -> bool:
    """Whether `host:port` accepts a connection within `budget` seconds."""
    host, _, port = endpoint.rpartition(":")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), budget)
    except (OSError, asyncio.TimeoutError):
        return False
    writer.close()
    await writer.wait_closed()
    return True

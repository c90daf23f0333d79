"""A store that can be waited for, a service that traces into it, and what a trace looks like."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lambdakit.emulator import LocalService
from lambdakit.emulator.tracing.api import XRay
from lambdakit.emulator.tracing.daemon import XRayDaemon
from lambdakit.emulator.tracing.sampling import Sampler
from lambdakit.emulator.tracing.store import TraceStore
from lambdakit.emulator.tracing.tracer import Tracer
from lambdakit.emulator.tracing.trees import children, entities, trees

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lambdakit.emulator import FunctionConfig
    from lambdakit.emulator.tracing.documents import Document
    from lambdakit.emulator.tracing.store import Trace

PATIENCE = 10.0


class WatchedStore(TraceStore):
    """Tells when something came."""

    def __init__(self) -> None:
        super().__init__()
        self._came = asyncio.Event()

    def add(self, document: Document) -> None:
        super().add(document)
        self._came.set()

    async def trace_of(self, *names: str, id: str | None = None) -> Trace:
        """The latest trace, or the one of an id, once all these names are in it."""

        async def wait() -> Trace:
            while True:
                self._came.clear()
                trace = next(self.newest(), None) if id is None else self.get(id)
                if trace is not None and set(names) <= {entity["name"] for entity in parts(trace)}:
                    return trace
                await self._came.wait()

        return await asyncio.wait_for(wait(), PATIENCE)


def xray_of(store: TraceStore, rate: float = 0.05) -> XRay:
    return XRay(store, Sampler(rate), "us-east-1", "123456789012")


@asynccontextmanager
async def traced_service(
    *configs: FunctionConfig, sampler: Sampler | None = None, **options: Any
) -> AsyncIterator[tuple[LocalService, WatchedStore]]:
    """A service with a daemon on a port of its own."""
    store = WatchedStore()
    async with XRayDaemon(xray_of(store), port=0) as daemon:
        host = {**os.environ, "AWS_XRAY_DAEMON_ADDRESS": daemon.address}
        async with LocalService(tracer=Tracer(store, sampler or Sampler(1.0)), host=host, **options) as service:
            for config in configs:
                service.add(config)
            yield service, store


def parts(trace: Trace) -> list[dict[str, Any]]:
    """Every segment and subsegment of a trace."""
    return [entity for root in trees(trace.documents.values()) for entity in entities(root)]


def roots(trace: Trace) -> tuple[dict[str, Any], ...]:
    """The service's segment and the function's."""
    by_origin = {root["origin"]: root for root in trees(trace.documents.values())}
    return by_origin["AWS::Lambda"], by_origin["AWS::Lambda::Function"]


def names(entity: dict[str, Any]) -> list[str]:
    """The names of what is directly within something."""
    return [inner["name"] for inner in children(entity)]


def part(entity: dict[str, Any], name: str) -> dict[str, Any]:
    """The one part of something that has this name."""
    (found,) = (inner for inner in entities(entity) if inner["name"] == name and inner is not entity)
    return found

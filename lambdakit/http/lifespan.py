"""The lifespan of an ASGI application: started once for an execution environment, shut down with it.

On lambdakit's runtime the application starts at INIT, after the handler's module was imported: INIT has the whole CPU,
provisioned concurrency and SnapStart pay for it beforehand, and a startup that fails stops the environment before it
takes an event. On AWS's runtime client, which has no such moment, it starts with the first event. What started stays:
there is one event loop for all events, and one `state`.

Source: ASGI specification, "Lifespan Protocol" 2.0. An application that knows no lifespan raises, or returns, without
having asked for the first message.
"""

from __future__ import annotations

import asyncio
import logging

from lambdakit.exceptions import LifespanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    from lambdakit.http.asgi_exchange import ASGIApplication, Message

    LifespanMode: TypeAlias = Literal["auto", "on", "off"]

__all__ = ("Lifespan",)

_log = logging.getLogger("lambdakit.http")


class Lifespan:
    """One run of an application's lifespan, on the event loop that is running when it is started.

    `state` is what the application put there at startup; a request gets a shallow copy. Applications without a
    lifespan have `supported` False.
    """

    def __init__(self, app: ASGIApplication, mode: LifespanMode) -> None:
        self._app = app
        self._mode = mode
        self.loop = asyncio.get_running_loop()
        self.state: dict[str, Any] = {}
        self.supported = False
        self._received = 0
        self._failed: LifespanError | None = None
        self._ready: asyncio.Future[None] = self.loop.create_future()
        self._leaving: asyncio.Future[None] = self.loop.create_future()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Wait until the application has started. Raises LifespanError when it could not."""
        self._task = asyncio.create_task(self._run())
        await self._ready
        if self._failed is not None:
            raise self._failed
        if not self.supported:
            _log.debug("the application has no lifespan")

    async def stop(self) -> None:
        """Let the application shut down, and wait for it; what fails is logged."""
        if self._task is None or self._task.done():
            return
        if not self._leaving.done():
            self._leaving.set_result(None)
        await asyncio.wait((self._task,))

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._receive, self._send)
        except Exception as error:
            self._note(error)
        finally:
            if not self._ready.done():
                self._note_end()
                self._ready.set_result(None)

    async def _receive(self) -> Message:
        self._received += 1
        if self._received > 1:
            await self._leaving
            return {"type": "lifespan.shutdown"}
        return {"type": "lifespan.startup"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.complete" and not self._ready.done():
            self.supported = True
            self._ready.set_result(None)
        elif kind == "lifespan.startup.failed" and not self._ready.done():
            self._failed = _failure(message.get("message", ""))
        elif kind == "lifespan.shutdown.failed" and self._leaving.done():
            _log.error("the application's shutdown failed: %s", message.get("message", ""))
        elif kind not in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
            self._received = 0  # it answers what it was not asked: it does not look at the scope's type
            raise RuntimeError(f"unexpected ASGI message {kind!r} in the lifespan")

    def _note(self, error: Exception) -> None:
        """The application raised: at startup it failed or knows no lifespan, later it is only logged."""
        if self._ready.done():
            _log.error("the application's lifespan raised", exc_info=error)
        elif self._failed is not None:
            self._failed.__cause__ = error
        elif self._received or self._mode == "on":
            self._failed = _failure(f"{type(error).__name__}: {error}")
            self._failed.__cause__ = error

    def _note_end(self) -> None:
        if self._failed is None and not self.supported and self._mode == "on":
            self._failed = LifespanError('lifespan is "on", but the application has none: it returned without starting')


def _failure(message: str) -> LifespanError:
    lines = message.strip().splitlines()
    return LifespanError(f"the application's startup failed: {lines[-1] if lines else 'it did not say why'}")

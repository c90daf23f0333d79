"""The invoke front of a container: one function behind the path of AWS's base images, driven by the local engine.

    POST http://HOST:8080/2015-03-31/functions/function/invocations

It is what AWS's emulator is in AWS's images, less its faults: callers at once have environments of their own, errors of
the function are marked, timeouts are JSON, the figures in the log are measured, the trace id reaches the function, and
`X-Amz-Invocation-Type: Event` is queued and retried. All output, the function's and the service's lines about it, goes
to stdout. On SIGTERM or SIGINT it takes no more callers, lets running invocations end, and exits with 0.

Not here: state that outlives the container. Events that were accepted and not run are lost with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lambdakit.container.settings import read_settings
from lambdakit.emulator.api.gate import Gate
from lambdakit.emulator.api.server import ApiServer
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.loop_choice import run
from lambdakit.emulator.refusals import refusal
from lambdakit.emulator.service import LocalService
from lambdakit.exceptions import EmulatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdakit.container.settings import FrontSettings
    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.logs import LogLine, LogOrigin, LogSink

__all__ = ("FrontServer", "serve")

INVOKE_PATH = "/2015-03-31/functions/function/invocations"

_FAILED = 1
# How long a line may wait for others to be written with.
_LOG_SECONDS = 0.02


def serve(arguments: Sequence[str]) -> int:
    """Serve the function that the arguments or the environment name, until told to stop; returns the exit status."""
    try:
        settings = read_settings(arguments, os.environ, Path.cwd())
        run(_serve(settings))
    except (UsageError, EmulatorError) as error:
        sys.stderr.write(f"lambdakit: {error}\n")
        return _FAILED
    return 0


class FrontServer(ApiServer):
    """The Lambda API for programs anywhere; what a developer may do to the local service, its callers may not."""

    def _reset(self, exchange: Exchange) -> None:
        exchange.refuse(refusal("unknown operation"))


class _Output:
    """Log lines on their way to stdout, a few at a time."""

    def __init__(self) -> None:
        self._waiting: list[str] = []

    def of(self, origin: LogOrigin, /) -> LogSink:
        """Where the lines of an environment go: all to one place."""
        return self._take

    def _take(self, line: LogLine, /) -> None:
        """The engine's own phases are no part of a function's log."""
        if line.source == "engine":
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(_LOG_SECONDS, self.write)
        self._waiting.append(line.text)

    def announce(self, text: str) -> None:
        """Write a line of the front's own."""
        self._waiting.append(text)
        self.write()

    def write(self) -> None:
        """Write what is waiting."""
        lines, self._waiting = self._waiting, []
        if lines:
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()


async def _serve(settings: FrontSettings) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    output = _Output()
    config = settings.config
    backstage = Backstage(region=config.region, account_id=config.account_id)
    service = LocalService(
        concurrency=settings.concurrency, environments=settings.environments, log=output.of, host=os.environ
    )
    server = FrontServer(
        service,
        host=settings.host,
        port=settings.port,
        take_event=backstage.take_event,
        gate=Gate(names="any"),
    )
    try:
        async with service, backstage.behind(service), server:
            service.add(config)
            output.announce(f"lambdakit serves {config.handler} at {server.url}{INVOKE_PATH}")
            await told_to_stop.wait()
            server.stop_listening()
            await service.stop(drain_seconds=settings.drain_seconds)
    finally:
        output.write()

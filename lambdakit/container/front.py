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
from lambdakit.emulator.cloudwatch.log_intake import LogIntake
from lambdakit.emulator.loop_choice import run
from lambdakit.emulator.refusals import refusal
from lambdakit.emulator.service import LocalService
from lambdakit.exceptions import EmulatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdakit.container.settings import FrontSettings
    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.logs import LogLine, LogOrigin

__all__ = ("FrontServer", "serve")

INVOKE_PATH = "/2015-03-31/functions/function/invocations"

_FAILED = 1


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


def _write(*lines: str) -> None:
    sys.stdout.write("\n".join((*lines, "")))
    sys.stdout.flush()


def _write_logs(gathered: list[tuple[LogOrigin, list[LogLine]]]) -> None:
    """Write what environments have to say; the engine's own phases are no part of a function's log."""
    lines = [line.text for _, lines in gathered for line in lines if line.source != "engine"]
    if lines:
        _write(*lines)


async def _serve(settings: FrontSettings) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    log = LogIntake(_write_logs)
    config = settings.config
    backstage = Backstage(region=config.region, account_id=config.account_id)
    service = LocalService(
        concurrency=settings.concurrency, environments=settings.environments, log=log, host=os.environ
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
            _write(f"lambdakit serves {config.handler} at {server.url}{INVOKE_PATH}")
            await told_to_stop.wait()
            server.stop_listening()
            await service.stop(drain_seconds=settings.drain_seconds)
    finally:
        log.close()

"""The log of one execution environment: who wrote a line, for which request, and the figures of each REPORT.

Every line goes to the sink and, if it belongs to a running invocation, into that invocation's tail.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from lambdakit.emulator.extension_lines import ExtensionLines
from lambdakit.emulator.flight import LINES_BETWEEN_TRIMS
from lambdakit.emulator.guard import failed
from lambdakit.emulator.logs import LogLine
from lambdakit.emulator.platform_log import Figures, application_line_passes, platform_log
from lambdakit.emulator.telemetry.hub import TelemetryLog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambdakit.emulator.extensions import Notice
    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.logs import LogSink, LogSource
    from lambdakit.emulator.platform_log import PlatformLog
    from lambdakit.emulator.telemetry.hub import Telemetry

# The initialization type whose INIT is on the bill of its first invocation.
_BILLED_INIT = "on-demand"


class Journal:
    """See the module's text. `flights` are the running invocations by request id."""

    def __init__(self, config: FunctionConfig, sink: LogSink, flights: Mapping[str, Flight]) -> None:
        self._config = config
        self._sink = sink
        self._flights = flights
        self._platform = platform_log(config, partial(self._write, "platform"))
        self.platform: PlatformLog = self._platform
        self.extension_lines = ExtensionLines(config, lambda text: self._write("platform", text, None))
        self._telemetry: Telemetry | None = None

    def engine_note(self, text: str) -> None:
        """A line of the engine's own."""
        self._write("engine", text, None)

    def observe(self, telemetry: Telemetry | None) -> None:
        """Tell a telemetry hub everything that is logged, or nobody; `platform` is another log then."""
        self._telemetry = telemetry
        self.platform = self._platform
        if telemetry is not None:
            self.platform = TelemetryLog(self._platform, telemetry, self._flights)

    def extensions(self, notices: Sequence[Notice]) -> None:
        """Write how extensions came through the INIT that is about to end."""
        for notice in notices:
            self.extension_lines.extension(notice)
        if isinstance(self.platform, TelemetryLog):
            self.platform.extensions(notices)

    def extension_line(self, text: str) -> None:
        """A line an external extension wrote."""
        if self._telemetry is not None:
            self._telemetry.line("extension", text)
        self._write("extension", text, self._only_request())

    def function_line(self, text: str) -> None:
        """A line the function wrote; in JSON format its level decides whether it is kept."""
        if self._telemetry is not None:
            self._telemetry.line("function", text)
        if self._config.log_format == "json" and not application_line_passes(text, self._config.log_level):
            return
        self._write("function", text, self._only_request())

    def report(self, flight: Flight, *, init_ms: float | None, memory_mb: int | None) -> Figures:
        """Write END and REPORT; returns what they say."""
        duration_ms = min(flight.elapsed(), self._config.timeout) * 1000
        billed_init_ms = init_ms if init_ms and self._config.initialization_type == _BILLED_INIT else 0.0
        figures = Figures(
            flight.request_id,
            flight.status,
            # A timeout is named by its status; beside it AWS shows no error type.
            None if flight.status == "timeout" else flight.error_type,
            duration_ms,
            -int(-(duration_ms + billed_init_ms) // 1),
            memory_mb,
            init_ms,
            flight.restore_ms,
            flight.produced,
            flight.trace_id,
            flight.invocation.tenant_id,
        )
        self.platform.report(figures)
        return figures

    def _only_request(self) -> str | None:
        # With several events at once, nobody can tell which of them a line belongs to.
        return next(iter(self._flights)) if len(self._flights) == 1 else None

    def _write(self, source: LogSource, text: str, request_id: str | None) -> None:
        line = LogLine(text, source, request_id, time.time())
        flight = self._flights.get(request_id) if request_id else None
        if flight is not None:
            kept = flight.log_lines
            kept.append(line)
            if len(kept) > LINES_BETWEEN_TRIMS:
                flight.trim_log()
        try:
            self._sink(line)
        except Exception:
            failed()

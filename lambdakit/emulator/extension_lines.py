"""The lines Lambda writes about extensions: EXTENSION, TELEMETRY and LOGS, as text or as JSON platform events.

Source: AWS Lambda developer guide, "Lambda logs"; recorded service logs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lambdakit.emulator.logs import timestamp
from lambdakit.emulator.platform_log import LEVELS
from lambdakit.emulator.telemetry import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.extensions import Notice
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.telemetry.records import Event
    from lambdakit.emulator.telemetry.subscription import Api

__all__ = ("ExtensionLines",)


class ExtensionLines:
    """Writes them in the configured format."""

    def __init__(self, config: FunctionConfig, write: Callable[[str], None]) -> None:
        self._json = config.log_format == "json"
        self._threshold = LEVELS.get(config.system_log_level.upper(), LEVELS["INFO"])
        self._write = write

    def extension(self, notice: Notice) -> None:
        """How an extension came through INIT."""
        if self._json:
            self._event("INFO" if notice.error_type is None else "WARN", records.extension(notice))
            return
        error = "" if notice.error_type is None else f"\tError Type: {notice.error_type}"
        events = ", ".join(notice.events)
        self._write(f"EXTENSION\tName: {notice.name}\tState: {notice.state}\tEvents: [{events}]{error}")

    def subscription(self, api: Api, name: str, state: str, types: tuple[str, ...]) -> None:
        """An extension subscribed to one of the APIs."""
        if self._json:
            self._event("INFO", records.subscribed(api, name, state, types))
            return
        listed = ", ".join(kind.capitalize() for kind in types)
        self._write(f"{api.upper()}\tName: {name}\tState: {state}\tTypes: [{listed}]")

    def _event(self, level: str, event: Event) -> None:
        if LEVELS[level] >= self._threshold:
            document = {"time": timestamp(), "type": event.type, "record": event.record}
            self._write(json.dumps(document, separators=(",", ":")))

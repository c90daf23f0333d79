"""What the command line writes, and where: the payload to stdout, everything else to stderr.

On a terminal there are colours and, while the function runs, a spinner; rich is imported only then. A pipe or a file
gets the bytes and lines as they are. NO_COLOR is honoured.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from lambdakit.emulator.logs import LogLine, LogSource

# rich's names.
STYLES: dict[LogSource, str] = {"function": "", "platform": "dim", "engine": "cyan dim"}


class Screen(Protocol):
    """Where log lines go."""

    def line(self, line: LogLine) -> None:
        """Write one log line to stderr."""

    def lines(self, lines: Sequence[LogLine]) -> None:
        """Write several log lines at once."""

    def busy(self, text: str) -> None:
        """Show that something is under way."""

    def idle(self) -> None:
        """Show it no more."""


class PlainScreen:
    """Lines as they are."""

    def line(self, line: LogLine) -> None:
        """Write one log line."""
        self.lines((line,))

    def lines(self, lines: Sequence[LogLine]) -> None:
        """Write several log lines at once."""
        sys.stderr.write("".join([f"{line.text}\n" for line in lines]))
        sys.stderr.flush()

    def busy(self, text: str) -> None:
        """A pipe has no spinner."""

    def idle(self) -> None:
        """A pipe has no spinner."""


class TerminalScreen:
    """Lines in colour, above a spinner."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.status import Status

        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        # rich takes NO_COLOR to mean colours alone; who sets it wants no other attributes either.
        self._styles = {} if os.environ.get("NO_COLOR") else STYLES
        self._make_status = Status
        self._status: Status | None = None

    def line(self, line: LogLine) -> None:
        """Write one log line; `\\r`, which holds a traceback together in one event, is shown as a new line."""
        text = line.text.replace("\r", "\n")
        self._console.print(text, style=self._styles.get(line.source) or None, markup=False)

    def lines(self, lines: Sequence[LogLine]) -> None:
        """Write several log lines."""
        for line in lines:
            self.line(line)

    def busy(self, text: str) -> None:
        """Start the spinner."""
        self._status = self._make_status(text, console=self._console)
        self._status.start()

    def idle(self) -> None:
        """Stop the spinner."""
        if self._status is not None:
            self._status.stop()
            self._status = None


@contextmanager
def screen_for(text: str) -> Generator[Screen, None, None]:
    """The screen that fits stderr, busy with `text` until the end of the block."""
    screen: Screen = TerminalScreen() if _is_fancy() else PlainScreen()
    screen.busy(text)
    try:
        yield screen
    finally:
        screen.idle()


def log_screen() -> Screen:
    """The screen for a verb that writes nothing but log lines."""
    return TerminalScreen() if _is_fancy() else PlainScreen()


def _is_fancy() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def write_payload(data: bytes) -> None:
    """Write payload bytes to stdout at once."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def end_payload() -> None:
    """On a terminal, end the payload's line; a pipe gets the payload's bytes and no other."""
    if sys.stdout.isatty():
        write_payload(b"\n")

"""`lambdakit start` as a process, for tests and measures that are about the process: its end, its memory, its speed.

with serving(folder, "app.handler", "--state", "state") as service:
    service.port, service.pid
    service.kill()                  # as a machine does: no warning, no time
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ("ServiceProcess", "serving")


class ServiceProcess:
    """A running service; `errors` is the file of its stderr."""

    def __init__(self, process: subprocess.Popen[str], port: int, errors: Path) -> None:
        self.process = process
        self.port = port
        self.errors = errors

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def banner_line(self) -> str:
        """The next line of what the service prints as it starts, after the first."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)


@contextlib.contextmanager
def serving(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[ServiceProcess]:
    """A service that answers, on a port that was free; it is ended with SIGTERM if it still runs."""
    command = [sys.executable, "-m", "lambdakit.cli", "start", "--port", "0", *arguments]
    errors = folder / "service-errors"
    with (
        errors.open("ab") as stderr,
        subprocess.Popen(
            command, cwd=folder, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield ServiceProcess(process, _port(process, errors), errors)
        finally:
            if process.poll() is None:
                process.terminate()
            # What is left of its output, so that it is never kept waiting by a full pipe.
            process.stdout.read()
            process.wait(timeout=30)


def _port(process: subprocess.Popen[str], errors: Path) -> int:
    assert process.stdout is not None
    found = re.search(r":(\d+) \(account", process.stdout.readline())
    assert found is not None, f"the service did not start:\n{errors.read_text('utf-8', 'replace')}"
    return int(found[1])

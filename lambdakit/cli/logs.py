"""`lambdakit logs`: the log events of a function that the local service runs, found and followed.

Reads from a running service (`lambdakit start`) the way `aws logs tail` does, by CloudWatch Logs' FilterLogEvents; so
it shows what AWS clients see, and needs none.
"""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Any

import click
import httpx

from lambdakit.cli.signing import ShellSignature
from lambdakit.emulator.api.server import PORT
from lambdakit.emulator.listener import LOOPBACK
from lambdakit.emulator.logs import timestamp
from lambdakit.exceptions import EmulatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ERROR, _USAGE_ERROR = 1, 2
_TARGET = "Logs_20140328.FilterLogEvents"
# How long a follower waits before it asks again, in seconds.
POLL_SECONDS = 0.5
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@click.command("logs", short_help="Show the logs of a function the local service runs.")
@click.argument("function")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is logged from now on, until Ctrl-C.")
@click.option("--filter", "pattern", default="", metavar="PATTERN", help="A CloudWatch Logs filter pattern.")
@click.option("--since", default="10m", show_default=True, metavar="TIME", help="How far back: 30s, 10m, 2h, 1d.")
@click.option("--group", metavar="NAME", help="The log group, where it is not /aws/lambda/FUNCTION.")
@click.option(
    "--endpoint", default=f"http://{LOOPBACK}:{PORT}", show_default=True, metavar="URL", help="The running service."
)
def command(function: str, follow: bool, pattern: str, since: str, group: str | None, endpoint: str) -> None:
    """Show the log events of FUNCTION, each with its time.

    Exit status: 0; 1 when the service cannot be reached or has no such log group; 2 after a usage error. A function
    that has not run yet has no log group; with --follow that is waited for.
    """
    try:
        start = int((time.time() - _seconds(since)) * 1000)
    except UsageError as error:
        click.echo(f"lambdakit logs: {error}", err=True)
        sys.exit(_USAGE_ERROR)
    reader = Reader(endpoint, group or f"/aws/lambda/{function}", pattern, start)
    try:
        for event in reader.followed() if follow else reader.found():
            click.echo(f"{timestamp(event['timestamp'] / 1000)} {event['message']}", nl=False)
    except EmulatorError as error:
        click.echo(f"lambdakit logs: {error}", err=True)
        sys.exit(_ERROR)
    except KeyboardInterrupt:
        sys.exit(0)


class Reader:
    """Reads the events of a log group, and goes on where it stopped."""

    def __init__(self, endpoint: str, group: str, pattern: str, start: int) -> None:
        self._client = httpx.Client(base_url=endpoint, timeout=10, auth=ShellSignature())
        self._request: dict[str, Any] = {"logGroupName": group, "filterPattern": pattern, "startTime": start}
        # The events already shown that may come again: those of the last moment seen.
        self._shown: set[str] = set()

    def found(self) -> Iterator[dict[str, Any]]:
        """The events there are. Raises EmulatorError."""
        token: str | None = None
        while True:
            answer = self._ask({} if token is None else {"nextToken": token})
            for event in answer["events"]:
                if event["eventId"] not in self._shown:
                    self._see(event)
                    yield event
            token = answer.get("nextToken")
            if token is None:
                return

    def followed(self) -> Iterator[dict[str, Any]]:
        """The events there are and those that come, without end. Raises EmulatorError."""
        while True:
            try:
                yield from self.found()
            except _NoLogGroupError:
                pass  # the function has not run yet
            time.sleep(POLL_SECONDS)

    def _see(self, event: dict[str, Any]) -> None:
        if event["timestamp"] > self._request["startTime"]:
            self._request["startTime"] = event["timestamp"]
            self._shown.clear()
        self._shown.add(event["eventId"])

    def _ask(self, more: dict[str, str]) -> dict[str, Any]:
        request = self._request | more
        try:
            answer = self._client.post("/", json=request, headers={"X-Amz-Target": _TARGET})
        except httpx.HTTPError as error:
            raise EmulatorError(
                f"no local service at {self._client.base_url} ({error}); start one with lambdakit start"
            ) from None
        value: dict[str, Any] = answer.json()
        if answer.is_success:
            return value
        if value.get("__type") == "ResourceNotFoundException":
            group = request["logGroupName"]
            raise _NoLogGroupError(f"there is no log group {group}: the function has not run, or is called otherwise")
        raise EmulatorError(value.get("message", answer.text))


class _NoLogGroupError(EmulatorError):
    """The log group is not there (yet)."""


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        raise UsageError(f"--since {text!r}: expected a number and s, m, h or d, such as 10m")
    return int(found.group(1)) * _UNITS[found.group(2)]

"""`lambdakit traces`: the traces of functions that the local service runs, as a list, a waterfall, JSON or OTLP.

Reads from a running service (`lambdakit start`) by X-Ray's GetTraceSummaries and BatchGetTraces; so it shows what AWS
clients see, and needs none. Only the payload goes to stdout: what was exported, or that there is nothing, is said on
stderr.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import httpx

from lambdakit.cli import waterfall
from lambdakit.cli.signing import ShellSignature
from lambdakit.emulator.api.server import PORT
from lambdakit.emulator.listener import LOOPBACK
from lambdakit.emulator.logs import timestamp
from lambdakit.emulator.tracing.otlp import export_request
from lambdakit.exceptions import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ERROR = 1
# Of a list, and how many traces may be asked for at once.
LIMIT, BATCH = 20, 5
LATEST = "latest"
OTLP_PATH = "/v1/traces"
_PLAIN_WIDTH = 100
_FLAGS = {"HasThrottle": "throttle", "HasFault": "fault", "HasError": "error", "IsPartial": "in progress"}


@click.command("traces", short_help="Show the traces of functions the local service runs.")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--limit", type=click.IntRange(min=1), default=LIMIT, show_default=True, help="The most of a list.")
@click.option("--filter", "expression", default="", metavar="EXPRESSION", help="An X-Ray filter expression.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON: the list, or the segments of the traces named.")
@click.option("--otlp", metavar="URL", help="Export to an OpenTelemetry collector (OTLP over HTTP) instead.")
@click.option(
    "--endpoint", default=f"http://{LOOPBACK}:{PORT}", show_default=True, metavar="URL", help="The running service."
)
def command(ids: tuple[str, ...], limit: int, expression: str, as_json: bool, otlp: str | None, endpoint: str) -> None:
    """List the latest traces; with an ID (or the word latest) show that trace as a waterfall.

    Functions are traced where their configuration says tracing = "Active", or all with lambdakit start --tracing
    active. --otlp exports the traces named, or all that would be listed.

    Exit status: 0; 1 when the service or the collector cannot be reached, or there is no such trace; 2 after a usage
    error.
    """
    try:
        with httpx.Client(base_url=endpoint, timeout=10, auth=ShellSignature()) as client:
            _show(Reader(client), ids, limit, expression, as_json, otlp)
    except EmulatorError as error:
        click.echo(f"lambdakit traces: {error}", err=True)
        sys.exit(_ERROR)


class Trace(NamedTuple):
    """A trace: its id, and its segments with everything within them."""

    id: str
    segments: list[dict[str, Any]]


class Reader:
    """Asks a running service for traces. Everything raises EmulatorError."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def summaries(self, limit: int, expression: str = "") -> list[dict[str, Any]]:
        """The latest traces, the newest first."""
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {"StartTime": 0, "EndTime": time.time() + 1}
        if expression:
            request["FilterExpression"] = expression
        while True:
            answer = self._ask("/TraceSummaries", request)
            found.extend(answer["TraceSummaries"])
            if len(found) >= limit or "NextToken" not in answer:
                return found[:limit]
            request["NextToken"] = answer["NextToken"]

    def traces(self, ids: Sequence[str]) -> Iterator[Trace]:
        """The traces of these ids, as many as there are."""
        for first in range(0, len(ids), BATCH):
            answer = self._ask("/Traces", {"TraceIds": ids[first : first + BATCH]})
            for trace in answer["Traces"]:
                yield Trace(trace["Id"], [json.loads(segment["Document"]) for segment in trace["Segments"]])

    def _ask(self, path: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._client.post(path, json=request)
        except httpx.HTTPError as error:
            raise EmulatorError(
                f"no local service at {self._client.base_url} ({error}); start one with lambdakit start"
            ) from None
        if answer.is_success:
            value: dict[str, Any] = answer.json()
            return value
        raise EmulatorError(_reason(answer))


def _reason(answer: httpx.Response) -> str:
    try:
        told: Any = answer.json()
        return str(told.get("Message") or told.get("message") or answer.text)
    except (ValueError, AttributeError):
        return f"{answer.request.url} answered {answer.status_code}: {answer.text[:200]}"


def _show(reader: Reader, ids: tuple[str, ...], limit: int, expression: str, as_json: bool, otlp: str | None) -> None:
    listed = not ids
    summaries = reader.summaries(limit, expression) if listed or LATEST in ids else []
    if not summaries and (listed or LATEST in ids):
        click.echo("lambdakit traces: there are none; is a function traced (tracing = Active)?", err=True)
        if as_json:
            click.echo("[]")
        return
    wanted = [summaries[0]["Id"] if id == LATEST else id for id in ids] or [one["Id"] for one in summaries]
    if otlp is not None:
        _export(reader, wanted, otlp)
    elif listed and as_json:
        click.echo(json.dumps(summaries, indent=2))
    elif listed:
        _print_list(summaries)
    else:
        _print_traces(_all_of(reader, wanted), as_json)


def _all_of(reader: Reader, ids: list[str]) -> list[Trace]:
    """The traces of all ids. Raises EmulatorError for one that is not there."""
    found = list(reader.traces(ids))
    missing = set(ids) - {trace.id for trace in found}
    if missing:
        raise EmulatorError(f"there is no trace {', '.join(sorted(missing))}; lambdakit traces lists those there are")
    return found


def _print_list(summaries: Sequence[dict[str, Any]]) -> None:
    for one in summaries:
        ended = next((word for flag, word in _FLAGS.items() if one.get(flag)), "ok")
        name = one.get("EntryPoint", {}).get("Name", "")
        taken = waterfall.milliseconds(one["Duration"])
        click.echo(f"{timestamp(one['StartTime'])}  {one['Id']}  {taken:>10}  {ended:<11}  {name}")


def _print_traces(traces: Sequence[Trace], as_json: bool) -> None:
    if as_json:
        told = [{"Id": trace.id, "Segments": trace.segments} for trace in traces]
        click.echo(json.dumps(told, indent=2))
        return
    for number, trace in enumerate(traces):
        if number:
            click.echo()
        show_waterfall(trace)


def show_waterfall(trace: Trace) -> None:
    """Write a trace to stdout, in colour where that is a terminal."""
    found = waterfall.rows(trace.segments)
    begun = timestamp(min(segment["start_time"] for segment in trace.segments))
    whole = max(row.start + row.taken for row in found)
    head = f"{trace.id}  {begun}  {waterfall.milliseconds(whole)}"
    if not sys.stdout.isatty():
        click.echo("\n".join((head, *waterfall.lines(found, _PLAIN_WIDTH))))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(head, style="dim"))
    width = shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns
    drawn = waterfall.lines(found, width, full=waterfall.FULL, less=waterfall.LESS)
    for row, line in zip(found, drawn, strict=True):
        console.print(Text(line, style=waterfall.style(row)))


def _export(reader: Reader, ids: list[str], url: str) -> None:
    """Send traces to a collector, a few at a time."""
    target = httpx.URL(url)
    if target.path in ("", "/"):
        target = target.copy_with(path=OTLP_PATH)
    traces = _all_of(reader, ids)
    spans = 0
    with httpx.Client(timeout=30) as client:
        for first in range(0, len(traces), BATCH):
            spans += _send(client, target, traces[first : first + BATCH])
    click.echo(f"lambdakit traces: exported {len(traces)} traces ({spans} spans) to {target}", err=True)


def _send(client: httpx.Client, target: httpx.URL, traces: Sequence[Trace]) -> int:
    body = export_request(traces)
    try:
        answer = client.post(target, json=body)
    except httpx.HTTPError as error:
        raise EmulatorError(f"no collector at {target}: {error}") from None
    if not answer.is_success:
        raise EmulatorError(f"the collector did not take the traces: {_reason(answer)}")
    refused, why = _refused(answer)
    if refused:
        raise EmulatorError(f"the collector refused {refused} spans: {why}")
    return sum(len(scope["spans"]) for one in body["resourceSpans"] for scope in one["scopeSpans"])


def _refused(answer: httpx.Response) -> tuple[int, str]:
    """How many spans a collector did not take, and why; collectors may also answer nothing at all."""
    try:
        partial: Any = answer.json()["partialSuccess"]
        return int(partial.get("rejectedSpans", 0)), str(partial.get("errorMessage"))
    except (ValueError, TypeError, KeyError, AttributeError):
        return 0, ""

"""Streams a report as CSV: the first rows reach the caller while the last are still being made.

Behind a function URL with invoke mode RESPONSE_STREAM this is an ordinary HTTP download, of any length up to 200 MB, in
constant memory.

    lambdakit invoke examples/streaming_report/app.py:handler --event examples/streaming_report/event.json
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, TypedDict

from lambdakit import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdakit import Context

HEADERS = {"content-type": "text/csv; charset=utf-8", "content-disposition": 'attachment; filename="report.csv"'}


class Request(TypedDict):
    """How many rows to make."""

    rows: int


def handler(event: Request, context: Context) -> StreamingResponse:
    """The report, made while it is sent."""
    return StreamingResponse(200, HEADERS, ["seen=report; Path=/"], rows(event["rows"]))


def rows(count: int) -> Iterator[str]:
    """The lines of the report."""
    yield line("number", "square", "cube")
    for number in range(1, count + 1):
        yield line(number, number**2, number**3)


def line(*values: object) -> str:
    """One line of CSV."""
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()

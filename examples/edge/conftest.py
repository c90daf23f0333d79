"""What the edge examples' tests share: their events, changed as a test needs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events import EdgeHeaders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def altered(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`altered({"Cookie": "a=1"}, uri="/")`: the event of the example with other headers and fields of the request.

    `of="response"` changes the response; `file="response.json"` is another event of the example.
    """
    folder: Path = request.path.parent

    def make(
        headers: dict[str, str] | None = None, *, of: str = "request", file: str = "event.json", **fields: str
    ) -> Any:
        event = json.loads((folder / file).read_text())
        subject = event["Records"][0]["cf"][of]
        subject.update(fields)
        subject["headers"].update(EdgeHeaders.of(headers).to_wire())
        return event

    return make

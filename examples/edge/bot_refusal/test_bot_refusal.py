from __future__ import annotations

import json
from typing import Any

import pytest

from examples.edge.bot_refusal.app import handler


def test_a_robot_on_the_list_is_refused(invoke: Any, event: Any) -> None:
    answer = json.loads(invoke(event).payload)
    assert (answer["status"], answer["body"]) == ("403", "Robots: please keep to /robots.txt.\n")


@pytest.mark.parametrize(
    ("agent", "uri", "goes_on"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "/", True),
        ("Mozilla/5.0 (compatible; SemrushBot/7~bl)", "/robots.txt", True),
        ("python-requests/2.32", "/", False),
        ("Scrapy/2.13", "/", False),
        ("", "/", False),
    ],
)
def test_the_agent_decides(altered: Any, agent: str, uri: str, goes_on: bool) -> None:
    event = altered({"User-Agent": agent}, uri=uri)
    answer = handler(event)
    assert (answer == event["Records"][0]["cf"]["request"]) is goes_on
    assert (answer.get("status") == "403") is not goes_on

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from examples.edge.user_tracking.app import handler


def cookies(answer: dict[str, Any]) -> list[str]:
    return [entry["value"] for entry in answer["headers"].get("set-cookie", ())]


def test_a_new_visitor_gets_an_id_and_the_page_is_unchanged(invoke: Any, event: Any) -> None:
    answer = json.loads(invoke(event).payload)
    [cookie] = cookies(answer)
    assert re.fullmatch(r"visitor=[0-9a-f]{32}; Max-Age=31536000; Path=/; SameSite=Lax; Secure; HttpOnly", cookie)
    del answer["headers"]["set-cookie"]
    assert answer == event["Records"][0]["cf"]["response"]


def test_no_id_is_given_out_twice(event: Any) -> None:
    assert cookies(handler(event)) != cookies(handler(event))


@pytest.mark.parametrize(
    ("of", "headers"),
    [
        ("request", {"Cookie": "visitor=4f"}),
        ("request", {"Sec-GPC": "1"}),
        ("response", {"Content-Type": "image/jpeg"}),
    ],
)
def test_who_has_one_or_wants_none_gets_none(altered: Any, of: str, headers: dict[str, str]) -> None:
    assert cookies(handler(altered(headers, of=of))) == []

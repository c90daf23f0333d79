from __future__ import annotations

import json
from typing import Any

import pytest

from examples.edge.ab_test.app import assign, remember


def cookies(answer: dict[str, Any]) -> list[str]:
    return [entry["value"] for entry in answer["headers"].get("set-cookie", ())]


def test_a_new_viewer_gets_a_group_and_keeps_it(invoke: Any, event: Any, altered: Any) -> None:
    asked = json.loads(invoke(event, "assign").payload)
    _, group, page = asked["uri"].split("/")
    assert (group in ("a", "b"), page) == (True, "pricing")
    answer = json.loads(invoke(altered(file="response.json"), "remember").payload)
    assert cookies(answer) == [f"group={group}; Max-Age=7776000; Path=/; SameSite=Lax; Secure; HttpOnly"]


@pytest.mark.parametrize("group", ["a", "b"])
def test_the_cookie_decides_and_is_not_set_again(altered: Any, group: str) -> None:
    headers = {"Cookie": f"x=1; group={group}"}
    assert assign(altered(headers))["uri"] == f"/{group}/pricing"
    assert cookies(remember(altered(headers, file="response.json"))) == []


def test_a_cookie_of_no_group_is_replaced(altered: Any) -> None:
    headers = {"Cookie": "group=../admin"}
    assert assign(altered(headers))["uri"] in ("/a/pricing", "/b/pricing")
    assert len(cookies(remember(altered(headers, file="response.json")))) == 1


def test_both_groups_are_used_alike(altered: Any) -> None:
    uris = [assign(altered(clientIp=f"198.51.100.{last}"))["uri"] for last in range(200)]
    assert 80 <= uris.count("/a/pricing") <= 120

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from examples.edge.authorization.app import KEY, handler


def session(user: str, expires: float, key: bytes = KEY) -> dict[str, str]:
    signed = f"{user}.{expires:.0f}"
    return {"Cookie": f"session={signed}.{hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()}"}


def test_a_signed_session_goes_on_as_it_came(invoke: Any, event: Any) -> None:
    assert json.loads(invoke(event).payload) == event["Records"][0]["cf"]["request"]


def test_no_session_leads_to_the_login_and_back(altered: Any) -> None:
    answer = handler(altered({"Cookie": "theme=dark"}))
    assert answer["status"] == "302"
    assert answer["headers"]["location"][0]["value"] == "/login?then=%2Freports%2F2026%3Fmonth%3D5"
    assert answer["headers"]["cache-control"][0]["value"] == "no-store"


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_session_ends_when_it_says(altered: Any, seconds: int) -> None:
    answer = handler(altered(session("ada", time.time() + seconds)))
    assert ("status" in answer) == (seconds < 0)


@pytest.mark.parametrize(
    "cookie", ["", ".", "ada.4102444800.", "eve.4102444800.00ff", "é", session("eve", 4102444800, b"guess")["Cookie"]]
)
def test_a_session_nobody_signed_is_refused(altered: Any, cookie: str) -> None:
    assert handler(altered({"Cookie": f"session={cookie.removeprefix('session=')}"}))["status"] == "302"

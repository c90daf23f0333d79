from __future__ import annotations

import json
from typing import Any

from examples.edge.security_headers.app import HEADERS, handler


def test_the_page_goes_out_with_every_header(invoke: Any, event: Any) -> None:
    headers = json.loads(invoke(event).payload)["headers"]
    assert {name: headers[name.lower()][0]["value"] for name in HEADERS} == HEADERS
    assert "server" not in headers
    assert headers["content-length"][0]["value"] == "5120"


def test_a_weaker_policy_of_the_origin_is_replaced(altered: Any) -> None:
    answer = handler(altered({"Referrer-Policy": "unsafe-url", "X-Powered-By": "PHP"}, of="response"))
    assert answer["headers"]["referrer-policy"] == [{"key": "Referrer-Policy", "value": HEADERS["Referrer-Policy"]}]
    assert "x-powered-by" not in answer["headers"]

from __future__ import annotations

import json
from typing import Any

import pytest

from examples.edge.country_device.app import handler

KINDS = ("Mobile", "Tablet", "SmartTV", "Desktop")


def test_a_phone_in_europe_gets_the_small_page_of_the_european_origin(invoke: Any, event: Any) -> None:
    answer = json.loads(invoke(event).payload)
    assert (answer["uri"], answer["querystring"]) == ("/m/cart", "item=7")
    assert (answer["origin"]["custom"]["domainName"], answer["origin"]["custom"]["path"]) == ("eu.example.com", "/shop")
    assert answer["headers"]["host"][0]["value"] == "eu.example.com"


@pytest.mark.parametrize(
    ("country", "true", "origin", "uri"),
    [
        ("US", {"Mobile"}, "us.example.com", "/m/cart"),
        ("DE", {"Desktop"}, "eu.example.com", "/cart"),
        ("JP", {"Mobile", "Tablet"}, "us.example.com", "/cart"),
    ],
)
def test_country_and_device_decide(altered: Any, country: str, true: set[str], origin: str, uri: str) -> None:
    devices = {f"CloudFront-Is-{kind}-Viewer": str(kind in true).lower() for kind in KINDS}
    answer = handler(altered({"CloudFront-Viewer-Country": country, **devices}))
    assert (answer["origin"]["custom"]["domainName"], answer["uri"]) == (origin, uri)

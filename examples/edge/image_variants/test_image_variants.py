from __future__ import annotations

import json
from typing import Any

import pytest

from examples.edge.image_variants.app import choose, fall_back


def test_the_browser_gets_its_best_format(invoke: Any, event: Any) -> None:
    answer = json.loads(invoke(event, "choose").payload)
    assert (answer["uri"], answer["querystring"]) == ("/variants/640/avif/lake/cat.jpg", "")


@pytest.mark.parametrize(
    ("accept", "query", "uri"),
    [
        ("image/webp,*/*", "width=320", "/variants/320/webp/cat.jpg"),
        ("*/*", "", "/variants/1280/jpeg/cat.jpg"),
        ("*/*", "width=../../x", "/variants/1280/jpeg/cat.jpg"),
    ],
)
def test_only_variants_on_the_list_are_asked_for(altered: Any, accept: str, query: str, uri: str) -> None:
    assert choose(altered({"Accept": accept}, uri="/cat.jpg", querystring=query))["uri"] == uri


def test_a_missing_variant_leads_to_the_original(invoke: Any, altered: Any) -> None:
    event = altered(file="response.json")
    answer = json.loads(invoke(event, "fall_back").payload)
    assert (answer["status"], answer["body"]) == ("302", "")
    assert answer["headers"] == {
        "location": [{"key": "Location", "value": "/originals/lake/cat.jpg"}],
        "cache-control": [{"key": "Cache-Control", "value": "max-age=60"}],
        "transfer-encoding": [{"key": "Transfer-Encoding", "value": "chunked"}],
    }


def test_a_variant_that_is_there_stays_as_it_came(altered: Any) -> None:
    event = altered(of="response", file="response.json", status="200", statusDescription="OK")
    assert fall_back(event) == event["Records"][0]["cf"]["response"]

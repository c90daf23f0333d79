from __future__ import annotations

import json
from typing import Any


def test_an_entry_is_written_and_its_place_told(invoke: Any, event: Any) -> None:
    answer = json.loads(invoke(event).payload)
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (201, "application/json")
    place = "https://abcdef1234.execute-api.eu-west-1.amazonaws.com/beta/entries/2"
    assert json.loads(answer["body"]) == {"at": place}


def test_the_lifespan_has_opened_the_book(invoke: Any, event: Any) -> None:
    event["rawPath"], event["requestContext"]["http"]["method"] = "/beta/entries", "GET"
    answer = json.loads(invoke(event).payload)
    assert json.loads(answer["body"]) == [{"name": "Ada", "text": "first!"}]


def test_bad_input_is_the_applications_own_422(invoke: Any, event: Any) -> None:
    event["body"] = '{"name": ""}'
    answer = json.loads(invoke(event).payload)
    assert answer["statusCode"] == 422
    assert json.loads(answer["body"])["detail"][0]["loc"] == ["body", "name"]


def test_an_entry_that_is_not_there_is_404(invoke: Any, event: Any) -> None:
    event["rawPath"], event["requestContext"]["http"]["method"] = "/beta/entries/7", "GET"
    answer = json.loads(invoke(event).payload)
    assert (answer["statusCode"], json.loads(answer["body"])) == (404, {"detail": "no such entry"})

from __future__ import annotations

import json
from typing import Any

import pytest

from examples.edge.redirect.app import handler


def test_an_old_path_on_the_wrong_host_takes_one_redirect(invoke: Any, event: Any) -> None:
    answer = json.loads(invoke(event).payload)
    location = [{"key": "Location", "value": "https://www.example.com/news?page=2&tag=c%2B%2B"}]
    assert answer == {"status": "301", "statusDescription": "Moved Permanently", "headers": {"location": location}}


@pytest.mark.parametrize(
    ("host", "uri", "location"),
    [
        ("example.com", "/", "https://www.example.com/"),
        ("www.example.com", "/news/", "https://www.example.com/news"),
        ("www.example.com", "/contact.php", "https://www.example.com/contact"),
        ("www.example.com", "//elsewhere.example/", "https://www.example.com//elsewhere.example"),
    ],
)
def test_what_is_wrong_is_put_right(altered: Any, host: str, uri: str, location: str) -> None:
    answer = handler(altered({"Host": host}, uri=uri, querystring=""))
    assert answer["headers"]["location"][0]["value"] == location


@pytest.mark.parametrize("uri", ["/", "/news", "/a%20b"])
def test_what_is_right_goes_on_as_it_came(altered: Any, uri: str) -> None:
    event = altered({"Host": "www.example.com"}, uri=uri)
    assert handler(event) == event["Records"][0]["cf"]["request"]

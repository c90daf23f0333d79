from __future__ import annotations

import json
from typing import Any

import pytest

from examples.edge.url_rewrite.app import handler


def test_a_folder_has_an_index(invoke: Any, event: Any) -> None:
    asked = event["Records"][0]["cf"]["request"]
    assert json.loads(invoke(event).payload) == {**asked, "uri": "/docs/install/index.html"}


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/", "/index.html"),
        ("/docs/", "/docs/index.html"),
        ("/docs/a.pdf", "/docs/a.pdf"),
        ("/v1.2/", "/v1.2/index.html"),
        ("/app", "/app/index.html"),
        ("/app/orders/17", "/app/index.html"),
        ("/app/main.js", "/app/main.js"),
        ("/application", "/application/index.html"),
    ],
)
def test_every_path_has_its_file(altered: Any, asked: str, served: str) -> None:
    assert handler(altered(uri=asked))["uri"] == served

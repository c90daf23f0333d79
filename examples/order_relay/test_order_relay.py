from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from typing import Any

from tests.moto_server import aws, aws_environment, aws_server, unique  # noqa: F401  # pyright: ignore[reportUnusedImport]


class Warehouse(BaseHTTPRequestHandler):
    """Notes the one request it serves."""

    path_seen = key_seen = ""
    body_seen: Any = None

    def do_PUT(self) -> None:
        kind = type(self)
        kind.path_seen, kind.key_seen = self.path, self.headers["Authorization"]
        kind.body_seen = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_on_a_laptop_the_file_is_enough(invoke: Any, event: Any) -> None:
    result = invoke(event)
    assert json.loads(result.payload) == "sent", result


def test_an_order_goes_to_the_warehouse_with_the_key_of_the_store(
    invoke: Any,
    event: Any,
    aws: str,  # noqa: F811
) -> None:
    stage = unique("test")
    boto3: Any = import_module("boto3")
    with contextlib.closing(boto3.client("ssm", region_name="us-east-1")) as parameters:
        parameters.put_parameter(Name=f"/{stage}/warehouse/key", Value="hunter2", Type="SecureString")
    with HTTPServer(("127.0.0.1", 0), Warehouse) as server:
        server.timeout = 20
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        variables = {"WAREHOUSE_URL": f"http://127.0.0.1:{server.server_port}", "STAGE": stage}
        result = invoke(
            event, **variables, LAMBDAKIT_LOCAL="0", AWS_ENDPOINT_URL=aws_environment(aws)["AWS_ENDPOINT_URL"]
        )
        thread.join()
    assert json.loads(result.payload) == "sent", result
    assert (Warehouse.path_seen, Warehouse.key_seen) == ("/orders/10042", "Bearer hunter2")
    assert Warehouse.body_seen == {"order": "10042", "lines": [{"sku": "BOOK-1", "quantity": 2}]}
    assert not [line.text for line in result.log_lines if "hunter2" in line.text]


def test_another_warehouses_country_is_skipped(invoke: Any, event: Any) -> None:
    event["detail"]["country"] = "FR"
    assert json.loads(invoke(event).payload) == "skipped"
    assert json.loads(invoke(event, COUNTRIES="FR,ES").payload) == "sent"


def test_what_is_missing_is_told_at_once(invoke: Any, event: Any) -> None:
    result = invoke(event, LAMBDAKIT_LOCAL="0", TIMEOUT="soon")
    message = json.loads(result.payload)["errorMessage"]
    for found in (
        "WAREHOUSE_URL (for warehouse_url): it is not set",
        "STAGE is not set",
        "TIMEOUT (for timeout): found",
    ):
        assert found in message

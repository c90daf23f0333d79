from __future__ import annotations

import asyncio
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation

ROOT = "1-5759e988-bd862e3fe1be46a994272793"


class Rates(BaseHTTPRequestHandler):
    trace: str | None = None

    def do_GET(self) -> None:
        type(self).trace = self.headers["X-Amzn-Trace-Id"]
        body = json.dumps({"SEK": "11.00"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_a_quote_by_the_table(invoke: Any, event: Any) -> None:
    answer = json.loads(invoke(event).payload)
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"item": "pen", "SEK": "13.56"})


def test_an_item_that_is_not_sold(invoke: Any, event: Any) -> None:
    event["rawQueryString"] = "item=car"
    assert json.loads(invoke(event).payload)["statusCode"] == 404


def test_a_sampled_request_shows_where_its_time_goes(event: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon, HTTPServer(("127.0.0.1", 0), Rates) as server:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        server.timeout = 10
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        variables = {
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            "RATES_URL": f"http://127.0.0.1:{server.server_port}/rates",
        }
        answer = json.loads(asyncio.run(sampled(event, variables)))
        thread.join()
        told = [json.loads(daemon.recv(70_000).partition(b"\n")[2]) for _ in range(4)]
    assert json.loads(answer["body"]) == {"item": "pen", "SEK": "13.20"}
    by_name = {one["name"]: one for one in told}
    handler, rate, call = by_name["## handler"], by_name["rate"], by_name["127.0.0.1"]
    assert handler["annotations"] == {"ColdStart": True, "Service": "quotes", "Currency": "SEK"}
    assert [by_name[name]["parent_id"] for name in ("price", "rate")] == [handler["id"]] * 2
    assert (rate["metadata"], call["parent_id"]) == ({"quotes": {"rates": {"SEK": "11.00"}}}, rate["id"])
    assert Rates.trace == f"Root={ROOT};Parent={call['id']};Sampled=1"


async def sampled(event: Any, variables: dict[str, str]) -> bytes:
    folder = Path(__file__).parent
    config = FunctionConfig(folder.name, "app.handler", folder, timeout=30, environment=variables)
    header = f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"
    async with ExecutionEnvironment(config) as environment:
        result = await environment.invoke(Invocation(json.dumps(event).encode(), trace_id=header))
        return result.payload

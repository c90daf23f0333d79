from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

LINE = (
    "orders-queue-age (EU (Ireland)) went off: "
    "Threshold Crossed: 1 datapoint [742.0] was greater than the threshold (600.0)."
)


class Room(BaseHTTPRequestHandler):
    said: bytes = b""

    def do_POST(self) -> None:
        type(self).said = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_the_alarm_is_posted_to_the_room(invoke: Any, event: Any) -> None:
    with HTTPServer(("127.0.0.1", 0), Room) as server:
        server.timeout = 10
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        result = invoke(event, CHAT_WEBHOOK=f"http://127.0.0.1:{server.server_port}/hook")
        thread.join()
    assert json.loads(result.payload) == [LINE]
    assert json.loads(Room.said) == {"text": LINE}


def test_the_end_of_an_alarm_reads_otherwise(invoke: Any, event: Any) -> None:
    sns = event["Records"][0]["Sns"]
    sns["Message"] = json.dumps({**json.loads(sns["Message"]), "NewStateValue": "OK", "NewStateReason": "All well."})
    assert json.loads(invoke(event).payload) == ["orders-queue-age (EU (Ireland)) is over: All well."]


def test_another_notification_is_an_error_that_names_what_is_missing(invoke: Any, event: Any) -> None:
    event["Records"][0]["Sns"]["Message"] = json.dumps({"AlarmName": "x"})
    error = json.loads(invoke(event).payload)
    assert error["errorType"] == "PayloadError"
    assert "NewStateValue" in error["errorMessage"]

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

MILK = {"title": "milk", "done": False, "tags": ["home"], "id": 1}
FILE = b'--X\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n\x00\xff\r\n--X--\r\n'


def rest(method: str, path: str, query: dict[str, list[str]], kind: str, body: bytes) -> dict[str, Any]:
    return {
        "httpMethod": method,
        "path": path,
        "headers": {"Content-Type": kind},
        "multiValueHeaders": {"Content-Type": [kind]},
        "multiValueQueryStringParameters": query or None,
        "requestContext": {"stage": "prod", "path": f"/prod{path}"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def http(method: str, path: str, query: dict[str, list[str]], kind: str, body: bytes) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, values in query.items() for value in values),
        "headers": {"content-type": kind},
        "requestContext": {"stage": "$default", "domainName": "x.example", "http": {"method": method}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def alb(method: str, path: str, query: dict[str, list[str]], kind: str, body: bytes) -> dict[str, Any]:
    return {
        "httpMethod": method,
        "path": path,
        "multiValueHeaders": {"content-type": [kind]},
        "multiValueQueryStringParameters": query,
        "requestContext": {"elb": {"targetGroupArn": "arn"}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


@pytest.fixture(params=[rest, http, alb])
def ask(request: pytest.FixtureRequest, invoke: Any, tmp_path: Any) -> Any:
    """`ask(method, path, body)`: status and body of an answer, through one of three front doors."""

    def once(method: str, path: str, body: Any = None, *, query: Any = None, kind: str = "application/json") -> Any:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        event = request.param(method, path, query or {}, kind, data)
        result = invoke(event, DATABASE=str(tmp_path / "notes.db"))
        assert result.function_error is None
        answer = json.loads(result.payload)
        headers = answer.get("headers") or {name: value[0] for name, value in answer["multiValueHeaders"].items()}
        assert headers["x-request-id"] == result.request_id
        if "json" in headers.get("content-type", ""):
            return answer["statusCode"], json.loads(answer["body"])
        text = answer["body"]
        return answer["statusCode"], base64.b64decode(text) if answer["isBase64Encoded"] else text

    return once


def test_a_note_lives_and_dies(ask: Any) -> None:
    assert ask("POST", "/notes", {"title": "milk", "tags": ["home"]}) == (201, MILK)
    assert ask("PATCH", "/notes/1", {"done": True}) == (200, {**MILK, "done": True})
    assert ask("GET", "/notes", query={"limit": ["5"], "tag": ["home"]}) == (200, [{**MILK, "done": True}])
    assert ask("POST", "/notes/1/files", FILE, kind="multipart/form-data; boundary=X")[0] == 201
    assert ask("GET", "/notes/1/files/a.bin") == (200, b"\x00\xff")
    assert ask("DELETE", "/notes/1") == (204, "")
    assert ask("GET", "/notes/1") == (
        404,
        {"title": "Not Found", "status": 404, "detail": "no such note", "id": 1},
    )


def test_what_is_wrong_with_a_request_is_told(ask: Any) -> None:
    status, problem = ask("POST", "/notes", {"title": " ", "tags": "home"})
    assert (status, problem["errors"]) == (
        422,
        [{"in": "body", "path": "$.tags", "detail": "expected array, got str"}],
    )
    assert ask("POST", "/notes", b"{")[0] == 400
    assert (
        ask("GET", "/notes", query={"limit": ["1000"]})[1]["errors"][0]["detail"]
        == "Page refuses it: limit is 1 to 100"
    )


def test_the_example_event_runs(invoke: Any, event: Any, tmp_path: Any) -> None:
    database = str(tmp_path / "notes.db")
    answer = json.loads(invoke(event, DATABASE=database).payload)
    assert (answer["statusCode"], json.loads(answer["body"])) == (201, MILK)
    assert answer["headers"]["location"] == "/notes/1"
    assert json.loads(invoke(event, DATABASE=database).payload)["statusCode"] == 409


def test_a_database_that_cannot_be_opened_is_no_mystery(invoke: Any, event: Any, tmp_path: Any) -> None:
    answer = json.loads(invoke(event, DATABASE=str(tmp_path / "nowhere" / "notes.db")).payload)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")

"""Requests to an application under test, and its answers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from lambdakit.context import LambdaContext


def rest(method: str = "GET", path: str = "/", **more: Any) -> dict[str, Any]:
    return {"httpMethod": method, "path": path, "headers": {}, "requestContext": {}, "body": None, **more}


def http(method: str = "GET", path: str = "/", query: str = "", stage: str = "$default") -> dict[str, Any]:
    mount = "" if stage == "$default" else f"/{stage}"
    return {
        "version": "2.0",
        "rawPath": mount + path,
        "rawQueryString": query,
        "headers": {"host": "api.example.com"},
        "requestContext": {"stage": stage, "domainName": "api.example.com", "http": {"method": method}},
    }


def ask(app: Any, method: str = "GET", path: str = "/", **more: Any) -> tuple[int, Any]:
    """Status and body of an answer, out of its JSON where it is JSON."""
    answer = app(rest(method, path, **more), LambdaContext("the-id"))
    if hasattr(answer, "__await__"):
        answer = asyncio.run(answer)
    headers = {**answer["headers"]}
    body = answer["body"]
    return answer["statusCode"], json.loads(body) if "json" in headers.get("content-type", "") and body else body


def problem(status: int, title: str, **members: Any) -> tuple[int, dict[str, Any]]:
    return status, {"title": title, "status": status, **members}

"""Streamed responses: what a body may be, and what comes back."""

# ruff: noqa: TC001, TC003 - imports as users write them

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from typing_extensions import reveal_type

from lambdakit import Context, StreamingResponse


def pieces() -> Iterator[bytes]:
    yield b"a"


async def later() -> AsyncIterator[str]:
    yield "b"


def handler(event: dict[str, Any], context: Context) -> StreamingResponse:
    response = StreamingResponse(200, {"content-type": "text/plain"}, ["a=b"], pieces())
    reveal_type(response)  # StreamingResponse
    reveal_type(response.status)  # int
    reveal_type(response.headers)  # dict[str, str]
    reveal_type(response.cookies)  # list[str]
    return response


StreamingResponse(body=later())
StreamingResponse(body=["text", b"octets"])
StreamingResponse(201, body="one piece")

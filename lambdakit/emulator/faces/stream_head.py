"""The head of a streamed HTTP answer: the JSON and eight NUL bytes that come before the body.

Source: Lambda developer guide, "Response streaming", and the content type by which runtimes announce it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.faces.answers import answer, fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lambdakit.emulator.faces.message import FaceResponse

__all__ = ("HTTP_TYPE", "read_head", "split_head")

HTTP_TYPE = "application/vnd.awslambda.http-integration-response"
_END = b"\0" * 8
# Engine's own: a prelude is a few headers, and what has no end before this is none.
_MOST_BYTES = 1024 * 1024


async def read_head(chunks: AsyncIterator[bytes]) -> tuple[FaceResponse, bytes] | None:
    """The response without its body, and what of the body came with it; None where the prelude is malformed."""
    found = b""
    async for chunk in chunks:
        found += chunk
        if _END in found:
            return split_head(found)
        if len(found) > _MOST_BYTES:
            return None
    return None


def split_head(data: bytes) -> tuple[FaceResponse, bytes] | None:
    """As `read_head`, of bytes that hold the whole prelude."""
    text, end, body = data.partition(_END)
    try:
        value: Any = json.loads(text) if end else None
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    response = answer("url", json.dumps({"statusCode": 200, **value, "body": ""}).encode())
    return None if response is fault("url", "malformed") else (response._replace(body=b""), body)

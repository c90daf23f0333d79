"""Bodies that are iterables: sent while they are made where the front door takes a stream, else put together first."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambdakit.http.response import Response
    from lambdakit.runtime.streaming import StreamingResponse

__all__ = ("is_async_body", "streaming_answer", "whole_body", "whole_body_async")

_is_a: Any = isinstance


def is_async_body(body: Any) -> bool:
    """Whether the body must be awaited."""
    return hasattr(body, "__aiter__")


def streaming_answer(response: Response) -> StreamingResponse:
    """The response for a caller who takes it piece by piece. Headers that came repeatedly are joined by commas."""
    from lambdakit import StreamingResponse

    headers = {name: ", ".join(response.headers.all(name)) for name in response.headers}
    return StreamingResponse(response.status, headers, response.cookie_values(), response.body)


def whole_body(body: Any) -> bytes:
    """All pieces of a body."""
    try:
        return b"".join(_octets(piece) for piece in body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


async def whole_body_async(body: Any) -> bytes:
    """All pieces of a body that must be awaited."""
    try:
        return b"".join([_octets(piece) async for piece in body])
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()


def _octets(piece: Any) -> bytes:
    return piece.encode("utf-8", "surrogatepass") if _is_a(piece, str) else bytes(piece)

"""The middleware of bearer tokens: `BearerTokens.required` makes it.

The verified token is a context variable while the route runs, and again for each piece of a stream: a generator's body
runs after its middleware has returned.
"""

from __future__ import annotations

from lambdakit.exceptions import TokenError, TokenKeysError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from contextvars import ContextVar
    from typing import Any

    from lambdakit.handlers import Call
    from lambdakit.http.bearer import BearerTokens, Token
    from lambdakit.http.request import Request
    from lambdakit.http.response import Response

__all__ = ("BearerRequired",)


class BearerRequired:
    """Lets requests with a token for these scopes pass."""

    def __init__(self, bearer: BearerTokens[Any], scopes: Sequence[str], current: ContextVar[Any]) -> None:
        self._bearer = bearer
        self._scopes = tuple(scopes)
        self._current = current

    def __call__(self, request: Request, context: Any, call_next: Call) -> Response:
        """Run around sync routes."""
        try:
            token = self._bearer.verify_header(request.headers.get("authorization"), *self._scopes)
        except (TokenError, TokenKeysError) as error:
            return self._refusal(error)
        request.state["token"] = token
        known = self._current.set(token)
        try:
            return self._held(call_next(request, context), token)
        finally:
            self._current.reset(known)

    async def call_async(self, request: Request, context: Any, call_next: Call) -> Response:
        """Run around async routes."""
        try:
            token = await self._bearer.verify_header_async(request.headers.get("authorization"), *self._scopes)
        except (TokenError, TokenKeysError) as error:
            return self._refusal(error)
        request.state["token"] = token
        known = self._current.set(token)
        try:
            return self._held(await call_next(request, context), token)
        finally:
            self._current.reset(known)

    def _held(self, response: Response, token: Token[Any]) -> Response:
        """The response, with the token set while each piece of its stream is made."""
        if response.is_streamed:
            body: Any = response.body
            hold = _pieces_async if hasattr(body, "__aiter__") else _pieces
            response.body = hold(body, self._current, token)
        return response

    def _refusal(self, error: TokenError | TokenKeysError) -> Response:
        from lambdakit.http.problems import ProblemResponse

        if isinstance(error, TokenError):
            headers = {"www-authenticate": error.challenge(self._bearer.realm), "cache-control": "no-store"}
            return ProblemResponse(error.status, error.detail, headers=headers)
        from logging import getLogger

        getLogger("lambdakit.http").error("%s", error)
        return ProblemResponse(503, "tokens cannot be verified at the moment", headers={"retry-after": "1"})


def _pieces(body: Any, current: ContextVar[Any], token: Any) -> Iterator[Any]:
    iterator = iter(body)
    try:
        while True:
            known = current.set(token)
            try:
                piece = next(iterator, None)
            finally:
                current.reset(known)
            if piece is None:
                return
            yield piece
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()


async def _pieces_async(body: Any, current: ContextVar[Any], token: Any) -> AsyncIterator[Any]:
    iterator = body.__aiter__()
    try:
        while True:
            known = current.set(token)
            try:
                piece = await iterator.__anext__()
            except StopAsyncIteration:
                return
            finally:
                current.reset(known)
            yield piece
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()

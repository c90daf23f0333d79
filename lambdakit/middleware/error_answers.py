"""What becomes of an exception that leaves the handler: an HTTP answer, another try, or none.

    >>> from lambdakit.events import APIGatewayProxyEvent, api_gateway
    >>> from lambdakit.middleware import errors

    >>> @api_gateway(middleware=[errors({LookupError: 404})])
    ... def handler(event: APIGatewayProxyEvent, context: object) -> dict:
    ...     return {"statusCode": 200, "body": {"tea": "hot"}[event.path[1:]]}

    >>> handler({"httpMethod": "GET", "path": "/coffee", "requestContext": {}})["statusCode"]
    404

An HTTP request is answered with problem details (RFC 9457). Of an exception only the mapped ones' own words reach the
client, and of those only the ones that are the client's fault (4xx); whatever nobody mapped is 500 without a word, and
is logged with its traceback. Of every other event exceptions are raised again, so that the service tries again as it is
set to, but for PermanentError, which no other try would help.

In a batch, exceptions belong to records: `permanent_done` is an `on_error` that counts a record with a PermanentError
as done.
"""

from __future__ import annotations

from lambdakit.exceptions import (
    DeadlineError,
    HTTPError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    IdempotencyKeyError,
    PayloadError,
    PermanentError,
    RetryableError,
    UsageError,
)
from lambdakit.middleware.base import Middleware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal, TypeAlias

    # A status, a status with a title, or a function of (error, event, context) that makes the answer.
    Answer: TypeAlias = int | tuple[int, str] | Callable[[Any, Any, Any], Any]
    Hook: TypeAlias = Callable[[Any, Exception, Any], Any]

__all__ = ("Errors", "errors", "permanent_done")


def _as_it_says(error: HTTPError, _event: Any, context: Any) -> Any:
    """The answer that user code asked for by name."""
    from lambdakit.middleware.problems import problem

    return problem(
        error.status,
        title=error.title,
        detail=error.detail,
        kind=error.type,
        context=context,
        headers=error.headers,
        members=error.members,
    )


# What lambdakit's own errors are to a client, unless mapped otherwise.
_KNOWN: dict[type[BaseException], Answer] = {
    PayloadError: 400,
    IdempotencyKeyError: 400,
    IdempotencyInProgressError: 409,
    IdempotencyConflictError: 422,
    RetryableError: 503,
    DeadlineError: 504,
    HTTPError: _as_it_says,
}
# Seconds after which a client may try again, by status.
_RETRY_AFTER = {409: "1", 503: "1"}

_type: Any = type
_is_a: Any = isinstance


class Errors(Middleware):
    """Turn exceptions into HTTP answers, and let no PermanentError be tried again.

    `answers` maps exception classes to a status, to (status, title), or to a function of (error, event, context) that
    gives the whole answer; the nearest class of an exception counts. `permanent` is called with (event, error, context)
    for a PermanentError of any event that is no HTTP request: the place to keep it for people. With
    `unknown="raise"` an HTTP request's unmapped exceptions are raised instead of answered with 500.
    """

    def __init__(
        self,
        answers: Mapping[type[BaseException], Answer] | None = None,
        *,
        permanent: Hook | None = None,
        unknown: Literal["answer", "raise"] = "answer",
    ) -> None:
        if unknown not in ("answer", "raise"):
            raise UsageError(f"unknown={unknown!r}: what to do with an unmapped exception is 'answer' or 'raise'")
        for kind, answer in (answers or {}).items():
            _check(kind, answer)
        self._answers = {**_KNOWN, **(answers or {})}
        self._permanent = permanent
        self._unknown = unknown

    def on_error(self, event: Any, context: Any, error: Exception) -> Any:
        """The answer in place of the exception, or the exception again."""
        from lambdakit.middleware.problems import is_http

        if is_http(event):
            return self._http(event, context, error)
        if not _is_a(error, PermanentError):
            raise error
        _log().error("not to be tried again: %s", error, exc_info=error)
        if self._permanent is not None:
            self._permanent(event, error, context)
        return None

    def _http(self, event: Any, context: Any, error: Exception) -> Any:
        answer: Any = next((self._answers[kind] for kind in _type(error).__mro__ if kind in self._answers), None)
        if answer is None and self._unknown == "raise":
            raise error
        if callable(answer):
            return answer(error, event, context)
        status, title = _status_and_title(answer)
        if status >= 500:
            _log().error("answered with %d: %s", status, error, exc_info=error)
        return _problem(status, title, error, context)


def _status_and_title(answer: Any) -> tuple[int, str | None]:
    if _type(answer) is tuple:
        return answer[0], answer[1]
    return (500 if answer is None else answer), None


def _problem(status: int, title: str | None, error: Exception, context: Any) -> dict[str, Any]:
    from lambdakit.middleware.problems import problem

    members: dict[str, Any] = {}
    if _is_a(error, PayloadError):
        faults: Any = getattr(error, "faults", ())
        members["errors"] = [{"pointer": path, "detail": what} for path, what in faults]
    retry = _RETRY_AFTER.get(status) if _is_a(error, RetryableError) else None
    return problem(
        status,
        title=title,
        detail=_words(error) if status < 500 and not members else None,
        context=context,
        headers=None if retry is None else {"retry-after": retry},
        members=members,
    )


def _words(error: Exception) -> str:
    """What the exception says; a KeyError says its key, quoted."""
    return str(error.args[0]) if _is_a(error, KeyError) and error.args else str(error)


def _check(kind: Any, answer: Any) -> None:
    if not (_is_a(kind, type) and issubclass(kind, BaseException)):
        raise UsageError(f"errors maps exception classes, not {kind!r}")
    status, title = answer if _is_a(answer, tuple) and len(answer) == 2 else (answer, "")
    if callable(answer) or (_type(status) is int and 400 <= status <= 599 and _is_a(title, str)):
        return
    raise UsageError(
        f"errors({{{kind.__name__}: {answer!r}}}): an answer is a status from 400 to 599, (status, title), "
        "or a function of (error, event, context)"
    )


def permanent_done(hook: Hook | None = None, *also: type[Exception]) -> Hook:
    """An `on_error` for batches: a record that failed with PermanentError, or one of `also`, counts as done.

    `hook(record, error, context)` is called for such a record before: the place to send it where people look. What it
    raises fails the record after all. Every other record is delivered again, as ever.

    @sqs_batch(on_error=permanent_done(send_to_dead_letters, ValueError))
    """
    kinds: tuple[type[Exception], ...] = (PermanentError, *also)

    def on_error(record: Any, error: Exception, context: Any) -> Any:
        if not isinstance(error, kinds):
            _log().error("%r failed: %s", record, error, exc_info=error)
            return None
        _log().error("%r failed and is not to be tried again: %s", record, error, exc_info=error)
        result = None if hook is None else hook(record, error, context)
        return _done_after(result) if hasattr(result, "__await__") else "done"

    return on_error


async def _done_after(result: Any) -> str:
    await result
    return "done"


def _log() -> Any:
    from logging import getLogger

    return getLogger("lambdakit.middleware.errors")


errors = Errors

"""Problem details (RFC 9457): how errors are answered.

    raise NotFoundError("no such user", user=7)

    404, application/problem+json
    {"title": "Not Found", "status": 404, "detail": "no such user", "user": 7}

Raise an HTTPError anywhere, or answer with a ProblemResponse. Every other exception is the server's: it is logged with
its traceback and the invocation's id, and the client gets 500 with that id and nothing else.
"""

from __future__ import annotations

from lambdakit.http.response import Response, json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambdakit.exceptions import HTTPError
    from lambdakit.http.multi_maps import HeadersLike
    from lambdakit.http.request import Request

__all__ = ("ProblemResponse", "problem_of", "server_error")

PROBLEM_JSON = "application/problem+json"


class ProblemResponse(Response):
    """An answer that says what is wrong: `detail` for this time, `title` and `type` (a URI) for the kind of problem.

    Any other keyword is a member of the problem. Without `title` it is the status's own.

    >>> ProblemResponse(409, "the order is shipped", order=7).body
    '{"title": "Conflict", "status": 409, "detail": "the order is shipped", "order": 7}'
    """

    __slots__ = ()

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        *,
        title: str | None = None,
        type: str | None = None,
        headers: HeadersLike = (),
        **members: Any,
    ) -> None:
        problem: dict[str, Any] = {"type": type, "title": title or _phrase(status), "status": status, "detail": detail}
        given = {name: value for name, value in problem.items() if value is not None}
        super().__init__(json_text(given | members), status, headers, content_type=PROBLEM_JSON)


def problem_of(error: HTTPError) -> ProblemResponse:
    """The answer that an error stands for."""
    members: dict[str, Any] = error.members
    return ProblemResponse(
        error.status, error.detail, title=error.title, type=error.type, headers=error.headers, **members
    )


def server_error(request: Request, error: BaseException) -> ProblemResponse:
    """The answer to an exception that nobody expected, which is logged; the answer says nothing of it."""
    from logging import getLogger

    extra: dict[str, Any] = {} if request.request_id is None else {"request_id": request.request_id}
    getLogger("lambdakit.http").error(
        "%s %s failed (request %s)",
        request.method,
        ascii(request.raw_path)[1:-1],
        request.request_id,
        exc_info=(type(error), error, error.__traceback__),
    )
    return ProblemResponse(500, **extra)


def _phrase(status: int) -> str | None:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return None

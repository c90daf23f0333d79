"""Libraries whose calls become subsegments.

boto3's patch is the SDK's own: it knows what is worth recording of each service. httpx's is not, because the SDK puts
other classes in the place of httpx's, which clients made before, at import of the handler's module as they should be,
never meet. Here the transports themselves are patched. In an invocation
that is not sampled httpx sends no trace header, as if it were not patched.
"""

from __future__ import annotations

from lambdakit.middleware.spans import span_under_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ("apply",)

_patched: set[str] = set()


def apply(names: Sequence[str]) -> None:
    """Patch these libraries, each once in a process."""
    for name in names:
        if name not in _patched:
            _patched.add(name)
            _APPLY[name]()


def _patch_boto3() -> None:
    from aws_xray_sdk.core import patch  # runs the package, and joins its recorder

    patch(("botocore",), raise_errors=True)


def _patch_httpx() -> None:
    import httpx

    httpx.HTTPTransport.handle_request = _around(httpx.HTTPTransport.handle_request)  # type: ignore[method-assign]
    httpx.AsyncHTTPTransport.handle_async_request = _around_async(  # type: ignore[method-assign]
        httpx.AsyncHTTPTransport.handle_async_request
    )


_APPLY = {"boto3": _patch_boto3, "httpx": _patch_httpx}


def _around(handle: Any) -> Any:
    def handle_request(self: Any, request: Any) -> Any:
        outer = span_under_way.get()
        if outer is None:
            return handle(self, request)
        with outer.child(request.url.host, "remote") as span:
            _tell_request(span, request)
            response = handle(self, request)
            _tell_response(span, response)
            return response

    return handle_request


def _around_async(handle: Any) -> Any:
    async def handle_async_request(self: Any, request: Any) -> Any:
        outer = span_under_way.get()
        if outer is None:
            return await handle(self, request)
        with outer.child(request.url.host, "remote") as span:
            _tell_request(span, request)
            response = await handle(self, request)
            _tell_response(span, response)
            return response

    return handle_async_request


def _tell_request(span: Any, request: Any) -> None:
    # Neither credentials nor query: both are known to hold secrets.
    url = request.url.copy_with(username=None, password=None, query=None, fragment=None)
    span.entity.put_http_meta("method", request.method)
    span.entity.put_http_meta("url", str(url))
    request.headers.update(span.propagation())


def _tell_response(span: Any, response: Any) -> None:
    span.entity.put_http_meta("status", response.status_code)
    length = response.headers.get("content-length", "")
    if length.isdigit():
        span.entity.put_http_meta("content_length", int(length))

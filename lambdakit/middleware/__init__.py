"""Middleware for every decorated handler: what surrounds the function, named where it is decorated.

    from lambdakit.middleware import capture

Importing this package imports no middleware: a public name is resolved, and its module imported, when it is first used
(PEP 562), while type checkers see every name exactly. No module here has the name of a middleware, which the import
system would put in the middleware's place. `tests/middleware/test_face.py` freezes the list.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambdakit.middleware.base import Middleware as Middleware
    from lambdakit.middleware.captures import capture as capture
    from lambdakit.middleware.spans import Span as Span
    from lambdakit.middleware.spans import current_span as current_span

# Public name -> the module it is in, of this package.
_PUBLIC = {
    "Middleware": "base",
    "Span": "spans",
    "capture": "captures",
    "current_span": "spans",
}

__all__ = (
    "Middleware",
    "Span",
    "capture",
    "current_span",
)


def __getattr__(name: str) -> object:
    try:
        module = _PUBLIC[name]
    except KeyError:
        raise AttributeError(f"module 'lambdakit.middleware' has no attribute {name!r}") from None
    from importlib import import_module

    value: object = getattr(import_module(f"lambdakit.middleware.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})

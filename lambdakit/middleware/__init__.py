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
    from lambdakit.middleware.correlation import correlation_id as correlation_id
    from lambdakit.middleware.event_log import LogEvents as LogEvents
    from lambdakit.middleware.event_log import log_events as log_events
    from lambdakit.middleware.idempotency import Idempotent as Idempotent
    from lambdakit.middleware.idempotency import idempotent as idempotent
    from lambdakit.middleware.idempotency import idempotent_function as idempotent_function
    from lambdakit.middleware.idempotency_dynamodb import DynamoDBStore as DynamoDBStore
    from lambdakit.middleware.idempotency_redis import RedisStore as RedisStore
    from lambdakit.middleware.idempotency_sqlite import SQLiteStore as SQLiteStore
    from lambdakit.middleware.logs import JsonLogging as JsonLogging
    from lambdakit.middleware.logs import json_logging as json_logging
    from lambdakit.middleware.logs import log_context as log_context
    from lambdakit.middleware.measures import Metrics as Metrics
    from lambdakit.middleware.measures import metrics as metrics
    from lambdakit.middleware.spans import Span as Span
    from lambdakit.middleware.spans import current_span as current_span

# Public name -> the module it is in, of this package.
_PUBLIC = {
    "DynamoDBStore": "idempotency_dynamodb",
    "Idempotent": "idempotency",
    "JsonLogging": "logs",
    "LogEvents": "event_log",
    "Metrics": "measures",
    "Middleware": "base",
    "RedisStore": "idempotency_redis",
    "SQLiteStore": "idempotency_sqlite",
    "Span": "spans",
    "capture": "captures",
    "correlation_id": "correlation",
    "current_span": "spans",
    "idempotent": "idempotency",
    "idempotent_function": "idempotency",
    "json_logging": "logs",
    "log_context": "logs",
    "log_events": "event_log",
    "metrics": "measures",
}

__all__ = (
    "DynamoDBStore",
    "Idempotent",
    "JsonLogging",
    "LogEvents",
    "Metrics",
    "Middleware",
    "RedisStore",
    "SQLiteStore",
    "Span",
    "capture",
    "correlation_id",
    "current_span",
    "idempotent",
    "idempotent_function",
    "json_logging",
    "log_context",
    "log_events",
    "metrics",
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

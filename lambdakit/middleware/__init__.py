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
    from lambdakit.middleware.deadlines import Deadline as Deadline
    from lambdakit.middleware.deadlines import deadline as deadline
    from lambdakit.middleware.environment import Env as Env
    from lambdakit.middleware.environment import env as env
    from lambdakit.middleware.error_answers import Errors as Errors
    from lambdakit.middleware.error_answers import errors as errors
    from lambdakit.middleware.error_answers import permanent_done as permanent_done
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
    from lambdakit.middleware.restoring import Snapstart as Snapstart
    from lambdakit.middleware.restoring import snapstart as snapstart
    from lambdakit.middleware.secret_values import Secret as Secret
    from lambdakit.middleware.setting_sources import appconfig as appconfig
    from lambdakit.middleware.setting_sources import kms as kms
    from lambdakit.middleware.setting_sources import prefix as prefix
    from lambdakit.middleware.setting_sources import secret as secret
    from lambdakit.middleware.setting_sources import ssm as ssm
    from lambdakit.middleware.setting_sources import variable as variable
    from lambdakit.middleware.spans import Span as Span
    from lambdakit.middleware.spans import current_span as current_span
    from lambdakit.middleware.tracer import Tracing as Tracing
    from lambdakit.middleware.tracer import tracing as tracing
    from lambdakit.middleware.url_values import URL as URL
    from lambdakit.middleware.validation import Validate as Validate
    from lambdakit.middleware.validation import validate as validate
    from lambdakit.middleware.warm import Warmup as Warmup
    from lambdakit.middleware.warm import warmup as warmup

# Public name -> the module it is in, of this package.
_PUBLIC = {
    "Deadline": "deadlines",
    "DynamoDBStore": "idempotency_dynamodb",
    "Env": "environment",
    "Errors": "error_answers",
    "Idempotent": "idempotency",
    "JsonLogging": "logs",
    "LogEvents": "event_log",
    "Metrics": "measures",
    "Middleware": "base",
    "RedisStore": "idempotency_redis",
    "SQLiteStore": "idempotency_sqlite",
    "Secret": "secret_values",
    "Snapstart": "restoring",
    "Span": "spans",
    "Tracing": "tracer",
    "URL": "url_values",
    "Validate": "validation",
    "Warmup": "warm",
    "appconfig": "setting_sources",
    "capture": "captures",
    "correlation_id": "correlation",
    "current_span": "spans",
    "deadline": "deadlines",
    "env": "environment",
    "errors": "error_answers",
    "idempotent": "idempotency",
    "idempotent_function": "idempotency",
    "json_logging": "logs",
    "kms": "setting_sources",
    "log_context": "logs",
    "log_events": "event_log",
    "metrics": "measures",
    "permanent_done": "error_answers",
    "prefix": "setting_sources",
    "secret": "setting_sources",
    "snapstart": "restoring",
    "ssm": "setting_sources",
    "tracing": "tracer",
    "validate": "validation",
    "variable": "setting_sources",
    "warmup": "warm",
}

__all__ = (
    "Deadline",
    "DynamoDBStore",
    "Env",
    "Errors",
    "Idempotent",
    "JsonLogging",
    "LogEvents",
    "Metrics",
    "Middleware",
    "RedisStore",
    "SQLiteStore",
    "Secret",
    "Snapstart",
    "Span",
    "Tracing",
    "URL",
    "Validate",
    "Warmup",
    "appconfig",
    "capture",
    "correlation_id",
    "current_span",
    "deadline",
    "env",
    "errors",
    "idempotent",
    "idempotent_function",
    "json_logging",
    "kms",
    "log_context",
    "log_events",
    "metrics",
    "permanent_done",
    "prefix",
    "secret",
    "snapstart",
    "ssm",
    "tracing",
    "validate",
    "variable",
    "warmup",
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

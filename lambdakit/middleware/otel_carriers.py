"""Where in an invocation the trace contexts of its callers are, and what OpenTelemetry calls its source.

OpenTelemetry, "FaaS spans" and "AWS Lambda" of the semantic conventions; W3C, "Trace Context".
"""

from __future__ import annotations

from lambdakit.events.detection import source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ("TRIGGERS", "carriers_of_records", "trigger_of", "w3c_of")

W3C_FIELDS = ("traceparent", "tracestate", "baggage")

# `faas.trigger` -> the sources, by their names in the recognition table; every other is "other".
TRIGGERS = {
    "http": (
        "alb", "api-gateway", "api-gateway-v2", "appsync", "appsync-batch", "function-url", "vpc-lattice",
        "vpc-lattice-v2", "websocket",
    ),
    "pubsub": ("activemq", "eventbridge", "firehose", "kafka", "kinesis", "rabbitmq", "sns", "sqs"),
    "datasource": ("docdb", "dynamodb", "s3"),
    "timer": ("scheduled", "scheduler"),
}  # fmt: skip
# `type`, but Any to type checkers.
_type: Any = type
_TRIGGER_OF = {source: trigger for trigger, sources in TRIGGERS.items() for source in sources}


def trigger_of(event: Any) -> str:
    """The `faas.trigger` of an event, raw or typed."""
    return _TRIGGER_OF.get(source_of(_raw(event)) or "", "other")


def w3c_of(event: Any, context: Any) -> dict[str, str]:
    """The W3C fields of the request's headers, else of the client context; empty where there is no `traceparent`."""
    found = _fields(_in(_raw(event), "headers"))
    if "traceparent" not in found:
        found = _fields(_first_of_each(_in(_raw(event), "multiValueHeaders")))
    if "traceparent" not in found and hasattr(context, "w3c"):
        found = _fields(context.w3c())  # of the client context
    return found if "traceparent" in found else {}


def carriers_of_records(event: Any) -> Iterator[dict[str, str]]:
    """The trace context of each record of a queue or topic that has one, as headers."""
    for record in _list(_in(_raw(event), "Records")):
        carrier = _attributes(_in(record, "messageAttributes"), "stringValue")
        carrier |= _attributes(_in(_in(record, "Sns"), "MessageAttributes"), "Value")
        xray = _in(_in(record, "attributes"), "AWSTraceHeader")
        if isinstance(xray, str):
            carrier["X-Amzn-Trace-Id"] = xray
        if carrier:
            yield carrier


def _raw(event: Any) -> Any:
    return getattr(event, "raw", event)


def _in(value: Any, key: str) -> Any:
    return value.get(key) if _type(value) is dict else None


def _list(value: Any) -> list[Any]:
    return value if _type(value) is list else []


def _fields(headers: Any) -> dict[str, str]:
    if _type(headers) is not dict:
        return {}
    return {
        name.lower(): value
        for name, value in headers.items()
        if isinstance(name, str) and isinstance(value, str) and name.lower() in W3C_FIELDS
    }


def _first_of_each(headers: Any) -> dict[str, Any]:
    if _type(headers) is not dict:
        return {}
    return {name: values[0] for name, values in headers.items() if _type(values) is list and values}


def _attributes(attributes: Any, key: str) -> dict[str, str]:
    return _fields({name: _in(_in(attributes, name), key) for name in W3C_FIELDS})

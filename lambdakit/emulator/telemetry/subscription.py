"""A subscription as an extension asks for it, checked: `PUT /2022-07-01/telemetry` and `PUT /2020-08-15/logs`.

The figures and names are literal tables. A destination must be this machine: AWS knows it as `sandbox.localdomain`;
here the loopback address and `localhost` mean it, too. (A program cannot listen on the name `sandbox.localdomain` where
nothing resolves it: it must listen on 127.0.0.1 or 0.0.0.0, which works on AWS as well.)

Source: AWS Lambda developer guide, "Lambda Telemetry API reference", "Lambda Logs API".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("SCHEMAS", "TYPES", "Api", "Subscription", "SubscriptionError", "read_subscription")

Api = Literal["telemetry", "logs"]
Protocol = Literal["HTTP", "TCP"]

SCHEMAS: dict[Api, tuple[str, ...]] = {
    "telemetry": ("2022-07-01", "2022-12-13", "2025-01-29"),
    "logs": ("2020-08-15", "2021-03-18"),
}
# With several invocations at once only the newest is known.
CONCURRENT_SCHEMAS: dict[Api, tuple[str, ...]] = {"telemetry": ("2025-01-29",), "logs": ()}

TYPES = ("platform", "function", "extension")
METHODS = ("POST", "PUT")
HOSTS = ("sandbox.localdomain", "sandbox", "127.0.0.1", "localhost")
# AWS's own: its Runtime API listens there.
RESERVED_PORT = 9001
_PORTS = range(1, 65_536)


class Range(NamedTuple):
    """What a figure may be, and what it is when it is not given."""

    least: int
    most: int
    default: int


BUFFERING: dict[str, Range] = {
    "maxItems": Range(1_000, 10_000, 10_000),
    "maxBytes": Range(262_144, 1_048_576, 262_144),
    "timeoutMs": Range(25, 30_000, 1_000),
}


class Subscription(NamedTuple):
    """What an extension asked for; `target` is the path of an HTTP destination, empty for TCP."""

    api: Api
    schema: str
    types: tuple[str, ...]
    max_items: int
    max_bytes: int
    timeout: float
    protocol: Protocol
    port: int
    target: str
    method: str


class SubscriptionError(ValueError):
    """A subscription that cannot be taken; the text lists everything that is wrong with it."""


def read_subscription(api: Api, body: bytes, *, schemas: Mapping[Api, tuple[str, ...]] = SCHEMAS) -> Subscription:
    """The subscription in a request's body. Raises SubscriptionError."""
    try:
        document: Any = json.loads(body)
    except ValueError as error:
        raise SubscriptionError(f"request body is not valid JSON: {error}") from None
    if not isinstance(document, dict):
        raise SubscriptionError("request body should be a JSON object")
    asked = cast("dict[str, Any]", document)
    destination: Any = asked.get("destination")
    buffering: Any = asked.get("buffering", {})
    problems = [
        *_schema_problems(asked.get("schemaVersion"), schemas[api]),
        *_destination_problems(destination),
        *_type_problems(asked.get("types")),
        *_buffering_problems(buffering),
    ]
    if problems:
        raise SubscriptionError("; ".join(problems))
    return _subscription(api, asked, destination, buffering)


def _subscription(
    api: Api, asked: Mapping[str, Any], destination: Mapping[str, Any], buffering: Mapping[str, int]
) -> Subscription:
    figures = {name: buffering.get(name, known.default) for name, known in BUFFERING.items()}
    uri = urlsplit(str(destination.get("URI", "")))
    return Subscription(
        api,
        asked["schemaVersion"],
        tuple(dict.fromkeys(asked["types"])),
        figures["maxItems"],
        figures["maxBytes"],
        figures["timeoutMs"] / 1000,
        destination["protocol"],
        uri.port or destination["port"],
        (uri.path or "/") + (f"?{uri.query}" if uri.query else ""),
        destination.get("method", METHODS[0]),
    )


def _schema_problems(value: object, known: tuple[str, ...]) -> Iterator[str]:
    if value not in known:
        yield f"schemaVersion should be one of {_listed(known)}"


def _type_problems(value: object) -> Iterator[str]:
    if not isinstance(value, list):
        yield "types should be an array"
        return
    given = cast("list[object]", value)
    if not given:
        yield "types should not be empty"
    if any(item not in TYPES for item in given):
        yield f"types should be among {_listed(TYPES)}"


def _buffering_problems(value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        yield "buffering should be an object"
        return
    given = cast("dict[str, object]", value)
    for name, known in BUFFERING.items():
        figure = given.get(name, known.default)
        if not _is_whole(figure) or not known.least <= cast("int", figure) <= known.most:
            yield f"{name} should be between {known.least} and {known.most}"


def _destination_problems(value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        yield "destination should be an object"
        return
    given = cast("dict[str, Any]", value)
    protocol = given.get("protocol")
    if protocol == "HTTP":
        yield from _uri_problems(given.get("URI"))
        if given.get("method", METHODS[0]) not in METHODS:
            yield f"method should be one of {_listed(METHODS)}"
    elif protocol == "TCP":
        yield from _port_problems(given.get("port"), "port is not provided")
    else:
        yield "protocol should be one of HTTP, TCP"


def _uri_problems(value: object) -> Iterator[str]:
    if not isinstance(value, str) or not value:
        yield "URI is not provided"
        return
    try:
        uri = urlsplit(value)
        port = uri.port
    except ValueError:
        yield "URI port is not valid"
        return
    if uri.scheme != "http":
        yield "URI scheme should be http"
    if uri.hostname not in HOSTS:
        yield f"URI host should be {HOSTS[0]}"
    yield from _port_problems(port, "URI port is not provided")


def _port_problems(port: object, missing: str) -> Iterator[str]:
    if port is None:
        yield missing
    elif not _is_whole(port) or port not in _PORTS:
        yield "port should be between 1 and 65535"
    elif port == RESERVED_PORT:
        yield f"port {RESERVED_PORT} is reserved"


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(values) or "none"

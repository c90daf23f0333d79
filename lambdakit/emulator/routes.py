"""The Runtime API's paths: a literal table of method, path and what is called.

An endpoint is named here by the `Session` method that answers it. Source: AWS Lambda developer guide, "Runtime API",
"Extensions API", "Telemetry API".
"""

from __future__ import annotations

from typing import Literal, NamedTuple

EndpointName = Literal[
    "ping", "next", "respond", "report_error", "report_init_error", "restore_next", "report_restore_error",
    "register_extension", "extension_next", "extension_init_error", "extension_exit_error", "telemetry", "logs",
    "metadata", "credentials",
]  # fmt: skip


class Route(NamedTuple):
    """One endpoint: its only method and the name of the method that answers it."""

    method: bytes
    endpoint: EndpointName


_RUNTIME = b"/2018-06-01"
_EXTENSION = b"/2020-01-01/extension"

NEXT = Route(b"GET", "next")

FIXED: dict[bytes, Route] = {
    _RUNTIME + b"/ping": Route(b"GET", "ping"),
    _RUNTIME + b"/runtime/invocation/next": NEXT,
    _RUNTIME + b"/runtime/init/error": Route(b"POST", "report_init_error"),
    _EXTENSION + b"/register": Route(b"POST", "register_extension"),
    _EXTENSION + b"/event/next": Route(b"GET", "extension_next"),
    _EXTENSION + b"/init/error": Route(b"POST", "extension_init_error"),
    _EXTENSION + b"/exit/error": Route(b"POST", "extension_exit_error"),
    b"/2020-08-15/logs": Route(b"PUT", "logs"),
    b"/2022-07-01/telemetry": Route(b"PUT", "telemetry"),
    b"/2026-01-15/metadata/execution-environment": Route(b"GET", "metadata"),
}

# Known only in an environment whose initialization type is snap-start; elsewhere these are unknown paths.
SNAP_START: dict[bytes, Route] = {
    _RUNTIME + b"/runtime/restore/next": Route(b"GET", "restore_next"),
    _RUNTIME + b"/runtime/restore/error": Route(b"POST", "report_restore_error"),
    b"/2021-04-23/credentials": Route(b"GET", "credentials"),
}

# The last segment of /2018-06-01/runtime/invocation/{id}/...
INVOCATION_PREFIX = _RUNTIME + b"/runtime/invocation/"
INVOCATION: dict[bytes, Route] = {
    b"response": Route(b"POST", "respond"),
    b"error": Route(b"POST", "report_error"),
}

UPLOADS: frozenset[str] = frozenset({"respond", "report_error"})

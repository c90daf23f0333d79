"""The context object a handler receives, equal to the managed Python runtime's for everything users can see.

Source: contract "LambdaContext" (AWS Lambda developer guide, "Using the Lambda context object to retrieve Python
function information"). What it adds: `deadline`, a timezone-aware moment, and `config`, which the configuration
middleware fills.

This module sits on the path to the first event: no dataclasses, no typing at run time.
"""

from __future__ import annotations

import os
import sys
import time
from types import GenericAlias

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any, Generic

    from typing_extensions import TypeVar

    ConfigT = TypeVar("ConfigT", default=Any)

    class _ContextBase(Generic[ConfigT]):
        pass

else:
    ConfigT = None

    class _ContextBase:
        __class_getitem__ = classmethod(GenericAlias)


__all__ = ("Client", "ClientContext", "CognitoIdentity", "LambdaContext")

# The W3C trace-context fields that a client context may carry under "w3c"; every other key is ignored.
W3C_FIELDS = ("traceparent", "tracestate", "baggage")


# Attribute of the context -> environment variable.
_FUNCTION_VARIABLES = {
    "log_group_name": "AWS_LAMBDA_LOG_GROUP_NAME",
    "log_stream_name": "AWS_LAMBDA_LOG_STREAM_NAME",
    "function_name": "AWS_LAMBDA_FUNCTION_NAME",
    "memory_limit_in_mb": "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "function_version": "AWS_LAMBDA_FUNCTION_VERSION",
}
# os.environ encodes and decodes at every look; beneath it lies a plain dict (bytes on POSIX) in every CPython so far.
_raw_environment: Any = getattr(os.environ, "_data", os.environ)
_encode_name: Any = getattr(os.environ, "encodekey", str)
_raw_names = tuple(_encode_name(variable) for variable in _FUNCTION_VARIABLES.values())
_raw_seen: list[Any] | None = None
_fields_seen: dict[str, str | None] = {}


def _show(obj: object, names: tuple[str, ...]) -> str:
    return f"{type(obj).__name__}([{','.join(f'{name}={getattr(obj, name)}' for name in names)}])"


class Client:
    """The mobile application that invoked the function; a field the caller left out is None."""

    __slots__ = ("app_package_name", "app_title", "app_version_code", "app_version_name", "installation_id")

    installation_id: str | None
    app_title: str | None
    app_version_name: str | None
    app_version_code: str | None
    app_package_name: str | None

    _FIELDS = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")

    def __init__(self, data: Mapping[str, Any]) -> None:
        for name in self._FIELDS:
            setattr(self, name, data.get(name))

    def __repr__(self) -> str:
        return _show(self, self._FIELDS)


class ClientContext:
    """What the caller sent as client context: `custom` and `env` as given, `client` as an object."""

    __slots__ = ("client", "custom", "env")

    custom: dict[str, Any] | None
    env: dict[str, Any] | None
    client: Client | None

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.custom = data.get("custom")
        self.env = data.get("env")
        client = data.get("client")
        self.client = None if client is None else Client(client)

    def __repr__(self) -> str:
        return _show(self, ("custom", "env", "client"))


class CognitoIdentity:
    """The Amazon Cognito identity of the caller; both fields are None when there was none."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    cognito_identity_id: str | None
    cognito_identity_pool_id: str | None

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        data = data or {}
        self.cognito_identity_id = data.get("cognitoIdentityId")
        self.cognito_identity_pool_id = data.get("cognitoIdentityPoolId")

    def __repr__(self) -> str:
        return _show(self, ("cognito_identity_id", "cognito_identity_pool_id"))


class LambdaContext(_ContextBase[ConfigT]):
    """Information about the invocation, the function and its environment.

    `LambdaContext[Settings]` types `config`. Function name, version, memory (a `str`, as AWS gives it) and log names
    come from the environment variables at construction and are None outside an execution environment.
    """

    _SHOWN = (
        "aws_request_id",
        "log_group_name",
        "log_stream_name",
        "function_name",
        "memory_limit_in_mb",
        "function_version",
        "invoked_function_arn",
        "client_context",
        "identity",
        "tenant_id",
    )

    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    function_name: str
    memory_limit_in_mb: str
    function_version: str
    invoked_function_arn: str
    tenant_id: str | None
    client_context: ClientContext | None
    identity: CognitoIdentity
    config: ConfigT

    def __init__(
        self,
        aws_request_id: str,
        *,
        deadline_ms: int = 0,
        invoked_function_arn: str | None = None,
        client_context: Any = None,
        cognito_identity: Any = None,
        tenant_id: str | None = None,
        trace_header: str | None = None,
    ) -> None:
        self.aws_request_id = aws_request_id
        self.__dict__.update(_function_fields())
        self.invoked_function_arn = invoked_function_arn  # type: ignore[assignment]
        self.tenant_id = tenant_id
        self._w3c = {} if client_context is None else _take_w3c(client_context)
        self.client_context = None if client_context is None else ClientContext(client_context)
        self.identity = CognitoIdentity(cognito_identity)
        # X-Ray's header of this very invocation: of several at once, the environment variable cannot tell it.
        self._trace_header = trace_header
        # The managed runtime's own name for it: monitoring libraries are known to read it.
        self._epoch_deadline_time_in_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds left before the invocation times out, never negative."""
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    @property
    def deadline(self) -> datetime:
        """The moment (UTC) at which the service ends this invocation."""
        from datetime import datetime, timezone  # most functions never ask

        return datetime.fromtimestamp(self._epoch_deadline_time_in_ms / 1000, timezone.utc)

    def w3c(self) -> dict[str, str]:
        """A new dict of the W3C trace-context fields the caller sent: `traceparent`, `tracestate`, `baggage`."""
        return dict(self._w3c)

    def log(self, message: object) -> None:
        """Write `str(message)` to the function's log as it is; no newline is added."""
        logs = sys.modules.get("lambdakit.runtime.logs")
        if logs is None:
            sys.stdout.write(str(message))
        else:
            logs.write_raw(str(message))

    def __repr__(self) -> str:
        return _show(self, self._SHOWN)


def _function_fields() -> dict[str, str | None]:
    """What the environment variables say about the function, as they are now.

    They are read for every invocation and hardly ever change, so what is compared is the raw variables.
    """
    global _raw_seen, _fields_seen
    raw: list[Any] = [_raw_environment.get(name) for name in _raw_names]
    if raw != _raw_seen:
        _fields_seen = {name: os.environ.get(variable) for name, variable in _FUNCTION_VARIABLES.items()}
        _raw_seen = raw
    return _fields_seen


def _take_w3c(client_context: Any) -> dict[str, str]:
    # The key is removed, as in the managed runtime, so that trace state has one place to be read from.
    if not _is_dict(client_context):
        return {}
    raw = client_context.pop("w3c", None)
    if not _is_dict(raw):
        return {}
    return {name: raw[name] for name in W3C_FIELDS if isinstance(raw.get(name), str)}


def _is_dict(value: object) -> bool:
    return isinstance(value, dict)

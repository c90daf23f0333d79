"""The Extensions API, as far as code inside the runtime process needs it: an internal extension without events.

Runtimes register one for a single reason: with an extension present, Lambda sends SIGTERM and waits before it kills
the environment. External extensions (programs of their own) and INVOKE or SHUTDOWN events are not offered; asking for
them is refused in the API's own words. Source: AWS Lambda developer guide, "Lambda Extensions API".
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, cast

from lambdakit.emulator import limits, replies

if TYPE_CHECKING:
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.protocol import Request

NAME = b"lambda-extension-name"
IDENTIFIER = b"lambda-extension-identifier"
ACCEPT_FEATURE = b"lambda-extension-accept-feature"

# Why an event cannot be asked for, as the API says it.
EVENT_REFUSALS = {
    "INVOKE": "ErrorInvalidEventType",
    "SHUTDOWN": "ShutdownEventNotSupportedForInternalExtension",
}

_MESSAGES = {
    "Extension.InvalidExtensionName": "Empty extension name",
    "Extension.InvalidExtensionState": "Extension with this name already registered",
    "Extension.TooManyExtensions": f"Extension limit ({limits.EXTENSIONS}) reached",
    "Extension.RegistrationClosed": "Extension registration closed already",
    "Extension.MissingExtensionIdentifier": "Missing Lambda-Extension-Identifier header",
    "Extension.InvalidExtensionIdentifier": "Invalid Lambda-Extension-Identifier",
    "Extension.MissingHeader": "Lambda-Extension-Function-Error-Type not found",
}
_ERROR_TYPE = b"lambda-extension-function-error-type"


def _refuse(error_type: str, message: str | None = None) -> bytes:
    return replies.error(403, error_type, _MESSAGES[error_type] if message is None else message)


class Extensions:
    """The extensions registered by one runtime process."""

    def __init__(self, config: FunctionConfig) -> None:
        self._config = config
        self._names: set[str] = set()
        self._waiting: dict[str, bool] = {}

    def __bool__(self) -> bool:
        """Whether any is registered, which is what earns the process its SIGTERM."""
        return bool(self._names)

    @property
    def initialised(self) -> bool:
        """Whether each has called `event/next`; INIT lasts until then."""
        return all(self._waiting.values())

    def register(self, request: Request, *, closed: bool) -> bytes:
        """Answer `POST /extension/register`; `closed` once the runtime has asked for its first event."""
        name = request.headers.get(NAME, b"").decode("latin-1")
        refusal = self._registration_refusal(name, closed)
        if refusal is not None:
            return refusal
        try:
            events = _events(request.body)
        except ValueError as error:
            return _refuse("InvalidRequestFormat", str(error))
        for event in events:
            reason = EVENT_REFUSALS.get(event, "ErrorInvalidEventType")
            return _refuse("Extension.InvalidEventType", f"{event}: {reason}")
        identifier = str(uuid.uuid4())
        self._names.add(name)
        self._waiting[identifier] = False
        return self._registered(identifier, request)

    def wait_for_event(self, request: Request) -> bytes | None:
        """Answer `GET /extension/event/next`: with an error, or not at all, for no event ever comes."""
        refusal = self._identify(request)
        if refusal is None:
            self._waiting[request.headers[IDENTIFIER].decode("latin-1")] = True
        return refusal

    def report_error(self, request: Request) -> bytes:
        """Answer `POST /extension/init/error` and `exit/error`."""
        refusal = self._identify(request)
        if refusal is not None:
            return refusal
        if not request.headers.get(_ERROR_TYPE):
            return _refuse("Extension.MissingHeader")
        return replies.ACCEPTED

    def _registration_refusal(self, name: str, closed: bool) -> bytes | None:
        if not name:
            return _refuse("Extension.InvalidExtensionName")
        if name in self._names:
            return _refuse("Extension.InvalidExtensionState")
        if closed:
            return _refuse("Extension.RegistrationClosed")
        if len(self._names) >= limits.EXTENSIONS:
            return _refuse("Extension.TooManyExtensions")
        return None

    def _identify(self, request: Request) -> bytes | None:
        given = request.headers.get(IDENTIFIER, b"").decode("latin-1")
        if not given:
            return _refuse("Extension.MissingExtensionIdentifier")
        try:
            uuid.UUID(given)
        except ValueError:
            return _refuse("Extension.InvalidExtensionIdentifier")
        if given not in self._waiting:
            return _refuse("Extension.UnknownExtensionIdentifier", f"Unknown extension {given}")
        return None

    def _registered(self, identifier: str, request: Request) -> bytes:
        config = self._config
        body = {"functionName": config.name, "functionVersion": config.version, "handler": config.handler}
        if b"accountId" in request.headers.get(ACCEPT_FEATURE, b""):
            body["accountId"] = config.account_id
        return replies.reply(200, json.dumps(body).encode(), replies.JSON, ("Lambda-Extension-Identifier", identifier))


def _events(body: bytes) -> list[str]:
    if not body:
        return []
    parsed: Any = json.loads(body)
    if not isinstance(parsed, dict):
        raise ValueError("the body must be a JSON object")
    events: object = cast("dict[str, object]", parsed).get("events") or []
    if not isinstance(events, list):
        raise ValueError('"events" must be an array')
    return [str(event) for event in cast("list[object]", events)]

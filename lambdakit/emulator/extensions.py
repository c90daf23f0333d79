"""The Extensions API: who is registered, what each has asked for, and which event each waits for.

An external extension is a program of its own (see `extension_programs`), registered under its file name; an internal
one is code inside the runtime process, under any other name. INIT lasts until every one of them has called
`event/next`, an invocation until every one that asked for INVOKE has done so again. Everything is a plain synchronous
call on the event loop, as in `session`, whose endpoints these are.

Not here: programs, time limits, log lines. Source: AWS Lambda developer guide, "Using the Lambda Extensions API to
create extensions"; the exact texts are those of AWS's own emulator.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from lambdakit.emulator import limits, replies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lambdakit.emulator.faults import ErrorType
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.protocol import Connection, Request

NAME = b"lambda-extension-name"
IDENTIFIER = b"lambda-extension-identifier"
ACCEPT_FEATURE = b"lambda-extension-accept-feature"
ERROR_TYPE = b"lambda-extension-function-error-type"

ExtensionKind = Literal["external", "internal"]
ExtensionState = Literal["Started", "Registered", "Ready", "Running", "InitError", "ExitError", "LaunchError"]

# Where a call may lead from a state: a literal table, the names as they appear in log lines and replies.
STEPS: dict[ExtensionState, frozenset[ExtensionState]] = {
    "Started": frozenset({"Registered", "LaunchError"}),
    "Registered": frozenset({"Ready", "InitError", "ExitError"}),
    "Ready": frozenset({"Running", "ExitError"}),
    "Running": frozenset({"Ready", "ExitError"}),
    "InitError": frozenset({"InitError"}),
    "ExitError": frozenset({"ExitError"}),
    "LaunchError": frozenset(),
}

# The events each kind may ask for, and how another is refused. With several invocations at once no event is one
# invocation's, so there is no INVOKE there.
EVENTS: dict[ExtensionKind, frozenset[str]] = {
    "external": frozenset({"INVOKE", "SHUTDOWN"}),
    "internal": frozenset({"INVOKE"}),
}
EVENT_REFUSALS: dict[tuple[ExtensionKind, str], str] = {
    ("internal", "SHUTDOWN"): "ShutdownEventNotSupportedForInternalExtension",
}
_INVALID_EVENT = "ErrorInvalidEventType"

MESSAGES = {
    "Extension.InvalidExtensionName": "Empty extension name",
    "Extension.InvalidExtensionState": "Extension with this name already registered",
    "Extension.TooManyExtensions": f"Extension limit ({limits.EXTENSIONS}) reached",
    "Extension.RegistrationClosed": "Extension registration closed already",
    "Extension.MissingExtensionIdentifier": "Missing Lambda-Extension-Identifier header",
    "Extension.InvalidExtensionIdentifier": "Invalid Lambda-Extension-Identifier",
    "Extension.MissingHeader": "Lambda-Extension-Function-Error-Type not found",
}
_NOT_ALLOWED = "State transition from {} to {} failed for extension {}. Error: State transition is not allowed"
_DEPRECATED_KEYS = "configurationKeys are deprecated; use environment variables instead"

# What an extension may call its own error; anything else becomes the general name.
_OWN_TYPE = re.compile(r"Extension\.[A-Z][a-zA-Z]+")
_GENERAL_TYPES: dict[ExtensionState, ErrorType] = {
    "InitError": "Extension.InitError",
    "ExitError": "Extension.ExitError",
}


class Notice(NamedTuple):
    """What is told of an extension in the log: its `EXTENSION` line."""

    name: str
    state: ExtensionState
    events: tuple[str, ...]
    error_type: str | None


class Extension:
    """One extension and the event it has, or waits for."""

    def __init__(self, name: str, kind: ExtensionKind) -> None:
        self.name = name
        self.kind: ExtensionKind = kind
        self.identifier = str(uuid.uuid4())
        self.state: ExtensionState = "Started"
        self.events: tuple[str, ...] = ()
        self.error_type: str | None = None
        # The connection its `event/next` waits on, and the event that came while none did.
        self.waiting: Connection | None = None
        self.pending: bytes | None = None

    @property
    def initialised(self) -> bool:
        """Whether it has called `event/next`."""
        return self.state in ("Ready", "Running")

    def may(self, target: ExtensionState) -> bool:
        """Whether a call may lead there; one whose connection was lost may wait again."""
        return target in STEPS[self.state] or (target == "Ready" and self.state == "Ready" and self.waiting is None)

    def deliver(self, event: bytes) -> None:
        """Give it an event, now or when it asks."""
        if self.waiting is None:
            self.pending = event
            return
        waiting, self.waiting = self.waiting, None
        self.state = "Running"
        waiting.reply(event)


def refuse(error_type: str, message: str | None = None) -> bytes:
    """The reply of a call that is refused."""
    return replies.error(403, error_type, MESSAGES[error_type] if message is None else message)


class Extensions:
    """The extensions of one sandbox; `on_idle` is called when the last that had an INVOKE event asks for the next.

    `registered` is done when every external one is registered.
    """

    def __init__(self, config: FunctionConfig) -> None:
        self._config = config
        self._by_name: dict[str, Extension] = {}
        self._by_identifier: dict[str, Extension] = {}
        self._invoked: list[Extension] = []
        self._busy: set[Extension] = set()
        self._connections: set[Connection] = set()
        self.registered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # The first error an extension has reported: what its exit is then called.
        self.fatal_type: ErrorType | None = None
        self.on_idle: Callable[[], None] | None = None

    def __bool__(self) -> bool:
        """Whether there is any, which is what earns the runtime its SIGTERM."""
        return bool(self._by_name)

    @property
    def initialised(self) -> bool:
        """Whether each has called `event/next`; INIT lasts until then."""
        return all(extension.initialised for extension in self._by_name.values())

    @property
    def invoked(self) -> bool:
        """Whether any wants to know of invocations."""
        return bool(self._invoked)

    @property
    def busy(self) -> bool:
        """Whether any has an INVOKE event and has not asked for the next."""
        return bool(self._busy)

    def notices(self) -> list[Notice]:
        """What the log says of each at the end of INIT."""
        return [Notice(e.name, e.state, e.events, e.error_type) for e in self._by_name.values()]

    def owns(self, connection: Connection) -> bool:
        """Whether an external extension has called over this connection."""
        return connection in self._connections

    def disconnected(self, connection: Connection) -> None:
        """A connection is gone; an event for whoever waited there is kept until it asks again."""
        self._connections.discard(connection)
        for extension in self._by_name.values():
            if extension.waiting is connection:
                extension.waiting = None

    # external ones, told by their programs

    def expect(self, name: str) -> None:
        """A program is about to be started; it must register under this name."""
        extension = Extension(name, "external")
        self._by_name[name] = extension
        self._by_identifier[extension.identifier] = extension

    def not_launched(self, name: str, error_type: str) -> None:
        """Its program could not be started."""
        extension = self._by_name[name]
        extension.state = "LaunchError"
        extension.error_type = error_type

    def wants_shutdown(self, name: str) -> bool:
        """Whether the external extension of that name has asked for SHUTDOWN."""
        return "SHUTDOWN" in self._by_name[name].events

    # events

    def invoke(self, event: bytes) -> None:
        """Give an INVOKE event to everybody who asked for them."""
        self._busy.update(self._invoked)
        for extension in self._invoked:
            extension.deliver(event)

    def shut_down(self, name: str, event: bytes) -> None:
        """Give the external extension of that name its SHUTDOWN event."""
        self._by_name[name].deliver(event)

    # endpoints

    def register(self, request: Request, *, closed: bool) -> bytes:
        """Answer `POST /extension/register`; `closed` once the runtime has asked for its first event."""
        name = request.headers.get(NAME, b"").decode("latin-1")
        if not name:
            return refuse("Extension.InvalidExtensionName")
        try:
            events = _events(request.body)
        except ValueError as error:
            return refuse("InvalidRequestFormat", str(error))
        extension = self._by_name.get(name)
        kind: ExtensionKind = "internal" if extension is None else extension.kind
        refusal = self._event_refusal(kind, events) or self._registration_refusal(extension, closed)
        if refusal is not None:
            return refusal
        if extension is None:
            extension = self._by_name[name] = Extension(name, "internal")
            self._by_identifier[extension.identifier] = extension
        self._remember(request, extension)
        self._enter(extension, events)
        return self._registered_reply(extension, request)

    def wait_for_event(self, request: Request) -> bytes | None:
        """Answer `GET /extension/event/next`: with an error, the event that is there, or not yet."""
        extension = self.identify(request)
        if isinstance(extension, bytes):
            return extension
        if not extension.may("Ready"):
            return refuse(
                "Extension.InvalidExtensionState", _NOT_ALLOWED.format(extension.state, "Ready", extension.identifier)
            )
        extension.state = "Ready"
        if extension.pending is None:
            extension.waiting = request.connection
            self._rest(extension)
            return None
        event, extension.pending = extension.pending, None
        extension.state = "Running"
        return event

    def report_init_error(self, request: Request) -> bytes:
        """Answer `POST /extension/init/error`."""
        return self._report(request, "InitError")

    def report_exit_error(self, request: Request) -> bytes:
        """Answer `POST /extension/exit/error`."""
        return self._report(request, "ExitError")

    # own

    def _enter(self, extension: Extension, events: Iterable[str]) -> None:
        extension.events = tuple(events)
        extension.state = "Registered"
        if "INVOKE" in extension.events:
            self._invoked.append(extension)
        waiting = any(e.kind == "external" and e.state == "Started" for e in self._by_name.values())
        if not waiting and not self.registered.done():
            self.registered.set_result(None)

    def _rest(self, extension: Extension) -> None:
        if extension in self._busy:
            self._busy.discard(extension)
            if not self._busy and self.on_idle is not None:
                self.on_idle()

    def _report(self, request: Request, target: ExtensionState) -> bytes:
        extension = self.identify(request)
        if isinstance(extension, bytes):
            return extension
        given = request.headers.get(ERROR_TYPE, b"").decode("latin-1")
        if not given:
            return refuse("Extension.MissingHeader")
        if not extension.may(target):
            return refuse(
                "Extension.InvalidExtensionState", _NOT_ALLOWED.format(extension.state, target, extension.identifier)
            )
        if extension.state != target:
            extension.state = target
            extension.error_type = given if _OWN_TYPE.search(given) else _GENERAL_TYPES[target]
            self.fatal_type = self.fatal_type or _GENERAL_TYPES[target]
        return replies.ACCEPTED

    def _event_refusal(self, kind: ExtensionKind, events: Iterable[str]) -> bytes | None:
        allowed = EVENTS[kind] - {"INVOKE"} if self._config.max_concurrency > 1 else EVENTS[kind]
        for event in events:
            if event not in allowed:
                reason = EVENT_REFUSALS.get((kind, event), _INVALID_EVENT)
                return refuse("Extension.InvalidEventType", f"{event}: {reason}")
        return None

    def _registration_refusal(self, extension: Extension | None, closed: bool) -> bytes | None:
        if extension is not None:
            return None if extension.may("Registered") else refuse("Extension.InvalidExtensionState")
        if closed:
            return refuse("Extension.RegistrationClosed")
        if len(self._by_name) >= limits.EXTENSIONS:
            return refuse("Extension.TooManyExtensions")
        return None

    def identify(self, request: Request) -> Extension | bytes:
        """The extension that calls, or the reply that refuses the call."""
        given = request.headers.get(IDENTIFIER, b"").decode("latin-1")
        if not given:
            return refuse("Extension.MissingExtensionIdentifier")
        try:
            uuid.UUID(given)
        except ValueError:
            return refuse("Extension.InvalidExtensionIdentifier")
        extension = self._by_identifier.get(given)
        if extension is None:
            return refuse("Extension.UnknownExtensionIdentifier", f"Unknown extension {given}")
        self._remember(request, extension)
        return extension

    def _remember(self, request: Request, extension: Extension) -> None:
        if extension.kind == "external":
            self._connections.add(request.connection)

    def _registered_reply(self, extension: Extension, request: Request) -> bytes:
        config = self._config
        body = {"functionName": config.name, "functionVersion": config.version, "handler": config.handler}
        features = request.headers.get(ACCEPT_FEATURE, b"").split(b",")
        if b"accountId" in [feature.strip() for feature in features]:
            body["accountId"] = config.account_id
        identifier = ("Lambda-Extension-Identifier", extension.identifier)
        return replies.reply(200, json.dumps(body, separators=(",", ":")).encode() + b"\n", replies.JSON, identifier)


def _events(body: bytes) -> list[str]:
    if not body:
        raise ValueError("unexpected end of JSON input")
    parsed: Any = json.loads(body)
    if not isinstance(parsed, dict):
        raise ValueError("the body must be a JSON object")
    document = cast("dict[str, object]", parsed)
    if document.get("configurationKeys"):
        raise ValueError(_DEPRECATED_KEYS)
    events: object = document.get("events") or []
    if not isinstance(events, list):
        raise ValueError('"events" must be an array')
    return [str(event) for event in cast("list[object]", events)]


__all__ = ("Extension", "ExtensionState", "Extensions", "Notice", "refuse")

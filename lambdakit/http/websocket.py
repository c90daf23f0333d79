"""A function behind a WebSocket API: one handler a route, arguments by annotation.

    ws = WebSocketApp(subprotocols=["chat.v1"])

    @ws.connect
    def join(event: WebSocketEvent) -> int | None:
        return None if event.query("token") else 401

    @ws.route("say")
    def say(message: Say, connection: Connection) -> None:
        connection.send({"heard": message.text})

    handler = ws

A parameter is given what its annotation asks for: WebSocketEvent the event, Connection the connection the message came
by, Context the context, `str` and `bytes` the message as it came, and any other type the message's JSON as this type. A
message that is none is answered 400 with every fault, and the handler is not called.

    a handler returns       connect                        message
    None                    accepted                       200, nothing to say
    True, False             accepted, refused (403)        as JSON
    a number                this status                    as JSON
    text                    accepted with this subprotocol the reply
    a dict with statusCode  as it is                       as it is
    anything else           an error                       the reply, as JSON, models too (bytes as they are)

API Gateway sends a reply only where the route has a route response; `replies="push"` sends it by the management API
instead. Whatever a disconnect returns is ignored.

Source: API Gateway developer guide, "Working with WebSocket APIs". Not here: who is connected, which the function keeps
where it likes.
"""

from __future__ import annotations

from binascii import b2a_base64

from lambdakit.codec import decode
from lambdakit.context import LambdaContext
from lambdakit.events.annotations import Unresolved, parameters_of
from lambdakit.events.websocket import WebSocketEvent, websocket_event
from lambdakit.exceptions import ConnectionGoneError, PayloadError, ResponseError, UnmarshalFault, UsageError
from lambdakit.handlers import decorate, is_async
from lambdakit.http.connections import Connection, Connections
from lambdakit.http.response import json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Literal, TypeAlias, TypeVar

    from lambdakit.handlers import Call, Middleware

    FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])
    Get: TypeAlias = Callable[[WebSocketEvent[Any], Any], Any]

__all__ = ("WebSocketApp",)

CONNECT, DISCONNECT, DEFAULT = "$connect", "$disconnect", "$default"
PROTOCOL_HEADER = "Sec-WebSocket-Protocol"

# `type`, but Any to type checkers.
_type: Any = type


class WebSocketApp:
    """A Lambda handler for the events of a WebSocket API; see the module's text.

    `subprotocols` are those the function speaks, best first: of those a client offers, the first is accepted.
    `middleware` is around every handler.
    """

    # Tells the runtime that a call may return a coroutine: which it is depends on the event.
    __lambda_async__ = True

    def __init__(
        self,
        *,
        subprotocols: Sequence[str] = (),
        replies: Literal["route-response", "push"] = "route-response",
        middleware: Sequence[Middleware] = (),
    ) -> None:
        if replies not in ("route-response", "push"):
            raise UsageError(f'WebSocketApp(replies=...) is "route-response" or "push", not {replies!r}')
        self._subprotocols = tuple(subprotocols)
        self._is_pushed = replies == "push"
        self._middleware = tuple(middleware)
        self._routes: dict[str, Call] = {}

    def connect(self, function: FunctionT) -> FunctionT:
        """Register what is asked whether a client may connect; without it all may."""
        return self._add(CONNECT, function, self._connected)

    def disconnect(self, function: FunctionT) -> FunctionT:
        """Register what is told, if possible, that a client has gone."""
        return self._add(DISCONNECT, function, _disconnected)

    def default(self, function: FunctionT) -> FunctionT:
        """Register what takes the messages of all routes that have no handler; without it they are answered 404."""
        return self._add(DEFAULT, function, _replied)

    def route(self, key: str) -> Callable[[FunctionT], FunctionT]:
        """Register what takes the messages of a route, by the API's route key. Raises UsageError for a second one."""
        if key in (CONNECT, DISCONNECT, DEFAULT):
            raise UsageError(f"@ws.route({key!r}) is written @ws.{key[1:]}")
        return lambda function: self._add(key, function, _replied)

    def __call__(self, event: Any, context: Any = None) -> Any:
        """Answer one event. Raises WrongSourceError for one that is no WebSocket API's."""
        typed: WebSocketEvent[Any] = websocket_event.prepare(event)
        key = typed.request_context.route_key or DEFAULT
        route = self._routes.get(key)
        if route is None and key not in (CONNECT, DISCONNECT):
            route = self._routes.get(DEFAULT)
        if route is not None:
            return route(typed, context)
        if key == CONNECT:
            return self._connected(typed, None)
        return _disconnected() if key == DISCONNECT else {"statusCode": 404}

    def _add(self, key: str, function: FunctionT, answer: Callable[[Any, Any], Any]) -> FunctionT:
        if key in self._routes:
            raise UsageError(f"{key} has a handler; a WebSocketApp has one for each route")
        getters = _getters(function, may_take_message=answer is _replied)
        core = (_async_core if is_async(function) else _core)(function, getters)
        if self._is_pushed and answer is _replied:
            core = (_async_push if is_async(function) else _push)(core)
        prepare = websocket_event.prepare
        self._routes[key] = decorate(function, prepare=prepare, middleware=self._middleware, answer=answer, core=core)
        return function

    def _connected(self, event: WebSocketEvent[Any], result: Any) -> dict[str, Any]:
        """The answer to a connect: 2xx accepts, anything else refuses."""
        if _type(result) is dict and "statusCode" in result:
            answer: dict[str, Any] = result
            return answer
        if _type(result) is int or result is False:
            status = 403 if result is False else result
            return self._accepted(event, status) if 200 <= status < 300 else {"statusCode": status}
        if result is None or result is True:
            return self._accepted(event, 200)
        if isinstance(result, str):
            return _with_protocol(event, 200, result)
        raise ResponseError(
            f"a connect returned {type(result).__name__}; it returns None (accepted), a status, the subprotocol as "
            "text, or a dict with statusCode"
        )

    def _accepted(self, event: WebSocketEvent[Any], status: int) -> dict[str, Any]:
        offered = _offered(event)
        chosen = next((protocol for protocol in self._subprotocols if protocol in offered), None)
        return {"statusCode": status} if chosen is None else _with_protocol(event, status, chosen)

    def __repr__(self) -> str:
        return f"WebSocketApp({', '.join(self._routes)})"


# Answers.


def _offered(event: WebSocketEvent[Any]) -> list[str]:
    texts = event.header_values(PROTOCOL_HEADER)
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _with_protocol(event: WebSocketEvent[Any], status: int, protocol: str) -> dict[str, Any]:
    offered = _offered(event)
    if protocol not in offered:
        raise ResponseError(
            f"the client offered the subprotocols {offered}, and would fail on {protocol!r}; "
            "answer one it offered, or None"
        )
    return {"statusCode": status, "headers": {PROTOCOL_HEADER: protocol}}


def _disconnected(*_result: Any) -> dict[str, Any]:
    return {"statusCode": 200}


def _replied(_event: Any, result: Any) -> dict[str, Any]:
    """The answer to a message."""
    if result is None:
        return {"statusCode": 200}
    if _is_native(result):
        answer: dict[str, Any] = result
        return answer
    if isinstance(result, (bytes, bytearray)):
        return {"statusCode": 200, "body": b2a_base64(result, newline=False).decode(), "isBase64Encoded": True}
    return {"statusCode": 200, "body": result if isinstance(result, str) else json_text(result)}


def _is_native(result: Any) -> bool:
    return _type(result) is dict and "statusCode" in result


def _refused(error: PayloadError) -> dict[str, Any]:
    """The answer to a message that is not what its handler takes: RFC 9457's members, as far as they apply."""
    errors = [{"path": path, "detail": what} for path, what in error.faults]
    body = {
        "status": 400,
        "title": "Bad Request",
        "detail": "the message is not what its route takes",
        "errors": errors,
    }
    return {"statusCode": 400, "body": json_text(body)}


# Calls.


def _core(function: Any, getters: dict[str, Get]) -> Call:
    def call(event: Any, context: Any) -> Any:
        try:
            given = {name: get(event, context) for name, get in getters.items()}
        except _BadMessageError as bad:
            return _refused(bad.error)
        return function(**given)

    return call


def _async_core(function: Any, getters: dict[str, Get]) -> Call:
    async def call(event: Any, context: Any) -> Any:
        try:
            given = {name: get(event, context) for name, get in getters.items()}
        except _BadMessageError as bad:
            return _refused(bad.error)
        return await function(**given)

    return call


def _push(core: Call) -> Call:
    def call(event: Any, context: Any) -> Any:
        result = core(event, context)
        reply, answer = _pushed(result)
        if reply is None:
            return answer
        try:
            _connection(event).send(reply)
        except ConnectionGoneError:  # nobody is there to be answered
            pass
        return answer

    return call


def _async_push(core: Call) -> Call:
    async def call(event: Any, context: Any) -> Any:
        result = await core(event, context)
        reply, answer = _pushed(result)
        if reply is None:
            return answer
        try:
            await _connection(event).send_async(reply)
        except ConnectionGoneError:  # nobody is there to be answered
            pass
        return answer

    return call


def _pushed(result: Any) -> tuple[Any, Any]:
    """What is sent to the client, and what is left to answer."""
    if not _is_native(result):
        return result, None
    return result.get("body"), {key: value for key, value in result.items() if key != "body"}


# Arguments.


class _BadMessageError(Exception):
    """A message is not what its handler takes."""

    def __init__(self, error: PayloadError) -> None:
        self.error = error
        super().__init__(error)


def _bad(what: str) -> _BadMessageError:
    return _BadMessageError(PayloadError((("$", what),)))


def _event(event: WebSocketEvent[Any], _context: Any) -> Any:
    return event


def _context(_event: WebSocketEvent[Any], context: Any) -> Any:
    return context


def _connection(event: WebSocketEvent[Any], _context: Any = None) -> Connection:
    return Connections.of(event)[event.request_context.connection_id]


def _bytes(event: WebSocketEvent[Any], _context: Any) -> bytes:
    return event.body_bytes


def _text(event: WebSocketEvent[Any], _context: Any) -> str:
    try:
        return event.body_bytes.decode()
    except UnicodeDecodeError:
        raise _bad("expected text in UTF-8, got other bytes") from None


# What a parameter is by its class or, where that is not known at run time, by the name of the class or its own name.
_BY_CLASS: tuple[tuple[type, Get], ...] = (
    (WebSocketEvent, _event),
    (LambdaContext, _context),
    (Connection, _connection),
)
_BY_NAME: dict[str, Get] = {
    "WebSocketEvent": _event,
    "LambdaContext": _context,
    "Context": _context,
    "Connection": _connection,
    "event": _event,
    "context": _context,
    "connection": _connection,
}


def _getters(function: Any, *, may_take_message: bool) -> dict[str, Get]:
    """Parameter -> where its value comes from. Raises UsageError for one that could be anything."""
    if not callable(function):
        raise UsageError(f"a route's handler is a function, not {type(function).__name__}")
    if getattr(getattr(function, "__code__", None), "co_posonlyargcount", 0):
        raise UsageError(f"{_told(function)}: parameters are given by name; leave the slash out")
    getters: dict[str, Get] = {}
    message: str | None = None
    for name, annotation in parameters_of(function).items():
        getters[name] = _known(name, annotation) or _message(name, annotation, function)
        if getters[name] in _BY_NAME.values() or getattr(getters[name], "is_event", False):
            continue
        if not may_take_message or message is not None:
            why = f"{message!r} is the message already" if message else "a connect and a disconnect bring no message"
            raise UsageError(f"{_told(function)}: {name!r} cannot be the message: {why}")
        message = name
    return getters


def _known(name: str, annotation: Any) -> Get | None:
    """What brings the parameter, if it is not the message."""
    if annotation is None or isinstance(annotation, Unresolved):
        text = "" if annotation is None else annotation.partition("[")[0].rpartition(".")[2]
        return _BY_NAME.get(text) or _BY_NAME.get(name)
    kind = getattr(annotation, "__origin__", annotation)
    if not isinstance(kind, type):
        return None
    if issubclass(kind, WebSocketEvent) and kind is not WebSocketEvent:
        return _event_as(kind)
    return next((get for known, get in _BY_CLASS if issubclass(kind, known)), None)


def _event_as(model: Any) -> Get:
    """The event with its payload's type: `WebSocketEvent[Order]`."""

    def get(event: WebSocketEvent[Any], _context: Any) -> Any:
        return model(event.raw)

    vars(get)["is_event"] = True
    return get


def _message(name: str, annotation: Any, function: Any) -> Get:
    """What makes the message of its type."""
    if annotation is None or isinstance(annotation, Unresolved):
        what = f"its annotation {str(annotation)!r} cannot be resolved" if annotation else "it has no annotation"
        raise UsageError(
            f"{_told(function)}: {name!r} could be anything, as {what}; annotate it with a type that is defined or "
            "imported above the function, and not only under TYPE_CHECKING"
        )
    if annotation is bytes or annotation is str:
        return _bytes if annotation is bytes else _text
    from lambdakit.events.payload_plans import plan_of

    plan = plan_of(annotation)

    def get(event: WebSocketEvent[Any], _context: Any) -> Any:
        try:
            return plan.of_value(decode(event.body_bytes))
        except PayloadError as error:
            raise _BadMessageError(error) from None
        except UnmarshalFault as fault:
            raise _bad(f"not JSON: {fault.message.partition(': ')[2]}") from None

    return get


def _told(function: Any) -> str:
    return f"{getattr(function, '__qualname__', function)}"

"""Lambda authorizers by what they mean: a function says who may pass, and the answer is written as its event asks.

    @authorizer
    def check(event: RequestAuthorizerEvent | RequestAuthorizerEventV2, context: Context) -> Grant | None:
        user = users.get(event.header("x-api-key"))
        return user and Grant(user.name, {"plan": user.plan})

What it returns or raises is answered so:

    returned or raised                   REST, WebSocket, HTTP API 1.0   HTTP API 2.0, simple   HTTP API 2.0, policy
    Grant, True                          policy that allows the stage    isAuthorized: true     policy that allows
    False, ForbiddenError, a 403 token   policy that denies it: 403      isAuthorized: false    policy that denies
    None, UnauthorizedError, 401 token   "Unauthorized": 401             isAuthorized: false    policy that denies
    a dict                               checked, and sent as it is      the same               the same

One function may serve every kind of API; what it declares decides which events it takes. HTTP APIs are set up for one
of two forms, which no event tells: `@authorizer(form="policy")` says it is the other one.

Source: API Gateway developer guide, "Use API Gateway Lambda authorizers". Not here: the events and the answers' rules
(`lambdakit.events.authorizers`).
"""

from __future__ import annotations

import re

from lambdakit.codec import encode
from lambdakit.events.annotations import Unresolved, check_function, parameters_of
from lambdakit.events.authorizers import (
    RequestAuthorizerEvent,
    RequestAuthorizerEventV2,
    TokenAuthorizerEvent,
    request_authorizer,
    token_authorizer,
)
from lambdakit.events.decorator import wrong_source
from lambdakit.exceptions import HTTPError, TokenError, UsageError
from lambdakit.handlers import decorate, is_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Literal, TypeAlias, TypeVar, overload

    from lambdakit.context import LambdaContext
    from lambdakit.events.authorizers import AuthorizerEvent, AuthorizerPolicy
    from lambdakit.handlers import Call, Handler, Middleware
    from lambdakit.http.bearer import BearerTokens

    AnyAuthorizerEvent: TypeAlias = TokenAuthorizerEvent | RequestAuthorizerEvent | RequestAuthorizerEventV2
    Form: TypeAlias = Literal["simple", "policy"]
    EventT = TypeVar("EventT", bound=AuthorizerEvent)
    ResultT = TypeVar("ResultT")

__all__ = ("Grant", "authorizer")

MODELS = (TokenAuthorizerEvent, RequestAuthorizerEvent, RequestAuthorizerEventV2)
# What API Gateway answers 401 to: an error with exactly this text.
UNAUTHORIZED = "Unauthorized"
# The principal of those who are let pass, or not, without a name.
NOBODY = "anonymous"

# `type`, but Any to type checkers.
_type: Any = type


class Grant:
    """Who may pass. `context` goes to the integration, None left out; `policy` says what of the stage, if not all.

    Contexts of REST and WebSocket APIs hold text, numbers and booleans: anything else is sent as JSON text.
    """

    __slots__ = ("context", "policy", "principal_id", "usage_identifier_key")

    def __init__(
        self,
        principal_id: str,
        context: Mapping[str, Any] | None = None,
        *,
        policy: AuthorizerPolicy | None = None,
        usage_identifier_key: str | None = None,
    ) -> None:
        self.principal_id = principal_id
        self.context = {name: value for name, value in (context or {}).items() if value is not None}
        self.policy = policy
        self.usage_identifier_key = usage_identifier_key

    def __repr__(self) -> str:
        return f"Grant({self.principal_id!r})"


if TYPE_CHECKING:

    @overload
    def authorizer(function: Callable[[EventT, LambdaContext[Any]], ResultT], /) -> Handler[EventT, Any]: ...

    @overload
    def authorizer(
        *, form: Form = "simple", middleware: Sequence[Middleware] = ()
    ) -> Callable[[Callable[[EventT, LambdaContext[Any]], Any]], Handler[EventT, Any]]: ...


def authorizer(function: Any = None, /, *, form: Form = "simple", middleware: Sequence[Middleware] = ()) -> Any:
    """Make a function that says who may pass a Lambda authorizer, bare or with options; see the module's text."""
    if form not in ("simple", "policy"):
        raise UsageError(f'@authorizer(form=...) is "simple" or "policy", not {form!r}')

    def made(decorated: Any) -> Any:
        if not callable(decorated):
            raise UsageError(f"@authorizer decorates a function, not {type(decorated).__name__}")
        check_function("authorizer", decorated, MODELS)
        core = (_async_core if is_async(decorated) else _core)(decorated)
        return decorate(
            decorated,
            prepare=_prepare_as(_declared(decorated)),
            middleware=middleware,
            answer=lambda event, result: _answer(event, result, form),
            core=core,
        )

    return made if function is None else made(function)


def _declared(function: Any) -> tuple[type, ...]:
    """The models that the function's first parameter may be; all where it does not say."""
    annotation = next(iter(parameters_of(function).values()), None)
    if isinstance(annotation, Unresolved):
        return tuple(model for model in MODELS if re.search(rf"\b{model.__name__}\b", annotation)) or MODELS
    parts: tuple[Any, ...] = getattr(annotation, "__args__", None) or (annotation,)
    kinds = tuple(part for part in parts if isinstance(part, type))
    return tuple(model for model in MODELS if issubclass(model, kinds)) or MODELS


def _prepare_as(wanted: tuple[type, ...]) -> Callable[[Any], Any]:
    def prepare(event: Any) -> Any:
        typed = _typed(event)
        if typed is None or not isinstance(typed, wanted):
            raise wrong_source("authorizer", " or ".join(model.__name__ for model in wanted), event)
        return typed

    return prepare


def _typed(event: Any) -> AnyAuthorizerEvent | None:
    if isinstance(event, MODELS):
        return event
    for decorator in (token_authorizer, request_authorizer):
        if _type(event) is dict and decorator.accepts(event):
            typed: AnyAuthorizerEvent = decorator.prepare(event)
            return typed
    return None


def _core(function: Any) -> Call:
    def call(event: Any, context: Any) -> Any:
        try:
            return function(event, context)
        except HTTPError as error:
            return _meant(error)

    return call


def _async_core(function: Any) -> Call:
    async def call(event: Any, context: Any) -> Any:
        try:
            return await function(event, context)
        except HTTPError as error:
            return _meant(error)

    return call


def _meant(error: HTTPError) -> bool | None:
    """What an error means for who asks: not known, or not allowed. Raises any other."""
    if error.status == 403:
        return False
    if error.status == 401 or (isinstance(error, TokenError) and error.status == 400):
        return None
    raise error


def _answer(event: AnyAuthorizerEvent, result: Any, form: Form) -> dict[str, Any]:
    if result is None or result is False:
        return _refusal(event, form, result)
    if result is True:
        result = Grant(NOBODY)
    if not isinstance(result, Grant):
        return event.checked(result)
    if isinstance(event, RequestAuthorizerEventV2):
        if form == "simple":
            return event.authorize(context=result.context or None)
        context = result.context
    else:
        context = {name: _flat(value) for name, value in result.context.items()}
    policy = result.policy or event.policy().allow()
    return event.answer(result.principal_id, policy, context or None, result.usage_identifier_key)


def _refusal(event: AnyAuthorizerEvent, form: Form, result: bool | None) -> dict[str, Any]:
    if isinstance(event, RequestAuthorizerEventV2):
        return event.refuse() if form == "simple" else event.deny(NOBODY)
    if result is None:
        raise PermissionError(UNAUTHORIZED)
    return event.deny(NOBODY)


def _flat(value: Any) -> str | int | float | bool:
    return value if isinstance(value, (str, int, float)) else encode(value).decode()


def bearer_authorizer(bearer: BearerTokens[Any], scopes: Sequence[str], form: Form) -> Handler[Any, Any]:
    """The authorizer of bearer tokens: any kind of API's."""

    def check(event: AnyAuthorizerEvent, context: Any) -> Grant:
        token = bearer.verify_header(_authorization(event), *scopes)
        return Grant(token.subject or NOBODY, token.raw)

    made: Handler[Any, Any] = authorizer(form=form)(check)
    return made


def _authorization(event: AnyAuthorizerEvent) -> str | None:
    """The header's value. A token authorizer may be set up for another header, which may hold the token alone."""
    if not isinstance(event, TokenAuthorizerEvent):
        return event.header("authorization")
    given = event.authorization_token
    return given if " " in given.strip() else f"Bearer {given}"

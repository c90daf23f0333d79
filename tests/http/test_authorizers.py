"""Lambda authorizers: which events a function takes, and the answer that each kind of API gets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events import RequestAuthorizerEvent, TokenAuthorizerEvent  # noqa: TC001
from lambdakit.exceptions import (
    ForbiddenError,
    HTTPError,
    ResponseError,
    TokenError,
    TokenKeysError,
    UnauthorizedError,
    UsageError,
    WrongSourceError,
)
from lambdakit.http import BearerTokens, Grant, authorizer
from tests.http.token_issuer import ISSUER, Issuer, jwk_of, token_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdakit.events import RequestAuthorizerEventV2

ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc/prod/GET/orders/7"
STAGE = "arn:aws:execute-api:eu-west-1:123456789012:abc/prod/*/*"
TOKEN = {"type": "TOKEN", "authorizationToken": "Bearer x", "methodArn": ARN}
REST = {
    "type": "REQUEST",
    "methodArn": ARN,
    "resource": "/orders/{id}",
    "path": "/orders/7",
    "httpMethod": "GET",
    "headers": {"Authorization": "Bearer x"},
    "requestContext": {"stage": "prod"},
}
WEBSOCKET = {
    "type": "REQUEST",
    "methodArn": ARN.replace("GET/orders/7", "$connect"),
    "headers": {"Authorization": "Bearer x"},
    "requestContext": {"connectionId": "c", "eventType": "CONNECT", "routeKey": "$connect", "stage": "prod"},
}
HTTP = {
    "version": "2.0",
    "type": "REQUEST",
    "routeArn": ARN,
    "identitySource": ["Bearer x"],
    "routeKey": "GET /orders/{id}",
    "rawPath": "/prod/orders/7",
    "rawQueryString": "",
    "headers": {"authorization": "Bearer x"},
    "requestContext": {"http": {"method": "GET", "path": "/orders/7"}, "stage": "prod"},
}
POLICY_EVENTS = [TOKEN, REST, WEBSOCKET]


def policy(effect: str, principal: str = "anonymous", **more: Any) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": STAGE}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        **more,
    }


def returning(result: Any, **options: Any) -> Any:
    def check(event: Any, context: Any) -> Any:
        if isinstance(result, BaseException):
            raise result
        return result

    return authorizer(**options)(check) if options else authorizer(check)


@pytest.mark.parametrize("event", POLICY_EVENTS)
def test_a_grant_is_a_policy_for_the_whole_stage(event: dict[str, Any]):
    grant = Grant("ann", {"plan": "pro", "tags": ["a", 1], "none": None, "n": 2}, usage_identifier_key="key")
    assert returning(grant)(event) == policy(
        "Allow", "ann", context={"plan": "pro", "tags": '["a", 1]', "n": 2}, usageIdentifierKey="key"
    )
    assert returning(True)(event) == policy("Allow")


def test_a_grant_is_a_simple_answer_where_the_api_asks_for_it():
    grant = Grant("ann", {"tags": ["a", 1]})
    assert returning(grant)(HTTP) == {"isAuthorized": True, "context": {"tags": ["a", 1]}}
    assert returning(grant, form="policy")(HTTP) == policy("Allow", "ann", context={"tags": ["a", 1]})
    assert returning(True)(HTTP)["isAuthorized"] is True


def test_a_grant_may_have_a_policy_of_its_own():
    @authorizer
    def check(event: RequestAuthorizerEvent, context: Any) -> Grant:
        return Grant("ann", policy=event.policy().allow("GET", "/orders/*"))

    statement = check(REST)["policyDocument"]["Statement"][0]
    assert statement["Resource"] == "arn:aws:execute-api:eu-west-1:123456789012:abc/prod/GET/orders/*"


@pytest.mark.parametrize("result", [False, ForbiddenError(), TokenError("no", 403, "insufficient_scope")])
def test_who_is_known_but_not_allowed_is_denied(result: Any):
    for event in POLICY_EVENTS:
        assert returning(result)(event) == policy("Deny")
    assert returning(result)(HTTP) == {"isAuthorized": False}
    assert returning(result, form="policy")(HTTP) == policy("Deny")


@pytest.mark.parametrize(
    "result", [None, UnauthorizedError(), TokenError("no", 401, "invalid_token"), TokenError("no", 400, "x")]
)
def test_who_is_not_known_is_answered_401_where_that_is_possible(result: Any):
    for event in POLICY_EVENTS:
        with pytest.raises(PermissionError) as caught:
            returning(result)(event)
        assert str(caught.value) == "Unauthorized"
    assert returning(result)(HTTP) == {"isAuthorized": False}
    assert returning(result, form="policy")(HTTP) == policy("Deny")


def test_a_dict_is_checked_and_sent_as_it_is():
    assert returning(policy("Deny", "x"))(REST) == policy("Deny", "x")
    with pytest.raises(ResponseError):
        returning({"principalId": "x"})(REST)
    with pytest.raises(ResponseError):
        returning("ann")(HTTP)


@pytest.mark.parametrize("error", [HTTPError(503), ValueError("x")])
def test_other_errors_stay_errors(error: Exception):
    with pytest.raises(type(error)):
        returning(error)(REST)


def test_an_async_function_is_awaited():
    @authorizer
    async def check(event: RequestAuthorizerEventV2, context: Any) -> Grant:
        if event.header("authorization") != "Bearer x":
            raise UnauthorizedError
        return Grant("ann")

    assert asyncio.run(check(HTTP)) == {"isAuthorized": True}
    assert asyncio.run(check({**HTTP, "headers": {}})) == {"isAuthorized": False}


def test_a_function_gets_only_what_it_declares():
    seen: list[Any] = []

    @authorizer
    def tokens(event: TokenAuthorizerEvent, context: Any) -> bool:
        seen.append(event.authorization_token)
        return True

    @authorizer
    def either(event: RequestAuthorizerEvent | TokenAuthorizerEvent, context: Any) -> bool:
        return True

    @authorizer
    def checkers_only(event: RequestAuthorizerEventV2, context: Any) -> bool:
        return True

    for event, takers in ((TOKEN, (either,)), (REST, (either,)), (HTTP, (checkers_only,))):
        for handler in (either, checkers_only):
            if handler in takers:
                handler(event)
                continue
            with pytest.raises(WrongSourceError):
                handler(event)
    tokens(TOKEN)
    assert seen == ["Bearer x"]
    with pytest.raises(WrongSourceError, match="TokenAuthorizerEvent"):
        tokens(REST)
    with pytest.raises(WrongSourceError, match="s3"):
        returning(True)({"Records": [{"eventSource": "aws:s3"}]})
    typed = TokenAuthorizerEvent(TOKEN)
    assert tokens(typed)["principalId"] == "anonymous"


def test_mistakes_are_met_when_it_is_decorated():
    with pytest.raises(UsageError, match='"simple" or "policy"'):
        authorizer(form="other")  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="decorates a function"):
        authorizer(5)  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="with two arguments"):
        authorizer(lambda event: True)  # type: ignore[arg-type, misc]


def test_middleware_is_around_it():
    seen: list[Any] = []

    def watch(event: Any, context: Any, call_next: Any) -> Any:
        seen.append(type(event).__name__)
        return call_next(event, context)

    returning(True, middleware=[watch])(HTTP)
    assert seen == ["RequestAuthorizerEventV2"]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer(jwk_of("k1")) as server:
        yield server


def test_bearer_tokens_are_an_authorizer(issuer: Issuer):
    bearer = BearerTokens(issuer=ISSUER, audience="web", jwks_url=issuer.url, algorithms=["ES256"])
    check = bearer.authorizer("read")
    token = token_for("ann", scope="read", groups=["a"])
    answer = check({**TOKEN, "authorizationToken": f"Bearer {token}"})
    assert answer["principalId"] == "ann"
    assert answer["context"]["groups"] == '["a"]'
    assert check({**TOKEN, "authorizationToken": token})["principalId"] == "ann"
    assert check({**REST, "headers": {"AUTHORIZATION": f"Bearer {token}"}})["principalId"] == "ann"
    simple = check({**HTTP, "headers": {"authorization": f"bearer {token}"}})
    assert (simple["isAuthorized"], simple["context"]["groups"]) == (True, ["a"])
    assert check({**REST, "headers": {"authorization": f"Bearer {token_for()}"}}) == policy("Deny")
    assert check(HTTP) == {"isAuthorized": False}
    with pytest.raises(PermissionError, match=r"^Unauthorized$"):
        check(REST)
    assert bearer.authorizer(form="policy")({**HTTP, "headers": {"authorization": f"Bearer {token}"}})["principalId"]


def test_an_issuer_that_cannot_be_asked_is_an_error_and_no_refusal(issuer: Issuer):
    issuer.status = 500
    bearer = BearerTokens(issuer=ISSUER, audience="web", jwks_url=issuer.url, algorithms=["ES256"])
    with pytest.raises(TokenKeysError):
        bearer.authorizer()({**HTTP, "headers": {"authorization": f"Bearer {token_for()}"}})

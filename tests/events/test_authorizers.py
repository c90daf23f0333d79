from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from lambdakit.events import authorizers
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.exceptions import MissingFieldError, ResponseError, WrongSourceError

STAGE = "arn:aws:execute-api:eu-west-1:123456789012:api1/prod"
TOKEN = {"type": "TOKEN", "authorizationToken": "Bearer abc", "methodArn": f"{STAGE}/GET/pets/7"}
REQUEST = {
    "type": "REQUEST",
    "methodArn": f"{STAGE}/GET/pets/7",
    "resource": "/pets/{id}",
    "path": "/pets/7",
    "httpMethod": "GET",
    "headers": {"Authorization": "Bearer abc"},
    "multiValueHeaders": {"Authorization": ["Bearer abc"]},
    "queryStringParameters": {},
    "multiValueQueryStringParameters": {},
    "pathParameters": {"id": "7"},
    "stageVariables": {},
    "requestContext": {"path": "/prod/pets/7", "stage": "prod", "identity": {"sourceIp": "192.0.2.1"}},
}
CONNECT = {
    "type": "REQUEST",
    "methodArn": f"{STAGE}/$connect",
    "headers": {"X-Token": "abc"},
    "queryStringParameters": None,
    "requestContext": {
        "routeKey": "$connect",
        "eventType": "CONNECT",
        "connectionId": "c1",
        "connectedAt": 1674162806344,
        "messageDirection": "IN",
    },
}
V2: dict[str, Any] = {
    "version": "2.0",
    "type": "REQUEST",
    "routeArn": f"{STAGE}/GET/pets",
    "identitySource": ["abc"],
    "routeKey": "GET /pets",
    "rawPath": "/pets",
    "rawQueryString": "",
    "headers": {"authorization": "abc"},
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "api1",
        "domainName": "api1.execute-api.eu-west-1.amazonaws.com",
        "domainPrefix": "api1",
        "http": {"method": "GET", "path": "/pets", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "u"},
        "requestId": "r1",
        "routeKey": "GET /pets",
        "stage": "prod",
        "time": "12/Mar/2020:19:03:58 +0000",
        "timeEpoch": 1583348638390,
    },
}
ALLOW_ALL = {
    "principalId": "ada",
    "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{STAGE}/*/*"}],
    },
}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (TOKEN, authorizers.TokenAuthorizerEvent),
        (REQUEST, authorizers.RequestAuthorizerEvent),
        (CONNECT, authorizers.RequestAuthorizerEvent),
        (V2, authorizers.RequestAuthorizerEventV2),
    ],
)
def test_every_form_has_its_class(raw: dict[str, Any], kind: type) -> None:
    event = detect(raw)
    assert event is not None
    assert type(event) is kind
    assert unmapped(event) == []


def test_a_request_reads_as_an_http_request() -> None:
    event = authorizers.RequestAuthorizerEvent(REQUEST)
    assert event.header("authorization") == "Bearer abc"
    assert event.identity_source is None
    assert event.version is None
    assert (event.arn.method, event.arn.path, event.arn.api_id) == ("GET", "pets/7", "api1")


def test_a_connect_has_no_path_and_its_route_as_method() -> None:
    event = authorizers.RequestAuthorizerEvent(CONNECT)
    assert event.path is None
    assert event.http_method is None
    assert (event.arn.method, event.arn.path) == ("$connect", "")
    assert event.request_context.connection_id == "c1"


def test_the_identity_source_of_format_2_may_be_null() -> None:
    assert authorizers.RequestAuthorizerEventV2({**V2, "identitySource": None}).identity_source == ()


def test_a_token_that_is_not_there_is_named() -> None:
    event = authorizers.TokenAuthorizerEvent({"type": "TOKEN", "methodArn": TOKEN["methodArn"]})
    with pytest.raises(MissingFieldError, match="authorizationToken"):
        _ = event.authorization_token


def test_an_arn_of_another_service_is_refused() -> None:
    with pytest.raises(ValueError, match="execute-api"):
        authorizers.MethodARN("arn:aws:s3:::bucket/key")


def test_allow_covers_the_whole_stage_because_answers_are_cached() -> None:
    event = authorizers.TokenAuthorizerEvent(TOKEN)
    assert event.allow("ada") == ALLOW_ALL
    assert event.arn.whole_stage == f"{STAGE}/*"
    [statement] = event.deny("ada")["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", f"{STAGE}/*/*")


def test_a_finer_policy_is_built_statement_by_statement() -> None:
    event = authorizers.TokenAuthorizerEvent(TOKEN)
    condition = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    policy = event.policy().allow("GET", "/pets/*").deny("*", "/admin/*", condition=condition)
    answer = event.answer("ada", policy, {"role": "reader", "level": 3}, "key1")
    first, second = answer["policyDocument"]["Statement"]
    assert first == {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{STAGE}/GET/pets/*"}
    assert second["Resource"] == f"{STAGE}/*/admin/*"
    assert second["Condition"] == condition
    assert answer["context"] == {"role": "reader", "level": 3}
    assert answer["usageIdentifierKey"] == "key1"


def test_a_policy_without_statements_is_refused() -> None:
    event = authorizers.TokenAuthorizerEvent(TOKEN)
    with pytest.raises(ResponseError, match="no statement"):
        event.answer("ada", event.policy())


def answer_with(**changes: Any) -> dict[str, Any]:
    statement = ALLOW_ALL["policyDocument"]["Statement"][0]  # type: ignore[index]
    return {"principalId": "ada", "policyDocument": {"Version": "2012-10-17", "Statement": {**statement, **changes}}}


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (None, "must be dict"),
        ({**ALLOW_ALL, "principalID": "x"}, "did you mean 'principalId'"),
        ({"policyDocument": ALLOW_ALL["policyDocument"]}, "needs principalId"),
        ({**ALLOW_ALL, "principalId": 7}, "principalId must be str"),
        ({**ALLOW_ALL, "policyDocument": {"Version": "2020-01-01", "Statement": []}}, "Version must be one of"),
        ({**ALLOW_ALL, "policyDocument": {"Version": "2012-10-17", "Statement": []}}, "at least one statement"),
        ({**ALLOW_ALL, "policyDocument": {"Statement": [{}]}}, "needs Version"),
        (answer_with(Effect="allow"), "Effect must be one of"),
        (answer_with(Resource=[]), "needs Resource"),
        (answer_with(Action=None), "needs Action"),
        (answer_with(Resource=[7]), "Resource must be str"),
        (answer_with(Ressource="*"), "did you mean 'Resource'"),
        ({**ALLOW_ALL, "context": {"roles": ["a"]}}, "JSON text"),
        ({**ALLOW_ALL, "context": {"roles": {}}}, "JSON text"),
        ({**ALLOW_ALL, "context": "x"}, "context must be dict"),
        ({**ALLOW_ALL, "usageIdentifierKey": 1}, "usageIdentifierKey must be str"),
        ({"isAuthorized": True}, "no field 'isAuthorized'"),
    ],
)
def test_what_a_rest_api_would_refuse_is_refused(answer: Any, rule: str) -> None:
    @authorizers.token_authorizer
    def handler(event: authorizers.TokenAuthorizerEvent, context: Any) -> Any:
        return answer

    with pytest.raises(ResponseError, match=rule):
        handler(TOKEN)


def test_one_statement_and_one_resource_need_no_list() -> None:
    answer = answer_with()
    assert authorizers.TokenAuthorizerEvent(TOKEN).checked(answer) is answer


def test_simple_answers_keep_nested_context() -> None:
    event = authorizers.RequestAuthorizerEventV2(V2)
    assert event.authorize(context={"roles": ["a"]}) == {"isAuthorized": True, "context": {"roles": ["a"]}}
    assert event.refuse() == {"isAuthorized": False}
    assert event.allow("ada", context={"roles": ["a"]})["context"] == {"roles": ["a"]}


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ({"isAuthorized": "true"}, "isAuthorized must be bool"),
        ({"isauthorized": True}, "did you mean 'isAuthorized'"),
        ({"context": {}}, "needs isAuthorized"),
        ({"isAuthorized": True, "context": []}, "context must be dict"),
        ({"principalId": "ada"}, "needs policyDocument"),
        ("yes", "must be dict or bool"),
    ],
)
def test_what_an_http_api_would_refuse_is_refused(answer: Any, rule: str) -> None:
    @authorizers.request_authorizer()
    def handler(event: authorizers.RequestAuthorizerEventV2, context: Any) -> Any:
        return answer

    with pytest.raises(ResponseError, match=rule):
        handler(V2)


def test_a_boolean_is_a_simple_answer() -> None:
    @authorizers.request_authorizer
    async def handler(event: authorizers.RequestAuthorizerEventV2, context: Any) -> bool:
        return event.identity_source == ["abc"]

    assert asyncio.run(handler(V2)) == {"isAuthorized": True}
    assert asyncio.run(handler({**V2, "identitySource": ["no"]})) == {"isAuthorized": False}


def test_one_function_may_take_both_forms() -> None:
    @authorizers.request_authorizer
    def handler(event: authorizers.AuthorizerEvent, context: Any) -> Any:
        return event.allow("ada")

    assert handler(REQUEST) == handler(V2) == handler(CONNECT) == ALLOW_ALL


def test_another_source_is_named() -> None:
    @authorizers.token_authorizer
    def handler(event: authorizers.TokenAuthorizerEvent, context: Any) -> Any:
        return event.allow("ada")

    with pytest.raises(WrongSourceError, match="authorizer-request"):
        handler(REQUEST)

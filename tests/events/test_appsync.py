from __future__ import annotations

import asyncio
import pickle
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events.app import App
from lambdakit.events.appsync import (
    AppSyncBatchEvent,
    AppSyncResolverEvent,
    amplify_resolver,
    appsync_batch,
    appsync_resolver,
)
from lambdakit.events.appsync_authorization import AppSyncAuthorizerEvent, appsync_authorizer
from lambdakit.events.appsync_identity import (
    AppSyncCognitoIdentity,
    AppSyncIAMIdentity,
    AppSyncIdentity,
    AppSyncLambdaIdentity,
    AppSyncOIDCIdentity,
)
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.exceptions import MissingFieldError, ResponseError, WrongSourceError

if TYPE_CHECKING:
    from lambdakit.events.appsync import (
        AmplifyResolverEvent,
    )

INFO: dict[str, Any] = {
    "fieldName": "getPost",
    "parentTypeName": "Query",
    "variables": {"id": "7"},
    "selectionSetList": ["id", "author/name"],
    "selectionSetGraphQL": "{ id author { name } }",
}
CALL: dict[str, Any] = {
    "arguments": {"id": "7"},
    "identity": None,
    "source": None,
    "request": {"headers": {"x-api-key": "k"}, "domainName": None},
    "prev": None,
    "info": INFO,
    "stash": {},
}
COGNITO: dict[str, Any] = {
    "sub": "s-1",
    "issuer": "https://pool",
    "username": "ada",
    "claims": {"email": "ada@example.com"},
    "sourceIp": ["192.0.2.1"],
    "defaultAuthStrategy": "ALLOW",
    "groups": None,
}
IAM: dict[str, Any] = {
    "accountId": "123456789012",
    "userArn": "arn:aws:iam::123456789012:user/ada",
    "username": "AIDA",
    "sourceIp": ["192.0.2.1"],
    "cognitoIdentityPoolId": None,
    "cognitoIdentityId": None,
    "cognitoIdentityAuthType": None,
    "cognitoIdentityAuthProvider": None,
}
OIDC: dict[str, Any] = {"sub": "s-2", "issuer": "https://idp", "claims": {"sub": "s-2"}}
CONTEXT: dict[str, Any] = {
    "apiId": "api",
    "accountId": "123456789012",
    "requestId": "r",
    "queryString": "query { a }",
    "operationName": None,
    "variables": {},
}
AUTHORIZER: dict[str, Any] = {"authorizationToken": "token", "requestContext": CONTEXT, "requestHeaders": {"host": "h"}}
EVENT_API: dict[str, Any] = {
    "authorizationToken": "token",
    "requestContext": {
        "apiId": "api",
        "accountId": "123456789012",
        "requestId": "r",
        "operation": "EVENT_PUBLISH",
        "channelNamespaceName": "news",
        "channel": "/news/sport",
    },
}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def test_a_call_is_read() -> None:
    event = detect(CALL)
    assert isinstance(event, AppSyncResolverEvent)
    assert unmapped(event) == []
    assert (event.type_name, event.field_name, event.arguments) == ("Query", "getPost", {"id": "7"})
    assert (event.info.variables, event.info.selection_set_list) == ({"id": "7"}, ["id", "author/name"])
    assert (event.headers, event.domain_name, event.identity, event.source) == ({"x-api-key": "k"}, None, None, None)


def test_what_older_and_hand_made_calls_leave_out_has_defaults() -> None:
    event = AppSyncResolverEvent({"info": {"fieldName": "f"}, "identity": "None"})
    assert (event.identity, dict(event.arguments), dict(event.headers), dict(event.stash)) == (None, {}, {}, {})
    with pytest.raises(MissingFieldError, match=r"AppSyncResolverEvent\.type_name.*\$\.info\.parentTypeName"):
        _ = event.type_name


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (COGNITO, AppSyncCognitoIdentity),
        (IAM, AppSyncIAMIdentity),
        (OIDC, AppSyncOIDCIdentity),
        ({"resolverContext": {"tenant": "t"}}, AppSyncLambdaIdentity),
        ({"handlerContext": {"tenant": "t"}}, AppSyncLambdaIdentity),
        ({"sourceIp": ["192.0.2.1"]}, AppSyncIdentity),
        ({}, type(None)),
    ],
)
def test_each_way_of_authorization_has_its_identity(raw: dict[str, Any], kind: type[Any]) -> None:
    assert type(AppSyncResolverEvent({**CALL, "identity": raw}).identity) is kind


def test_identities_are_read() -> None:
    cognito = AppSyncResolverEvent({**CALL, "identity": COGNITO}).identity
    assert isinstance(cognito, AppSyncCognitoIdentity)
    assert (cognito.username, list(cognito.groups), cognito.source_ip) == ("ada", [], ["192.0.2.1"])
    secret = AppSyncResolverEvent({**CALL, "identity": {"resolverContext": {"key": "secret"}}}).identity
    assert isinstance(secret, AppSyncLambdaIdentity)
    assert secret.resolver_context == {"key": "secret"}
    assert "secret" not in repr(secret)


def test_a_resolver_answers_with_the_value_of_the_field() -> None:
    @appsync_resolver
    def handler(event: AppSyncResolverEvent, context: Any) -> Any:
        return {"id": event.arguments["id"]}

    @appsync_resolver(middleware=[])
    async def async_handler(event: AppSyncResolverEvent, context: Any) -> Any:
        return None

    assert handler(CALL) == {"id": "7"}
    assert asyncio.run(async_handler(CALL)) is None


def test_a_batch_is_a_list_in_and_out() -> None:
    @appsync_batch
    def handler(event: AppSyncBatchEvent, context: Any) -> Any:
        assert len(event) == 2
        return [call.arguments["id"] for call in event]

    second = {**CALL, "arguments": {"id": "8"}}
    assert handler([CALL, second]) == ["7", "8"]
    assert handler([CALL, second]) == handler(AppSyncBatchEvent([CALL, second]))  # type: ignore[arg-type]


def test_an_async_batch_and_an_empty_one() -> None:
    @appsync_batch
    async def handler(event: AppSyncBatchEvent, context: Any) -> Any:
        return tuple(call.field_name for call in event.events)

    assert asyncio.run(handler([CALL])) == ["getPost"]
    assert asyncio.run(handler([])) == []


def test_a_batch_is_recognised_covered_and_kept() -> None:
    event: Any = detect([CALL, {**CALL, "strange": 1}])
    assert unmapped(event) == ["$[1].strange"]
    assert pickle.loads(pickle.dumps(event)) == event
    assert "field_name='getPost'" in repr(event)


@pytest.mark.parametrize(("answer", "size"), [([], 0), (["a", "b"], 2)])
def test_an_answer_of_another_length_is_refused(answer: list[Any], size: int) -> None:
    @appsync_batch
    def handler(event: AppSyncBatchEvent, context: Any) -> Any:
        return answer

    with pytest.raises(ResponseError, match=f"the batch has 1 calls, the answer {size} items"):
        handler([CALL])


def test_an_app_tells_a_batch_from_a_call() -> None:
    app = App()

    @app.on(appsync_resolver)
    def single(event: AppSyncResolverEvent, context: Any) -> Any:
        return "single"

    @app.on(appsync_batch)
    def batch(event: AppSyncBatchEvent, context: Any) -> Any:
        return ["batch"] * len(event)

    assert (app(CALL), app([CALL])) == ("single", ["batch"])
    with pytest.raises(WrongSourceError):
        app(["text"])


def test_what_is_no_list_is_refused_as_a_batchs_answer() -> None:
    @appsync_batch
    def handler(event: AppSyncBatchEvent, context: Any) -> Any:
        return {"id": 1}

    with pytest.raises(ResponseError, match="a batch resolver returns must be list or tuple, not dict"):
        handler([CALL])


def test_the_error_of_one_call_leaves_the_others() -> None:
    @appsync_batch
    def handler(event: AppSyncBatchEvent, context: Any) -> Any:
        return [event.error("gone", type="NotFound"), "fine"]

    assert handler([CALL, CALL]) == [{"data": None, "errorMessage": "gone", "errorType": "NotFound"}, "fine"]

    @appsync_batch
    def wrong(event: AppSyncBatchEvent, context: Any) -> Any:
        return [{"data": None, "errorMessage": 3}]

    with pytest.raises(ResponseError, match=r"errorMessage of the error at \[0\].* must be str"):
        wrong([CALL])


def test_one_call_and_a_batch_are_not_taken_for_each_other() -> None:
    @appsync_resolver
    def single(event: AppSyncResolverEvent, context: Any) -> None: ...

    @appsync_batch
    def batch(event: AppSyncBatchEvent, context: Any) -> None: ...

    with pytest.raises(WrongSourceError, match=r"comes from appsync-batch \(use @appsync_batch"):
        single([CALL])
    with pytest.raises(WrongSourceError, match=r"comes from appsync \(use @appsync_resolver"):
        batch(CALL)
    with pytest.raises(WrongSourceError, match="it got list"):
        batch([3])


def test_amplifys_form_has_its_own_model() -> None:
    raw = {
        "typeName": "Post",
        "fieldName": "author",
        "arguments": {},
        "identity": COGNITO,
        "source": {"id": "7"},
        "request": {"headers": {}},
        "prev": {"result": {}},
    }

    @amplify_resolver
    def handler(event: AmplifyResolverEvent, context: Any) -> Any:
        assert unmapped(event) == []
        assert event.source is not None
        return f"{event.type_name}.{event.field_name} {event.source['id']}"

    assert handler(raw) == "Post.author 7"
    with pytest.raises(WrongSourceError, match="appsync"):
        handler(CALL)


def test_an_authorizer_allows_with_a_context_and_denied_fields() -> None:
    @appsync_authorizer
    def handler(event: AppSyncAuthorizerEvent, context: Any) -> Any:
        assert unmapped(event) == []
        return event.allow(context={"tenant": "t"}, denied_fields=["Query.secret"], ttl=0)

    assert handler(AUTHORIZER) == {
        "isAuthorized": True,
        "resolverContext": {"tenant": "t"},
        "deniedFields": ["Query.secret"],
        "ttlOverride": 0,
    }


def test_an_event_apis_authorizer_has_a_handler_context() -> None:
    @appsync_authorizer
    async def handler(event: AppSyncAuthorizerEvent, context: Any) -> Any:
        assert unmapped(event) == []
        return event.allow(context={"tenant": "t"})

    assert asyncio.run(handler(EVENT_API)) == {"isAuthorized": True, "handlerContext": {"tenant": "t"}}
    with pytest.raises(ResponseError, match="no field 'deniedFields'"):
        AppSyncAuthorizerEvent(EVENT_API).allow(denied_fields=["Query.a"])


def test_an_authorizer_may_answer_yes_or_no() -> None:
    @appsync_authorizer
    def handler(event: AppSyncAuthorizerEvent, context: Any) -> Any:
        return event.authorization_token == "token"

    assert handler(AUTHORIZER) == {"isAuthorized": True}
    assert handler({**AUTHORIZER, "authorizationToken": "x"}) == {"isAuthorized": False}
    assert AppSyncAuthorizerEvent(AUTHORIZER).deny(ttl=5) == {"isAuthorized": False, "ttlOverride": 5}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "must be dict"),
        ({}, "isAuthorized must be bool"),
        ({"isAuthorized": True, "resolverContext": {"a": {}}}, r"nested values are not taken\) must be str"),
        ({"isAuthorized": True, "deniedFields": ["secret"]}, "Type.field or the field's ARN, not 'secret'"),
        ({"isAuthorized": True, "ttlOverride": -1}, "ttlOverride is seconds"),
        ({"isAuthorised": True}, "did you mean 'isAuthorized'"),
    ],
)
def test_wrong_answers_of_authorizers_are_refused(answer: Any, message: str) -> None:
    @appsync_authorizer
    def handler(event: AppSyncAuthorizerEvent, context: Any) -> Any:
        return answer

    with pytest.raises(ResponseError, match=message):
        handler(AUTHORIZER)

"""Functions as authorizers: who is asked about, in which words, for how long an answer holds, and what refusals say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.emulator.faces.answer_cache import MOST_ANSWERS, AnswerCache
from lambdakit.emulator.faces.identity_sources import find_identity, read_source
from lambdakit.emulator.faces.message import FaceRequest
from lambdakit.emulator.faces.policy import decide
from lambdakit.emulator.project.authorizer import Authorizer
from lambdakit.emulator.project.spec import Route
from lambdakit.exceptions import UsageError
from tests.emulator.faces.serving import guarded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.faces.serving import Guarded

# Answers as the token says; `asked` counts.
GUARD = """
    import json
    asked = 0
    def policy(effect, resource, context):
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
        return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
                "context": context}
    def handler(event, context):
        global asked
        asked += 1
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        token = event.get("authorizationToken") or headers.get("authorization", "none").removeprefix("Bearer ")
        arn = event.get("methodArn") or event["routeArn"]
        told = {"asked": asked, "event": json.dumps(event), "yes": True}
        answers = {
            "method": lambda: policy("Allow", arn, told),
            "all": lambda: policy("Allow", arn.split("/")[0] + "/*", told),
            "deny": lambda: policy("Deny", "*", told),
            "else": lambda: policy("Allow", arn + "/other", told),
            "list": lambda: policy("Allow", "*", {"list": [1]}),
            "nobody": lambda: {"policyDocument": policy("Allow", "*", {})["policyDocument"]},
            "empty": lambda: {"principalId": "me"},
            "simple": lambda: {"isAuthorized": True, "context": told},
            "simple-no": lambda: {"isAuthorized": False},
            "text": lambda: "yes",
        }
        if token == "unauthorized":
            raise Exception("Unauthorized")
        return answers[token]()
"""
TOKEN = Authorizer("t", "token", "guard", ("method.request.header.Authorization",), r"[a-z-]+")


def test_a_token_authorizer_is_asked_with_one_header(tmp_path: Path) -> None:
    async def test(site: Guarded) -> None:
        missing = await site.ask()
        assert (missing.status_code, missing.text) == (401, '{"message":"Unauthorized"}')
        assert missing.headers["x-amzn-errortype"] == "UnauthorizedException"
        assert (await site.ask(authorization="NOT A TOKEN")).status_code == 401
        told = await site.added("/a/b?x=1", authorization="method")
        # The two before did not reach the function.
        assert (told["asked"], told["yes"], told["principalId"]) == ("1", "true", "me")
        assert told["event"] == (
            '{"type": "TOKEN", "authorizationToken": "method", '
            '"methodArn": "arn:aws:execute-api:us-east-1:123456789012:local/Prod/GET/a/b"}'
        )

    guarded(tmp_path, [Route("ANY", "/{proxy+}", "rest", TOKEN)], test, GUARD)


# Token, and what a REST and an HTTP API answer.
REFUSALS = [
    ("deny", '403 {"Message":"User is not authorized to access this resource with an explicit deny"}', "403 Forbidden"),
    ("else", '403 {"Message":"User is not authorized to access this resource"}', "403 Forbidden"),
    ("unauthorized", '401 {"message":"Unauthorized"}', "401 Unauthorized"),
    ("raises", '500 {"message":null}', "500 Internal Server Error"),
    ("nobody", '500 {"message":null}', "500 Internal Server Error"),
    ("empty", '500 {"message":null}', "500 Internal Server Error"),
    ("text", '500 {"message":null}', "500 Internal Server Error"),
    ("list", '500 {"message":null}', None),
    ("simple", '500 {"message":null}', None),
    ("simple-no", None, "403 Forbidden"),
]


def test_what_refusals_say(tmp_path: Path) -> None:
    async def test(site: Guarded) -> None:
        for token, rest, http in REFUSALS:
            if rest is not None:
                answer = await site.ask("/rest", authorization=token)
                assert f"{answer.status_code} {answer.text}" == rest, token
            if http is not None:
                answer = await site.ask("/http", authorization=token)
                assert f"{answer.status_code} {answer.json()['message']}" == http, token

    routes = [Route("GET", "/rest", "rest", TOKEN), Route("GET", "/http", "http", "guard")]
    guarded(tmp_path, routes, test, GUARD)


def test_an_answer_holds_for_the_same_identity_until_its_time_is_over(tmp_path: Path) -> None:
    async def test(site: Guarded) -> None:
        assert [(await site.added(authorization="all"))["asked"] for _ in range(3)] == ["1", "1", "1"]
        assert (await site.added("/b", authorization="all"))["asked"] == "1"
        assert (await site.added(authorization="method"))["asked"] == "2"
        # The policy that is kept speaks of the other method only.
        assert (await site.ask("/b", authorization="method")).status_code == 403
        await site.clock.advance(299)
        assert (await site.added(authorization="all"))["asked"] == "1"
        await site.clock.advance(1)
        assert (await site.added(authorization="all"))["asked"] == "3"
        for _ in range(2):  # what failed is asked again
            assert (await site.ask(authorization="unauthorized")).status_code == 401
        site.server.authorizers.forget(["other"])
        assert (await site.added(authorization="all"))["asked"] == "3"
        site.server.authorizers.forget(["guard"])
        assert (await site.added(authorization="all"))["asked"] == "6"

    guarded(tmp_path, [Route("GET", path, "rest", TOKEN) for path in ("/a", "/b")], test, GUARD)


def test_a_request_authorizer_needs_its_identity(tmp_path: Path) -> None:
    async def test(site: Guarded) -> None:
        assert (await site.ask("/rest?key=1")).status_code == 401
        assert (await site.ask("/rest", authorization="all")).status_code == 401
        assert (await site.ask("/http", authorization="simple")).status_code == 401
        assert (await site.ask("/http?key=", authorization="simple")).status_code == 401
        first = (await site.added("/rest?key=1", authorization="all"))["asked"]
        assert first == "1"
        assert (await site.added("/rest?key=2", authorization="all"))["asked"] == "2"
        assert (await site.added("/rest?key=1", authorization="all"))["asked"] == "1"
        # Not kept, so a REST API asks about anybody.
        assert (await site.ask("/each", authorization="deny")).status_code == 403

    sources = ("method.request.header.Authorization", "method.request.querystring.key")
    http = ("$request.header.Authorization", "$request.querystring.key", "$context.routeKey")
    routes = [
        Route("GET", "/rest", "rest", Authorizer("r", "request", "guard", sources)),
        Route("GET", "/each", "rest", Authorizer("e", "request", "guard", sources, ttl=0)),
        Route("GET", "/http", "http", Authorizer("h", "request", "guard", http, ttl=0)),
    ]
    guarded(tmp_path, routes, test, GUARD)


def test_the_events_and_answers_of_an_http_api(tmp_path: Path) -> None:
    async def test(site: Guarded) -> None:
        import json

        told = (await site.added("/two/7", authorization="simple"))["lambda"]
        event = json.loads(told["event"])
        assert (event["version"], event["type"], event["identitySource"]) == ("2.0", "REQUEST", ["simple"])
        assert event["routeArn"] == "arn:aws:execute-api:us-east-1:123456789012:local/$default/GET/two/7"
        assert event["pathParameters"] == {"id": "7"}
        assert "body" not in event
        assert told["yes"] is True
        assert (await site.ask("/two/7", authorization="all")).status_code == 500
        told = (await site.added("/one/7", authorization="all"))["lambda"]
        event = json.loads(told["event"])
        assert (event["version"], event["type"], event["resource"]) == ("1.0", "REQUEST", "/one/{id}")
        assert (event["identitySource"], event["authorizationToken"]) == ("all", "all")
        assert event["methodArn"].endswith("/$default/GET/one/7")
        # The function's answer is of a form that the authorizer is not set up for.
        assert (await site.ask("/one/7", authorization="simple")).status_code == 500

    source = ("$request.header.Authorization",)
    two = Authorizer("two", "request", "guard", source, answers="simple")
    one = Authorizer("one", "request", "guard", source, answers="policy", payload="1.0")
    guarded(tmp_path, [Route("GET", "/two/{id}", "http", two), Route("GET", "/one/{id}", "http", one)], test, GUARD)


ARN = "arn:aws:execute-api:us-east-1:1:api/Prod/GET/a"


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([("Allow", "execute-api:Invoke", ARN)], "allow"),
        ([("Allow", "execute-api:*", "*")], "allow"),
        ([("Allow", "*", "arn:aws:execute-api:*:1:api/*/GET/?")], "allow"),
        ([("Allow", "execute-api:Invoke", [ARN + "x", ARN])], "allow"),
        ([("Allow", "execute-api:Invoke", ARN), ("Deny", "execute-api:Invoke", "*/a")], "deny"),
        ([("Allow", "execute-api:ManageConnections", ARN)], "unmentioned"),
        ([("Allow", "execute-api:Invoke", ARN + "/b")], "unmentioned"),
        ([("Allow", "execute-api:Invoke", ARN.replace("a", "[a]"))], "unmentioned"),
        ([], None),
    ],
)
def test_policies(statements: list[tuple[str, str, Any]], decision: str | None) -> None:
    listed = [{"Effect": effect, "Action": action, "Resource": resource} for effect, action, resource in statements]
    assert decide({"Statement": listed}, ARN) == decision
    assert decide({"Statement": listed[0]} if len(listed) == 1 else {"Statement": listed}, ARN) == decision


@pytest.mark.parametrize("document", [None, "Allow", {}, {"Statement": ["Allow"]}])
def test_what_is_no_policy(document: Any) -> None:
    assert decide(document, ARN) is None


def test_identity_sources() -> None:
    request = FaceRequest("GET", "/", "a=1&a=2&b=", (("X-Who", "me"),))
    context = {"identity": {"sourceIp": "::1"}, "stage": "Prod", "epoch": 1}

    def found(*texts: str) -> tuple[str, ...] | None:
        return find_identity(tuple(map(read_source, texts)), request, context)

    assert found("$request.header.x-who", "method.request.querystring.a") == ("me", "1")
    assert found("$context.identity.sourceIp", "context.stage") == ("::1", "Prod")
    for missing in ("$request.header.other", "$request.querystring.b", "$context.no.such", "stageVariables.x"):
        assert found("$request.header.x-who", missing) is None
    assert found() == ()
    with pytest.raises(UsageError, match=r"expected \$request\.header\.NAME"):
        read_source("Authorization")


def test_the_cache_does_not_grow_without_end() -> None:
    now = [0.0]
    cache, authorizer = AnswerCache(lambda: now[0]), Authorizer("a", ttl=10)
    for number in range(MOST_ANSWERS + 1):
        now[0] = 0 if number < 5 else 9
        cache.put(authorizer, (str(number),), {"n": number})
    assert cache.get(authorizer, ("0",)) is None
    assert cache.get(authorizer, ("1",)) == {"n": 1}
    now[0] = 12
    cache.put(authorizer, ("new",), {})
    assert [cache.get(authorizer, (key,)) for key in ("1", "6", "new")] == [None, {"n": 6}, {}]
    assert len(cache._answers) == MOST_ANSWERS - 3

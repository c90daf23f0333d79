from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from lambdakit.events.bedrock import (
    BedrockAPIEvent,
    BedrockFunctionEvent,
    bedrock_agent,
    bedrock_api,
    bedrock_function,
)
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.exceptions import MissingFieldError, PayloadError, ResponseError, WrongSourceError

COMMON: dict[str, Any] = {
    "messageVersion": "1.0",
    "agent": {"name": "helper", "id": "A1", "alias": "live", "version": "3"},
    "inputText": "two of them",
    "sessionId": "session-1",
    "actionGroup": "shop",
    "sessionAttributes": {"user": "ada"},
    "promptSessionAttributes": {},
}
PARAMETERS = [
    {"name": "count", "type": "integer", "value": "2"},
    {"name": "price", "type": "number", "value": "1.5"},
    {"name": "gift", "type": "boolean", "value": "True"},
    {"name": "sizes", "type": "array", "value": "[1, 2]"},
    {"name": "colours", "type": "array", "value": "[red, blue]"},
    {"name": "id", "type": "string", "value": "007"},
]
FUNCTION = {**COMMON, "function": "order", "parameters": PARAMETERS}
API = {
    **COMMON,
    "apiPath": "/orders/{id}",
    "httpMethod": "POST",
    "requestBody": {
        "content": {"application/json": {"properties": [{"name": "count", "type": "integer", "value": "2"}]}}
    },
}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


@pytest.mark.parametrize(("raw", "kind"), [(FUNCTION, BedrockFunctionEvent), (API, BedrockAPIEvent)])
def test_both_kinds_are_recognised_and_covered(raw: dict[str, Any], kind: type[Any]) -> None:
    assert isinstance(detect(raw), kind)
    assert unmapped(kind(raw)) == []


def test_arguments_have_their_types() -> None:
    assert BedrockFunctionEvent(FUNCTION).arguments == {
        "count": 2,
        "price": 1.5,
        "gift": True,
        "sizes": [1, 2],
        "colours": "[red, blue]",
        "id": "007",
    }
    assert BedrockAPIEvent(API).body == {"count": 2}


@pytest.mark.parametrize("kind", ["integer", "number", "boolean"])
def test_text_that_is_no_value_of_its_type_is_refused(kind: str) -> None:
    event = BedrockFunctionEvent({**FUNCTION, "parameters": [{"name": "count", "type": kind, "value": "some"}]})
    with pytest.raises(PayloadError, match=f"count: 'some' is no {kind}"):
        _ = event.arguments


def test_parameters_and_body_may_be_absent() -> None:
    event = BedrockAPIEvent({name: value for name, value in API.items() if name != "requestBody"})
    assert (list(event.parameters), event.arguments, event.body) == ([], {}, {})


def test_a_missing_agent_is_named() -> None:
    event = BedrockFunctionEvent({name: value for name, value in FUNCTION.items() if name != "agent"})
    with pytest.raises(MissingFieldError, match=r"BedrockFunctionEvent\.agent"):
        _ = event.agent


def test_a_plain_result_becomes_the_body_of_a_function_answer() -> None:
    @bedrock_function
    def handler(event: BedrockFunctionEvent, context: Any) -> Any:
        return {"ordered": event.arguments["count"]}

    assert handler(FUNCTION) == {
        "messageVersion": "1.0",
        "response": {
            "actionGroup": "shop",
            "function": "order",
            "functionResponse": {"responseBody": {"TEXT": {"body": '{"ordered": 2}'}}},
        },
    }


def test_a_plain_result_becomes_the_body_of_an_api_answer() -> None:
    @bedrock_api(middleware=[])
    async def handler(event: BedrockAPIEvent, context: Any) -> Any:
        return "done"

    assert asyncio.run(handler(API))["response"] == {
        "actionGroup": "shop",
        "apiPath": "/orders/{id}",
        "httpMethod": "POST",
        "httpStatusCode": 200,
        "responseBody": {"application/json": {"body": "done"}},
    }


def test_answers_carry_state_status_and_attributes() -> None:
    answer = BedrockFunctionEvent(FUNCTION).answer("which size?", state="REPROMPT", session_attributes={"step": "size"})
    assert answer["response"]["functionResponse"]["responseState"] == "REPROMPT"
    assert answer["sessionAttributes"] == {"step": "size"}
    answer = BedrockAPIEvent(API).answer("gone", status=404, media_type="text/plain", prompt_session_attributes={})
    assert answer["response"]["httpStatusCode"] == 404
    assert answer["response"]["responseBody"] == {"text/plain": {"body": "gone"}}
    assert answer["promptSessionAttributes"] == {}


def test_one_decorator_takes_both() -> None:
    @bedrock_agent
    def handler(event: BedrockFunctionEvent | BedrockAPIEvent, context: Any) -> Any:
        return event.answer(type(event).__name__)

    assert handler(FUNCTION)["response"]["functionResponse"]["responseBody"]["TEXT"]["body"] == "BedrockFunctionEvent"
    assert handler(API)["response"]["responseBody"]["application/json"]["body"] == "BedrockAPIEvent"


def test_wrong_answers_are_refused() -> None:
    function, api = BedrockFunctionEvent(FUNCTION), BedrockAPIEvent(API)
    with pytest.raises(ResponseError, match="responseState must be one of FAILURE, REPROMPT"):
        function.answer("", state="failure")  # type: ignore[arg-type]
    with pytest.raises(ResponseError, match="httpStatusCode must be int"):
        api.answer("", status="200")  # type: ignore[arg-type]
    with pytest.raises(ResponseError, match=r"sessionAttributes\['n'\] must be str"):
        api.answer("", session_attributes={"n": 1})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"actionGroup": "other"}, r"response\.actionGroup must be that of the event, 'shop'"),
        ({"functionResponse": None}, "response needs functionResponse"),
        ({"functionResponses": {}}, "did you mean 'functionResponse'"),
    ],
)
def test_whole_answers_are_checked(change: dict[str, Any], message: str) -> None:
    @bedrock_function
    def handler(event: BedrockFunctionEvent, context: Any) -> dict[str, Any]:
        whole = event.answer("")
        return {**whole, "response": {**whole["response"], **change}}

    with pytest.raises(ResponseError, match=message):
        handler(FUNCTION)


def test_another_kind_is_a_wrong_source() -> None:
    @bedrock_function
    def handler(event: BedrockFunctionEvent, context: Any) -> None: ...

    with pytest.raises(WrongSourceError, match="bedrock-api"):
        handler(API)

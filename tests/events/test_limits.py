"""Every documented limit of an answer from both sides: the largest that passes, and one more.

Limits whose rules are a matter of their own have their tests beside those: Lambda@Edge (`test_edge_rules`), custom
resources (`test_cloudformation`), Firehose (`test_firehose`), windows (`test_queues_and_streams`).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.codec import encode
from lambdakit.events import bedrock, connect, iot
from lambdakit.events.authorizers import TokenAuthorizerEvent
from lambdakit.events.codepipeline import CodePipelineEvent
from lambdakit.events.cognito import CustomMessageEvent, custom_message
from lambdakit.events.config import ConfigEvent, evaluation
from lambdakit.events.transfer import transfer_answer
from lambdakit.exceptions import ResponseError
from tests.events.samples import EVENTS, TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 5, 4, tzinfo=timezone.utc)
ENTRY = evaluation("T", "i", "COMPLIANT", ordering_timestamp=NOW)
JOB = CodePipelineEvent(EVENTS["codepipeline"])
DEVICE = iot.IoTAuthorizerEvent(EVENTS["iot-authorizer"])
MESSAGE = CustomMessageEvent(TRIGGERS["CustomMessage_SignUp"])
FUNCTION = bedrock.BedrockFunctionEvent(EVENTS["bedrock-function"])
OPERATION = bedrock.BedrockAPIEvent({**EVENTS["bedrock-api"], "apiPath": "/a"})
FLOW = connect.ConnectEvent(EVENTS["connect"])
TOKEN = TokenAuthorizerEvent({**EVENTS["authorizer-token"], "methodArn": "arn:aws:execute-api:r:1:a/s/GET/x"})


def text(size: int) -> str:
    return "x" * size


def judged(**changes: Any) -> dict[str, Any]:
    given = {"resource_type": "T", "resource_id": "i", "compliance": "COMPLIANT", "ordering_timestamp": NOW}
    return evaluation(**{**given, **changes})


def policy(resource: str) -> Any:
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource}
    return TOKEN.checked({"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}})


def whole_message(size: int) -> Any:
    handler: Any = custom_message(lambda event, context: {**event.raw, "response": {"emailMessage": text(size)}})
    return handler(TRIGGERS["CustomMessage_SignUp"], None)


def around(answer: Any) -> int:
    """The bytes of an answer without its text."""
    return len(encode(answer))


FUNCTION_ROOM = 25_600 - around(FUNCTION.answer(""))
OPERATION_ROOM = 25_600 - around(OPERATION.answer(""))
FLOW_ROOM = 32_768 - around({"a": ""})

# What is limited, its limit, what builds an answer of that size, the end of the refusal.
LIMITS: list[tuple[str, int, Callable[[int], Any], str]] = [
    ("config: annotation", 256, lambda n: judged(annotation=text(n)), "characters"),
    ("config: resource type", 256, lambda n: judged(resource_type=text(n)), "characters"),
    ("config: resource id", 768, lambda n: judged(resource_id=text(n)), "characters"),
    ("config: evaluations", 100, lambda n: ConfigEvent(EVENTS["config"]).report([ENTRY] * n), "evaluations"),
    ("codepipeline: token", 2048, lambda n: JOB.resume(text(n)), "characters"),
    ("codepipeline: summary", 2048, lambda n: JOB.success(summary=text(n)), "characters"),
    ("codepipeline: id", 1500, lambda n: JOB.success(external_execution_id=text(n)), "characters"),
    ("codepipeline: id of a failure", 1500, lambda n: JOB.failure("m", external_execution_id=text(n)), "characters"),
    ("iot: principal", 128, lambda n: DEVICE.allow(text(n), []), "characters"),
    ("iot: policies", 10, lambda n: DEVICE.allow("p", ["{}"] * n), "policies"),
    ("iot: policy", 2048, lambda n: DEVICE.allow("p", [text(n)]), "characters"),
    ("cognito: sms", 140, lambda n: MESSAGE.answer(sms_message=text(n)), "characters"),
    ("cognito: mail", 20_000, lambda n: MESSAGE.answer(email_message=text(n)), "characters"),
    ("cognito: subject", 140, lambda n: MESSAGE.answer(email_subject=text(n)), "characters"),
    ("cognito: mail in a whole event", 20_000, whole_message, "characters"),
    ("authorizer: resource", 512, lambda n: policy(text(n)), "characters"),
    ("transfer: role", 2048, lambda n: transfer_answer(text(n)), "characters"),
    ("transfer: home", 1024, lambda n: transfer_answer("r", home_directory=text(n)), "characters"),
    ("transfer: policy", 2048, lambda n: transfer_answer("r", policy={"a": text(n - len('{"a": ""}'))}), "characters"),
    ("bedrock: function", FUNCTION_ROOM, lambda n: FUNCTION.answer(text(n)), "bytes"),
    ("bedrock: operation", OPERATION_ROOM, lambda n: OPERATION.answer(text(n)), "bytes"),
    ("connect: map", FLOW_ROOM, lambda n: FLOW.string_map({"a": text(n)}), "bytes"),
]


@pytest.mark.parametrize(("limit", "build", "unit"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_a_limit_from_both_sides(limit: int, build: Callable[[int], Any], unit: str) -> None:
    assert build(limit)
    with pytest.raises(ResponseError, match=rf"may have at most \d+ {unit}; this has \d+"):
        build(limit + 1)


# What is limited, the lowest and the highest that pass, what builds an answer with it.
RANGES: list[tuple[str, int, int, Callable[[int], Any]]] = [
    ("iot: disconnect", 300, 86_400, lambda n: DEVICE.allow("p", [], disconnect_after=n)),
    ("iot: refresh", 300, 86_400, lambda n: DEVICE.allow("p", [], refresh_after=n)),
    ("codepipeline: percent", 0, 100, lambda n: JOB.resume("t", percent_complete=n)),
    ("bedrock: status", 100, 599, lambda n: OPERATION.answer("", status=n)),
]


@pytest.mark.parametrize(("low", "high", "build"), [row[1:] for row in RANGES], ids=[row[0] for row in RANGES])
def test_a_range_from_both_ends(low: int, high: int, build: Callable[[int], Any]) -> None:
    assert build(low)
    assert build(high)
    for outside in (low - 1, high + 1):
        with pytest.raises(ResponseError, match=f"must be from {low} to {high}, not {outside}"):
            build(outside)


def test_a_whole_answer_to_bedrock_has_a_size_too() -> None:
    answer = FUNCTION.answer(text(FUNCTION_ROOM))
    handler = bedrock.bedrock_function(lambda event, context: answer)
    assert handler(FUNCTION.raw, None) == answer
    answer["sessionAttributes"] = {}
    with pytest.raises(ResponseError, match="an answer to Bedrock may have at most 25600 bytes"):
        handler(FUNCTION.raw, None)

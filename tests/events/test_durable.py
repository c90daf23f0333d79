from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from lambdakit.events import durable
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.exceptions import ResponseError, WrongSourceError

ENVELOPE: dict[str, Any] = {
    "DurableExecutionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f:1/durable-execution/a/b",
    "CheckpointToken": "t1",
    "InitialExecutionState": {
        "Operations": [
            {"Id": "0", "Type": "STEP", "Name": "charge", "ParentId": "1", "Status": "SUCCEEDED"},
            {"Id": "1", "Type": "EXECUTION", "ExecutionDetails": {"InputPayload": '{"order": 7}'}},
        ],
        "NextMarker": "",
    },
}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def test_the_input_stands_in_the_execution_operation() -> None:
    event = detect(ENVELOPE)
    assert isinstance(event, durable.DurableEvent)
    assert unmapped(event) == []
    assert event.input == {"order": 7}
    assert event.operations[0].input_payload is None
    assert event.updated_operation_ids == ()


def test_an_envelope_may_be_without_input() -> None:
    assert durable.DurableEvent({"DurableExecutionArn": "a", "CheckpointToken": "t"}).input is None


def test_an_answer_in_its_envelope_is_sent_as_it_is() -> None:
    @durable.durable_event
    async def handler(event: durable.DurableEvent, context: Any) -> Any:
        return {"Status": "SUCCEEDED", "Result": '{"paid": true}'}

    assert asyncio.run(handler(ENVELOPE)) == {"Status": "SUCCEEDED", "Result": '{"paid": true}'}


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (None, "must be dict"),
        ({"Result": "1"}, "needs Status"),
        ({"Status": "DONE"}, "Status must be one of"),
        ({"Status": "SUCCEEDED", "Result": {}}, "Result .* must be str"),
        ({"Status": "FAILED", "Error": "x"}, "Error must be dict"),
        ({"Status": "PENDING", "Resultt": "x"}, "did you mean 'Result'"),
    ],
)
def test_an_answer_without_its_envelope_is_refused(answer: Any, rule: str) -> None:
    @durable.durable_event()
    def handler(event: durable.DurableEvent, context: Any) -> Any:
        return answer

    with pytest.raises(ResponseError, match=rule):
        handler(ENVELOPE)


def test_another_source_is_refused() -> None:
    @durable.durable_event
    def handler(event: durable.DurableEvent, context: Any) -> Any:
        return {"Status": "PENDING"}

    with pytest.raises(WrongSourceError, match="@durable_event takes a DurableEvent"):
        handler({"CheckpointToken": "t"})

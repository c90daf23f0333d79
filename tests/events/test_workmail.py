from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.events.workmail import WorkMailEvent, workmail_flow
from lambdakit.exceptions import ResponseError, WrongSourceError

MESSAGE: dict[str, Any] = {
    "summaryVersion": "2018-10-10",
    "envelope": {
        "mailFrom": {"address": "from@example.com"},
        "recipients": [{"address": "ada@example.com"}, {"address": "bob@example.com"}],
    },
    "sender": {"address": "sender@example.com"},
    "subject": "Hello",
    "messageId": "m-1",
    "invocationId": "i-1",
    "flowDirection": "INBOUND",
    "truncated": False,
}
DROP: dict[str, Any] = {"action": {"type": "DROP"}, "allRecipients": True}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def answer_of(result: Any, raw: dict[str, Any] = MESSAGE) -> Any:
    @workmail_flow
    def handler(event: WorkMailEvent, context: Any) -> Any:
        return result

    return handler(raw)


def test_a_message_is_read() -> None:
    event = detect(MESSAGE)
    assert isinstance(event, WorkMailEvent)
    assert unmapped(event) == []
    assert [recipient.address for recipient in event.recipients] == ["ada@example.com", "bob@example.com"]
    assert (event.mail_from.address, event.sender and event.sender.address) == (
        "from@example.com",
        "sender@example.com",
    )


def test_actions_are_for_some_recipients_or_for_all() -> None:
    @workmail_flow
    async def handler(event: WorkMailEvent, context: Any) -> Any:
        return [event.bounce("no thanks", recipients=["ada@example.com"]), event.action()]

    assert asyncio.run(handler(MESSAGE)) == {
        "actions": [
            {
                "action": {"type": "BOUNCE", "parameters": {"bounceMessage": "no thanks"}},
                "recipients": ["ada@example.com"],
            },
            {"action": {"type": "DEFAULT"}, "allRecipients": True},
        ]
    }


def test_one_action_a_list_and_a_whole_answer_are_the_same() -> None:
    assert answer_of(DROP) == answer_of([DROP]) == answer_of({"actions": [DROP]}) == {"actions": [DROP]}
    assert answer_of(None) is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([DROP] * 11, "at most 10 actions; this has 11"),
        ([{"action": {"type": "DELETE"}, "allRecipients": True}], "type of .* must be one of BOUNCE"),
        ([{"action": {"type": "DROP"}}], "either recipients or allRecipients"),
        ([{**DROP, "recipients": ["ada@example.com"]}], "either recipients or allRecipients"),
        ([{"action": {"type": "DROP"}, "recipients": ["eve@example.com"]}], "names 'eve@example.com', which is no"),
        ({"action": {"type": "DROP"}, "allRecipient": True}, "did you mean 'allRecipients'"),
        ({}, "needs actions"),
    ],
)
def test_wrong_answers_are_refused(answer: Any, message: str) -> None:
    with pytest.raises(ResponseError, match=message):
        answer_of(answer)


def test_junk_is_decided_of_inbound_messages_only() -> None:
    junk = {"action": {"type": "MOVE_TO_JUNK"}, "allRecipients": True}
    assert answer_of(junk) == {"actions": [junk]}
    with pytest.raises(ResponseError, match="MOVE_TO_JUNK is for inbound messages only"):
        answer_of(junk, {**MESSAGE, "flowDirection": "OUTBOUND"})


def test_recipients_that_were_left_out_of_the_event_may_be_named() -> None:
    named = {"action": {"type": "DROP"}, "recipients": ["eve@example.com"]}
    assert answer_of(named, {**MESSAGE, "truncated": True}) == {"actions": [named]}


def test_another_event_is_a_wrong_source() -> None:
    with pytest.raises(WrongSourceError, match="@workmail_flow"):
        answer_of(None, {"mail": {}})

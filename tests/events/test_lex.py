from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.events.lex import LexV1Event, lex_v1_hook
from lambdakit.exceptions import ResponseError, WrongSourceError

EVENT: dict[str, Any] = {
    "messageVersion": "1.0",
    "invocationSource": "DialogCodeHook",
    "userId": "u",
    "sessionAttributes": {"step": "1"},
    "requestAttributes": None,
    "bot": {"name": "Trip", "alias": None, "version": "$LATEST"},
    "outputDialogMode": "Text",
    "currentIntent": {
        "name": "Book",
        "slots": {"City": "Vienna", "Nights": None},
        "slotDetails": {
            "City": {"resolutions": [{"value": "Vienna"}], "originalValue": "wien"},
            "Nights": None,
        },
        "confirmationStatus": "None",
        "nluIntentConfidenceScore": 0.9,
    },
    "alternativeIntents": [{"name": "Other", "slots": {}, "confirmationStatus": "None"}],
    "sentimentResponse": {"sentimentLabel": "NEUTRAL", "sentimentScore": "{Positive: 0.1}"},
}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def answer_of(result: Any) -> Any:
    @lex_v1_hook
    def handler(event: LexV1Event, context: Any) -> Any:
        return result

    return handler(EVENT)


def test_an_event_is_read() -> None:
    event = detect(EVENT)
    assert isinstance(event, LexV1Event)
    assert unmapped(event) == []
    detail = event.current_intent.slot_details["City"]
    assert detail is not None
    assert (detail.original_value, event.current_intent.slot_details["Nights"]) == ("wien", None)
    assert (event.bot.alias, dict(event.request_attributes), event.sentiment) == (None, {}, "NEUTRAL")
    assert [intent.name for intent in event.alternative_intents] == ["Other"]


def test_answers_carry_slots_and_session_on() -> None:
    event = LexV1Event(EVENT)
    assert event.elicit_slot("Nights", "How many?", slots={"City": None}, session_attributes={"n": "2"}) == {
        "sessionAttributes": {"step": "1", "n": "2"},
        "dialogAction": {
            "type": "ElicitSlot",
            "intentName": "Book",
            "slots": {"City": None, "Nights": None},
            "slotToElicit": "Nights",
            "message": {"contentType": "PlainText", "content": "How many?"},
        },
    }
    assert event.delegate(session_attributes={"step": None}) == {
        "sessionAttributes": {},
        "dialogAction": {"type": "Delegate", "slots": {"City": "Vienna", "Nights": None}},
    }
    assert event.confirm_intent()["dialogAction"]["intentName"] == "Book"
    assert event.elicit_intent("What?")["dialogAction"]["message"]["content"] == "What?"


def test_a_handler_closes_with_a_card() -> None:
    card = {
        "contentType": "application/vnd.amazonaws.card.generic",
        "genericAttachments": [{"title": "Done", "buttons": [{"text": "OK", "value": "ok"}]}],
    }

    @lex_v1_hook
    async def handler(event: LexV1Event, context: Any) -> Any:
        return event.close("<speak>Bye</speak>", state="Failed", card=card)

    assert asyncio.run(handler(EVENT))["dialogAction"] == {
        "type": "Close",
        "fulfillmentState": "Failed",
        "message": {"contentType": "SSML", "content": "<speak>Bye</speak>"},
        "responseCard": card,
    }


def close(**changes: Any) -> dict[str, Any]:
    return {"dialogAction": {"type": "Close", "fulfillmentState": "Fulfilled", **changes}}


def attachment(**changes: Any) -> dict[str, Any]:
    return {
        "contentType": "application/vnd.amazonaws.card.generic",
        "genericAttachments": [{"title": "t", **changes}],
    }


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({}, "needs dialogAction"),
        ({"sessionState": {}}, "has no field 'sessionState'"),
        (close(type="Ask"), "dialogAction.type must be one of"),
        (close(fulfillmentState=None), "type Close needs fulfillmentState"),
        (close(fulfillmentState="Done"), "must be one of Failed, Fulfilled"),
        (close(slots={}), "type Close has no field 'slots'"),
        ({"dialogAction": {"type": "Delegate"}}, "type Delegate needs slots"),
        (
            {"dialogAction": {"type": "ElicitSlot", "intentName": "B", "slots": {"a": None}, "slotToElicit": "b"}},
            "slotToElicit 'b' is none of the intent's slots: a",
        ),
        (close(message={"contentType": "Text", "content": "x"}), "contentType must be one of CustomPayload"),
        (close(message={"contentType": "PlainText", "content": "x" * 1001}), "at most 1000 characters"),
        (close(message={"contentType": "PlainText", "content": ""}), "must not be empty"),
        (close(responseCard={"contentType": "card"}), "contentType must be one of application/vnd"),
        (close(responseCard=attachment(title="x" * 81)), "title of .* at most 80 characters"),
        (close(responseCard=attachment(buttons=[{"text": "a", "value": "b"}] * 6)), "at most 5 buttons"),
        (close(responseCard=attachment(buttons=[{"text": "a" * 16, "value": "b"}])), "at most 15 characters"),
        (close(responseCard=attachment(buttons=[{"text": "a"}])), "needs value"),
        ({**close(), "sessionAttributes": {"n": 1}}, r"sessionAttributes\['n'\] must be str"),
        ({**close(), "recentIntentSummaryView": [{}] * 4}, "at most 3 intents"),
    ],
)
def test_wrong_answers_are_refused(answer: Any, message: str) -> None:
    with pytest.raises(ResponseError, match=message):
        answer_of(answer)


def test_version_two_is_another_source() -> None:
    @lex_v1_hook
    def handler(event: LexV1Event, context: Any) -> None: ...

    with pytest.raises(WrongSourceError, match="lex-v2"):
        handler({"sessionState": {}, "bot": {}})

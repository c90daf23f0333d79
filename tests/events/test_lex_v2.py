from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.events.lex_v2 import LexV2Event, lex_v2_hook
from lambdakit.exceptions import MissingFieldError, ResponseError, WrongSourceError

CITY = {
    "shape": "Scalar",
    "value": {"originalValue": "wien", "interpretedValue": "Vienna", "resolvedValues": ["Vienna"]},
}
INTENT: dict[str, Any] = {
    "name": "Book",
    "slots": {"City": CITY, "Nights": None, "Extras": {"shape": "List", "values": [CITY, CITY]}},
    "state": "InProgress",
    "confirmationState": "None",
}
CONTEXT = {
    "name": "trip",
    "timeToLive": {"timeToLiveInSeconds": 60, "turnsToLive": 2},
    "contextAttributes": {"a": "b"},
}
EVENT: dict[str, Any] = {
    "messageVersion": "1.0",
    "invocationSource": "DialogCodeHook",
    "inputMode": "Text",
    "responseContentType": "text/plain; charset=utf-8",
    "sessionId": "s",
    "inputTranscript": "a hotel in wien",
    "bot": {"id": "B", "name": "Trip", "aliasId": "A", "aliasName": "live", "localeId": "en_GB", "version": "3"},
    "interpretations": [
        {"intent": INTENT, "interpretationSource": "Lex", "nluConfidence": {"score": 0.9}},
        {
            "intent": {"name": "FallbackIntent", "slots": {}},
            "nluConfidence": 0.2,
            "sentimentResponse": {"sentiment": "NEUTRAL", "sentimentScore": {"neutral": 1.0}},
        },
    ],
    "proposedNextState": {
        "dialogAction": {"type": "ElicitSlot", "slotToElicit": "Nights"},
        "intent": INTENT,
        "prompt": {"attempt": "Initial"},
    },
    "sessionState": {
        "activeContexts": [CONTEXT],
        "sessionAttributes": {"user": "ada", "step": "1"},
        "runtimeHints": {},
        "intent": INTENT,
        "originatingRequestId": "r",
    },
    "requestAttributes": {"x-channel": "web"},
    "transcriptions": [
        {
            "transcription": "a hotel in wien",
            "transcriptionConfidence": 0.8,
            "resolvedContext": {"intent": "Book"},
            "resolvedSlots": {"City": CITY},
        }
    ],
}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def answer_of(result: Any) -> Any:
    @lex_v2_hook
    def handler(event: LexV2Event, context: Any) -> Any:
        return result

    return handler(EVENT)


def whole(**changes: Any) -> dict[str, Any]:
    return {"sessionState": {"dialogAction": {"type": "Delegate"}, "intent": INTENT, **changes}}


def test_an_event_is_read() -> None:
    event = detect(EVENT)
    assert isinstance(event, LexV2Event)
    assert unmapped(event) == []
    assert [(item.intent.name, item.nlu_confidence) for item in event.interpretations] == [
        ("Book", 0.9),
        ("FallbackIntent", 0.2),
    ]
    assert (event.intent.value("City"), event.intent.value("Nights"), event.intent.value("None")) == (
        "Vienna",
        None,
        None,
    )
    assert event.intent.list_value("Extras") == ["Vienna", "Vienna"]
    assert event.intent.list_value("Nights") == []


def test_a_missing_session_state_is_named() -> None:
    with pytest.raises(MissingFieldError, match=r"LexV2Event\.session_state"):
        _ = LexV2Event({"bot": {}, "proposedNextState": {}}).intent


def test_a_slot_is_asked_for_and_the_session_carried_on() -> None:
    answer = LexV2Event(EVENT).elicit_slot(
        "Nights",
        "How many nights?",
        slots={"City": "Graz", "Extras": ["wifi", "sea"]},
        session_attributes={"step": "2", "user": None},
    )
    state = answer["sessionState"]
    assert state["dialogAction"] == {"type": "ElicitSlot", "slotToElicit": "Nights"}
    assert (state["sessionAttributes"], state["activeContexts"]) == ({"step": "2"}, [CONTEXT])
    slots = state["intent"]["slots"]
    assert slots["City"]["value"] == {
        "originalValue": "Graz",
        "interpretedValue": "Graz",
        "resolvedValues": ["Graz"],
    }
    assert [item["value"]["interpretedValue"] for item in slots["Extras"]["values"]] == ["wifi", "sea"]
    assert answer["messages"] == [{"contentType": "PlainText", "content": "How many nights?"}]
    assert INTENT["slots"]["City"] is CITY


def test_the_other_answers() -> None:
    @lex_v2_hook
    async def handler(event: LexV2Event, context: Any) -> Any:
        return event.close("<speak>Bye</speak>", state="Failed", slots={"City": None})

    answer = asyncio.run(handler(EVENT))
    assert answer["messages"] == [{"contentType": "SSML", "content": "<speak>Bye</speak>"}]
    assert answer["sessionState"]["intent"]["state"] == "Failed"
    assert answer["sessionState"]["intent"]["slots"]["City"] is None
    event = LexV2Event(EVENT)
    assert event.delegate()["sessionState"]["intent"] == INTENT
    assert event.confirm_intent("Shall I?")["sessionState"]["dialogAction"] == {"type": "ConfirmIntent"}
    assert "intent" not in event.elicit_intent("What else?")["sessionState"]


def test_the_results_of_a_search_are_not_sent_back() -> None:
    intent = {**INTENT, "kendraResponse": {"items": ["x" * 60_000]}}
    event = LexV2Event({**EVENT, "sessionState": {"intent": intent}})
    assert "kendraResponse" not in event.close()["sessionState"]["intent"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({}, "needs sessionState"),
        ({"sessionState": {"intent": INTENT}}, "sessionState needs dialogAction"),
        (whole(dialogAction={"type": "Ask"}), "dialogAction.type must be one of Close, ConfirmIntent"),
        (whole(intent=None), "type Delegate needs sessionState.intent"),
        (whole(dialogAction={"type": "ElicitIntent"}), "type ElicitIntent needs messages"),
        (whole(dialogAction={"type": "ElicitSlot"}), "needs slotToElicit"),
        (whole(dialogAction={"type": "Close"}), "type Close ends must be one of Failed, Fulfilled"),
        (
            whole(dialogAction={"type": "ElicitSlot", "slotToElicit": "City", "slotElicitationStyle": "x"}),
            "slotElicitationStyle must be one of Default",
        ),
        (whole(intent={**INTENT, "state": "Done"}), "intent.state must be one of"),
        (whole(intent={**INTENT, "slots": {"City": "Vienna"}}), "the slot 'City' .* must be dict, not str"),
        (whole(sessionAttributes={"n": 1}), r"sessionAttributes\['n'\] must be str, not int"),
        (whole(activeContexts=[{"name": "trip"}]), r"activeContexts\[0\] needs timeToLive"),
        (
            whole(activeContexts=[{**CONTEXT, "timeToLive": {"timeToLiveInSeconds": 1, "turnsToLive": 1}}]),
            "timeToLiveInSeconds .* must be from 5 to 86400",
        ),
        (whole(sessionAttribute={}), "did you mean 'sessionAttributes'"),
        ({**whole(), "messages": [{"content": "x"}]}, "contentType of .* must be one of CustomPayload"),
        ({**whole(), "messages": [{"contentType": "PlainText"}]}, "content of .* must be str"),
        ({**whole(), "messages": [{"contentType": "PlainText", "content": "x" * 1025}]}, "at most 1024 characters"),
        ({**whole(), "messages": [{"contentType": "PlainText", "content": "x"}] * 11}, "at most 10 messages"),
        ({**whole(), "messages": [{"contentType": "PlainText", "content": ""}]}, "must not be empty"),
        ({**whole(), "messages": [{"contentType": "ImageResponseCard"}]}, "imageResponseCard of .* must be dict"),
        (
            {
                **whole(),
                "messages": [
                    {
                        "contentType": "ImageResponseCard",
                        "imageResponseCard": {"title": "t", "buttons": [{"text": "a" * 51, "value": "v"}]},
                    }
                ],
            },
            "text of a button .* at most 50 characters",
        ),
        (whole(sessionAttributes={"big": "x" * 52_000}), "at most 51200 bytes"),
    ],
)
def test_wrong_answers_are_refused(answer: Any, message: str) -> None:
    with pytest.raises(ResponseError, match=message):
        answer_of(answer)


def test_a_card_is_taken() -> None:
    card = {"contentType": "ImageResponseCard", "imageResponseCard": {"title": "Pick", "buttons": []}}
    assert LexV2Event(EVENT).close(card)["messages"] == [card]


def test_version_one_is_another_source() -> None:
    @lex_v2_hook
    def handler(event: LexV2Event, context: Any) -> None: ...

    with pytest.raises(WrongSourceError, match="lex-v1"):
        handler({"currentIntent": {}, "bot": {}})

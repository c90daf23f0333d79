from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events.alexa import AlexaSkillEvent, alexa_skill
from lambdakit.events.alexa_home import SmartHomeEvent, alexa_smart_home, alexa_smart_home_v2
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.exceptions import ResponseError, WrongSourceError

if TYPE_CHECKING:
    from lambdakit.events.alexa_home import SmartHomeEventV2

USER = {"userId": "user-1", "accessToken": "secret"}
SYSTEM: dict[str, Any] = {
    "application": {"applicationId": "skill-1"},
    "user": USER,
    "device": {"deviceId": "d-1", "supportedInterfaces": {}},
    "apiEndpoint": "https://api.example.com",
    "apiAccessToken": "secret",
}
INTENT: dict[str, Any] = {
    "name": "Order",
    "confirmationStatus": "NONE",
    "slots": {
        "size": {
            "name": "size",
            "value": "biggest",
            "confirmationStatus": "NONE",
            "resolutions": {
                "resolutionsPerAuthority": [
                    {"status": {"code": "ER_SUCCESS_NO_MATCH"}},
                    {"status": {"code": "ER_SUCCESS_MATCH"}, "values": [{"value": {"name": "large", "id": "L"}}]},
                ]
            },
        },
        "colour": {"name": "colour", "confirmationStatus": "NONE"},
    },
}


def event_of(kind: str = "IntentRequest", **request: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "session": {
            "new": False,
            "sessionId": "s-1",
            "application": {"applicationId": "skill-1"},
            "attributes": {"step": 1},
            "user": USER,
        },
        "context": {"System": SYSTEM, "AudioPlayer": {"playerActivity": "IDLE"}},
        "request": {
            "type": kind,
            "requestId": "r-1",
            "timestamp": "2026-05-04T09:12:33Z",
            "locale": "en-GB",
            **request,
        },
    }


EVENT = event_of(intent=INTENT, dialogState="STARTED")
ENDED = event_of("SessionEndedRequest", reason="USER_INITIATED")
DIRECTIVE: dict[str, Any] = {
    "directive": {
        "header": {
            "namespace": "Alexa.PowerController",
            "name": "TurnOn",
            "messageId": "m-1",
            "correlationToken": "t-1",
            "payloadVersion": "3",
        },
        "endpoint": {"endpointId": "lamp", "scope": {"type": "BearerToken", "token": "secret"}, "cookie": {}},
        "payload": {},
    }
}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def answer_of(result: Any, raw: dict[str, Any] = EVENT) -> Any:
    @alexa_skill
    def handler(event: AlexaSkillEvent, context: Any) -> Any:
        return result

    return handler(raw)


def test_a_request_is_read() -> None:
    event = detect(EVENT)
    assert isinstance(event, AlexaSkillEvent)
    assert unmapped(event) == []
    intent = event.request.intent
    assert intent is not None
    assert (intent.value("size"), intent.slots["size"].resolved) == ("biggest", "large")
    assert (intent.value("colour"), intent.slots["colour"].resolved, intent.value("no")) == (None, None, None)
    assert event.request.timestamp.isoformat() == "2026-05-04T09:12:33+00:00"
    assert event.application_id == "skill-1"
    assert event.user is not None
    assert event.user.user_id == "user-1"
    assert "secret" not in repr(event) + repr(event.user) + repr(event.system)


def test_a_request_outside_a_session_is_read() -> None:
    raw = {name: value for name, value in event_of("AudioPlayer.PlaybackStarted").items() if name != "session"}
    event = detect(raw)
    assert isinstance(event, AlexaSkillEvent)
    assert (event.session, event.application_id) == (None, "skill-1")
    assert event.user is not None
    assert "sessionAttributes" not in event.answer()


def test_answers_have_speech_a_card_and_the_sessions_attributes() -> None:
    answer = AlexaSkillEvent(EVENT).answer("Done", card=("Order", "One large"), reprompt="<speak>More?</speak>")
    assert answer == {
        "version": "1.0",
        "sessionAttributes": {"step": 1},
        "response": {
            "outputSpeech": {"type": "PlainText", "text": "Done"},
            "card": {"type": "Simple", "title": "Order", "content": "One large"},
            "reprompt": {"outputSpeech": {"type": "SSML", "ssml": "<speak>More?</speak>"}},
            "shouldEndSession": False,
        },
    }
    assert "sessionAttributes" not in AlexaSkillEvent(EVENT).answer(session_attributes={}, end_session=True)


def test_a_text_is_an_answer() -> None:
    @alexa_skill
    async def handler(event: AlexaSkillEvent, context: Any) -> Any:
        return "Done"

    assert asyncio.run(handler(EVENT))["response"] == {"outputSpeech": {"type": "PlainText", "text": "Done"}}


def test_the_end_of_a_session_takes_no_response() -> None:
    assert answer_of(None, ENDED) is None
    with pytest.raises(ResponseError, match="a SessionEndedRequest takes no response"):
        answer_of("Bye", ENDED)


def whole(**response: Any) -> dict[str, Any]:
    return {"version": "1.0", "response": response}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"response": {}}, "needs version"),
        ({"version": "1.0"}, "needs response"),
        (whole(outputSpeach={}), "did you mean 'outputSpeech'"),
        (whole(outputSpeech={"type": "Text"}), "outputSpeech.type must be one of PlainText, SSML"),
        (whole(outputSpeech={"type": "SSML", "text": "x"}), "outputSpeech.ssml of the type SSML must be str"),
        (whole(outputSpeech={"type": "PlainText", "text": "x" * 8001}), "at most 8000 characters"),
        (whole(reprompt={"outputSpeech": {"type": "x"}}), "reprompt.outputSpeech.type"),
        (whole(card={"type": "Big"}), "card.type must be one of"),
        (whole(card={"type": "Standard", "content": "x"}), "a card of type Standard needs text"),
        (whole(card={"type": "Simple", "title": "x" * 4001, "content": "x" * 4000}), "at most 8000 characters"),
        (
            whole(card={"type": "Standard", "text": "x", "image": {"largeImageUrl": "u" * 2001}}),
            "largeImageUrl may have at most 2000",
        ),
        (whole(directives=[{}]), r"directives\[0\] needs type"),
        (whole(shouldEndSession="yes"), "shouldEndSession must be bool"),
        ({**whole(), "sessionAttributes": {"a": "x" * 123_000}}, "at most 122880 bytes"),
    ],
)
def test_wrong_answers_are_refused(answer: Any, message: str) -> None:
    with pytest.raises(ResponseError, match=message):
        answer_of(answer)


def test_a_directive_is_answered_with_its_token_and_endpoint() -> None:
    state = {"namespace": "Alexa.PowerController", "name": "powerState", "value": "ON"}

    @alexa_smart_home
    def handler(event: SmartHomeEvent, context: Any) -> Any:
        assert unmapped(event) == []
        return event.answer(properties=[state])

    answer = handler(DIRECTIVE)
    header = answer["event"]["header"]
    assert header.pop("messageId")
    assert header == {"namespace": "Alexa", "name": "Response", "payloadVersion": "3", "correlationToken": "t-1"}
    assert answer["event"]["endpoint"] == {"endpointId": "lamp"}
    assert answer["context"] == {"properties": [state]}


def test_an_error_and_a_wrong_answer_to_a_directive() -> None:
    event = detect(DIRECTIVE)
    assert isinstance(event, SmartHomeEvent)
    error = event.error("ENDPOINT_UNREACHABLE", "no lamp")
    assert error["event"]["header"]["name"] == "ErrorResponse"
    assert error["event"]["payload"] == {"type": "ENDPOINT_UNREACHABLE", "message": "no lamp"}

    @alexa_smart_home
    async def handler(event: SmartHomeEvent, context: Any) -> Any:
        return {"event": {"header": {"name": "Response"}, "payload": {}}}

    with pytest.raises(ResponseError, match=r"event\.header needs namespace, messageId, payloadVersion"):
        asyncio.run(handler(DIRECTIVE))


def test_the_retired_form_has_its_own_model() -> None:
    raw = {
        "header": {
            "messageId": "m",
            "name": "TurnOnRequest",
            "namespace": "Alexa.ConnectedHome.Control",
            "payloadVersion": "2",
        },
        "payload": {"accessToken": "secret", "appliance": {"applianceId": "lamp"}},
    }

    @alexa_smart_home_v2
    def handler(event: SmartHomeEventV2, context: Any) -> Any:
        assert unmapped(event) == []
        return {"name": event.header.name, "id": event.payload["appliance"]["applianceId"]}

    assert handler(raw) == {"name": "TurnOnRequest", "id": "lamp"}
    with pytest.raises(WrongSourceError, match="alexa-smart-home"):
        handler(DIRECTIVE)

"""Alexa skills: requests of custom skills, and the answers with speech, cards and directives.

Source: Alexa Skills Kit documentation, "Request and Response JSON Reference". Alexa waits 8 seconds. Session attributes
that an answer leaves out are gone; `answer` carries those of the session on. Smart home skills have other requests:
`alexa_home`.
"""

from __future__ import annotations

from lambdakit.events.alexa_answer import card_of, check_answer, speech_of
from lambdakit.events.convert import iso_time
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field
from lambdakit.events.rules import present
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

__all__ = (
    "AlexaIntent",
    "AlexaRequest",
    "AlexaSession",
    "AlexaSkillEvent",
    "AlexaSlot",
    "AlexaSystem",
    "AlexaUser",
    "alexa_skill",
)

SESSION_ENDED = "SessionEndedRequest"


class AlexaSlot(Model, at="$.request.intent.slots.*"):
    """A slot of an intent; it has no value until the user gave one."""

    shown = ("name", "value")

    name: str = field("name")
    value: str | None = field("value", default=None, doc="What the user said.")
    confirmation_status: str | None = field("confirmationStatus", default=None, doc="NONE, CONFIRMED or DENIED.")
    source: str | None = field("source", default=None)
    slot_value: Mapping[str, Any] = field("slotValue", default=EMPTY, doc="Of a slot of several values too.")
    resolutions: Sequence[Mapping[str, Any]] = field("resolutions", "resolutionsPerAuthority", default=())

    @property
    def resolved(self) -> str | None:
        """The name of the slot type's value that matched, the likeliest; None where none did."""
        for authority in self.resolutions:
            if authority.get("values"):
                name: str = authority["values"][0]["value"]["name"]
                return name
        return None


class AlexaIntent(Model, at="$.request.intent"):
    """What the user wants."""

    shown = ("name",)

    name: str = field("name")
    confirmation_status: str | None = field("confirmationStatus", default=None, doc="NONE, CONFIRMED or DENIED.")
    slots: Mapping[str, AlexaSlot] = field("slots", values=AlexaSlot, default=EMPTY)

    def value(self, slot: str) -> str | None:
        """What the user said for a slot; None where nothing, or the intent has no such slot."""
        found = self.slots.get(slot)
        return None if found is None else found.value


class AlexaRequest(Model, at="$.request"):
    """The request; the fields of kinds not modelled here are read by item access."""

    shown = ("type", "intent")

    type: str = field("type", doc="LaunchRequest, IntentRequest, SessionEndedRequest and others.")
    request_id: str = field("requestId")
    timestamp: datetime = field("timestamp", convert=iso_time)
    locale: str | None = field("locale", default=None)
    intent: AlexaIntent | None = field("intent", convert=AlexaIntent, default=None)
    dialog_state: str | None = field("dialogState", default=None, doc="STARTED, IN_PROGRESS or COMPLETED.")
    reason: str | None = field("reason", default=None, doc="Why a session ended: USER_INITIATED, ERROR and others.")
    error: Mapping[str, Any] | None = field("error", default=None)


class AlexaUser(Model, at="$.session.user"):
    """The Amazon account that uses the skill."""

    user_id: str = field("userId")
    access_token: str | None = field("accessToken", default=None, doc="Of the linked account.")
    permissions: Mapping[str, Any] = field("permissions", default=EMPTY)


class AlexaSession(Model, at="$.session"):
    """The conversation."""

    shown = ("session_id", "new")

    new: bool = field("new")
    session_id: str = field("sessionId")
    application_id: str = field("application", "applicationId")
    attributes: Mapping[str, Any] = field("attributes", default=EMPTY)
    user: AlexaUser | None = field("user", convert=AlexaUser, default=None)


class AlexaSystem(Model, at="$.context.System"):
    """The device, and how Alexa's own API is reached for it."""

    shown = ("application_id",)

    application_id: str = field("application", "applicationId")
    user: AlexaUser | None = field("user", convert=AlexaUser, default=None)
    person: Mapping[str, Any] | None = field("person", default=None, doc="Whose voice was recognised.")
    device_id: str | None = field("device", "deviceId", default=None)
    device: Mapping[str, Any] = field("device", default=EMPTY)
    unit: Mapping[str, Any] | None = field("unit", default=None)
    api_endpoint: str | None = field("apiEndpoint", default=None)
    api_access_token: str | None = field("apiAccessToken", default=None)


class AlexaSkillEvent(Model):
    """A request to a custom skill."""

    shown = ("request",)

    version: str = field("version")
    session: AlexaSession | None = field(
        "session", convert=AlexaSession, default=None, doc="None of requests outside one, as AudioPlayer's."
    )
    system: AlexaSystem | None = field("context", "System", convert=AlexaSystem, default=None)
    context: Mapping[str, Any] = field(
        "context", default=EMPTY, doc="Also the states of AudioPlayer, Display and others."
    )
    request: AlexaRequest = field("request", convert=AlexaRequest)

    @property
    def application_id(self) -> str | None:
        """The skill that is meant; a function should refuse others than its own."""
        if self.session is not None:
            return self.session.application_id
        return None if self.system is None else self.system.application_id

    @property
    def user(self) -> AlexaUser | None:
        """The account that uses the skill."""
        if self.session is not None and self.session.user is not None:
            return self.session.user
        return None if self.system is None else self.system.user

    def answer(
        self,
        speech: str | Mapping[str, Any] | None = None,
        *,
        card: tuple[str, str] | Mapping[str, Any] | None = None,
        reprompt: str | Mapping[str, Any] | None = None,
        directives: Sequence[Mapping[str, Any]] | None = None,
        end_session: bool | None = None,
        session_attributes: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The answer; a text that begins with `<speak>` is SSML, a card may be a title and a text.

        With a `reprompt` the session stays open unless `end_session` says otherwise; `session_attributes` replace
        those of the session. Raises ResponseError.
        """
        if end_session is None and reprompt is not None:
            end_session = False
        response = {
            "outputSpeech": None if speech is None else speech_of(speech),
            "card": None if card is None else card_of(card),
            "reprompt": None if reprompt is None else {"outputSpeech": speech_of(reprompt)},
            "directives": directives and [dict(directive) for directive in directives],
            "shouldEndSession": end_session,
        }
        if session_attributes is None:
            session_attributes = EMPTY if self.session is None else self.session.attributes
        attributes = {"sessionAttributes": dict(session_attributes)} if session_attributes else {}
        return _checked(self, {"version": "1.0", **attributes, "response": present(response)}) or {}


def _checked(event: AlexaSkillEvent, result: Any) -> dict[str, Any] | None:
    """A whole answer checked; the one of a text; nothing for None. Raises ResponseError."""
    if result is None:
        return None
    if isinstance(result, str):
        return event.answer(result)
    check_answer(result)
    answer: dict[str, Any] = result
    if event.request.type == SESSION_ENDED and answer["response"]:
        raise ResponseError("a SessionEndedRequest takes no response: return None")
    return answer


alexa_skill: EventDecorator[AlexaSkillEvent] = EventDecorator("alexa_skill", AlexaSkillEvent, "alexa", answer=_checked)

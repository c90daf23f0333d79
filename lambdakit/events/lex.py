"""Amazon Lex V1: the code hooks of a bot's intents, for validation and for fulfillment.

Source: Amazon Lex V1 developer guide, "Lambda Function Input Event and Response Format" (and its limits of messages and
response cards). Not here: Lex V2, whose events and answers have nothing in common with these (`lex_v2`).
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.lex_answer import check_answer, message_of
from lambdakit.events.model import Model, field
from lambdakit.events.rules import present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal, TypeAlias

    Message: TypeAlias = str | Mapping[str, Any]
    Card: TypeAlias = Mapping[str, Any]

__all__ = ("LexV1Bot", "LexV1Event", "LexV1Intent", "LexV1SlotDetail", "lex_v1_hook")


class LexV1SlotDetail(Model, at="$.currentIntent.slotDetails.*"):
    """How the value of a slot was found."""

    shown = ("original_value",)

    original_value: str | None = field("originalValue", default=None, doc="What the user said.")
    resolutions: Sequence[Mapping[str, str]] = field(
        "resolutions", default=(), doc="`{'value': ...}` each, the likeliest first; at most five."
    )


def _detail(raw: Any) -> LexV1SlotDetail | None:
    return None if raw is None else LexV1SlotDetail(raw)


class LexV1Intent(Model, at="$.currentIntent"):
    """An intent and its slots."""

    shown = ("name", "confirmation_status")

    name: str = field("name")
    slots: Mapping[str, str | None] = field("slots", default=EMPTY, doc="None has no value yet.")
    slot_details: Mapping[str, LexV1SlotDetail | None] = field("slotDetails", values=_detail, default=EMPTY)
    confirmation_status: str = field("confirmationStatus", default="None", doc="None, Confirmed or Denied.")
    nlu_intent_confidence_score: float | None = field("nluIntentConfidenceScore", default=None)
    kendra_response: Mapping[str, Any] | None = field("kendraResponse", default=None)


class LexV1Bot(Model, at="$.bot"):
    """The bot."""

    shown = ("name", "alias")

    name: str = field("name")
    alias: str | None = field("alias", default=None, doc="None in the console's tests.")
    version: str = field("version")


class LexV1Event(Model):
    """The user said something, or an intent is to be fulfilled, as `invocation_source` says.

    The builders of answers raise ResponseError. Their `slots` replace single slots of the intent, `session_attributes`
    are added to the event's, where None as a value removes one: Lex forgets what an answer leaves out.
    """

    shown = ("invocation_source", "current_intent")

    message_version: str = field("messageVersion")
    invocation_source: str = field("invocationSource", doc="DialogCodeHook or FulfillmentCodeHook.")
    user_id: str = field("userId")
    input_transcript: str | None = field("inputTranscript", default=None, doc="What the user said.")
    output_dialog_mode: str | None = field("outputDialogMode", default=None, doc="Text or Voice.")
    session_attributes: Mapping[str, str] = field("sessionAttributes", default=EMPTY)
    request_attributes: Mapping[str, str] = field("requestAttributes", default=EMPTY)
    bot: LexV1Bot = field("bot", convert=LexV1Bot)
    current_intent: LexV1Intent = field("currentIntent", convert=LexV1Intent)
    alternative_intents: Sequence[LexV1Intent] = field("alternativeIntents", each=LexV1Intent, default=())
    recent_intents: Sequence[Mapping[str, Any]] = field("recentIntentSummaryView", default=())
    sentiment: str | None = field("sentimentResponse", "sentimentLabel", default=None)
    sentiment_score: Any = field("sentimentResponse", "sentimentScore", default=None)
    kendra_response: Mapping[str, Any] | None = field("kendraResponse", default=None)
    active_contexts: Sequence[Mapping[str, Any]] = field("activeContexts", default=())

    def close(
        self,
        message: Message | None = None,
        *,
        state: Literal["Fulfilled", "Failed"] = "Fulfilled",
        card: Card | None = None,
        session_attributes: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """End the intent; Lex expects nothing more of the user."""
        return self._answer({"type": "Close", "fulfillmentState": state}, message, card, session_attributes)

    def delegate(
        self,
        *,
        slots: Mapping[str, str | None] | None = None,
        session_attributes: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """Let Lex go on as the bot is set up."""
        return self._answer({"type": "Delegate", "slots": self._slots(slots)}, None, None, session_attributes)

    def elicit_slot(
        self,
        slot: str,
        message: Message | None = None,
        *,
        slots: Mapping[str, str | None] | None = None,
        card: Card | None = None,
        session_attributes: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """Ask for the value of a slot; without a message in the bot's own words."""
        action = {"type": "ElicitSlot", **self._intent(slots), "slotToElicit": slot}
        return self._answer(action, message, card, session_attributes)

    def confirm_intent(
        self,
        message: Message | None = None,
        *,
        slots: Mapping[str, str | None] | None = None,
        card: Card | None = None,
        session_attributes: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """Ask whether the intent is to be fulfilled; without a message in the bot's own words."""
        return self._answer({"type": "ConfirmIntent", **self._intent(slots)}, message, card, session_attributes)

    def elicit_intent(
        self,
        message: Message | None = None,
        *,
        card: Card | None = None,
        session_attributes: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """Ask what the user wants."""
        return self._answer({"type": "ElicitIntent"}, message, card, session_attributes)

    def _slots(self, changes: Mapping[str, str | None] | None) -> dict[str, str | None]:
        return {**self.current_intent.slots, **(changes or {})}

    def _intent(self, changes: Mapping[str, str | None] | None) -> dict[str, Any]:
        return {"intentName": self.current_intent.name, "slots": self._slots(changes)}

    def _answer(
        self,
        action: dict[str, Any],
        message: Message | None,
        card: Card | None,
        session_attributes: Mapping[str, str | None] | None,
    ) -> dict[str, Any]:
        said = {"message": None if message is None else message_of(message), "responseCard": card and dict(card)}
        attributes = present({**self.session_attributes, **(session_attributes or {})})
        return _checked({"sessionAttributes": attributes, "dialogAction": {**action, **present(said)}})


def _checked(answer: Any) -> dict[str, Any]:
    check_answer(answer)
    checked: dict[str, Any] = answer
    return checked


lex_v1_hook: EventDecorator[LexV1Event] = EventDecorator("lex_v1_hook", LexV1Event, "lex-v1", finish=_checked)

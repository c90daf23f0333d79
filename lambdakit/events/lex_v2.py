"""Amazon Lex V2: the code hooks of a bot's intents, before fulfillment and for it.

Source: Amazon Lex V2 developer guide, "AWS Lambda input event format", "response format" and "Common structures";
limits of messages, cards and contexts: Amazon Lex V2 API reference (Runtime). A slot that has no value is null. Lex
forgets session attributes and contexts that an answer leaves out: the builders of LexV2Event carry the event's on.
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.lex_v2_answer import check_answer, message_of, slot_of
from lambdakit.events.model import Model, field
from lambdakit.events.rules import present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal, TypeAlias

    Message: TypeAlias = str | Mapping[str, Any]
    SlotValue: TypeAlias = str | Sequence[str] | Mapping[str, Any] | None
    Style: TypeAlias = Literal["Default", "SpellByLetter", "SpellByWord"]

__all__ = (
    "LexV2Bot",
    "LexV2DialogAction",
    "LexV2Event",
    "LexV2Intent",
    "LexV2Interpretation",
    "LexV2ProposedState",
    "LexV2SessionState",
    "LexV2Slot",
    "LexV2Transcription",
    "lex_v2_hook",
)

# `type`, but Any to type checkers.
_type: Any = type


def _slot(raw: Any) -> LexV2Slot | None:
    return None if raw is None else LexV2Slot(raw)


class LexV2Slot(Model, at="$.sessionState.intent.slots.*"):
    """The value of a slot; of a List slot the values, of a composite one its parts."""

    shown = ("interpreted_value",)

    shape: str = field("shape", default="Scalar", doc="Scalar, List or Composite.")
    original_value: str | None = field("value", "originalValue", default=None, doc="What the user said.")
    interpreted_value: str | None = field("value", "interpretedValue", default=None, doc="What Lex made of it.")
    resolved_values: Sequence[str] = field("value", "resolvedValues", default=())
    values: Sequence[LexV2Slot | None] = field("values", each=_slot, default=())
    sub_slots: Mapping[str, LexV2Slot | None] = field("subSlots", values=_slot, default=EMPTY)


class LexV2Intent(Model, at="$.sessionState.intent"):
    """An intent and its slots."""

    shown = ("name", "state")

    name: str = field("name")
    slots: Mapping[str, LexV2Slot | None] = field("slots", values=_slot, default=EMPTY, doc="None has no value yet.")
    state: str | None = field("state", default=None, doc="InProgress, ReadyForFulfillment, Fulfilled and others.")
    confirmation_state: str | None = field("confirmationState", default=None, doc="None, Confirmed or Denied.")
    kendra_response: Mapping[str, Any] | None = field("kendraResponse", default=None)

    def value(self, slot: str) -> str | None:
        """What Lex made of a slot; None where it has no value, or the intent no such slot."""
        found = self.slots.get(slot)
        return None if found is None else found.interpreted_value

    def list_value(self, slot: str) -> list[str | None]:
        """What Lex made of a slot of several values; empty where it has none."""
        found = self.slots.get(slot)
        values = () if found is None else found.values
        return [None if item is None else item.interpreted_value for item in values]


def _confidence(raw: Any) -> float | None:
    """A number, or an object with a score: both are sent."""
    score: float | None = raw.get("score") if _type(raw) is dict else raw
    return score


class LexV2Interpretation(Model, at="$.interpretations[*]"):
    """One meaning the user's words may have; the first is the likeliest."""

    shown = ("intent", "nlu_confidence")

    intent: LexV2Intent = field("intent", convert=LexV2Intent)
    interpretation_source: str | None = field("interpretationSource", default=None, doc="Lex or Bedrock.")
    nlu_confidence: float | None = field("nluConfidence", convert=_confidence, default=None, doc="From 0 to 1.")
    sentiment: str | None = field("sentimentResponse", "sentiment", default=None)
    sentiment_score: Mapping[str, float] = field("sentimentResponse", "sentimentScore", default=EMPTY)


class LexV2DialogAction(Model, at="$.sessionState.dialogAction"):
    """The next step of the conversation."""

    shown = ("type",)

    type: str = field("type", doc="Close, ConfirmIntent, Delegate, ElicitIntent or ElicitSlot.")
    slot_to_elicit: str | None = field("slotToElicit", default=None)
    slot_elicitation_style: str | None = field("slotElicitationStyle", default=None)
    sub_slot_to_elicit: Mapping[str, Any] | None = field("subSlotToElicit", default=None)


class LexV2SessionState(Model, at="$.sessionState"):
    """Where the conversation stands."""

    shown = ("intent",)

    intent: LexV2Intent = field("intent", convert=LexV2Intent)
    session_attributes: Mapping[str, str] = field("sessionAttributes", default=EMPTY)
    active_contexts: Sequence[Mapping[str, Any]] = field("activeContexts", default=())
    dialog_action: LexV2DialogAction | None = field("dialogAction", convert=LexV2DialogAction, default=None)
    originating_request_id: str | None = field("originatingRequestId", default=None)
    runtime_hints: Mapping[str, Any] = field("runtimeHints", default=EMPTY)


class LexV2ProposedState(Model, at="$.proposedNextState"):
    """What Lex would do if the function answers Delegate."""

    dialog_action: LexV2DialogAction | None = field("dialogAction", convert=LexV2DialogAction, default=None)
    intent: LexV2Intent | None = field("intent", convert=LexV2Intent, default=None)
    prompt_attempt: str | None = field("prompt", "attempt", default=None, doc="Initial, Retry1 to Retry5.")


class LexV2Transcription(Model, at="$.transcriptions[*]"):
    """One way the user may have been heard."""

    shown = ("transcription_confidence",)

    transcription: str = field("transcription")
    transcription_confidence: float | None = field("transcriptionConfidence", convert=_confidence, default=None)
    resolved_intent: str | None = field("resolvedContext", "intent", default=None)
    resolved_slots: Mapping[str, LexV2Slot | None] = field("resolvedSlots", values=_slot, default=EMPTY)


class LexV2Bot(Model, at="$.bot"):
    """The bot."""

    shown = ("name", "locale_id")

    id: str = field("id")
    name: str = field("name")
    alias_id: str = field("aliasId")
    alias_name: str | None = field("aliasName", default=None)
    locale_id: str = field("localeId")
    version: str = field("version", doc="DRAFT or a number.")


class LexV2Event(Model):
    """The user said something, or an intent is to be fulfilled, as `invocation_source` says.

    The builders of answers raise ResponseError. Their `slots` replace single slots of the intent (a text, a list of
    texts, None to empty one), `session_attributes` are added to the event's, where None as a value removes one.
    """

    shown = ("invocation_source", "session_state")

    message_version: str = field("messageVersion")
    invocation_source: str = field("invocationSource", doc="DialogCodeHook or FulfillmentCodeHook.")
    invocation_label: str | None = field("invocationLabel", default=None)
    input_mode: str | None = field("inputMode", default=None, doc="Text, DTMF or Speech.")
    input_transcript: str | None = field("inputTranscript", default=None, doc="What the user said.")
    response_content_type: str | None = field("responseContentType", default=None)
    session_id: str = field("sessionId")
    bot: LexV2Bot = field("bot", convert=LexV2Bot)
    interpretations: Sequence[LexV2Interpretation] = field("interpretations", each=LexV2Interpretation, default=())
    session_state: LexV2SessionState = field("sessionState", convert=LexV2SessionState)
    proposed_next_state: LexV2ProposedState | None = field(
        "proposedNextState", convert=LexV2ProposedState, default=None
    )
    request_attributes: Mapping[str, str] = field("requestAttributes", default=EMPTY)
    transcriptions: Sequence[LexV2Transcription] = field("transcriptions", each=LexV2Transcription, default=())

    @property
    def intent(self) -> LexV2Intent:
        """The intent the conversation is about."""
        return self.session_state.intent

    def close(
        self,
        *messages: Message,
        state: Literal["Fulfilled", "Failed"] = "Fulfilled",
        slots: Mapping[str, SlotValue] | None = None,
        session_attributes: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """End the intent; without messages the bot's own closing words are said."""
        return self._answer({"type": "Close"}, messages, slots, session_attributes, state=state)

    def delegate(
        self,
        *,
        slots: Mapping[str, SlotValue] | None = None,
        session_attributes: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """Let Lex go on as the bot is set up."""
        return self._answer({"type": "Delegate"}, (), slots, session_attributes)

    def elicit_slot(
        self,
        slot: str,
        *messages: Message,
        style: Style | None = None,
        slots: Mapping[str, SlotValue] | None = None,
        session_attributes: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """Ask for the value of a slot; without messages in the bot's own words."""
        action = {"type": "ElicitSlot", "slotToElicit": slot, **present({"slotElicitationStyle": style})}
        return self._answer(action, messages, slots, session_attributes, state="InProgress")

    def confirm_intent(
        self,
        *messages: Message,
        slots: Mapping[str, SlotValue] | None = None,
        session_attributes: Mapping[str, str | None] | None = None,
    ) -> dict[str, Any]:
        """Ask whether the intent is to be fulfilled; needs a message."""
        return self._answer({"type": "ConfirmIntent"}, messages, slots, session_attributes, state="InProgress")

    def elicit_intent(
        self, *messages: Message, session_attributes: Mapping[str, str | None] | None = None
    ) -> dict[str, Any]:
        """Ask what the user wants; needs a message."""
        state = {"dialogAction": {"type": "ElicitIntent"}, **self._carried(session_attributes)}
        return _checked({"sessionState": state, "messages": [message_of(message) for message in messages]})

    def _answer(
        self,
        action: dict[str, Any],
        messages: Sequence[Message],
        slots: Mapping[str, SlotValue] | None,
        session_attributes: Mapping[str, str | None] | None,
        *,
        state: str | None = None,
    ) -> dict[str, Any]:
        # A search's results are for the function, and may be larger than an answer.
        intent = {name: value for name, value in self.intent.raw.items() if name != "kendraResponse"}
        if slots:
            intent["slots"] = {**(intent.get("slots") or {}), **{name: slot_of(slots[name]) for name in slots}}
        if state is not None:
            intent["state"] = state
        answer: dict[str, Any] = {
            "sessionState": {"dialogAction": action, "intent": intent, **self._carried(session_attributes)}
        }
        if messages:
            answer["messages"] = [message_of(message) for message in messages]
        return _checked(answer)

    def _carried(self, changes: Mapping[str, str | None] | None) -> dict[str, Any]:
        attributes = present({**self.session_state.session_attributes, **(changes or {})})
        contexts = self.session_state.active_contexts
        return {"sessionAttributes": attributes, **({"activeContexts": list(contexts)} if contexts else {})}


def _checked(answer: Any) -> dict[str, Any]:
    check_answer(answer)
    checked: dict[str, Any] = answer
    return checked


lex_v2_hook: EventDecorator[LexV2Event] = EventDecorator("lex_v2_hook", LexV2Event, "lex-v2", finish=_checked)

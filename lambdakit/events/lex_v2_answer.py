"""The answers of Lex V2 code hooks: what they are built of, and the rules Lex refuses them by.

Source: Amazon Lex V2 developer guide, "AWS Lambda response format" and "Common structures"; Amazon Lex V2 API reference
(Message, ImageResponseCard, ActiveContext) for the limits. Lex itself says of a refused answer only that it is invalid.
"""

from __future__ import annotations

from lambdakit.events.rules import at_most, known_keys, needs, of_type, one_of, within
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ("check_answer", "message_of", "slot_of")

ANSWER_FIELDS = ("sessionState", "messages", "requestAttributes")
STATE_FIELDS = (
    "dialogAction",
    "intent",
    "sessionAttributes",
    "activeContexts",
    "runtimeHints",
    "originatingRequestId",
)
# Dialog action -> whether the answer must have an intent, and messages.
DIALOG_ACTIONS: dict[str, tuple[bool, bool]] = {
    "Close": (True, False),
    "ConfirmIntent": (True, True),
    "Delegate": (True, False),
    "ElicitIntent": (False, True),
    "ElicitSlot": (True, False),
}
ACTION_FIELDS = ("type", "slotToElicit", "slotElicitationStyle", "subSlotToElicit")
STYLES = ("Default", "SpellByLetter", "SpellByWord")
INTENT_STATES = ("Failed", "Fulfilled", "FulfillmentInProgress", "InProgress", "ReadyForFulfillment", "Waiting")
# The states of an intent no more is asked for.
CLOSED_STATES = ("Failed", "Fulfilled", "FulfillmentInProgress", "ReadyForFulfillment")
CONFIRMATION_STATES = ("Confirmed", "Denied", "None")
CONTENT_TYPES = ("CustomPayload", "ImageResponseCard", "PlainText", "SSML")
CARD_LIMITS = {"title": 250, "subtitle": 250, "imageUrl": 250}
BUTTON_LIMITS = {"text": 50, "value": 50}
LARGEST_ANSWER = 50 * 1024
MOST_MESSAGES, LONGEST_MESSAGE, MOST_BUTTONS, MOST_CONTEXTS = 10, 1024, 5, 20

# isinstance, without narrowing values of unknown type to containers of unknown types.
_is_a: Any = isinstance


def message_of(message: str | Mapping[str, Any]) -> dict[str, Any]:
    """A message of an answer: a text becomes plain text, or SSML where it begins with `<speak>`."""
    if not isinstance(message, str):
        return dict(message)
    return {"contentType": "SSML" if message.startswith("<speak>") else "PlainText", "content": message}


def slot_of(value: Any) -> Any:
    """A slot's value in Lex's form: of a text, of a list of texts, None as it is, an object as it is."""
    if value is None or _is_a(value, dict):
        return value
    if _is_a(value, (list, tuple)):
        return {"shape": "List", "value": _value(value[0]) if value else None, "values": [slot_of(v) for v in value]}
    of_type("the value of a slot", value, str)
    return {"shape": "Scalar", "value": _value(value)}


def _value(text: str) -> dict[str, Any]:
    return {"originalValue": text, "interpretedValue": text, "resolvedValues": [text]}


def check_answer(answer: Any) -> None:
    """Raise ResponseError for an answer Lex V2 would refuse."""
    known_keys("the answer to Lex", answer, ANSWER_FIELDS)
    needs("the answer to Lex", answer, ("sessionState",))
    state = answer["sessionState"]
    known_keys("sessionState", state, STATE_FIELDS)
    needs("sessionState", state, ("dialogAction",))
    _check_action(state["dialogAction"], state.get("intent"), answer.get("messages"))
    if state.get("intent") is not None:
        _check_intent(state["intent"])
    for name, place in (("sessionAttributes", state), ("requestAttributes", answer)):
        _check_texts(name, place.get(name))
    _check_contexts(state.get("activeContexts"))
    _check_messages(answer.get("messages"))
    _check_size(answer)


def _check_action(action: Any, intent: Any, messages: Any) -> None:
    known_keys("dialogAction", action, ACTION_FIELDS)
    kind = action.get("type")
    one_of("dialogAction.type", kind, DIALOG_ACTIONS)
    needs_intent, needs_messages = DIALOG_ACTIONS[kind]
    if needs_intent and intent is None:
        raise ResponseError(f"a dialogAction of type {kind} needs sessionState.intent")
    if needs_messages and not messages:
        raise ResponseError(f"a dialogAction of type {kind} needs messages: the question to ask")
    if kind == "ElicitSlot" and not action.get("slotToElicit"):
        raise ResponseError("a dialogAction of type ElicitSlot needs slotToElicit")
    if kind == "Close":
        of_type("sessionState.intent", intent, dict)
        one_of("the state of an intent that a dialogAction of type Close ends", intent.get("state"), CLOSED_STATES)
    if action.get("slotElicitationStyle") is not None:
        one_of("dialogAction.slotElicitationStyle", action["slotElicitationStyle"], STYLES)


def _check_intent(intent: Any) -> None:
    of_type("sessionState.intent", intent, dict)
    needs("sessionState.intent", intent, ("name",))
    for name, allowed in (("state", INTENT_STATES), ("confirmationState", CONFIRMATION_STATES)):
        if intent.get(name) is not None:
            one_of(f"sessionState.intent.{name}", intent[name], allowed)
    slots: dict[str, Any] = intent.get("slots") or {}
    of_type("sessionState.intent.slots", slots, dict)
    for name, slot in slots.items():
        if slot is not None:
            of_type(f"the slot {name!r} (a plain text is not taken here)", slot, dict)


def _check_texts(what: str, texts: Any) -> None:
    if texts is None:
        return
    of_type(what, texts, dict)
    for name, value in texts.items():
        of_type(f"{what}[{name!r}]", value, str)


def _check_contexts(contexts: Any) -> None:
    of_type("activeContexts", contexts or [], list)
    at_most("activeContexts", len(contexts or ()), MOST_CONTEXTS, "contexts")
    for index, context in enumerate(contexts or ()):
        what = f"activeContexts[{index}]"
        of_type(what, context, dict)
        needs(what, context, ("name", "timeToLive", "contextAttributes"))
        life = context["timeToLive"]
        of_type(f"timeToLive of {what}", life, dict)
        within(f"timeToLiveInSeconds of {what}", life.get("timeToLiveInSeconds"), 5, 86_400)
        within(f"turnsToLive of {what}", life.get("turnsToLive"), 1, 20)


def _check_messages(messages: Any) -> None:
    of_type("messages", messages or [], list)
    at_most("messages", len(messages or ()), MOST_MESSAGES, "messages")
    for index, message in enumerate(messages or ()):
        what = f"messages[{index}]"
        known_keys(what, message, ("contentType", "content", "imageResponseCard"))
        one_of(f"contentType of {what}", message.get("contentType"), CONTENT_TYPES)
        if message["contentType"] == "ImageResponseCard":
            _check_card(f"imageResponseCard of {what}", message.get("imageResponseCard"))
        else:
            _check_text(f"content of {what}", message.get("content"), LONGEST_MESSAGE)


def _check_card(what: str, card: Any) -> None:
    known_keys(what, card, (*CARD_LIMITS, "buttons"))
    needs(what, card, ("title",))
    for name, limit in CARD_LIMITS.items():
        if card.get(name) is not None:
            _check_text(f"{name} of {what}", card[name], limit)
    of_type(f"buttons of {what}", card.get("buttons") or [], list)
    at_most(what, len(card.get("buttons") or ()), MOST_BUTTONS, "buttons")
    for button in card.get("buttons") or ():
        known_keys(f"a button of {what}", button, BUTTON_LIMITS)
        for name, limit in BUTTON_LIMITS.items():
            _check_text(f"{name} of a button of {what}", button.get(name), limit)


def _check_text(what: str, text: Any, limit: int) -> None:
    of_type(what, text, str)
    if not text:
        raise ResponseError(f"{what} must not be empty")
    at_most(what, len(text), limit, "characters")


def _check_size(answer: dict[str, Any]) -> None:
    from lambdakit.codec import encode

    at_most("an answer to Lex", len(encode(answer)), LARGEST_ANSWER, "bytes")

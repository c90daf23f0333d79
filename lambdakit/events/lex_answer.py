"""The answers of Lex V1 code hooks: what they are built of, and the rules Lex refuses them by.

Source: Amazon Lex V1 developer guide, "Response Format"; Amazon Lex V1 API reference (GenericAttachment, Button,
ActiveContext) for the limits.
"""

from __future__ import annotations

from lambdakit.events.rules import at_most, known_keys, needs, of_type, one_of
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ("check_answer", "message_of")

ANSWER_FIELDS = ("sessionAttributes", "dialogAction", "recentIntentSummaryView", "activeContexts")
# Dialog action -> the fields it must have, and those it may have besides `type`.
DIALOG_ACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ElicitIntent": ((), ("message", "responseCard")),
    "ElicitSlot": (("intentName", "slots", "slotToElicit"), ("message", "responseCard")),
    "ConfirmIntent": (("intentName", "slots"), ("message", "responseCard")),
    "Delegate": (("slots",), ("kendraQueryRequestPayload", "kendraQueryFilterString")),
    "Close": (("fulfillmentState",), ("message", "responseCard")),
}
FULFILLMENT_STATES = ("Fulfilled", "Failed")
CONTENT_TYPES = ("PlainText", "SSML", "CustomPayload")
LONGEST_MESSAGE = 1000
CARD_TYPE = "application/vnd.amazonaws.card.generic"
ATTACHMENT_LIMITS = {"title": 80, "subTitle": 80, "attachmentLinkUrl": 2048, "imageUrl": 2048}
BUTTON_LIMITS = {"text": 15, "value": 1000}
MOST_ATTACHMENTS, MOST_BUTTONS, MOST_SUMMARIES = 10, 5, 3


def message_of(message: str | Mapping[str, Any]) -> dict[str, Any]:
    """A message of an answer: a text becomes plain text, or SSML where it begins with `<speak>`."""
    if not isinstance(message, str):
        return dict(message)
    return {"contentType": "SSML" if message.startswith("<speak>") else "PlainText", "content": message}


def check_answer(answer: Any) -> None:
    """Raise ResponseError for an answer Lex V1 would refuse."""
    known_keys("the answer to Lex", answer, ANSWER_FIELDS)
    needs("the answer to Lex", answer, ("dialogAction",))
    _check_action(answer["dialogAction"])
    _check_texts("sessionAttributes", answer.get("sessionAttributes"))
    summaries: list[Any] = answer.get("recentIntentSummaryView") or []
    of_type("recentIntentSummaryView", summaries, list)
    at_most("recentIntentSummaryView", len(summaries), MOST_SUMMARIES, "intents")


def _check_action(action: Any) -> None:
    of_type("dialogAction", action, dict)
    kind = action.get("type")
    one_of("dialogAction.type", kind, DIALOG_ACTIONS)
    required, optional = DIALOG_ACTIONS[kind]
    what = f"a dialogAction of type {kind}"
    known_keys(what, action, ("type", *required, *optional))
    needs(what, action, required)
    if kind == "Close":
        one_of("dialogAction.fulfillmentState", action["fulfillmentState"], FULFILLMENT_STATES)
    if action.get("slots") is not None:
        _check_slots(action["slots"], action.get("slotToElicit"))
    if action.get("message") is not None:
        _check_message(action["message"])
    if action.get("responseCard") is not None:
        _check_card(action["responseCard"])


def _check_slots(slots: Any, elicited: Any) -> None:
    of_type("dialogAction.slots", slots, dict)
    if elicited is not None and elicited not in slots:
        raise ResponseError(
            f"slotToElicit {elicited!r} is none of the intent's slots: {', '.join(slots) or 'it has none'}"
        )


def _check_message(message: Any) -> None:
    known_keys("dialogAction.message", message, ("contentType", "content"))
    one_of("dialogAction.message.contentType", message.get("contentType"), CONTENT_TYPES)
    of_type("dialogAction.message.content", message.get("content"), str)
    if not message["content"]:
        raise ResponseError("dialogAction.message.content must not be empty; leave the message out")
    at_most("dialogAction.message.content", len(message["content"]), LONGEST_MESSAGE, "characters")


def _check_card(card: Any) -> None:
    known_keys("responseCard", card, ("version", "contentType", "genericAttachments"))
    one_of("responseCard.contentType", card.get("contentType"), (CARD_TYPE,))
    attachments: list[Any] = card.get("genericAttachments") or []
    of_type("responseCard.genericAttachments", attachments, list)
    at_most("a response card", len(attachments), MOST_ATTACHMENTS, "attachments")
    for index, attachment in enumerate(attachments):
        _check_attachment(f"genericAttachments[{index}]", attachment)


def _check_attachment(what: str, attachment: Any) -> None:
    known_keys(what, attachment, (*ATTACHMENT_LIMITS, "buttons"))
    _check_lengths(what, attachment, ATTACHMENT_LIMITS)
    buttons: list[Any] = attachment.get("buttons") or []
    of_type(f"buttons of {what}", buttons, list)
    at_most(what, len(buttons), MOST_BUTTONS, "buttons")
    for button in buttons:
        known_keys(f"a button of {what}", button, BUTTON_LIMITS)
        needs(f"a button of {what}", button, BUTTON_LIMITS)
        _check_lengths(f"a button of {what}", button, BUTTON_LIMITS)


def _check_lengths(what: str, part: dict[str, Any], limits: dict[str, int]) -> None:
    for name, limit in limits.items():
        if part.get(name) is not None:
            of_type(f"{name} of {what}", part[name], str)
            at_most(f"{name} of {what}", len(part[name]), limit, "characters")


def _check_texts(what: str, texts: Any) -> None:
    if texts is None:
        return
    of_type(what, texts, dict)
    for name, value in texts.items():
        of_type(f"{what}[{name!r}]", value, str)

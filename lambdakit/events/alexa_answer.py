"""The answers of Alexa skills: what they are built of, and the rules Alexa refuses them by.

Source: Alexa Skills Kit documentation, "Request and Response JSON Reference" (response format and its limits).
Not here: the insides of directives, of which every interface has its own.
"""

from __future__ import annotations

from lambdakit.events.rules import at_most, known_keys, needs, of_type, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ("card_of", "check_answer", "speech_of")

ANSWER_FIELDS = ("version", "sessionAttributes", "userAgent", "response")
RESPONSE_FIELDS = (
    "outputSpeech",
    "card",
    "reprompt",
    "directives",
    "shouldEndSession",
    "canFulfillIntent",
    "apiResponse",
    "experimentation",
)
# Type of speech -> the field its text is in.
SPEECH_FIELDS = {"PlainText": "text", "SSML": "ssml"}
PLAY_BEHAVIORS = ("ENQUEUE", "REPLACE_ALL", "REPLACE_ENQUEUED")
# Type of card -> the fields it must have.
CARD_FIELDS: dict[str, tuple[str, ...]] = {
    "Simple": ("content",),
    "Standard": ("text",),
    "LinkAccount": (),
    "AskForPermissionsConsent": ("permissions",),
}
LONGEST_TEXT = 8000
LONGEST_IMAGE_URL = 2000
LARGEST_ANSWER = 120 * 1024


def speech_of(speech: str | Mapping[str, Any]) -> dict[str, Any]:
    """Speech of a text: SSML where it begins with `<speak>`."""
    if not isinstance(speech, str):
        return dict(speech)
    kind = "SSML" if speech.lstrip().startswith("<speak>") else "PlainText"
    return {"type": kind, SPEECH_FIELDS[kind]: speech}


def card_of(card: tuple[str, str] | Mapping[str, Any]) -> dict[str, Any]:
    """A card of a title and a text."""
    if isinstance(card, tuple):
        title, content = card
        return {"type": "Simple", "title": title, "content": content}
    return dict(card)


def check_answer(answer: Any) -> None:
    """Raise ResponseError for an answer Alexa would refuse."""
    known_keys("the answer to Alexa", answer, ANSWER_FIELDS)
    needs("the answer to Alexa", answer, ("version", "response"))
    of_type("version", answer["version"], str)
    of_type("sessionAttributes", answer.get("sessionAttributes") or {}, dict)
    response = answer["response"]
    known_keys("response", response, RESPONSE_FIELDS)
    if response.get("outputSpeech") is not None:
        _check_speech("outputSpeech", response["outputSpeech"])
    if response.get("reprompt") is not None:
        known_keys("reprompt", response["reprompt"], ("outputSpeech", "directives"))
        if response["reprompt"].get("outputSpeech") is not None:
            _check_speech("reprompt.outputSpeech", response["reprompt"]["outputSpeech"])
    if response.get("card") is not None:
        _check_card(response["card"])
    of_type("directives", response.get("directives") or [], list)
    for index, directive in enumerate(response.get("directives") or ()):
        of_type(f"directives[{index}]", directive, dict)
        needs(f"directives[{index}]", directive, ("type",))
    if response.get("shouldEndSession") is not None:
        of_type("shouldEndSession", response["shouldEndSession"], bool)
    _check_size(answer)


def _check_speech(what: str, speech: Any) -> None:
    known_keys(what, speech, ("type", "playBehavior", *SPEECH_FIELDS.values()))
    one_of(f"{what}.type", speech.get("type"), SPEECH_FIELDS)
    name = SPEECH_FIELDS[speech["type"]]
    of_type(f"{what}.{name} of the type {speech['type']}", speech.get(name), str)
    at_most(f"{what}.{name}", len(speech[name]), LONGEST_TEXT, "characters")
    if speech.get("playBehavior") is not None:
        one_of(f"{what}.playBehavior", speech["playBehavior"], PLAY_BEHAVIORS)


def _check_card(card: Any) -> None:
    known_keys("card", card, ("type", "title", "content", "text", "image", "permissions"))
    one_of("card.type", card.get("type"), CARD_FIELDS)
    needs(f"a card of type {card['type']}", card, CARD_FIELDS[card["type"]])
    texts = [card[name] for name in ("title", "content", "text") if card.get(name) is not None]
    for text in texts:
        of_type("a text of the card", text, str)
    at_most("a card, all its texts together,", sum(len(text) for text in texts), LONGEST_TEXT, "characters")
    if card.get("image") is not None:
        known_keys("card.image", card["image"], ("smallImageUrl", "largeImageUrl"))
        for name, url in card["image"].items():
            at_most(f"card.image.{name}", len(url or ""), LONGEST_IMAGE_URL, "characters")


def _check_size(answer: dict[str, Any]) -> None:
    from lambdakit.codec import encode

    at_most("an answer to Alexa", len(encode(answer)), LARGEST_ANSWER, "bytes")

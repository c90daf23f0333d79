"""AWS AppSync Events: the handlers of a channel namespace, for published messages and for subscriptions.

Source: AWS AppSync Events developer guide, "Direct data source integrations using Lambda" and "Context reference". Only
the messages that are in the answer, under the id they came with, are passed on; one with an error is not, and its
publisher is told. A subscription is refused by an answer with an error, or by an exception. Where the namespace is set
to invoke the function as an event nothing is waited for, and the answer is not read.

`appsync_channel` makes a handler of a function of the whole event; AppSyncChannels (in `appsync_routing`) chooses a
function by channel.
"""

from __future__ import annotations

from lambdakit.events.appsync_identity import identity_of
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field
from lambdakit.events.rules import known_keys, of_type
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambdakit.events.appsync_identity import AppSyncIdentity

__all__ = ("AppSyncEventsEvent", "AppSyncMessage", "appsync_channel")

ANSWER_FIELDS = ("events", "error")
MESSAGE_FIELDS = ("id", "payload", "error")

# isinstance, without narrowing values of unknown type to containers of unknown types.
_is_a: Any = isinstance


class AppSyncMessage(Model, at="$.events[*]"):
    """One published message; its answer has the same id."""

    shown = ("id",)

    id: str = field("id")
    payload: Any = field("payload", default=None)

    def answer(self, payload: Any) -> dict[str, Any]:
        """Pass the message on with this payload."""
        return {"id": self.id, "payload": payload}

    def error(self, reason: str) -> dict[str, Any]:
        """Do not pass the message on; the publisher gets the reason."""
        return {"id": self.id, "error": reason}


class AppSyncEventsEvent(Model):
    """Messages published on a channel, or a subscription to one, as `operation` says."""

    shown = ("operation", "channel")

    operation: str = field("info", "operation", doc="PUBLISH or SUBSCRIBE.")
    channel: str = field("info", "channel", "path", doc="With its `/` in front: `/news/sport`.")
    segments: Sequence[str] = field("info", "channel", "segments")
    namespace: str = field("info", "channelNamespace", "name")
    messages: Sequence[AppSyncMessage] = field("events", each=AppSyncMessage, default=(), doc="None of a subscription.")
    identity: AppSyncIdentity | None = field(
        "identity", convert=identity_of, default=None, doc="In the model of its kind; None with an API key."
    )
    headers: Mapping[str, str] = field("request", "headers", default=EMPTY)
    domain_name: str | None = field("request", "domainName", default=None, doc="The API's custom domain.")
    stash: Mapping[str, Any] = field("stash", default=EMPTY)
    prev: Any = field("prev", default=None)
    result: Any = field("result", default=None)
    error: Any = field("error", default=None)
    out_errors: Sequence[Any] = field("outErrors", default=())

    def pass_on(self, items: Sequence[Mapping[str, Any] | AppSyncMessage] | None = None) -> dict[str, Any]:
        """The answer that passes on these messages, or all as they came. Raises ResponseError."""
        return {"events": _items(self, self.messages if items is None else items)}

    def refuse(self, reason: str) -> dict[str, Any]:
        """The answer that refuses the subscription, or all messages."""
        of_type("error of the answer", reason, str)
        return {"error": reason}


def _items(event: AppSyncEventsEvent, items: Any) -> list[dict[str, Any]]:
    of_type("events of the answer", items, list, tuple)
    known = {message.id for message in event.messages}
    seen: set[str] = set()
    made: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        what = f"events[{index}] of the answer"
        made.append(_item(what, item.answer(item.payload) if isinstance(item, AppSyncMessage) else item))
        identifier = made[-1].get("id")
        if identifier not in known:
            raise ResponseError(f"{what} must have the id of a message of the event, not {identifier!r}")
        if identifier in seen:
            raise ResponseError(f"{what} answers {identifier!r} a second time")
        seen.add(identifier)
    return made


def _item(what: str, item: Any) -> dict[str, Any]:
    known_keys(what, item, MESSAGE_FIELDS)
    made: dict[str, Any] = item
    if made.get("error") is not None:
        of_type(f"error of {what}", made["error"], str)
    elif "payload" not in made:
        raise ResponseError(f"{what} needs a payload, or an error")
    return made


def _checked(event: AppSyncEventsEvent, result: Any) -> dict[str, Any] | None:
    """The answer: of a whole one, of the list of messages to pass on, or of nothing. Raises ResponseError."""
    if result is None:
        return None
    if event.operation == "PUBLISH" and _is_a(result, (list, tuple)):
        return event.pass_on(result)
    known_keys("the answer of a channel's handler", result, ANSWER_FIELDS)
    answer: dict[str, Any] = dict(result)
    if answer.get("error") is not None:
        of_type("error of the answer", answer["error"], str)
    if answer.get("events") is None:
        return answer
    if event.operation == "SUBSCRIBE":
        raise ResponseError("the answer to a subscription has no events: return None, or event.refuse(reason)")
    return {**answer, "events": _items(event, answer["events"])}


appsync_channel: EventDecorator[AppSyncEventsEvent] = EventDecorator(
    "appsync_channel", AppSyncEventsEvent, "appsync-events", answer=_checked
)

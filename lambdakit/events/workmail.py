"""Amazon WorkMail: the Run Lambda action of an email flow rule.

Source: Amazon WorkMail administrator guide, "Configuring AWS Lambda for Amazon WorkMail" (event data, synchronous Run
Lambda response schema, limits). A synchronous rule waits 15 seconds for the actions, and takes its fallback action
where the answer breaks a rule; an asynchronous one reads no answer. The message itself is fetched by its id with the
WorkMail Message Flow API.
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.rules import at_most, known_keys, needs, of_type, one_of, present
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, Literal, TypeAlias

    ActionType: TypeAlias = Literal["BOUNCE", "DROP", "DEFAULT", "BYPASS_SPAM_CHECK", "MOVE_TO_JUNK"]

__all__ = ("WorkMailAddress", "WorkMailEvent", "workmail_flow")

# Action -> the flow directions it is for.
ACTIONS: dict[str, tuple[str, ...]] = {
    "BOUNCE": ("INBOUND", "OUTBOUND"),
    "DROP": ("INBOUND", "OUTBOUND"),
    "DEFAULT": ("INBOUND", "OUTBOUND"),
    "BYPASS_SPAM_CHECK": ("INBOUND",),
    "MOVE_TO_JUNK": ("INBOUND",),
}
ITEM_FIELDS = ("action", "recipients", "allRecipients")
MOST_ACTIONS = 10

# isinstance, without narrowing values of unknown type to containers of unknown types.
_is_a: Any = isinstance


class WorkMailAddress(Model, at="$.envelope.recipients[*]"):
    """An email address."""

    shown = ("address",)

    address: str = field("address")


class WorkMailEvent(Model):
    """A message on its way in or out: what is known of it without its content."""

    shown = ("flow_direction", "message_id")

    summary_version: str = field("summaryVersion")
    mail_from: WorkMailAddress = field(
        "envelope", "mailFrom", convert=WorkMailAddress, doc="Of the envelope: bounces go there."
    )
    recipients: Sequence[WorkMailAddress] = field("envelope", "recipients", each=WorkMailAddress)
    sender: WorkMailAddress | None = field("sender", convert=WorkMailAddress, default=None)
    subject: str | None = field("subject", default=None, doc="Its first 256 characters.")
    message_id: str = field("messageId")
    invocation_id: str = field("invocationId", doc="The same for a retry.")
    flow_direction: str = field("flowDirection", doc="INBOUND or OUTBOUND.")
    truncated: bool = field("truncated", default=False, doc="Whether recipients were left out: 128 KB is the limit.")

    def action(
        self,
        type: ActionType = "DEFAULT",
        *,
        recipients: Iterable[str] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One action of the answer, for these recipients or for all. Raises ResponseError."""
        whom = {"allRecipients": True} if recipients is None else {"recipients": list(recipients)}
        item = {"action": {"type": type, **present({"parameters": parameters and dict(parameters)})}, **whom}
        _check_item(self, "the action", item)
        return item

    def bounce(self, message: str, *, recipients: Iterable[str] | None = None) -> dict[str, Any]:
        """The action that bounces the message with this text."""
        return self.action("BOUNCE", recipients=recipients, parameters={"bounceMessage": message})


def _checked(event: WorkMailEvent, result: Any) -> dict[str, Any] | None:
    """The answer: of a whole one, of one action or a list of actions; None for none. Raises ResponseError."""
    if result is None:
        return None
    items = _actions_of(result)
    of_type("actions", items, list, tuple)
    at_most("the answer to WorkMail", len(items), MOST_ACTIONS, "actions")
    for index, item in enumerate(items):
        _check_item(event, f"actions[{index}]", item)
    return {"actions": list(items)}


def _actions_of(result: Any) -> Any:
    if _is_a(result, (list, tuple)):
        return result
    if _is_a(result, dict) and "action" in result:
        return [result]
    known_keys("the answer to WorkMail", result, ("actions",))
    needs("the answer to WorkMail", result, ("actions",))
    return result["actions"]


def _check_item(event: WorkMailEvent, what: str, item: Any) -> None:
    known_keys(what, item, ITEM_FIELDS)
    needs(what, item, ("action",))
    known_keys(f"action of {what}", item["action"], ("type", "parameters"))
    kind = item["action"].get("type")
    one_of(f"type of {what}", kind, ACTIONS)
    if event.flow_direction not in ACTIONS[kind]:
        raise ResponseError(f"{what}: {kind} is for inbound messages only; this one is {event.flow_direction}")
    _check_whom(event, what, item)


def _check_whom(event: WorkMailEvent, what: str, item: Mapping[str, Any]) -> None:
    recipients = item.get("recipients") or None
    if (recipients is None) == (item.get("allRecipients") is not True):
        raise ResponseError(f"{what} has either recipients or allRecipients: true")
    if recipients is None:
        return
    of_type(f"recipients of {what}", recipients, list)
    known = {recipient.address for recipient in event.recipients}
    strange = [address for address in recipients if address not in known]
    if strange and not event.truncated:
        raise ResponseError(f"{what} names {strange[0]!r}, which is no recipient of the message")


workmail_flow: EventDecorator[WorkMailEvent] = EventDecorator(
    "workmail_flow", WorkMailEvent, "workmail", answer=_checked
)

"""Amazon Connect: flows that call a function.

Source: Amazon Connect administrator guide, "Grant Amazon Connect access to your Lambda functions" (invocation event and
response). The flow waits at most 8 seconds and takes its error branch for any failure, without a word of the reason; so
an answer Connect would not take is refused here. Whether nested values are taken depends on the flow block (string map
or JSON): `string_map` builds an answer both take.
"""

from __future__ import annotations

from lambdakit.events.convert import epoch_milliseconds
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field
from lambdakit.events.rules import at_most, json_size, of_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

__all__ = ("ConnectContact", "ConnectEndpoint", "ConnectEvent", "ConnectQueue", "CustomerAudio", "connect_flow")

# Connect's limit for what a function answers.
LARGEST_ANSWER = 32 * 1024


class ConnectEndpoint(Model, at="$.Details.ContactData.CustomerEndpoint"):
    """An address of a contact: the customer's or the instance's own."""

    shown = ("address",)

    address: str = field("Address")
    type: str = field("Type", doc="TELEPHONE_NUMBER and others.")


class ConnectQueue(Model, at="$.Details.ContactData.Queue"):
    """The queue a contact is in."""

    shown = ("name",)

    arn: str = field("ARN")
    name: str = field("Name")


class CustomerAudio(Model, at="$.Details.ContactData.MediaStreams.Customer.Audio"):
    """Where the customer's voice is streamed to; all None until streaming starts."""

    start_fragment_number: str | None = field("StartFragmentNumber", default=None)
    start_timestamp: datetime | None = field("StartTimestamp", convert=epoch_milliseconds, default=None)
    stream_arn: str | None = field("StreamARN", default=None)


class ConnectContact(Model, at="$.Details.ContactData"):
    """The contact a flow is about."""

    shown = ("channel", "contact_id")

    attributes: Mapping[str, str] = field("Attributes", default=EMPTY)
    channel: str = field("Channel", doc="VOICE, CHAT, TASK and others.")
    contact_id: str = field("ContactId")
    initial_contact_id: str | None = field("InitialContactId", default=None)
    previous_contact_id: str | None = field("PreviousContactId", default=None)
    initiation_method: str | None = field("InitiationMethod", default=None, doc="INBOUND, OUTBOUND, API and others.")
    instance_arn: str = field("InstanceARN")
    language_code: str | None = field("LanguageCode", default=None)
    description: str | None = field("Description", default=None)
    name: str | None = field("Name", default=None)
    references: Mapping[str, Any] = field("References", default=EMPTY)
    customer_id: str | None = field("CustomerId", default=None)
    customer_endpoint: ConnectEndpoint | None = field("CustomerEndpoint", convert=ConnectEndpoint, default=None)
    system_endpoint: ConnectEndpoint | None = field("SystemEndpoint", convert=ConnectEndpoint, default=None)
    queue: ConnectQueue | None = field("Queue", convert=ConnectQueue, default=None)
    customer_audio: CustomerAudio | None = field(
        "MediaStreams", "Customer", "Audio", convert=CustomerAudio, default=None
    )


class ConnectEvent(Model):
    """A flow's call: the contact, and the parameters the flow block passes."""

    shown = ("contact",)

    name: str = field("Name")
    contact: ConnectContact = field("Details", "ContactData", convert=ConnectContact)
    parameters: Mapping[str, Any] = field("Details", "Parameters", default=EMPTY)

    def string_map(self, fields: Mapping[str, str | int | float | bool]) -> dict[str, Any]:
        """The answer for a block that expects a string map. Raises ResponseError for a nested or null value."""
        for name, value in fields.items():
            of_type(f"{name!r} of a string map", value, str, int, float, bool)
        return _checked(dict(fields))


def _checked(answer: Any) -> dict[str, Any]:
    """What a function returned, None as an empty object. Raises ResponseError for what no block takes."""
    if answer is None:
        return {}
    of_type("what a function returns to Connect", answer, dict)
    for name in answer:
        of_type("a key of the answer to Connect", name, str)
    at_most("an answer to Connect", json_size("an answer to Connect", answer), LARGEST_ANSWER, "bytes")
    checked: dict[str, Any] = answer
    return checked


connect_flow: EventDecorator[ConnectEvent] = EventDecorator("connect_flow", ConnectEvent, "connect", finish=_checked)

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from typing import Any

import pytest

from lambdakit.events import connect
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.exceptions import MissingFieldError, ResponseError, WrongSourceError

CONTACT: dict[str, Any] = {
    "Attributes": {"tier": "gold"},
    "Channel": "VOICE",
    "ContactId": "c1",
    "CustomerEndpoint": {"Address": "+15550100", "Type": "TELEPHONE_NUMBER"},
    "InitialContactId": "c1",
    "PreviousContactId": "c1",
    "InitiationMethod": "API",
    "InstanceARN": "arn:aws:connect:eu-west-1:123456789012:instance/i1",
    "MediaStreams": {"Customer": {"Audio": {"StartTimestamp": "1565781909613", "StreamARN": None}}},
    "Queue": {"ARN": "arn:aws:connect:eu-west-1:123456789012:instance/i1/queue/q1", "Name": "Reset"},
    "SystemEndpoint": None,
}
FLOW = {"Name": "ContactFlowEvent", "Details": {"ContactData": CONTACT, "Parameters": {"order": "7"}}}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def test_a_flow_reads_whole() -> None:
    event = detect(FLOW)
    assert isinstance(event, connect.ConnectEvent)
    assert unmapped(event) == []
    assert event.parameters == {"order": "7"}
    contact = event.contact
    assert contact.attributes == {"tier": "gold"}
    assert contact.customer_endpoint is not None
    assert contact.customer_endpoint.address == "+15550100"
    assert contact.queue is not None
    assert contact.queue.name == "Reset"
    assert contact.system_endpoint is None
    assert contact.customer_audio is not None
    assert contact.customer_audio.start_timestamp == datetime(2019, 8, 14, 11, 25, 9, 613000, tzinfo=timezone.utc)
    assert contact.customer_audio.stream_arn is None


def test_a_contact_may_lack_queue_streams_and_parameters() -> None:
    few = {name: CONTACT[name] for name in ("Channel", "ContactId", "InstanceARN")}
    event = connect.ConnectEvent({"Name": "ContactFlowEvent", "Details": {"ContactData": few}})
    assert dict(event.parameters) == dict(event.contact.attributes) == {}
    assert event.contact.queue is None
    assert event.contact.customer_audio is None


def test_a_missing_contact_id_is_named() -> None:
    event = connect.ConnectEvent({"Name": "ContactFlowEvent", "Details": {"ContactData": {}}})
    with pytest.raises(MissingFieldError, match=r"ContactData\.ContactId"):
        _ = event.contact.contact_id


@pytest.mark.parametrize(("answer", "sent"), [(None, {}), ({"a": 1}, {"a": 1}), ({"a": {"b": [1]}}, {"a": {"b": [1]}})])
def test_objects_are_answered_as_they_are(answer: Any, sent: dict[str, Any]) -> None:
    @connect.connect_flow
    def handler(event: connect.ConnectEvent, context: Any) -> Any:
        return answer

    assert handler(FLOW) == sent


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("text", "must be dict"),
        ([1], "must be dict"),
        ({1: "a"}, "key of the answer to Connect must be str"),
        ({"a": "x" * 33_000}, "at most 32768 bytes"),
        ({"a": object()}, "must be JSON"),
    ],
)
def test_what_no_flow_takes_is_refused(answer: Any, rule: str) -> None:
    @connect.connect_flow()
    def handler(event: connect.ConnectEvent, context: Any) -> Any:
        return answer

    with pytest.raises(ResponseError, match=rule):
        handler(FLOW)


def test_the_size_is_counted_in_bytes_up_to_the_limit() -> None:
    event = connect.ConnectEvent(FLOW)
    frame = len('{"a": ""}')
    fits = {"a": "x" * (connect.LARGEST_ANSWER - frame)}
    assert event.string_map(fits) == fits
    with pytest.raises(ResponseError, match="this has 32769"):
        event.string_map({"a": fits["a"] + "x"})


def test_a_string_map_is_flat() -> None:
    event = connect.ConnectEvent(FLOW)
    assert event.string_map({"a": "x", "b": 1, "c": True}) == {"a": "x", "b": 1, "c": True}
    with pytest.raises(ResponseError, match="'a' of a string map must be"):
        event.string_map({"a": {}})  # type: ignore[dict-item]


def test_async_handlers_and_other_sources() -> None:
    @connect.connect_flow
    async def handler(event: connect.ConnectEvent, context: Any) -> Any:
        return event.string_map({"tier": event.contact.attributes["tier"]})

    assert asyncio.run(handler(FLOW)) == {"tier": "gold"}
    with pytest.raises(WrongSourceError, match="@connect_flow takes a ConnectEvent"):
        asyncio.run(handler({"Name": "ContactFlowEvent"}))

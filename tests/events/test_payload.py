"""Payload types: what they take, what they refuse and in which words, envelopes, and the classes that carry them."""

# ruff: noqa: UP007, UP045  (both spellings of a union are tested)
from __future__ import annotations

import base64
import copy
import enum
import gzip
import json
import pickle
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, TypedDict, TypeVar, Union
from uuid import UUID

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import NotRequired  # noqa: TC002

from lambdakit.events.eventbridge import EventBridgeEvent, eventbridge_event
from lambdakit.events.kinesis import KinesisEvent, KinesisRecord
from lambdakit.events.payload_plans import plan_of
from lambdakit.events.s3 import S3Event
from lambdakit.events.sns import SNSEvent, SNSMessage, SNSRecord, sns_event
from lambdakit.events.sqs import SQSEvent, SQSMessage, sqs_event
from lambdakit.exceptions import MissingFieldError, PayloadError, UsageError


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


@dataclass
class Line:
    sku: str
    count: int = 1


@dataclass(frozen=True)
class Order:
    id: int
    lines: list[Line]
    note: str | None = None
    parts: list[Order] = field(default_factory=list)


@dataclass(kw_only=True)
class Renamed:
    order_id: str = field(metadata={"alias": "orderId"})
    computed: int = field(init=False, default=7)


@dataclass
class Positive:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("number must not be negative")


class Point(NamedTuple):
    x: int
    y: float = 0.5


class Base(TypedDict):
    name: str


class Profile(Base, total=False):
    age: int
    born: date


class Marked(TypedDict):
    name: str
    nick: NotRequired[str]


T = TypeVar("T")


@dataclass
class Page(Generic[T]):
    items: list[T]
    next: T | None = None


class Cat(TypedDict):
    kind: Literal["cat"]
    lives: int


class Dog(TypedDict):
    kind: Literal["dog"]
    name: str


class PydanticOrder(pydantic.BaseModel):
    id: int
    at: datetime
    lines: list[Line] = []


class StrictOrder(pydantic.BaseModel, strict=True):
    at: datetime


class StructLine(msgspec.Struct):
    sku: str


class StructOrder(msgspec.Struct):
    id: int
    lines: list[StructLine] = []


@dataclass
class Mixed:
    order: PydanticOrder
    struct: StructOrder


Sku = NewType("Sku", str)
NOTE = {"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t"}


def message(body: Any, kind: Any = None) -> Any:
    model = SQSMessage if kind is None else SQSMessage[kind]
    return model({"messageId": "1", "body": body if isinstance(body, str) else json.dumps(body)})


def faults(kind: Any, value: Any) -> dict[str, str]:
    with pytest.raises(PayloadError) as caught:
        plan_of(kind).of_value(value)
    return dict(caught.value.faults)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (str, "a", "a"),
        (int, 10**30, 10**30),
        (float, 1, 1.0),
        (bool, True, True),
        (None, None, None),
        (Decimal, "0.10", Decimal("0.10")),
        (Decimal, 1.1, Decimal("1.1")),
        (Decimal, 3, Decimal(3)),
        (datetime, "2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=timezone.utc)),
        (date, "2026-01-02", date(2026, 1, 2)),
        (time, "03:04:05Z", time(3, 4, 5, tzinfo=timezone.utc)),
        (UUID, "12345678-1234-5678-1234-567812345678", UUID("12345678123456781234567812345678")),
        (bytes, "AAE=", b"\0\1"),
        (Any, {"a": [1]}, {"a": [1]}),
        (object, None, None),
        (list, [1, "a"], [1, "a"]),
        (list[date], ["2026-01-02"], [date(2026, 1, 2)]),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, ...], [1, 2], (1, 2)),
        (set[str], ["a", "b", "a"], {"a", "b"}),
        (frozenset[int], [1], frozenset({1})),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (dict[int, Decimal], {"1": "2"}, {1: Decimal(2)}),
        (dict[Colour, int], {"red": 1}, {Colour.RED: 1}),
        (Optional[int], None, None),
        (Union[int, str], "a", "a"),
        (Union[date, str], "2026-01-02", date(2026, 1, 2)),
        (Union[date, str], "tomorrow", "tomorrow"),
        (Union[str, date], "2026-01-02", "2026-01-02"),
        (float | int, 3, 3),
        (Literal["a", 1, None], 1, 1),
        (Literal[Colour.RED], "red", Colour.RED),
        (Colour, "red", Colour.RED),
        (Colour, 1, Colour.ONE),
        (Annotated[int, "unit"], 3, 3),
        (Sku, "x", "x"),
        (Line, {"sku": "a", "unknown": 1}, Line("a")),
        (Renamed, {"orderId": "o"}, Renamed(order_id="o")),
        (Point, {"x": 1}, Point(1)),
        (Point, [1, 2], Point(1, 2.0)),
        (Profile, {"name": "n", "born": "2026-01-02", "x": 1}, {"name": "n", "born": date(2026, 1, 2)}),
        (Marked, {"name": "n"}, {"name": "n"}),
        (Page[Line], {"items": [{"sku": "a"}], "next": {"sku": "b"}}, Page([Line("a")], Line("b"))),
        (Cat | Dog, {"kind": "dog", "name": "d"}, {"kind": "dog", "name": "d"}),
        (Order, {"id": 1, "lines": [], "parts": [{"id": 2, "lines": []}]}, Order(1, [], None, [Order(2, [])])),
    ],
)
def test_takes(kind: Any, value: Any, wanted: Any) -> None:
    found = plan_of(kind).of_value(value)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (str, 1, {"$": "expected str, got int"}),
        (int, True, {"$": "expected int, got bool"}),
        (int, 1.0, {"$": "expected int, got float"}),
        (bool, 1, {"$": "expected bool, got int"}),
        (float, 10**400, {"$": "expected float, got int beyond its range"}),
        (float, "1", {"$": "expected float, got str"}),
        (Decimal, "NaN", {"$": "expected finite decimal number, got str"}),
        (Decimal, "x", {"$": "expected decimal number, got str"}),
        (Decimal, True, {"$": "expected decimal number, got bool"}),
        (datetime, 1, {"$": "expected datetime (ISO 8601 text), got int"}),
        (date, "soon", {"$": "expected date (ISO 8601 text), got another text"}),
        (list[int], {}, {"$": "expected array, got object"}),
        (list[int], [1, "a", None], {"$[1]": "expected int, got str", "$[2]": "expected int, got null"}),
        (tuple[int, str], [1], {"$": "expected array of 2, got one of 1"}),
        (set[Any], [{}], {"$": "expected values that a set can hold, got objects or arrays"}),
        (dict[str, int], {"a b": "x"}, {'$["a b"]': "expected int, got str"}),
        (dict[int, int], {"x": 1}, {"$.x": "expected int as a key, got another text"}),
        (Optional[int], "a", {"$": "expected int or null, got str"}),
        (Literal["a", "b"], "c", {"$": "expected 'a' or 'b', got str"}),
        (Literal[1], True, {"$": "expected 1, got bool"}),
        (Literal[1], [], {"$": "expected 1, got array"}),
        (Colour, "blue", {"$": "expected Colour (one of 'red', 1), got str"}),
        (Colour, True, {"$": "expected Colour (one of 'red', 1), got bool"}),
        (Colour, [], {"$": "expected Colour (one of 'red', 1), got array"}),
        (Positive, {"number": -1}, {"$": "Positive refuses it: number must not be negative"}),
        (Point, {}, {"$.x": "missing, expected int"}),
        (Profile, {"age": "x"}, {"$.name": "missing, expected str", "$.age": "expected int, got str"}),
        (Marked, {"nick": "n"}, {"$.name": "missing, expected str"}),
        (Page[int], {"items": ["x"]}, {"$.items[0]": "expected int, got str"}),
        (Cat | Dog, {"kind": "dog", "name": 1}, {"$.name": "expected str, got int"}),
        (Cat | Dog, 1, {"$": "expected Cat or Dog, got int"}),
    ],
)
def test_refuses(kind: Any, value: Any, wanted: dict[str, str]) -> None:
    assert faults(kind, value) == wanted


def test_every_fault_is_listed_under_its_place_in_the_event() -> None:
    bad = {"id": "1", "lines": [{"sku": 7}, {"count": None}], "parts": [{"id": 1}]}
    with pytest.raises(PayloadError) as caught:
        _ = message(bad, Order).payload
    assert caught.value.faults == (
        ("$.Records[*].body.id", "expected int, got str"),
        ("$.Records[*].body.lines[0].sku", "expected str, got int"),
        ("$.Records[*].body.lines[1].sku", "missing, expected str"),
        ("$.Records[*].body.lines[1].count", "expected int, got null"),
        ("$.Records[*].body.parts[0].lines", "missing, expected array"),
    )


def test_errors_show_no_values() -> None:
    with pytest.raises(PayloadError) as caught:
        _ = message({"id": "secret", "lines": "secret"}, Order).payload
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("body", ["", "{", "plain text", "NaN"])
def test_what_is_not_json_is_a_payload_error(body: str) -> None:
    for kind in (Order, PydanticOrder, StructOrder, None):
        with pytest.raises(PayloadError, match=r"^\$\.Records\[\*\]\.body: not JSON: "):
            _ = message(body, kind).payload


def test_missing_payload() -> None:
    with pytest.raises(MissingFieldError, match="body"):
        _ = SQSMessage[Order]({"messageId": "1"}).payload


def test_payload_is_decoded_once_and_kept() -> None:
    record = message({"id": 1, "lines": []}, Order)
    assert record.payload is record.payload
    assert record.payload_as(dict[str, Any]) == {"id": 1, "lines": []}


def test_without_a_type_the_payload_is_the_json_value() -> None:
    assert message({"a": [1]}).payload == {"a": [1]}


def test_specialised_classes() -> None:
    assert SQSMessage[Order] is SQSMessage[Order]
    assert issubclass(SQSMessage[Order], SQSMessage)
    assert SQSMessage[Order].__name__ == "SQSMessage[Order]"
    assert SQSMessage[date | str] is not SQSMessage[str | date]
    with pytest.raises(UsageError, match="has its payload type"):
        _ = SQSMessage[Order][Line]  # type: ignore[misc]
    with pytest.raises(UsageError, match="name the type itself"):
        _ = SQSMessage["Order"]


def test_pickles_and_copies() -> None:
    record = message({"id": 1, "lines": []}, Order)
    _ = record.payload
    for twin in (pickle.loads(pickle.dumps(record)), copy.deepcopy(record), copy.copy(record)):
        assert twin == record
        assert twin.payload == record.payload
    assert pickle.loads(pickle.dumps(SQSMessage[Order])) is SQSMessage[Order]
    assert pickle.loads(pickle.dumps(SQSMessage)) is SQSMessage


def test_events_hand_the_type_on() -> None:
    event = SQSEvent[Order]({"Records": [message({"id": 1, "lines": []}).raw]})
    assert type(event.records[0]) is SQSMessage[Order]
    assert event.records[0].payload == Order(1, [])
    sns = SNSEvent[Line]({"Records": [{"Sns": {"Message": '{"sku": "a"}'}}]})
    assert type(sns.records[0]) is SNSRecord[Line]
    assert type(sns.records[0].sns) is SNSMessage[Line]
    assert sns.records[0].sns.payload == Line("a")
    assert KinesisEvent[Line].fields["records"].each is KinesisRecord[Line]


def test_unknown_types_are_refused_with_help() -> None:
    with pytest.raises(UsageError, match="is no payload type: a payload is made of dataclasses"):
        plan_of(subprocess.Popen)


def test_annotations_that_do_not_exist_at_run_time() -> None:
    @dataclass
    class Broken:
        value: Nowhere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(UsageError, match="TYPE_CHECKING"):
        plan_of(Broken).of_value({"value": 1})


def test_pydantic_models_check_themselves() -> None:
    record = message({"id": "5", "at": "2026-01-02T03:04:05Z", "lines": [{"sku": "a"}]}, PydanticOrder)
    assert record.payload.id == 5
    assert record.payload.lines == [Line("a")]
    assert message({"at": "2026-01-02T03:04:05Z"}, StrictOrder).payload.at.year == 2026
    with pytest.raises(PayloadError) as caught:
        _ = message({"id": "x", "lines": [{"sku": 1}]}, PydanticOrder).payload
    found = dict(caught.value.faults)
    assert set(found) == {"$.Records[*].body.id", "$.Records[*].body.at", "$.Records[*].body.lines[0].sku"}
    assert found["$.Records[*].body.at"] == "missing"
    assert found["$.Records[*].body.lines[0].sku"] == "Input should be a valid string, got int"


def test_msgspec_structs_check_themselves() -> None:
    assert message({"id": 1, "lines": [{"sku": "a"}]}, StructOrder).payload.lines[0].sku == "a"
    with pytest.raises(PayloadError) as caught:
        _ = message({"id": 1, "lines": [{"sku": 1}]}, StructOrder).payload
    assert caught.value.faults == (("$.Records[*].body.lines[0].sku", "Expected str, got int"),)


def test_foreign_types_within_a_dataclass() -> None:
    body = {"order": {"id": 1, "at": "2026-01-02T03:04:05Z"}, "struct": {"id": 2}}
    payload = message(body, Mixed).payload
    assert (payload.order.id, payload.struct.id) == (1, 2)
    body["struct"] = {"id": "x"}
    assert faults(Mixed, body) == {"$.struct.id": "Expected int, got str"}


S3_BODY = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "a+b"}}}]}


def test_s3_event_in_sqs_and_through_sns() -> None:
    assert list(message(S3_BODY, S3Event).payload.objects) == [("b", "a b")]
    wrapped = {**NOTE, "Message": json.dumps(S3_BODY)}
    assert list(message(wrapped, S3Event).payload.objects) == [("b", "a b")]


def test_another_source_within_is_named() -> None:
    with pytest.raises(PayloadError, match="expected S3Event, got an event of s3-test"):
        _ = message({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}, S3Event).payload
    with pytest.raises(PayloadError, match="expected S3Event, got an object of no known source"):
        _ = message({"a": 1}, S3Event).payload


@pytest.mark.parametrize("kind", [Line, PydanticOrder, StructOrder])
def test_a_notification_in_the_payloads_place_is_an_envelope(kind: Any) -> None:
    inner = {"sku": "a", "id": 1, "at": "2026-01-02T03:04:05Z"}
    wrapped = {**NOTE, "Message": json.dumps(inner)}
    assert message(wrapped, kind).payload == message(inner, kind).payload


def test_a_type_that_names_the_topic_gets_the_notification_itself() -> None:
    wrapped = {**NOTE, "Message": '{"sku": "a"}'}
    assert message(wrapped, SNSMessage[Line]).payload.payload == Line("a")
    assert message(wrapped).payload == wrapped


def test_eventbridge_in_sqs() -> None:
    event = {"detail-type": "placed", "source": "shop", "detail": {"sku": "a"}}
    assert message(event, EventBridgeEvent[Line]).payload.payload == Line("a")


def test_gzip_is_unpacked() -> None:
    packed = base64.b64encode(gzip.compress(b'{"sku": "a"}')).decode()
    assert KinesisRecord[Line]({"kinesis": {"data": packed}}).payload == Line("a")
    broken = base64.b64encode(b"\x1f\x8bnonsense").decode()
    with pytest.raises(PayloadError, match="begins like gzip but cannot be unpacked"):
        _ = KinesisRecord[Line]({"kinesis": {"data": broken}}).payload


def test_decorators_take_the_payload_type_from_the_annotation() -> None:
    @sns_event
    def on_sns(event: SNSEvent[Line], context: Any) -> Any:
        return event.records[0].sns.payload

    @eventbridge_event
    async def on_detail(event: EventBridgeEvent[Line], context: Any) -> Any:
        return event.payload

    raw = {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": '{"sku": "a"}'}}]}
    assert on_sns(raw) == Line("a")
    coroutine: Any = on_detail({"detail-type": "placed", "source": "shop", "detail": {"sku": "a"}})
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    assert stopped.value.value == Line("a")


def test_an_annotation_that_cannot_be_resolved() -> None:
    with pytest.raises(UsageError, match=r"first parameter of .*handler cannot be resolved: .*Nowhere"):

        @sqs_event
        def handler(event: SQSEvent[Nowhere], context: Any) -> None:  # type: ignore[name-defined]  # noqa: F821
            pass


def test_the_machinery_is_imported_only_for_payload_types() -> None:
    code = (
        "import sys; from lambdakit.events.sqs import SQSMessage\n"
        "assert SQSMessage({'body': '{}'}).payload == {}\n"
        "assert not {'typing', 'dataclasses', 'lambdakit.events.payload_plans'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-S", "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(value=JSON)
def test_any_json_is_taken_or_refused_with_a_payload_error(value: Any) -> None:
    for kind in (Order, Profile, Point, Page[Line], dict[str, list[Decimal | date]], Cat | Dog, Colour, set[Any]):
        try:
            plan_of(kind).of_value(value)
        except PayloadError as error:
            assert error.faults  # noqa: PT017


@given(
    count=st.integers(),
    text=st.text(),
    number=st.floats(allow_nan=False, allow_infinity=False),
    moment=st.datetimes(timezones=st.just(timezone.utc)),
)
def test_round_trip(count: int, text: str, number: float, moment: datetime) -> None:
    value = json.loads(json.dumps({"items": [[count, text, number, moment.isoformat()]]}))
    found = plan_of(Page[tuple[int, str, float, datetime]]).of_value(value)
    assert found == Page([(count, text, number, moment)])

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.codec import encode
from lambdakit.events import firehose
from lambdakit.events.coverage import unmapped
from lambdakit.events.firehose import FirehoseEvent, firehose_transform
from lambdakit.exceptions import ResponseError

if TYPE_CHECKING:
    from lambdakit.events.firehose import FirehoseResult


def event(*payloads: bytes, **more: Any) -> dict[str, Any]:
    return {
        "invocationId": "i-1",
        "deliveryStreamArn": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/orders",
        "region": "eu-west-1",
        "records": [
            {"recordId": str(n), "approximateArrivalTimestamp": 1767225600123, "data": b64encode(data).decode()}
            for n, data in enumerate(payloads)
        ],
        **more,
    }


def test_each_record_is_answered_in_the_services_form() -> None:
    @firehose_transform
    def transform(event: FirehoseEvent, context: Any) -> list[FirehoseResult]:
        first, second, third = event.records
        return [first.ok(first.data.upper() + b"\n", partition_keys={"day": "1"}), second.dropped(), third.failed()]

    answer: Any = transform(event(b"a", b"b", b"c"))
    assert answer == {
        "records": [
            {"recordId": "0", "result": "Ok", "data": "QQo=", "metadata": {"partitionKeys": {"day": "1"}}},
            {"recordId": "1", "result": "Dropped"},
            {"recordId": "2", "result": "ProcessingFailed"},
        ]
    }


def test_a_kafka_record_is_answered_under_its_own_name() -> None:
    raw = event(
        sourceMSKArn="arn",
        records=[
            {
                "recordId": "0",
                "kafkaRecordValue": b64encode(b"v").decode(),
                "mskRecordMetadata": {"offset": "7", "partitionId": "1", "approximateArrivalTimestamp": 1767225600123},
            }
        ],
    )
    [record] = FirehoseEvent(raw).records
    assert (record.data, record.kafka and record.kafka.offset) == (b"v", 7)
    answer: Any = firehose_transform(lambda e, c: [e.records[0].ok("é")])(raw)
    assert b64decode(answer["records"][0]["kafkaRecordValue"]) == "é".encode()
    assert unmapped(FirehoseEvent(raw)) == []


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (lambda e: [], "no result for record '0', '1': answer every record, or drop it"),
        (lambda e: [r.dropped() for r in e.records] + [e.records[0].dropped()], "record '0' is answered twice"),
        (lambda e: [1], "a result of @firehose_transform must be FirehoseResult, not int"),
    ],
)
def test_an_answer_the_service_would_refuse_is_refused(results: Any, message: str) -> None:
    with pytest.raises(ResponseError, match=message):
        firehose_transform(lambda e, c: results(e))(event(b"a", b"b"))


def test_a_result_of_another_event_is_refused() -> None:
    other = FirehoseEvent(event(b"a", b"b", b"c"))
    with pytest.raises(ResponseError, match="the event has no record '2'"):
        firehose_transform(lambda e, c: [r.dropped() for r in other.records])(event(b"a", b"b"))
    with pytest.raises(ResponseError, match="must be bytes or str, not dict"):
        other.records[0].ok({})  # type: ignore[arg-type]


def test_what_does_not_fit_the_answer_is_answered_as_failed() -> None:
    big = b"x" * 3_000_000
    answer: Any = firehose_transform(lambda e, c: [r.ok(big) for r in e.records])(event(b"a", b"b", b"c"))
    assert [record["result"] for record in answer["records"]] == ["Ok", "ProcessingFailed", "ProcessingFailed"]
    assert len(json.dumps(answer, separators=(",", ":"))) <= 6_291_556


@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_of_the_answer_is_kept_on_both_sides(over: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firehose, "ANSWER_LIMIT", 4 + 1 + 96 - over)
    answer: Any = firehose_transform(lambda e, c: [r.ok(b"abc") for r in e.records])(event(b"a"))
    assert answer["records"][0]["result"] == ("ProcessingFailed" if over else "Ok")


@pytest.mark.parametrize("over", [0, 1])
def test_an_answer_of_nearly_six_megabytes_is_sent_and_one_more_group_is_not(over: int) -> None:
    data = b"x" * (((firehose.ANSWER_LIMIT - firehose._RECORD_OVERHEAD - len("0")) // 4 + over) * 3)
    answer: Any = firehose_transform(lambda e, c: [e.records[0].ok(data)])(event(b""))
    assert answer["records"][0]["result"] == ("ProcessingFailed" if over else "Ok")
    assert len(encode(answer)) <= 6_291_556


@pytest.mark.parametrize("over", [0, 1])
def test_metadata_counts_with_the_bytes_it_has_as_json(over: int, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len('{"partitionKeys": {"k": "é"}}'.encode())
    monkeypatch.setattr(firehose, "ANSWER_LIMIT", 4 + 1 + 96 + size - over)
    keys = {"k": "é"}
    answer: Any = firehose_transform(lambda e, c: [r.ok(b"abc", partition_keys=keys) for r in e.records])(event(b"a"))
    assert answer["records"][0]["result"] == ("ProcessingFailed" if over else "Ok")


def test_arrival_times_come_as_milliseconds_or_text() -> None:
    raw = event(b"a")
    raw["records"][0]["kinesisRecordMetadata"] = {
        "shardId": "s",
        "partitionKey": "p",
        "sequenceNumber": "1",
        "approximateArrivalTimestamp": "2026-01-01T00:00:00.123Z",
    }
    [record] = FirehoseEvent(raw).records
    assert record.kinesis is not None
    assert record.kinesis.approximate_arrival_timestamp == record.approximate_arrival_timestamp

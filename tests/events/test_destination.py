"""Records of Lambda destinations."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lambdakit.events.coverage import unmapped
from lambdakit.events.destination import DestinationRecord, lambda_destination
from lambdakit.exceptions import WrongSourceError

EXPIRED: dict[str, Any] = {
    "version": "1.0",
    "timestamp": "2026-03-04T19:15:17.5Z",
    "requestContext": {
        "requestId": "r-1",
        "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "condition": "RecordAgeExceeded",
        "approximateInvokeCount": 1,
    },
    "KinesisBatchInfo": {
        "shardId": "shardId-1",
        "startSequenceNumber": "49601189658422359378836298521827638475320189012309704722",
        "endSequenceNumber": "49601189658422359378836298522902373528957594348623495186",
        "approximateArrivalOfFirstRecord": "2026-03-04T19:15:15Z",
        "approximateArrivalOfLastRecord": "2026-03-04T19:15:16Z",
        "batchSize": 5,
        "streamArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
    },
}


def test_a_discarded_batch_without_a_response() -> None:
    record = DestinationRecord(EXPIRED)
    assert (record.condition, record.status_code, record.request_payload) == ("RecordAgeExceeded", None, None)
    assert record.kinesis_batch_info is not None
    assert record.kinesis_batch_info.start_sequence_number < record.kinesis_batch_info.end_sequence_number
    assert record.timestamp.microsecond == 500_000
    assert unmapped(record) == []


def test_decorator() -> None:
    @lambda_destination
    def name(event: DestinationRecord, context: Any) -> str:
        return event.function_arn.rpartition(":")[2]

    @lambda_destination(middleware=[])
    async def later(event: DestinationRecord, context: Any) -> int:
        return event.approximate_invoke_count

    assert name(EXPIRED) == "f"
    assert asyncio.run(later(EXPIRED)) == 1
    with pytest.raises(WrongSourceError, match=r"takes a DestinationRecord; this event comes from s3-test$"):
        name({"Event": "s3:TestEvent"})

from __future__ import annotations

from typing import Any

from lambdakit.events.coverage import unmapped
from lambdakit.events.kinesis_analytics import KinesisAnalyticsEvent, kinesis_analytics_event

ARN = "arn:aws:kinesisanalytics:eu-west-1:123456789012:application/clicks"


def event(**metadata: Any) -> dict[str, Any]:
    record = {"recordId": "1", "data": "aGk=", **metadata}
    return {"invocationId": "i", "applicationArn": ARN, "records": [record]}


def test_input_and_output_records_are_told_apart() -> None:
    stream = {"sequenceNumber": "4952", "partitionKey": "p", "shardId": "s", "approximateArrivalTimestamp": 1767225600}
    given = KinesisAnalyticsEvent(event(kinesisStreamRecordMetadata=stream))
    [record] = given.records
    assert (record.data, record.stream and record.stream.sequence_number) == (b"hi", 4952)
    assert (given.is_delivery, unmapped(given)) == (False, [])
    output = KinesisAnalyticsEvent(event(lambdaDeliveryRecordMetadata={"retryHint": 2}))
    assert (output.records[0].retry_hint, output.is_delivery, unmapped(output)) == (2, True, [])


def test_decorator() -> None:
    @kinesis_analytics_event
    def handler(event: KinesisAnalyticsEvent, context: Any) -> dict[str, Any]:
        return {"records": [{"recordId": record.record_id, "result": "Ok"} for record in event.records]}

    assert handler(event()) == {"records": [{"recordId": "1", "result": "Ok"}]}

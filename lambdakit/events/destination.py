"""Records that Lambda sends to a destination: of an asynchronous invocation, or of a stream's discarded batch.

Source: AWS Lambda developer guide, "Asynchronous invocation" and the pages of the stream event sources. A stream's
record has no payload, only where the batch lies; with an S3 destination `payload` has the records too.
"""

from __future__ import annotations

from lambdakit.events.convert import integer, iso_time
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

__all__ = ("DestinationRecord", "StreamBatchInfo", "lambda_destination")


class StreamBatchInfo(Model, at="$.*BatchInfo"):
    """Where in a stream the discarded batch lies."""

    shown = ("stream_arn", "shard_id", "batch_size")

    shard_id: str = field("shardId")
    start_sequence_number: int = field("startSequenceNumber", convert=integer)
    end_sequence_number: int = field("endSequenceNumber", convert=integer)
    approximate_arrival_of_first_record: datetime = field("approximateArrivalOfFirstRecord", convert=iso_time)
    approximate_arrival_of_last_record: datetime = field("approximateArrivalOfLastRecord", convert=iso_time)
    batch_size: int = field("batchSize")
    stream_arn: str = field("streamArn")


class DestinationRecord(Model):
    """What became of an invocation. `response_*` is absent where the function never ran (an expired event)."""

    shown = ("condition", "function_arn", "request_id")

    version: str = field("version")
    timestamp: datetime = field("timestamp", convert=iso_time)
    request_id: str = field("requestContext", "requestId")
    function_arn: str = field("requestContext", "functionArn")
    condition: str = field(
        "requestContext",
        "condition",
        doc="Success, RetriesExhausted, EventAgeExceeded; of streams RetryAttemptsExhausted, RecordAgeExceeded.",
    )
    approximate_invoke_count: int = field("requestContext", "approximateInvokeCount")
    request_payload: Any = field("requestPayload", default=None, doc="The event the function was invoked with.")
    status_code: int | None = field("responseContext", "statusCode", default=None)
    executed_version: str | None = field("responseContext", "executedVersion", default=None)
    function_error: str | None = field("responseContext", "functionError", default=None)
    response_payload: Any = field("responsePayload", default=None, doc="What the function returned, or its error.")
    kinesis_batch_info: StreamBatchInfo | None = field("KinesisBatchInfo", convert=StreamBatchInfo, default=None)
    dynamodb_batch_info: StreamBatchInfo | None = field("DDBStreamBatchInfo", convert=StreamBatchInfo, default=None)
    payload: Any = field("payload", default=None, doc="The records, with an S3 destination.")


lambda_destination: EventDecorator[DestinationRecord] = EventDecorator(
    "lambda_destination", DestinationRecord, "lambda-destination"
)

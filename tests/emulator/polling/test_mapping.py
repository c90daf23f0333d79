"""The settings of event source mappings, in both spellings, and what is refused of them."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.emulator.polling.mapping import read_mapping
from lambdakit.emulator.project import Source
from lambdakit.exceptions import UsageError

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/s"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2025-11-25T15:47:40.123"


def mapping(arn: str, **settings: Any) -> Any:
    return read_mapping("f", Source(arn, settings))


def test_the_defaults_of_each_service() -> None:
    queue = mapping(QUEUE)
    assert (queue.service, queue.batch_size, queue.window, queue.concurrency) == ("sqs", 10, 0, 5)
    stream = mapping(STREAM)
    assert (stream.service, stream.batch_size, stream.retry_attempts, stream.record_age) == ("kinesis", 100, -1, -1)
    assert (mapping(TABLE).service, queue.region, queue.reports_failures) == ("dynamodb", "eu-west-1", False)


def test_both_spellings() -> None:
    api = {
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 2,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 3},
        "FilterCriteria": {"Filters": [{"Pattern": '{"body": ["x"]}'}]},
        "Tags": {"some": "tag"},
    }
    dashed = {
        "batch-size": 50,
        "maximum-batching-window-in-seconds": 2,
        "function-response-types": ["ReportBatchItemFailures"],
        "scaling-config": {"maximum-concurrency": 3},
        "filter-criteria": {"filters": [{"pattern": '{"body": ["x"]}'}]},
    }
    one, other = mapping(QUEUE, **api), mapping(QUEUE, **dashed)
    for read in (one, other):
        assert (read.batch_size, read.window, read.reports_failures, read.concurrency) == (50, 2, True, 3)
        assert read.filters.passes({"body": "x"})
        assert not read.filters.passes({"body": "y"})


def test_a_streams_settings() -> None:
    read = mapping(
        STREAM,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=17,
        ParallelizationFactor=2,
        MaximumRetryAttempts=3,
        MaximumRecordAgeInSeconds=-1,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}},
        Enabled=False,
    )
    assert (read.starting_position, read.starting_timestamp, read.lanes) == ("AT_TIMESTAMP", 17, 2)
    assert (read.retry_attempts, read.record_age, read.bisect, read.on_failure) == (3, -1, True, QUEUE)
    assert not read.enabled


@pytest.mark.parametrize(
    ("arn", "settings", "what"),
    [
        ("arn:aws:kafka:r:a:c", {}, "only queues of SQS"),
        ("queue", {}, "only queues of SQS"),
        (QUEUE, {"BatchSiz": 1}, "no setting BatchSiz; did you mean BatchSize?"),
        (QUEUE, {"zzz": 1}, "no setting Zzz; there are BatchSize"),
        (QUEUE, {"BatchSize": 0}, "BatchSize is a number from 1 to 10000, not 0"),
        (QUEUE, {"BatchSize": True}, "BatchSize is a number"),
        (QUEUE, {"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        (QUEUE + ".fifo", {"MaximumBatchingWindowInSeconds": 1}, "a FIFO queue has"),
        (QUEUE, {"StartingPosition": "LATEST"}, "StartingPosition is not for sqs"),
        (QUEUE, {"ScalingConfig": {"MaximumConcurrency": 1}}, "ScalingConfig is a number from 2"),
        (QUEUE, {"FunctionResponseTypes": ["Other"]}, "FunctionResponseTypes is"),
        (QUEUE, {"Enabled": "yes"}, "Enabled is true or false"),
        (QUEUE, {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern definition"),
        (STREAM, {"StartingPosition": "FIRST"}, "StartingPosition is TRIM_HORIZON"),
        (STREAM, {"StartingPosition": "AT_TIMESTAMP"}, "needs StartingPositionTimestamp"),
        (STREAM, {"DestinationConfig": 5}, "DestinationConfig is"),
        (TABLE, {"StartingPosition": "AT_TIMESTAMP"}, "Unsupported starting position"),
    ],
)
def test_what_is_refused(arn: str, settings: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError, match="the event source") as raised:
        mapping(arn, **settings)
    assert what in str(raised.value)

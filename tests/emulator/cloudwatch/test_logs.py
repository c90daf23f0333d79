"""The log store and the operations that show it, through boto3's own request and answer shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.cloudwatch import logs_api
from lambdakit.emulator.cloudwatch.log_store import LogStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUP = "/aws/lambda/orders"
ACCOUNT = logs_api.Account("eu-west-1", "123456789012")
MODEL = ServiceModel(Loader().load_service_model("logs", "service-2"))


@pytest.fixture
def store() -> Iterator[LogStore]:
    store = LogStore()
    for number in range(10):
        store.add(GROUP, f"stream-{number % 2}", 1000 + number, f"line {number}", ingested=2000 + number)
    store.add("/aws/lambda/other", "stream", 1000, "other")
    yield store
    store.close()


def ask(store: LogStore, operation: str, **request: Any) -> Any:
    """Call an operation; the answer has the shape the service's model says, names and types."""
    answer = logs_api.call(operation, store, request, ACCOUNT)
    shape = MODEL.operation_model(operation).output_shape
    if shape is not None:
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), report.generate_report()
    return answer


def messages(answer: Any) -> list[str]:
    return [event["message"] for event in answer["events"]]


def test_groups_and_streams_are_listed(store: LogStore) -> None:
    groups = ask(store, "DescribeLogGroups")["logGroups"]
    assert [group["logGroupName"] for group in groups] == [GROUP, "/aws/lambda/other"]
    assert groups[0]["arn"] == f"arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}:*"
    assert [
        g["logGroupName"] for g in ask(store, "DescribeLogGroups", logGroupNamePrefix="/aws/lambda/ot")["logGroups"]
    ] == ["/aws/lambda/other"]
    streams = ask(store, "DescribeLogStreams", logGroupName=GROUP)["logStreams"]
    assert [(s["logStreamName"], s["firstEventTimestamp"], s["lastEventTimestamp"]) for s in streams] == [
        ("stream-0", 1000, 1008),
        ("stream-1", 1001, 1009),
    ]
    newest = ask(store, "DescribeLogStreams", logGroupName=GROUP, orderBy="LastEventTime", descending=True)
    assert newest["logStreams"][0]["logStreamName"] == "stream-1"


def test_lists_come_in_pages(store: LogStore) -> None:
    first = ask(store, "DescribeLogStreams", logGroupName=GROUP, limit=1)
    second = ask(store, "DescribeLogStreams", logGroupName=GROUP, limit=1, nextToken=first["nextToken"])
    assert [s["logStreamName"] for s in (*first["logStreams"], *second["logStreams"])] == ["stream-0", "stream-1"]
    assert "nextToken" not in second


def test_a_stream_is_read_from_its_end_and_back(store: LogStore) -> None:
    last = ask(store, "GetLogEvents", logGroupName=GROUP, logStreamName="stream-0", limit=2)
    assert messages(last) == ["line 6", "line 8"]
    before = ask(
        store,
        "GetLogEvents",
        logGroupName=GROUP,
        logStreamName="stream-0",
        limit=2,
        nextToken=last["nextBackwardToken"],
    )
    assert messages(before) == ["line 2", "line 4"]


def test_a_stream_is_read_from_its_head_and_followed(store: LogStore) -> None:
    request: dict[str, Any] = {"logGroupName": GROUP, "logStreamName": "stream-0", "startFromHead": True}
    head = ask(store, "GetLogEvents", **request)
    assert messages(head) == [f"line {number}" for number in (0, 2, 4, 6, 8)]
    nothing = ask(store, "GetLogEvents", **request, nextToken=head["nextForwardToken"])
    assert (messages(nothing), nothing["nextForwardToken"]) == ([], head["nextForwardToken"])
    store.add(GROUP, "stream-0", 1010, "new")
    assert messages(ask(store, "GetLogEvents", **request, nextToken=nothing["nextForwardToken"])) == ["new"]


def test_a_group_is_searched_by_time_stream_and_pattern(store: LogStore) -> None:
    assert messages(ask(store, "FilterLogEvents", logGroupName=GROUP)) == [f"line {number}" for number in range(10)]
    assert messages(ask(store, "FilterLogEvents", logGroupName=GROUP, startTime=1003, endTime=1005)) == [
        "line 3",
        "line 4",
    ]
    assert messages(ask(store, "FilterLogEvents", logGroupName=GROUP, filterPattern="?3 ?7")) == ["line 3", "line 7"]
    odd = ask(store, "FilterLogEvents", logGroupName=GROUP, logStreamNames=["stream-1"])
    assert messages(odd) == [f"line {number}" for number in (1, 3, 5, 7, 9)]
    assert messages(ask(store, "FilterLogEvents", logGroupName=GROUP, logStreamNamePrefix="stream-1")) == messages(odd)
    arn = ACCOUNT.group_arn(GROUP)
    assert len(messages(ask(store, "FilterLogEvents", logGroupIdentifier=arn))) == 10


@given(
    times=st.lists(st.integers(0, 5), max_size=30),
    limit=st.integers(1, 7),
    start=st.integers(0, 5),
    end=st.integers(0, 6),
)
def test_pages_of_a_search_are_the_whole_of_it(times: list[int], limit: int, start: int, end: int) -> None:
    store = LogStore()
    store.add(GROUP, "s", 0, "first")
    for number, time in enumerate(times):
        store.add(GROUP, f"s{number % 3}", time, f"{number}")
    request: dict[str, Any] = {"logGroupName": GROUP, "startTime": start, "endTime": end}
    whole = messages(ask(store, "FilterLogEvents", **request))
    pages: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = ask(store, "FilterLogEvents", **request, limit=limit, **token)
        pages += messages(page)
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert pages == whole
    store.close()


def test_event_ids_are_each_events_own(store: LogStore) -> None:
    events = ask(store, "FilterLogEvents", logGroupName=GROUP)["events"]
    assert len({event["eventId"] for event in events}) == 10


def test_groups_and_streams_are_deleted(store: LogStore) -> None:
    ask(store, "DeleteLogStream", logGroupName=GROUP, logStreamName="stream-0")
    assert len(messages(ask(store, "FilterLogEvents", logGroupName=GROUP))) == 5
    ask(store, "DeleteLogGroup", logGroupName=GROUP)
    assert [group["logGroupName"] for group in ask(store, "DescribeLogGroups")["logGroups"]] == ["/aws/lambda/other"]
    store.add(GROUP, "stream-0", 1, "again")
    assert messages(ask(store, "FilterLogEvents", logGroupName=GROUP)) == ["again"]


ERRORS: list[tuple[str, dict[str, Any], str, str]] = [
    ("FilterLogEvents", {"logGroupName": "gone"}, "ResourceNotFoundException", "log group does not exist"),
    ("FilterLogEvents", {}, "InvalidParameterException", "logGroupName must be given"),
    ("FilterLogEvents", {"logGroupName": GROUP, "filterPattern": "{ $"}, "InvalidParameterException", "filter pattern"),
    ("FilterLogEvents", {"logGroupName": GROUP, "nextToken": "!"}, "InvalidParameterException", "nextToken is invalid"),
    ("GetLogEvents", {"logGroupName": GROUP, "logStreamName": "x"}, "ResourceNotFoundException", "log stream does not"),
    ("GetLogEvents", {"logGroupName": GROUP}, "InvalidParameterException", "logStreamName must be given"),
    ("DeleteLogStream", {"logGroupName": GROUP, "logStreamName": "x"}, "ResourceNotFoundException", "log stream does"),
    ("PutLogEvents", {}, "UnknownOperationException", "has no PutLogEvents"),
]


@pytest.mark.parametrize(("operation", "request_", "kind", "words"), ERRORS)
def test_errors_are_the_services(
    store: LogStore, operation: str, request_: dict[str, Any], kind: str, words: str
) -> None:
    with pytest.raises(logs_api.LogsError, match=words) as caught:
        logs_api.call(operation, store, request_, ACCOUNT)
    assert caught.value.kind == kind


def test_a_file_keeps_the_events(tmp_path: Path) -> None:
    store = LogStore(tmp_path / "logs.db")
    store.add(GROUP, "s", 5, "kept")
    store.close()
    again = LogStore(tmp_path / "logs.db")
    again.add(GROUP, "s", 6, "new")
    assert [event.message for event in again.events(GROUP)] == ["kept", "new"]
    again.close()


def test_many_events_are_written_without_being_asked_for(tmp_path: Path) -> None:
    store = LogStore(tmp_path / "logs.db")
    reader = LogStore(tmp_path / "logs.db")
    for number in range(1_000):
        store.add(GROUP, "s", number, "x")
    assert sum(1 for _ in reader.events(GROUP)) == 1_000
    reader.close()
    store.close()


def test_in_memory_the_oldest_events_go_when_there_are_too_many() -> None:
    store = LogStore(most_bytes=100_000)
    for number in range(10_000):
        store.add(GROUP, "s", number, "x" * 74)
        if number % 10 == 0:
            store.flush()
    times = [event.time for event in store.events(GROUP)]
    assert times == list(range(times[0], 10_000))
    assert 1_000 <= len(times) <= 2_000
    assert store.groups()[0].stored_bytes == len(times) * 100
    store.close()


@given(
    lines=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.booleans()), max_size=40),
    newest_first=st.booleans(),
)
def test_events_come_by_time_however_they_are_spread_over_blocks(
    lines: list[tuple[int, int, bool]], newest_first: bool
) -> None:
    store = LogStore()
    for number, (stream, time, flush) in enumerate(lines):
        store.add(GROUP, f"s{stream}", time, str(number))
        if flush:
            store.flush()
    found = list(store.events(GROUP, newest_first=newest_first))
    assert sorted(int(event.message) for event in found) == list(range(len(lines)))
    places = [(event.time, event.id) for event in found]
    assert places == sorted(places, reverse=newest_first)
    for stream in {event.stream for event in found}:
        by_time: dict[int, list[int]] = {}
        for event in sorted(found, key=lambda event: event.id):
            if event.stream == stream:
                by_time.setdefault(event.time, []).append(int(event.message))
        assert all(numbers == sorted(numbers) for numbers in by_time.values())
    store.close()

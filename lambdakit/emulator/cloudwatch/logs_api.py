"""The CloudWatch Logs operations that show logs: what `aws logs tail`, `filter-log-events` and boto3's readers call.

An operation is a function of the request's JSON that gives the answer's; HTTP is somebody else's. Tokens are opaque to
clients: here they are the time and id of the last event seen, and the direction. Source: Amazon CloudWatch Logs API
reference.
"""

from __future__ import annotations

import base64
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.cloudwatch.filter_pattern import filter_pattern
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from lambdakit.emulator.cloudwatch.log_store import LogEvent, LogStore, LogStream

    Operation: TypeAlias = Callable[[LogStore, Mapping[str, Any], "Account"], dict[str, Any]]

__all__ = ("TARGET_PREFIX", "Account", "LogsError", "call")

TARGET_PREFIX = "Logs_20140328."
# Events of one answer, where the request says nothing; and groups or streams.
EVENT_LIMIT, LIST_LIMIT = 10_000, 50
# Events looked at for one answer of a search: with none found, the answer is empty and has a token to go on with.
SEARCH_STEP = 100_000


class LogsError(Exception):
    """An answer with an error: its type, and the message."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message
        super().__init__(f"{kind}: {message}")


class Account:
    """Whose logs these are; it stands in every ARN."""

    def __init__(self, region: str, account_id: str) -> None:
        self.region = region
        self.account_id = account_id

    def group_arn(self, group: str) -> str:
        """The ARN of a log group, with the `:*` that stands for its streams."""
        return f"arn:aws:logs:{self.region}:{self.account_id}:log-group:{group}:*"


def call(operation: str, store: LogStore, request: Mapping[str, Any], account: Account) -> dict[str, Any]:
    """Answer an operation, named without its prefix. Raises LogsError."""
    found = _OPERATIONS.get(operation)
    if found is None:
        raise LogsError("UnknownOperationException", f"the local service has no {operation}")
    return found(store, request, account)


def _describe_log_groups(store: LogStore, request: Mapping[str, Any], account: Account) -> dict[str, Any]:
    groups = store.groups(request.get("logGroupNamePrefix", ""))
    wanted = request.get("logGroupNamePattern", "")
    listed = [
        {
            "logGroupName": group.name,
            "creationTime": group.created,
            "metricFilterCount": 0,
            "arn": account.group_arn(group.name),
            "logGroupArn": account.group_arn(group.name).removesuffix(":*"),
            "storedBytes": group.stored_bytes,
            "logGroupClass": "STANDARD",
        }
        for group in groups
        if wanted in group.name
    ]
    return _paged(listed, request, "logGroups", lambda item: item["logGroupName"])


def _describe_log_streams(store: LogStore, request: Mapping[str, Any], account: Account) -> dict[str, Any]:
    group = _group(store, request)
    streams = store.streams(group, request.get("logStreamNamePrefix", ""))
    if request.get("orderBy") == "LastEventTime":
        streams.sort(key=lambda stream: (stream.last_event or 0, stream.name))
    if request.get("descending"):
        streams.reverse()
    arn = account.group_arn(group).removesuffix("*")
    listed = [_stream(stream, f"{arn}log-stream:{stream.name}") for stream in streams]
    return _paged(listed, request, "logStreams", lambda item: item["logStreamName"])


def _stream(stream: LogStream, arn: str) -> dict[str, Any]:
    described = {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "firstEventTimestamp": stream.first_event,
        "lastEventTimestamp": stream.last_event,
        "lastIngestionTime": stream.last_ingested,
        "uploadSequenceToken": "0",
        "arn": arn,
        "storedBytes": 0,
    }
    return {name: value for name, value in described.items() if value is not None}


def _get_log_events(store: LogStore, request: Mapping[str, Any], account: Account) -> dict[str, Any]:
    group, stream = _group(store, request), _required(request, "logStreamName")
    if stream not in {known.name for known in store.streams(group, stream)}:
        raise LogsError("ResourceNotFoundException", "The specified log stream does not exist.")
    token = _decoded(request["nextToken"]) if request.get("nextToken") else None
    forward = token["forward"] if token else bool(request.get("startFromHead"))
    place = (token["time"], token["id"]) if token else None
    found = store.events(
        group,
        streams=[stream],
        start=request.get("startTime"),
        end=request.get("endTime"),
        after=place if forward else None,
        before=None if forward else place,
        newest_first=not forward,
    )
    events = list(islice(found, request.get("limit", EVENT_LIMIT)))
    if not forward:
        events.reverse()
    first, last = (events[0], events[-1]) if events else (None, None)
    return {
        "events": [{"timestamp": e.time, "message": e.message, "ingestionTime": e.ingested} for e in events],
        "nextForwardToken": _encoded(last, place, forward=True),
        "nextBackwardToken": _encoded(first, place, forward=False),
    }


def _filter_log_events(store: LogStore, request: Mapping[str, Any], account: Account) -> dict[str, Any]:
    group = _group(store, request)
    try:
        matches = filter_pattern(request.get("filterPattern") or "")
    except UsageError as error:
        raise LogsError("InvalidParameterException", str(error)) from None
    token = _decoded(request["nextToken"]) if request.get("nextToken") else None
    found = store.events(
        group,
        streams=request.get("logStreamNames"),
        stream_prefix=request.get("logStreamNamePrefix", ""),
        start=request.get("startTime"),
        end=request.get("endTime"),
        after=(token["time"], token["id"]) if token else None,
    )
    limit, events, last = request.get("limit", EVENT_LIMIT), list[Any](), None
    for event in islice(found, SEARCH_STEP):
        if len(events) == limit:
            break
        last = event
        if matches(event.message):
            events.append(_found(event))
    else:
        last = last if next(found, None) is not None else None
    answer: dict[str, Any] = {"events": events, "searchedLogStreams": []}
    if last is not None:
        answer["nextToken"] = _encoded(last, None, forward=True)
    return answer


def _found(event: LogEvent) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.time,
        "message": event.message,
        "ingestionTime": event.ingested,
        "eventId": f"{event.time:013d}{event.id:043d}",
    }


def _delete_log_group(store: LogStore, request: Mapping[str, Any], account: Account) -> dict[str, Any]:
    store.remove(_group(store, request))
    return {}


def _delete_log_stream(store: LogStore, request: Mapping[str, Any], account: Account) -> dict[str, Any]:
    if not store.remove(_group(store, request), _required(request, "logStreamName")):
        raise LogsError("ResourceNotFoundException", "The specified log stream does not exist.")
    return {}


_OPERATIONS: dict[str, Operation] = {
    "DescribeLogGroups": _describe_log_groups,
    "DescribeLogStreams": _describe_log_streams,
    "GetLogEvents": _get_log_events,
    "FilterLogEvents": _filter_log_events,
    "DeleteLogGroup": _delete_log_group,
    "DeleteLogStream": _delete_log_stream,
}


def _group(store: LogStore, request: Mapping[str, Any]) -> str:
    """The log group a request names, by name or ARN. Raises LogsError where there is none of that name."""
    named = request.get("logGroupName") or request.get("logGroupIdentifier")
    if not named:
        raise LogsError("InvalidParameterException", "logGroupName must be given.")
    name: str = named.split(":log-group:")[-1].removesuffix(":*") if named.startswith("arn:") else named
    if name not in {group.name for group in store.groups(name)}:
        raise LogsError("ResourceNotFoundException", "The specified log group does not exist.")
    return name


def _required(request: Mapping[str, Any], name: str) -> str:
    value: str | None = request.get(name)
    if not value:
        raise LogsError("InvalidParameterException", f"{name} must be given.")
    return value


def _paged(
    listed: list[dict[str, Any]], request: Mapping[str, Any], name: str, key: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """One page of a list; the token is the name of the last item on the page before."""
    start = 0
    if request.get("nextToken"):
        last = _decoded(request["nextToken"])["last"]
        start = next((index + 1 for index, item in enumerate(listed) if key(item) == last), len(listed))
    page = listed[start : start + request.get("limit", LIST_LIMIT)]
    answer: dict[str, Any] = {name: page}
    if page and start + len(page) < len(listed):
        answer["nextToken"] = _token({"last": key(page[-1])})
    return answer


def _encoded(event: LogEvent | None, place: tuple[int, int] | None, *, forward: bool) -> str:
    """The token to go on with from an event; without one, from where the request stood."""
    time, id = (event.time, event.id) if event is not None else place or (0, 0)
    return _token({"forward": forward, "time": time, "id": id})


def _token(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def _decoded(token: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise LogsError("InvalidParameterException", "The specified nextToken is invalid.") from None
    return value

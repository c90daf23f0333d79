"""The Events of a SAM function: what calls it, as routes, schedules and polled sources.

Each type of event is one row of a table. Source: AWS SAM developer guide, "EventSource".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdakit.emulator.project.intrinsics import Unresolved
from lambdakit.emulator.project.spec import Route, Schedule, Source
from lambdakit.emulator.project.template_authorizers import with_auth
from lambdakit.emulator.project.template_file import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdakit.emulator.project.template import Reading

__all__ = ("Triggers", "read_triggers")


class Triggers(NamedTuple):
    """What calls a function."""

    routes: tuple[Route, ...]
    schedules: tuple[Schedule, ...]
    sources: tuple[Source, ...]


def _api(properties: Mapping[str, Any]) -> Route:
    return Route(str(properties["Method"]).upper(), properties["Path"], "rest")


def _http_api(properties: Mapping[str, Any]) -> Route:
    method, path = str(properties.get("Method", "ANY")).upper(), properties.get("Path", "$default")
    return Route("ANY" if method == "X-AMAZON-APIGATEWAY-ANY-METHOD" else method, path, "http")


def _rule(properties: Mapping[str, Any]) -> Schedule:
    return _schedule(properties["Schedule"], "rule", properties)


def _scheduler(properties: Mapping[str, Any]) -> Schedule:
    return _schedule(properties["ScheduleExpression"], "scheduler", properties)


def _schedule(expression: str, kind: Literal["rule", "scheduler"], properties: Mapping[str, Any]) -> Schedule:
    return Schedule(
        expression,
        properties.get("Input"),
        kind,
        properties.get("Name"),
        properties.get("ScheduleExpressionTimezone"),
        properties.get("Enabled", properties.get("State", "ENABLED") == "ENABLED"),
    )


def _source(arn: str) -> Callable[[Mapping[str, Any]], Source]:
    def read(properties: Mapping[str, Any]) -> Source:
        return Source(properties[arn], {name: value for name, value in properties.items() if name != arn})

    return read


# Type of event -> what it is read into.
_TYPES: dict[str, Callable[[Mapping[str, Any]], Route | Schedule | Source]] = {
    "Api": _api,
    "HttpApi": _http_api,
    "Schedule": _rule,
    "ScheduleV2": _scheduler,
    "SQS": _source("Queue"),
    "Kinesis": _source("Stream"),
    "DynamoDB": _source("Stream"),
    "MSK": _source("Stream"),
    "MQ": _source("Broker"),
}


def read_triggers(reading: Reading, logical_id: str, events: Mapping[str, Any]) -> Triggers:
    """What calls a function; a type that nothing here plays, or a value only the cloud knows, is a note."""
    found: list[Route | Schedule | Source] = []
    for name, event in events.items():
        read = _TYPES.get(event.get("Type"))
        what = f"{logical_id}: the event {name}"
        if read is None:
            reading.notes.append(f"{what} ({event.get('Type')}) does not call it here")
            continue
        properties: Mapping[str, Any] = table(event.get("Properties"))
        unknown = next((value for value in properties.values() if isinstance(value, Unresolved)), None)
        if unknown is not None:
            reading.notes.append(f"{what}: {unknown.why}; it is left out")
            continue
        try:
            trigger = read(properties)
            if isinstance(trigger, Route):
                trigger = with_auth(reading, logical_id, trigger, properties)
            found.append(trigger)
        except KeyError as error:
            reading.notes.append(f"{what} has no {error.args[0]}; it is left out")
    return Triggers(
        tuple(trigger for trigger in found if isinstance(trigger, Route)),
        tuple(trigger for trigger in found if isinstance(trigger, Schedule)),
        tuple(trigger for trigger in found if isinstance(trigger, Source)),
    )

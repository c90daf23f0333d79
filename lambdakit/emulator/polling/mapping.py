"""An event source mapping: which source is polled for a function, and how.

The settings have the names of the Lambda API (`BatchSize`), or the same with dashes (`batch-size`); each is one row of
a table with what it may be for which service. Source: API reference, "CreateEventSourceMapping".
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdakit.emulator.polling.filters import read_filters
from lambdakit.emulator.polling.json_values import is_array, is_number, is_object
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdakit.emulator.polling.filters import Filters, ServiceName
    from lambdakit.emulator.project import Source

__all__ = ("SourceMapping", "StartingPosition", "read_mapping", "service_of")

StartingPosition = Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]

_SERVICES: tuple[ServiceName, ...] = ("sqs", "kinesis", "dynamodb")
_STREAMS: tuple[ServiceName, ...] = ("kinesis", "dynamodb")
_DEFAULT_BATCH = {"sqs": 10, "kinesis": 100, "dynamodb": 100}
# A queue's batches at once, where no ScalingConfig says otherwise: as many as the service begins with.
_QUEUE_BATCHES = 5
# From this batch size on a queue needs a window.
_BATCH_WITHOUT_WINDOW = 10


@dataclass(frozen=True)
class SourceMapping:
    """What is polled for a function. Seconds and numbers are the API's; -1 is "no limit" there and here."""

    function: str
    arn: str
    service: ServiceName
    filters: Filters
    batch_size: int
    enabled: bool = True
    window: float = 0
    reports_failures: bool = False
    concurrency: int = _QUEUE_BATCHES
    starting_position: StartingPosition = "TRIM_HORIZON"
    starting_timestamp: float | None = None
    lanes: int = 1
    retry_attempts: int = -1
    record_age: float = -1
    bisect: bool = False
    tumbling_window: float = 0
    on_failure: str | None = None
    function_arn: str = ""

    @property
    def region(self) -> str:
        """The region of the source."""
        return self.arn.split(":")[3]


class Setting(NamedTuple):
    """What a setting becomes, how it is read, and the services that have it."""

    becomes: str
    read: Callable[[Any], Any]
    services: tuple[ServiceName, ...] = _SERVICES


def _number(low: float, high: float) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not is_number(value) or not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return value

    return read


def _limit(low: int, high: int) -> Callable[[Any], Any]:
    """A number, or -1 for none."""
    within = _number(low, high)
    return lambda value: -1 if value == -1 else within(value)


def _as_it_is(value: Any) -> Any:
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _responses(value: Any) -> bool:
    if not is_array(value) or not {*value} <= {"ReportBatchItemFailures"}:
        raise ValueError('["ReportBatchItemFailures"] or empty')
    return bool(value)


def _scaling(value: Any) -> int:
    most = value.get("MaximumConcurrency") if is_object(value) else None
    if most is None:
        return _QUEUE_BATCHES
    return int(_number(2, 1_000)(most))


def _position(value: Any) -> StartingPosition:
    if value not in ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"):
        raise ValueError("TRIM_HORIZON, LATEST or AT_TIMESTAMP")
    return value  # type: ignore[no-any-return]


def _destination(value: Any) -> str | None:
    on_failure = value.get("OnFailure", {}) if is_object(value) else None
    arn = on_failure.get("Destination") if is_object(on_failure) else 0
    if arn is None:
        return None
    if not isinstance(arn, str) or arn.split(":")[2:3] not in (["sqs"], ["sns"], ["s3"]):
        raise ValueError('{"OnFailure": {"Destination": "arn:..."}}, the ARN of a queue, a topic or a bucket')
    return arn


# fmt: off
SETTINGS: dict[str, Setting] = {
    "BatchSize": Setting("batch_size", _number(1, 10_000)),
    "BisectBatchOnFunctionError": Setting("bisect", _flag, _STREAMS),
    "DestinationConfig": Setting("on_failure", _destination, _STREAMS),
    "Enabled": Setting("enabled", _flag),
    "FilterCriteria": Setting("filters", _as_it_is),
    "FunctionResponseTypes": Setting("reports_failures", _responses),
    "MaximumBatchingWindowInSeconds": Setting("window", _number(0, 300)),
    "MaximumRecordAgeInSeconds": Setting("record_age", _limit(0, 604_800), _STREAMS),
    "MaximumRetryAttempts": Setting("retry_attempts", _limit(0, 10_000), _STREAMS),
    "ParallelizationFactor": Setting("lanes", _number(1, 10), _STREAMS),
    "ScalingConfig": Setting("concurrency", _scaling, ("sqs",)),
    "StartingPosition": Setting("starting_position", _position, _STREAMS),
    "StartingPositionTimestamp": Setting("starting_timestamp", _number(0, 1e11), ("kinesis",)),
    "TumblingWindowInSeconds": Setting("tumbling_window", _number(0, 900), _STREAMS),
}
# fmt: on
# What changes nothing that a function sees here.
_WITHOUT_EFFECT = ("KmsKeyArn", "LoggingConfig", "MetricsConfig", "ProvisionedPollerConfig", "Tags")


def service_of(arn: str) -> ServiceName | None:
    """The service of an ARN, if it is one that is polled."""
    parts = arn.split(":")
    name = parts[2] if len(parts) > 5 else ""
    return next((service for service in _SERVICES if service == name), None)


def read_mapping(function: str, source: Source) -> SourceMapping:
    """The mapping of a function's source. Raises UsageError, naming the source and the setting."""
    service = service_of(source.arn)
    where = f"the event source {source.arn} of {function}"
    if service is None:
        raise UsageError(f"{where}: only queues of SQS and streams of Kinesis and DynamoDB are polled.")
    values: dict[str, Any] = {"batch_size": _DEFAULT_BATCH[service]}
    for name, value in _named(source.settings).items():
        if name not in _WITHOUT_EFFECT:
            setting = _setting(where, name, service)
            values[setting.becomes] = _read(where, name, setting, value)
    try:
        values["filters"] = read_filters(service, values.get("filters", {}))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    return _checked(where, SourceMapping(function, source.arn, service, **values))


def _named(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, and what is in them, by the API's names. A pattern stays as it is."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        key = "".join(part[:1].upper() + part[1:] for part in name.split("-"))
        found[key] = value if key == "Pattern" else _renamed(value)
    return found


def _renamed(value: Any) -> Any:
    if is_object(value):
        return _named(value)
    return [_renamed(item) for item in value] if is_array(value) else value


def _setting(where: str, name: str, service: ServiceName) -> Setting:
    setting = SETTINGS.get(name)
    if setting is None:
        near = difflib.get_close_matches(name, SETTINGS, n=1)
        advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(SETTINGS)}"
        raise UsageError(f"{where} has no setting {name}; {advice}")
    if service not in setting.services:
        raise UsageError(f"{where}: {name} is not for {service}.")
    return setting


def _read(where: str, name: str, setting: Setting, value: Any) -> Any:
    try:
        return setting.read(value)
    except ValueError as error:
        raise UsageError(f"{where}: {name} is {error}, not {value!r}.") from None


def _checked(where: str, mapping: SourceMapping) -> SourceMapping:
    """What settings must agree on with each other."""
    is_queue, is_fifo = mapping.service == "sqs", mapping.arn.endswith(".fifo")
    if is_queue and is_fifo and (mapping.batch_size > _BATCH_WITHOUT_WINDOW or mapping.window):
        raise UsageError(f"{where}: a FIFO queue has batches of at most {_BATCH_WITHOUT_WINDOW}, without a window.")
    if is_queue and mapping.batch_size > _BATCH_WITHOUT_WINDOW and mapping.window < 1:
        raise UsageError(
            f"{where}: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than "
            f"{_BATCH_WITHOUT_WINDOW}"
        )
    if mapping.starting_position == "AT_TIMESTAMP" and mapping.service == "dynamodb":
        raise UsageError(f"{where}: Unsupported starting position for arn type: {mapping.arn}")
    if mapping.starting_position == "AT_TIMESTAMP" and mapping.starting_timestamp is None:
        raise UsageError(f"{where}: AT_TIMESTAMP needs StartingPositionTimestamp.")
    return mapping

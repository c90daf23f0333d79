"""What the events of Kinesis and DynamoDB streams have in common: the tumbling window.

Source: AWS Lambda developer guide, "Using tumbling windows". A mapping with a window adds, beside the records, which
window this is, the state the last invocation for it returned, and whether it is the last. The function must return a
state every time; see `window_result`.
"""

from __future__ import annotations

from lambdakit.events.convert import iso_time
from lambdakit.events.model import Model, field
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

__all__ = ("STATE_LIMIT", "StreamEvent", "TimeWindow", "window_answer", "window_result")

# isinstance, without narrowing JSON of unknown type to containers of unknown types.
_is_a: Callable[[Any, Any], bool] = isinstance

# Bytes of state a window may carry from one invocation to the next, for each shard.
STATE_LIMIT = 1_048_576


class TimeWindow(Model, at="$.window"):
    """From when (included) to when (excluded) the window lasts."""

    shown = ("start", "end")

    start: datetime = field("start", convert=iso_time)
    end: datetime = field("end", convert=iso_time)


class StreamEvent(Model):
    """The part of a stream event beside its records; without a tumbling window all of it is absent."""

    window: TimeWindow | None = field("window", convert=TimeWindow, default=None)
    state: dict[str, Any] | None = field(
        "state", default=None, doc="What the last invocation for this window returned; empty at the first."
    )
    shard_id: str | None = field("shardId", default=None)
    event_source_arn: str | None = field("eventSourceARN", default=None)
    is_final_invoke_for_window: bool = field("isFinalInvokeForWindow", default=False)
    is_window_terminated_early: bool = field("isWindowTerminatedEarly", default=False)


def window_result(state: Mapping[str, Any], *, failures: Sequence[str] = ()) -> dict[str, Any]:
    """The answer to a tumbling-window event: the state for the next one, and the sequence numbers that failed.

    Raises ResponseError where the state, as JSON, is over 1 MB: the service would fail the invocation.
    """
    from lambdakit.codec import encode

    size = len(encode(dict(state)))
    if size > STATE_LIMIT:
        raise ResponseError(f"the state of a tumbling window must be at most {STATE_LIMIT} bytes, not {size}")
    return {"state": dict(state), "batchItemFailures": [{"itemIdentifier": number} for number in failures]}


def window_answer(event: StreamEvent, result: Any) -> Any:
    """The function's result as it is; refused where a tumbling window's has no state.

    Raises ResponseError: without a `state` the service fails the invocation, with words that name no cause.
    """
    if event.window is None or (_is_a(result, dict) and _is_a(result.get("state"), dict)):
        return result
    raise ResponseError(
        "the event is one of a tumbling window; the answer must be an object with the object 'state', "
        f"not {type(result).__name__}: return window_result(state)"
    )

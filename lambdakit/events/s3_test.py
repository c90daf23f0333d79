"""The message S3 sends once when a notification is set up, where it comes through a queue or a topic.

It has no records, so a function of S3's events has nothing to do with it: it is skipped, with a line in the log.
Source: Amazon S3 user guide, "Amazon S3 event notifications", on `s3:TestEvent`.
"""

from __future__ import annotations

import sys

from lambdakit.exceptions import PayloadError
from lambdakit.handlers import is_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lambdakit.events.payload import PayloadModel
    from lambdakit.handlers import Call

__all__ = ("expects_s3", "is_test_message", "without_test_messages")

_MARK = "s3:TestEvent"

_type: Any = type
_is_a: Any = isinstance


def expects_s3(model: Any) -> bool:
    """Whether the payload type of a model is S3's event."""
    s3: Any = sys.modules.get("lambdakit.events.s3")  # a type of it cannot be named before it is imported
    return s3 is not None and _is_a(model.payload_type, _type) and issubclass(model.payload_type, s3.S3Event)


def is_test_message(record: PayloadModel[Any]) -> bool:
    """Whether a record carries the test message; if so, the log says that it is skipped."""
    from logging import getLogger

    from lambdakit.events.s3 import S3TestEvent

    try:
        if _MARK.encode() not in record.payload_bytes():
            return False
        test = record.payload_as(S3TestEvent)
    except (PayloadError, LookupError):
        return False  # for the function to meet
    getLogger(__name__).warning("skipped the %s of bucket %s in %r", _MARK, test.bucket, record)
    return True


def without_test_messages(function: Any, messages: Callable[[Any], list[PayloadModel[Any]]]) -> Call:
    """The function, except for an event of nothing but test messages: that is answered with None."""

    def is_test(event: Any) -> bool:
        return all(is_test_message(message) for message in messages(event))

    def core(event: Any, context: Any) -> Any:
        return None if is_test(event) else function(event, context)

    async def core_async(event: Any, context: Any) -> Any:
        return None if is_test(event) else await function(event, context)

    return core_async if is_async(function) else core

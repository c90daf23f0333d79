"""Where the SDK's recorder keeps its entities: in the context variable of the invocations traced here.

With it `xray_recorder.begin_subsegment`, `in_subsegment_async`, `patch_all` and what is built on them (Powertools'
Tracer) nest in our spans, and ours in theirs, in every task and thread. Outside such an invocation the recorder goes on
with the context it had.
"""

from __future__ import annotations

import sys

from lambdakit.middleware.spans import span_under_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("InvocationContext", "outside_entity")


class InvocationContext:
    """A context for `xray_recorder`, in place of the one it had (`outside`)."""

    def __init__(self, outside: Any) -> None:
        self.outside = outside

    def __getattr__(self, name: str) -> Any:
        return getattr(self.outside, name)

    @property
    def context_missing(self) -> Any:
        """What the recorder does where there is no segment."""
        return self.outside.context_missing

    @context_missing.setter
    def context_missing(self, value: Any) -> None:
        self.outside.context_missing = value

    def get_trace_entity(self) -> Any:
        """The subsegment under way."""
        entity = _entity_under_way()
        return self.outside.get_trace_entity() if entity is None else entity

    def put_subsegment(self, subsegment: Any) -> None:
        """Make a subsegment that the recorder made the one under way."""
        from lambdakit.middleware.xray import XRaySpan, daemon

        outer = span_under_way.get()
        if _entity_under_way() is None:
            self.outside.put_subsegment(subsegment)
            return
        subsegment.parent_id = _entity_under_way().id
        span_under_way.set(XRaySpan(subsegment, outer, daemon))

    def end_subsegment(self, end_time: float | None = None) -> bool:
        """End the subsegment under way; False where there is none."""
        span: Any = span_under_way.get()
        if _entity_under_way() is None:
            return bool(self.outside.end_subsegment(end_time))
        span.end_at(end_time)
        return True

    def put_segment(self, segment: Any) -> None:
        """Refused within an invocation, whose segment is the service's."""
        if _entity_under_way() is None:
            self.outside.put_segment(segment)

    def end_segment(self, end_time: float | None = None) -> None:
        """Refused within an invocation, whose segment is the service's."""
        if _entity_under_way() is None:
            self.outside.end_segment(end_time)

    def set_trace_entity(self, trace_entity: Any) -> None:
        """Go on in an entity of an invocation traced here, in this thread or task."""
        from lambdakit.middleware.xray import Facade, XRaySpan, daemon, segment_of

        if isinstance(segment_of(trace_entity), Facade):
            span_under_way.set(XRaySpan(trace_entity, None, daemon))
        else:
            self.outside.set_trace_entity(trace_entity)

    def clear_trace_entities(self) -> None:
        """Forget what this thread or task has open."""
        if _entity_under_way() is None:
            self.outside.clear_trace_entities()
        else:
            span_under_way.set(None)


def _entity_under_way() -> Any:
    return getattr(span_under_way.get(), "entity", None)


def outside_entity() -> Any:
    """What the recorder has open outside the invocations traced here, where the SDK is in use.

    Not by asking: in a test without a segment the answer would be an error, logged or raised.
    """
    recorder = vars(sys.modules["aws_xray_sdk.core"]).get("xray_recorder")
    store = None if recorder is None else getattr(recorder.context.outside, "_local", None)
    entities = getattr(store, "entities", None)
    return entities[-1] if entities else None

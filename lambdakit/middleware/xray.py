"""AWS X-Ray: subsegments of the function's segment, sent to the daemon by UDP as each of them ends.

The segment is the service's: it is known by the trace header alone, and stands here as the SDK's facade. A subsegment
is sent as a document of its own, so one that outlives its parent, or whose parent fails, is not lost.

Not here: samplers, rules, segments of one's own. In a function the service has decided (AWS X-Ray developer guide,
"Lambda and X-Ray"; "Segment documents" specifies what is sent).
"""

from __future__ import annotations

import os

from lambdakit.middleware.spans import Span, span_under_way
from lambdakit.middleware.xray_causes import causes_of
from lambdakit.middleware.xray_daemon import Daemon
from lambdakit.middleware.xray_sdk import join_recorder, load_models

load_models()

from aws_xray_sdk.core.models.entity import Entity  # noqa: E402
from aws_xray_sdk.core.models.facade_segment import FacadeSegment  # noqa: E402
from aws_xray_sdk.core.models.trace_header import TraceHeader  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ("Subsegment", "XRay", "XRaySpan")

# Attributes that are not part of a document.
_INTERNAL = frozenset(("parent_segment", "sampled", "_origin_trace_header"))


class Facade(FacadeSegment):
    """The segment that the service made of the invocation, and what is common to all that is in it."""

    def __init__(self, header: Any) -> None:
        super().__init__(name="facade", entityid=header.parent, traceid=header.root, sampled=True)
        self.save_origin_trace_header(header)  # pyright: ignore[reportUnknownMemberType]
        # Exceptions that a document has told already: the exception, kept so that its id stays its own, and its name.
        self.told: dict[int, tuple[BaseException, str]] = {}


class Subsegment(Entity):
    """The SDK's subsegment, without the 65 ms of imports that its own class brings for decorators."""

    type = "subsegment"

    def __init__(self, name: str, namespace: str, parent: Any, segment: Any) -> None:
        super().__init__(name)
        self.parent_segment = segment
        self.trace_id = segment.trace_id
        self.parent_id = parent.id
        self.type = "subsegment"
        self.namespace = namespace
        self.sql: dict[str, Any] = {}

    def set_sql(self, sql: dict[str, Any]) -> None:
        """What the SDK's database patches tell."""
        self.sql = sql

    def to_dict(self) -> dict[str, Any]:
        """The document: every attribute that has a value."""
        document = {name: value for name, value in vars(self).items() if value and name not in _INTERNAL}
        if self.subsegments:
            document["subsegments"] = [child.to_dict() for child in self.subsegments]
        return document


class XRaySpan(Span):
    """An open subsegment, ours or one of the SDK's, or the segment itself."""

    __slots__ = ("daemon", "entity")

    def __init__(self, entity: Any, outer: Span | None, daemon: Daemon) -> None:
        self.entity = entity
        self.outer = outer
        self.daemon = daemon

    @property
    def traced(self) -> bool:
        """Whether it is open still."""
        return bool(self.entity.in_progress)

    def annotate(self, key: str, value: str | float | bool) -> None:
        """Put on an annotation; the SDK warns of keys and values that X-Ray would not take, and leaves them out."""
        if self.entity.in_progress:
            self.entity.put_annotation(key, value)

    def metadata(self, key: str, value: Any, *, namespace: str = "default") -> None:
        """Put on metadata."""
        if self.entity.in_progress:
            self.entity.put_metadata(key, value, namespace)

    def propagation(self) -> dict[str, str]:
        """`X-Amzn-Trace-Id`, with this subsegment as the parent and the Lineage that came with the invocation."""
        entity = self.entity
        origin = segment_of(entity).get_origin_trace_header()
        header = TraceHeader(root=entity.trace_id, parent=entity.id, sampled=1, data=origin and origin.data)
        return {"X-Amzn-Trace-Id": header.to_header_str()}

    def child(self, name: str, namespace: str = "local") -> Span:
        """Begin a subsegment within this one."""
        made = XRaySpan(Subsegment(name, namespace, self.entity, segment_of(self.entity)), self, self.daemon)
        span_under_way.set(made)
        return made

    def fail(self, error: BaseException) -> None:
        """Put on an exception and its chain of causes; one that an inner subsegment has told is referred to."""
        entity = self.entity
        if not entity.in_progress:
            return
        entity.add_fault_flag()
        told = segment_of(entity).told
        if (known := told.get(id(error))) is not None:
            entity.cause = known[1]
            return
        entity.cause = {"working_directory": os.getcwd(), "exceptions": causes_of(error, told)}

    def end(self) -> None:
        """End the subsegment and send it."""
        self.end_at(None)

    def end_at(self, moment: float | None) -> None:
        """End the subsegment at a moment (seconds since the epoch; None: now) and send it."""
        span_under_way.set(self.outer)
        entity = self.entity
        if not entity.in_progress:
            return
        entity.close(moment)
        if entity.sampled:
            self.daemon.send(entity)


class Outermost(XRaySpan):
    """The subsegment of an invocation."""

    __slots__ = ()

    def end_at(self, moment: float | None) -> None:
        """End it; with it ends the need to remember exceptions, which hold on to all their frames."""
        super().end_at(moment)
        segment_of(self.entity).told.clear()


def segment_of(entity: Any) -> Any:
    """The segment that an entity is in, or is."""
    return getattr(entity, "parent_segment", entity)


class XRay:
    """Makes an invocation's outermost subsegment."""

    def __init__(self, patch: Sequence[str], service: str | None) -> None:
        from lambdakit.runtime.hooks import after_restore

        self.daemon = daemon
        self.service = service
        after_restore(daemon.forget)
        if patch:
            from lambdakit.middleware.xray_patches import apply

            apply(patch)

    def begin(self, name: str, event: Any, context: Any, header: str | None, *, cold: bool) -> Span:
        """Begin `## name` in the segment of the header, or in what the SDK's recorder has open in that segment."""
        join_recorder()
        read = TraceHeader.from_header_str(header)
        if not (read.root and read.parent):
            return Span()
        outer = span_under_way.get()
        if isinstance(outer, XRaySpan) and outer.entity.trace_id == read.root:
            span = outer.child(f"## {name}")  # a handler that another one calls
        else:
            facade = Facade(read)
            entity = Subsegment(f"## {name}", "local", _open_in_recorder(read.root) or facade, facade)
            span = Outermost(entity, outer, self.daemon)
            span_under_way.set(span)
        span.annotate("ColdStart", cold)
        if self.service:
            span.annotate("Service", self.service)
        return span

    def flush(self) -> None:
        """Nothing is left to send."""

    async def flush_async(self) -> None:
        """Nothing is left to send."""

    def finish(self) -> None:
        """Nothing is left to send."""


def _open_in_recorder(root: str) -> Any:
    """The subsegment of this trace that a decorator around the handler has begun with the SDK, if any."""
    from lambdakit.middleware.xray_context import outside_entity

    entity = outside_entity()
    is_open = getattr(entity, "type", None) == "subsegment" and entity.in_progress
    return entity if is_open and entity.trace_id == root else None


daemon = Daemon()

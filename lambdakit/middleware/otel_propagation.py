"""X-Ray's trace header for OpenTelemetry, Lineage included.

OpenTelemetry's own propagator for it forgets every field but three. `Lineage` is how X-Ray finds loops of functions
that invoke each other, so it travels in the context and goes out with the header again.
"""

from __future__ import annotations

import re

from opentelemetry import trace
from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.propagators.textmap import TextMapPropagator, default_getter, default_setter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("XRayPropagator",)

NAME = "X-Amzn-Trace-Id"
# AWS X-Ray developer guide, "Tracing header".
_ROOT = re.compile(r"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})")
_PARENT = re.compile(r"(?:^|;)\s*Parent=([0-9a-f]{16})")
_LINEAGE = re.compile(r"(?:^|;)\s*Lineage=([^;]+)")
_lineage = create_key("lambdakit-lineage")


class XRayPropagator(TextMapPropagator):
    """`X-Amzn-Trace-Id` in and out."""

    def extract(self, carrier: Any, context: Context | None = None, getter: Any = default_getter) -> Context:
        """The context with the header's span as the current one; the context as it was without a valid header."""
        context = Context() if context is None else context
        values = getter.get(carrier, NAME)
        header = values[0] if values else ""
        root, parent = _ROOT.search(header), _PARENT.search(header)
        if root is None or parent is None:
            return context
        if (lineage := _LINEAGE.search(header)) is not None:
            context = set_value(_lineage, lineage[1], context)
        flags = trace.TraceFlags("Sampled=1" in header)
        found = trace.SpanContext(int(root[1] + root[2], 16), int(parent[1], 16), is_remote=True, trace_flags=flags)
        return trace.set_span_in_context(trace.NonRecordingSpan(found), context) if found.is_valid else context

    def inject(self, carrier: Any, context: Context | None = None, setter: Any = default_setter) -> None:
        """Set the header of the context's span."""
        span = trace.get_current_span(context).get_span_context()
        if not span.is_valid:
            return
        root = f"{span.trace_id:032x}"
        header = f"Root=1-{root[:8]}-{root[8:]};Parent={span.span_id:016x};Sampled={span.trace_flags & 1}"
        lineage = get_value(_lineage, context)
        setter.set(carrier, NAME, f"{header};Lineage={lineage}" if lineage else header)

    @property
    def fields(self) -> set[str]:
        """The headers that `inject` sets."""
        return {NAME}

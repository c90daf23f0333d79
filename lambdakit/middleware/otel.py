"""OpenTelemetry: a span for each invocation, by the conventions for functions, exported by OTLP over HTTP.

Where the handler's module has set a tracer provider, that one is used. Else one is made and set: it exports to
OTEL_EXPORTER_OTLP_ENDPOINT in batches, and the variables of OpenTelemetry's specification hold. What was recorded is
exported before the response, because the environment may freeze after it: when the last invocation under way ends.
A process that serves several invocations at once (LAMBDAKIT_CONCURRENCY=async) is not frozen: there batches go out by
themselves, and at shutdown.

A collector that does not answer costs an invocation up to two seconds (OTEL_EXPORTER_OTLP_TIMEOUT), never its result;
the exporter logs what it dropped.
"""

from __future__ import annotations

from threading import Lock

from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach, detach

from lambdakit.middleware.otel_attributes import attributes_of, text_of
from lambdakit.middleware.otel_carriers import carriers_of_records, trigger_of, w3c_of
from lambdakit.middleware.otel_propagation import NAME, XRayPropagator
from lambdakit.middleware.otel_setup import instrument, set_up
from lambdakit.middleware.spans import Span, process_is_shared, span_under_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ("OTelSpan", "OpenTelemetry")

_KINDS = {"http": trace.SpanKind.SERVER, "pubsub": trace.SpanKind.CONSUMER}
_xray = XRayPropagator()


class OTelSpan(Span):
    """A span of OpenTelemetry, current for its own API too."""

    __slots__ = ("_token", "otel", "tracer")

    def __init__(self, otel: trace.Span, outer: Span | None, tracer: trace.Tracer, context: Context | None) -> None:
        self.otel = otel
        self.outer = outer
        self.tracer = tracer
        self._token: Any = attach(trace.set_span_in_context(otel, context))
        span_under_way.set(self)

    @property
    def traced(self) -> bool:
        """Whether it is open, and sampled."""
        return self.otel.is_recording()

    def annotate(self, key: str, value: str | float | bool) -> None:
        """Set an attribute."""
        self.otel.set_attribute(key, value)

    def metadata(self, key: str, value: Any, *, namespace: str = "default") -> None:
        """Set the attribute `namespace.key`, as JSON where it is neither text, number nor bool."""
        if not self.otel.is_recording():
            return
        if not isinstance(value, (str, bool, int, float)):
            import json

            value = json.dumps(value, default=str)
        self.otel.set_attribute(f"{namespace}.{key}", value)

    def propagation(self) -> dict[str, str]:
        """The headers of the propagators that are set: by default W3C's and X-Ray's."""
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(self.otel))
        return carrier

    def child(self, name: str, namespace: str = "local") -> Span:
        """Begin a span within the current one."""
        kind = trace.SpanKind.INTERNAL if namespace == "local" else trace.SpanKind.CLIENT
        return OTelSpan(self.tracer.start_span(name, kind=kind), self, self.tracer, None)

    def fail(self, error: BaseException) -> None:
        """Record an exception, its causes in its stack trace, and set the status."""
        self.otel.record_exception(error)
        self.otel.set_status(trace.Status(trace.StatusCode.ERROR, f"{type(error).__name__}: {error}"))

    def end(self) -> None:
        """End the span."""
        token, self._token = self._token, None
        if token is None:
            return
        detach(token)
        span_under_way.set(self.outer)
        self.otel.end()


class OpenTelemetry:
    """Makes an invocation's span, and sees to it that it is exported."""

    def __init__(self, patch: Sequence[str], service: str | None) -> None:
        self._provider: Any = set_up(service, _xray)
        self._tracer = trace.get_tracer("lambdakit", tracer_provider=self._provider)
        self._is_frozen_between = not process_is_shared()
        self._under_way = 0
        self._lock = Lock()
        instrument(patch)

    def begin(self, name: str, event: Any, context: Any, header: str | None, *, cold: bool) -> Span:
        """Begin the span of an invocation: a child of its caller's by W3C's headers, else by X-Ray's."""
        trigger = trigger_of(event)
        parent, links = _callers(event, context, header)
        span = self._tracer.start_span(
            text_of(context, "function_name") or name,
            context=parent,
            kind=_KINDS.get(trigger, trace.SpanKind.SERVER),
            attributes=attributes_of(context, trigger, cold),
            links=links,
        )
        made = OTelSpan(span, span_under_way.get(), self._tracer, parent)
        with self._lock:
            self._under_way += 1
        return made

    def flush(self) -> None:
        """Export, if this was the last invocation under way and the environment may freeze."""
        if self._is_last():
            self._export()

    async def flush_async(self) -> None:
        """Export as `flush` does, in a thread: other tasks go on."""
        if self._is_last():
            from asyncio import get_running_loop

            await get_running_loop().run_in_executor(None, self._export)

    def finish(self) -> None:
        """Export what is left."""
        self._export()

    def _is_last(self) -> bool:
        with self._lock:
            self._under_way -= 1
            return self._under_way == 0 and self._is_frozen_between

    def _export(self) -> None:
        flush = getattr(self._provider, "force_flush", None)
        if flush is not None:
            flush()


def _callers(event: Any, context: Any, header: str | None) -> tuple[Context, list[trace.Link]]:
    """The parent's context, and links to the other traces that led here."""
    own = _xray.extract({NAME: header or ""}, Context())
    others = [carrier_context(carrier) for carrier in carriers_of_records(event)]
    parent = own
    if w3c := w3c_of(event, context):
        # With what came by X-Ray's header beneath, so that Lineage goes on.
        parent = propagate.extract(w3c, own)
    if not trace.get_current_span(parent).get_span_context().trace_flags.sampled and not w3c:
        # Only where sampling is left to OpenTelemetry is such an invocation traced at all: in a trace of its own.
        parent, others = trace.set_span_in_context(trace.INVALID_SPAN, own), [own, *others]
    elif parent is not own:
        others.insert(0, own)
    found = (trace.get_current_span(one).get_span_context() for one in others)
    return parent, [trace.Link(one) for one in found if one.is_valid]


def carrier_context(carrier: dict[str, str]) -> Context:
    """The context that a record's attributes carry: W3C's, else X-Ray's."""
    return propagate.extract(carrier, _xray.extract(carrier, Context()))

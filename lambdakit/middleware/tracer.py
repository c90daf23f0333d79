"""Tracing: a span for every invocation that is sampled, and for the pieces of work in it.

    from lambdakit import Context, lambda_handler
    from lambdakit.middleware import capture, current_span, tracing

    @capture
    def price(order: dict[str, int]) -> int:
        current_span().annotate("Currency", "EUR")
        return order["amount"] * 3

    @lambda_handler(middleware=[tracing(service="orders")])
    def handler(event: dict[str, int], context: Context) -> int:
        with capture("look up") as span:
            span.metadata("order", event)
        return price(event)

Whether an invocation is traced was decided before it came: by the service, in the trace header. One that is not costs
one look at that header; nothing is imported, no span is made, and `capture` is a plain call. This module is the face;
`lambdakit.middleware.xray` (AWS X-Ray, through aws-xray-sdk) and `.otel` (OpenTelemetry) are imported at the first
invocation to be traced, before a SnapStart snapshot if there is one.

A span ends when the handler returns: what a streamed response does afterwards is not in it.
"""

from __future__ import annotations

import os
from _thread import allocate_lock

from lambdakit.exceptions import UsageError
from lambdakit.handlers import handler_name
from lambdakit.middleware.base import Middleware
from lambdakit.middleware.extras import require
from lambdakit.middleware.spans import process_is_shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal, Protocol

    from lambdakit.handlers import Call
    from lambdakit.middleware.spans import Span

    class Provider(Protocol):
        """What makes spans, and sends them."""

        def begin(self, name: str, event: Any, context: Any, header: str | None, *, cold: bool) -> Span:
            """Begin the span of an invocation and make it the current one; `cold`: the environment's first."""
            ...

        def flush(self) -> None:
            """Send what was not sent yet: the environment may freeze."""
            ...

        async def flush_async(self) -> None:
            """Send what was not sent yet, without holding up the event loop."""
            ...

        def finish(self) -> None:
            """Send what was not sent yet: the environment ends."""
            ...


__all__ = ("Tracing", "tracing")

# Provider -> the packages it needs; the extra that brings them has the provider's name.
PROVIDERS = {
    "xray": ("aws_xray_sdk",),
    "otel": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
}
# Library to patch -> (the package that is patched, its extra, what OpenTelemetry needs in addition).
PATCHES = {
    "boto3": ("botocore", "aws", "opentelemetry.instrumentation.botocore"),
    "httpx": ("httpx", "local", "opentelemetry.instrumentation.httpx"),
}
# No first invocation of such an environment is one that a caller waited for.
PROVISIONED = "provisioned-concurrency"
# The trace header of an invocation (AWS Lambda developer guide, "Defined runtime environment variables").
TRACE_VARIABLE = "_X_AMZN_TRACE_ID"
# What switches the X-Ray SDK off (its own documentation, "Configuration"); OpenTelemetry's is in its specification.
_SWITCHES = {
    "xray": ("AWS_XRAY_SDK_ENABLED", ("n", "no", "f", "false", "off", "0")),
    "otel": ("OTEL_SDK_DISABLED", ("true",)),
}
_SERVICE_VARIABLES = ("POWERTOOLS_SERVICE_NAME", "AWS_LAMBDA_FUNCTION_NAME")

# os.environ encodes and decodes at every look; beneath it lies a plain dict (bytes on POSIX) in every CPython so far.
_raw_environment: Any = getattr(os.environ, "_data", os.environ)
_raw_name: Any = getattr(os.environ, "encodekey", str)(TRACE_VARIABLE)

_loading = allocate_lock()
# Whether this process has had no invocation yet.
_cold = True


class Tracing(Middleware):
    """Trace invocations that are sampled, each with the annotations `ColdStart` and `Service`.

    `provider`: AWS X-Ray, or OpenTelemetry over OTLP/HTTP. `service`: by default POWERTOOLS_SERVICE_NAME, else the
    function's name. `patch`: libraries whose calls become spans, and carry the trace on. `response`: whether the
    handler's result is put on as metadata. `sampling` (OpenTelemetry only): "parent" follows the trace header,
    "always" leaves the decision to OTEL_TRACES_SAMPLER, for functions whose X-Ray tracing is off.

    Raises UsageError for an option that is not one of these, and MissingExtraError when the handler is decorated.
    """

    def __init__(
        self,
        *,
        provider: Literal["xray", "otel"] = "xray",
        service: str | None = None,
        patch: Sequence[Literal["boto3", "httpx"]] = (),
        response: Literal["omit", "metadata"] = "omit",
        sampling: Literal["parent", "always"] = "parent",
    ) -> None:
        self._kind = _one_of("provider", provider, tuple(PROVIDERS))
        self._response = _one_of("response", response, ("omit", "metadata")) == "metadata"
        always = _one_of("sampling", sampling, ("parent", "always")) == "always"
        if always and provider == "xray":
            raise UsageError("Tracing: X-Ray samples where a request enters AWS; sampling is for provider='otel'")
        if isinstance(patch, str):
            raise UsageError(f"Tracing: patch is a sequence of names: patch=({patch!r},)")
        self._patch = tuple(_one_of("patch", name, tuple(PATCHES)) for name in patch)
        self._service = service
        self._is_on = _is_on(provider)
        # What stands in the header of an invocation to be traced; "\0" never does.
        self._wanted = "Sampled=1" if self._is_on else "\0"
        self._only_wanted = provider == "xray" or not self._is_on
        self._always = always
        self._made: Provider | None = None

    def on_init(self) -> None:
        """Look whether what is needed is installed, without importing it."""
        if not self._is_on:
            return
        self._require()
        from lambdakit.runtime.hooks import before_snapshot, on_shutdown

        before_snapshot(self._load)
        if self._kind == "otel" and process_is_shared():
            on_shutdown(self._finish)

    def __call__(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run a sync handler, traced where the invocation is sampled."""
        global _cold
        header: Any = getattr(context, "_trace_header", None)
        if header.__class__ is not str:  # a context of somebody else's, a mock perhaps
            header = _header_of_process()
        is_wanted = header is not None and self._wanted in header
        if not is_wanted and (self._only_wanted or not self._is_traced(header, event, context)):
            _cold = False
            return call_next(event, context)
        span = self._begin(event, context, call_next, header)
        try:
            with span:
                result = call_next(event, context)
                self._note(span, result)
                return result
        finally:
            self._provider().flush()

    async def call_async(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run an async handler, traced where the invocation is sampled."""
        global _cold
        header: Any = getattr(context, "_trace_header", None)
        if header.__class__ is not str:
            header = _header_of_process()
        is_wanted = header is not None and self._wanted in header
        if not is_wanted and (self._only_wanted or not self._is_traced(header, event, context)):
            _cold = False
            return await call_next(event, context)
        span = self._begin(event, context, call_next, header)
        try:
            with span:
                result = await call_next(event, context)
                self._note(span, result)
                return result
        finally:
            await self._provider().flush_async()

    def _require(self) -> None:
        for package in PROVIDERS[self._kind]:
            require(package, extra=self._kind, feature=f"tracing(provider={self._kind!r})")
        for name in self._patch:
            package, extra, instrumentation = PATCHES[name]
            require(package, extra=extra, feature=f"tracing(patch=({name!r},))")
            if self._kind == "otel":
                require(instrumentation, extra="otel", feature=f"tracing(provider='otel', patch=({name!r},))")

    def _is_traced(self, header: str | None, event: Any, context: Any) -> bool:
        """Whether OpenTelemetry traces what X-Ray does not: what nobody decided on, or a W3C caller sampled."""
        return header is None or self._always or "Sampled=0" not in header or _w3c_wants(event, context)

    def _begin(self, event: Any, context: Any, call_next: Call, header: str | None) -> Span:
        global _cold
        cold, _cold = _cold, False
        if cold and os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == PROVISIONED:
            cold = False
        return self._provider().begin(handler_name(call_next), event, context, header, cold=cold)

    def _note(self, span: Span, result: Any) -> None:
        if self._response:
            span.metadata("response", result)

    def _provider(self) -> Provider:
        return self._made or self._load()

    def _load(self) -> Provider:
        with _loading:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Provider:
        if self._kind == "xray":
            from lambdakit.middleware.xray import XRay

            return XRay(self._patch, self._service or _service_of_process())
        from lambdakit.middleware.otel import OpenTelemetry

        return OpenTelemetry(self._patch, self._service)

    def _finish(self) -> None:
        if self._made is not None:
            self._made.finish()


def _one_of(option: str, value: str, known: tuple[str, ...]) -> str:
    if value in known:
        return value
    from lambdakit.nearest import suggestion

    advice = suggestion(str(value), known, f"it can be {' or '.join(map(repr, known))}")
    raise UsageError(f"Tracing: {option} cannot be {value!r}; {advice}")


def _is_on(provider: str) -> bool:
    variable, values = _SWITCHES[provider]
    return os.environ.get(variable, "").lower() not in values


def _header_of_process() -> str | None:
    """The trace header in the environment variable: of the invocation, where there is one at a time."""
    raw: str | bytes | None = _raw_environment.get(_raw_name)
    return raw.decode("ascii", "replace") if isinstance(raw, bytes) else raw


def _service_of_process() -> str | None:
    return next((value for name in _SERVICE_VARIABLES if (value := os.environ.get(name))), None)


def _w3c_wants(event: Any, context: Any) -> bool:
    from lambdakit.middleware.otel_carriers import w3c_of

    flags = w3c_of(event, context).get("traceparent", "")[53:55]
    return flags[1:] in ("1", "3", "5", "7", "9", "b", "d", "f")  # the lowest bit: sampled


tracing = Tracing

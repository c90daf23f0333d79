"""OpenTelemetry set up for a function that has not done so itself."""

from __future__ import annotations

import os

from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator

from lambdakit.middleware.otel_attributes import resource_attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ("instrument", "set_up")

# Seconds for an export, unless one of these variables says otherwise; OpenTelemetry's own default is 10, for servers.
EXPORT_SECONDS = 2
_TIMEOUT_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
_PROPAGATORS_VARIABLE = "OTEL_PROPAGATORS"

_instrumented: set[str] = set()


class SystemIds(IdGenerator):
    """Ids from the system's randomness: environments restored from one snapshot must not draw the same ones."""

    def generate_span_id(self) -> int:
        """A random span id."""
        return int.from_bytes(os.urandom(8), "big") or 1

    def generate_trace_id(self) -> int:
        """A random trace id."""
        return int.from_bytes(os.urandom(16), "big") or 1


def set_up(service: str | None, xray: Any) -> Any:
    """The tracer provider: the one that is set, else a new one, which is then set."""
    existing = trace.get_tracer_provider()
    if not isinstance(existing, trace.ProxyTracerProvider):
        return existing
    provider = _make(service)
    trace.set_tracer_provider(provider)
    if _PROPAGATORS_VARIABLE not in os.environ:
        from opentelemetry.propagators.composite import CompositePropagator

        propagate.set_global_textmap(CompositePropagator([propagate.get_global_textmap(), xray]))
    return provider


def _make(service: str | None) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({**resource_attributes(), **_service(service)})
    provider = TracerProvider(resource=resource, id_generator=SystemIds())
    timeout = None if any(name in os.environ for name in _TIMEOUT_VARIABLES) else EXPORT_SECONDS
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=timeout)))
    return provider


def _service(service: str | None) -> dict[str, str]:
    """The name of the service: as given, as OpenTelemetry's variables say (it reads them), or the function's."""
    if service is not None:
        return {"service.name": service}
    said = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    name = os.environ.get("POWERTOOLS_SERVICE_NAME") or os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    return {} if said or not name else {"service.name": name}


def instrument(names: Sequence[str]) -> None:
    """Patch these libraries with OpenTelemetry's instrumentations, each once in a process."""
    for name in names:
        if name not in _instrumented:
            _instrumented.add(name)
            _INSTRUMENT[name]()


def _instrument_boto3() -> None:
    from importlib import import_module  # this one has no types

    module: Any = import_module("opentelemetry.instrumentation.botocore")
    module.BotocoreInstrumentor().instrument()


def _instrument_httpx() -> None:
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

    HTTPXClientInstrumentor().instrument()


_INSTRUMENT = {"boto3": _instrument_boto3, "httpx": _instrument_httpx}

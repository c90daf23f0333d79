"""The options that say how a service traces: `TraceOptions`, as the command line gives them."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lambdakit.emulator.function import TRACING_MODES
from lambdakit.emulator.tracing.sampling import FIXED_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lambdakit.emulator.function import TracingMode
    from lambdakit.emulator.project import FunctionSpec

_mode = click.option(
    "--tracing",
    type=click.Choice(TRACING_MODES, case_sensitive=False),
    help="X-Ray tracing of the functions, whatever their configuration says.",
)
_port = click.option(
    "--xray-port",
    type=click.IntRange(0, 65535),
    help="The X-Ray daemon's port; 0: any that is free. Without it 2000, or any where that is taken.",
)
_rate = click.option(
    "--xray-rate",
    type=click.FloatRange(0, 1),
    default=FIXED_RATE,
    show_default=True,
    help="The share of requests traced beyond the first of each second.",
)


class TraceOptions(NamedTuple):
    """The options' values; None where one was not given."""

    mode: TracingMode | None
    port: int | None
    rate: float

    def applied(self, functions: Sequence[FunctionSpec]) -> list[FunctionSpec]:
        """The functions with the mode of tracing that was asked for."""
        if self.mode is None:
            return list(functions)
        return [replace(function, config=replace(function.config, tracing=self.mode)) for function in functions]


def trace_options(command: Callable[..., None]) -> Callable[..., Any]:
    """Add the options to a command that serves functions and is given `traces`."""

    @wraps(command)
    def with_traces(
        *args: Any, tracing: TracingMode | None, xray_port: int | None, xray_rate: float, **values: Any
    ) -> None:
        command(*args, traces=TraceOptions(tracing, xray_port, xray_rate), **values)

    return _mode(_port(_rate(with_traces)))

"""The catalogue of behaviours: one module for each part of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.behaviours import (
    context,
    errors,
    events,
    extensions,
    lifecycle,
    limits,
    logs,
    modes,
    protocol,
    resolution,
    results,
    server,
)

if TYPE_CHECKING:
    from tests.conformance.case import Case

CASES: tuple[Case, ...] = (
    *events.CASES,
    *results.CASES,
    *errors.CASES,
    *resolution.CASES,
    *logs.CASES,
    *context.CASES,
    *lifecycle.CASES,
    *protocol.CASES,
    *modes.CASES,
    *extensions.CASES,
    *limits.CASES,
    *server.CASES,
)

"""The runtime's states as the Runtime API sees them, and the steps between them: a literal table.

The names are the ones that appear in `InvalidStateTransition` replies, so they are spelled as the service spells them,
inconsistencies included. Source: AWS Lambda Runtime Interface Emulator, runtime states.
"""

from __future__ import annotations

STARTED = "Started"
READY = "Ready"
RUNNING = "Running"
RESPONDING = "InvocationResponse"
REPORTING = "InvocationErrorResponse"
ANSWERED = "RuntimeResponseSentState"
INIT_ERROR = "InitError"
RESTORE_READY = "RestoreReady"
RESTORING = "Restoring"
RESTORE_ERROR = "RestoreError"

# from -> where a call may lead. A `next` in Running delivers the same event again and is no step at all.
STEPS: dict[str, frozenset[str]] = {
    STARTED: frozenset({READY, INIT_ERROR, RESTORE_READY}),
    READY: frozenset({RUNNING}),
    RUNNING: frozenset({RESPONDING, REPORTING}),
    RESPONDING: frozenset({ANSWERED}),
    REPORTING: frozenset({ANSWERED}),
    ANSWERED: frozenset({READY}),
    RESTORE_READY: frozenset({RESTORING, INIT_ERROR}),
    RESTORING: frozenset({READY, RESTORE_ERROR}),
    INIT_ERROR: frozenset(),
    RESTORE_ERROR: frozenset(),
}

# How a target state is named in the text, where that differs from the state's own name.
TARGET_NAMES = {RESTORE_ERROR: "RuntimeRestoreErrorState"}


def refusal(state: str, target: str) -> str | None:
    """None when the step is allowed, else the message of the 403 reply."""
    if target in STEPS[state]:
        return None
    name = TARGET_NAMES.get(target, target)
    return f"State transition from {state} to {name} failed for runtime. Error: State transition is not allowed"

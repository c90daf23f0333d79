"""Durable functions: the envelope around an execution's input, and the one around its answer.

Source: the AWS durable execution SDK for Python (its invocation models). The envelope surrounds whatever invoked the
function: `input` is that event, as JSON. Not here: replaying, checkpointing and steps, which the SDK does.
"""

from __future__ import annotations

from lambdakit.events.convert import json_value
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.rules import known_keys, needs, of_type, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ("DurableEvent", "DurableOperation", "durable_event")

STATUSES = ("SUCCEEDED", "FAILED", "PENDING")
ANSWER_FIELDS = ("Status", "Result", "Error")
# The type of the operation that holds the input.
EXECUTION = "EXECUTION"


class DurableOperation(Model, at="$.InitialExecutionState.Operations[*]"):
    """One operation of an execution, as far as all kinds share it; the rest is in `.raw`."""

    shown = ("type", "id")

    id: str = field("Id")
    type: str = field("Type")
    name: str | None = field("Name", default=None)
    parent_id: str | None = field("ParentId", default=None)
    status: str | None = field("Status", default=None)
    input_payload: str | None = field(
        "ExecutionDetails", "InputPayload", default=None, doc="The execution's input, as JSON text."
    )


class DurableEvent(Model):
    """The envelope of one invocation of a durable execution."""

    shown = ("durable_execution_arn",)

    durable_execution_arn: str = field("DurableExecutionArn")
    checkpoint_token: str = field("CheckpointToken")
    operations: Sequence[DurableOperation] = field(
        "InitialExecutionState", "Operations", each=DurableOperation, default=()
    )
    next_marker: str | None = field(
        "InitialExecutionState", "NextMarker", default=None, doc="Set where there are more operations to fetch."
    )
    updated_operation_ids: Sequence[str] = field("UpdatedOperationIds", default=())

    @property
    def input(self) -> Any:
        """The event of whatever invoked the function, decoded; None where the execution has none."""
        for operation in self.operations:
            if operation.type == EXECUTION and operation.input_payload:
                return json_value(operation.input_payload)
        return None


def _checked(answer: Any) -> dict[str, Any]:
    """The answer's envelope. Raises ResponseError where it is not one."""
    known_keys("the answer of a durable function", answer, ANSWER_FIELDS)
    needs("the answer of a durable function", answer, ("Status",))
    one_of("Status", answer["Status"], STATUSES)
    if answer.get("Result") is not None:
        of_type("Result (JSON text)", answer["Result"], str)
    if answer.get("Error") is not None:
        of_type("Error", answer["Error"], dict)
    checked: dict[str, Any] = answer
    return checked


durable_event: EventDecorator[DurableEvent] = EventDecorator("durable_event", DurableEvent, "durable", finish=_checked)

"""AWS Secrets Manager rotation: four invocations, one for each step.

Source: AWS Secrets Manager user guide, "Rotation by Lambda function". Each step must be idempotent; the answer is
ignored, an exception fails the rotation.
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

__all__ = ("SecretRotationEvent", "secret_rotation")


class SecretRotationEvent(Model):
    """One step of a rotation. `client_request_token` is the id of the version that is being made."""

    shown = ("step", "secret_id")

    step: Literal["createSecret", "setSecret", "testSecret", "finishSecret"] = field("Step")
    secret_id: str = field("SecretId")
    client_request_token: str = field("ClientRequestToken")
    rotation_token: str | None = field("RotationToken", default=None)


secret_rotation: EventDecorator[SecretRotationEvent] = EventDecorator(
    "secret_rotation", SecretRotationEvent, "secretsmanager"
)

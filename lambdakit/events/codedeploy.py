"""AWS CodeDeploy lifecycle event hooks, of deployments of Lambda functions and of Amazon ECS services.

Source: AWS CodeDeploy user guide, "AppSpec 'hooks' section". The deployment goes on when the status is reported by
PutLifecycleEventHookExecutionStatus; a hook that reports nothing fails it after an hour. The decorator reports:
Succeeded when the function returns, Failed when it raises or returns False.
"""

from __future__ import annotations

from lambdakit.events.aws_clients import client_of
from lambdakit.events.model import Model, field
from lambdakit.events.reporting import ReportingDecorator
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    HookStatus: TypeAlias = Literal["Succeeded", "Failed"]

__all__ = ("CodeDeployEvent", "codedeploy_hook")


class CodeDeployEvent(Model):
    """A deployment waits for this hook."""

    shown = ("deployment_id", "lifecycle_event_hook_execution_id")

    deployment_id: str = field("DeploymentId")
    lifecycle_event_hook_execution_id: str = field("LifecycleEventHookExecutionId")

    def report(self, status: HookStatus) -> dict[str, Any]:
        """The arguments of PutLifecycleEventHookExecutionStatus for this hook."""
        return {
            "deploymentId": self.deployment_id,
            "lifecycleEventHookExecutionId": self.lifecycle_event_hook_execution_id,
            "status": status,
        }


def _client() -> Any:
    return client_of("codedeploy", "@codedeploy_hook")


def _put(event: CodeDeployEvent, status: HookStatus) -> None:
    _client().put_lifecycle_event_hook_execution_status(**event.report(status))


def _success(event: CodeDeployEvent, result: Any) -> None:
    if result is not None and not isinstance(result, bool):
        _put(event, "Failed")
        raise ResponseError(
            f"a CodeDeploy hook returns None or True for success and False for failure, not {type(result).__name__}"
        )
    _put(event, "Failed" if result is False else "Succeeded")


def _failure(event: CodeDeployEvent, error: BaseException) -> None:
    _put(event, "Failed")


codedeploy_hook: ReportingDecorator[CodeDeployEvent] = ReportingDecorator(
    "codedeploy_hook", CodeDeployEvent, "codedeploy", ready=_client, success=_success, failure=_failure
)

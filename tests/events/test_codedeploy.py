from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdakit.events import aws_clients
from lambdakit.events.codedeploy import codedeploy_hook
from lambdakit.exceptions import ResponseError, UsageError, WrongSourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdakit.events.codedeploy import CodeDeployEvent

RAW = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "hook-1"}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("codedeploy", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(aws_clients, "_clients", {"codedeploy": client})
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def expect(service: Stubber, status: str) -> None:
    wanted = {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "hook-1", "status": status}
    service.add_response("put_lifecycle_event_hook_execution_status", {}, wanted)


@pytest.mark.parametrize(("result", "status"), [(None, "Succeeded"), (True, "Succeeded"), (False, "Failed")])
def test_a_result_is_reported(service: Stubber, result: bool | None, status: str) -> None:
    @codedeploy_hook
    def handler(event: CodeDeployEvent, context: Any) -> bool | None:
        assert event.deployment_id == "d-1"
        return result

    expect(service, status)
    assert handler(RAW) is None


def test_an_exception_is_reported_and_not_raised(service: Stubber, caplog: pytest.LogCaptureFixture) -> None:
    @codedeploy_hook(middleware=[])
    async def handler(event: CodeDeployEvent, context: Any) -> None:
        raise ValueError("no such table")

    expect(service, "Failed")
    asyncio.run(handler(RAW))  # type: ignore[arg-type]
    assert "no such table" in caplog.text


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError()])
def test_an_end_is_reported_and_goes_on(service: Stubber, error: BaseException) -> None:
    @codedeploy_hook
    async def handler(event: CodeDeployEvent, context: Any) -> None:
        raise error

    expect(service, "Failed")
    with pytest.raises(type(error)):
        handler(RAW).send(None)  # type: ignore[attr-defined]


def test_a_result_without_meaning_is_a_failure(service: Stubber) -> None:
    @codedeploy_hook
    def handler(event: CodeDeployEvent, context: Any) -> str:
        return "Succeeded"

    expect(service, "Failed")
    with pytest.raises(ResponseError, match="None or True for success"):
        handler(RAW)


def test_a_report_that_fails_is_raised(service: Stubber) -> None:
    @codedeploy_hook
    def handler(event: CodeDeployEvent, context: Any) -> None: ...

    service.add_client_error("put_lifecycle_event_hook_execution_status", "DeploymentDoesNotExistException")
    with pytest.raises(Exception, match="DeploymentDoesNotExistException"):
        handler(RAW)


def test_what_is_missing_is_said_before_the_function_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []

    @codedeploy_hook
    def handler(event: CodeDeployEvent, context: Any) -> None:
        ran.append(1)

    monkeypatch.setattr(aws_clients, "_clients", {})
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError, match=r"@codedeploy_hook .* pip install 'lambdakit\[aws\]'"):
        handler(RAW)
    assert ran == []
    with pytest.raises(WrongSourceError):
        handler({"DeploymentId": "d-1"})

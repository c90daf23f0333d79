"""Logs, metrics, cost and the clock over HTTP: read by boto3's own clients where AWS has one."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdakit.emulator import LocalService
from lambdakit.emulator.api import ApiServer
from lambdakit.emulator.api.backstage_routes import BackstageOperations
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.clock import VirtualClock
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

NOON = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
GROUP = "/aws/lambda/engine-test"
APP = """
def handler(event, context):
    print("hello", event["n"])
    if event["n"] == 2:
        raise ValueError("two")
    return event
"""


class Site:
    """A server with everything behind it, and clients of it."""

    def __init__(self, server: ApiServer, backstage: Backstage) -> None:
        self.server = server
        self.backstage = backstage

    async def ask(self, service: str, operation: str, **arguments: Any) -> Any:
        """An operation of a boto3 client, in a thread."""
        client: Any = boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.server.url,
            region_name="us-east-1",
            aws_access_key_id="AKIA",
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, read_timeout=15),
        )
        try:
            return await asyncio.to_thread(lambda: getattr(client, operation)(**arguments))
        finally:
            client.close()

    async def invoke(self, n: int, kind: str = "RequestResponse") -> Any:
        payload = json.dumps({"n": n})
        return await self.ask("lambda", "invoke", FunctionName="engine-test", Payload=payload, InvocationType=kind)

    async def http(self, method: str, path: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.server.url, timeout=15) as client:
            return await client.request(method, path, **options)


def serve(tmp_path: Path, test: Callable[[Site], Awaitable[None]], *, clock: Any = None) -> None:
    async def go() -> None:
        backstage = Backstage(clock=VirtualClock(NOON.timestamp()) if clock is None else clock)
        service = LocalService(log=backstage.log, observer=backstage)
        server = ApiServer(service, port=0, take_event=backstage.take_event)
        server.router.add(BackstageOperations(backstage).routes())
        async with service, backstage.behind(service), server:
            service.add(app_config(tmp_path, APP))
            await test(Site(server, backstage))

    run(go())


def test_boto3_reads_the_logs_of_what_it_invoked(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        for n in range(3):
            await site.invoke(n)
        groups = await site.ask("logs", "describe_log_groups")
        assert [group["logGroupName"] for group in groups["logGroups"]] == [GROUP]
        found = await site.ask("logs", "filter_log_events", logGroupName=GROUP, filterPattern="hello")
        assert [event["message"] for event in found["events"]] == ["hello 0\n", "hello 1\n", "hello 2\n"]
        streams = await site.ask("logs", "describe_log_streams", logGroupName=GROUP)
        name = streams["logStreams"][0]["logStreamName"]
        events = await site.ask(
            "logs", "get_log_events", logGroupName=GROUP, logStreamName=name, startFromHead=True, limit=3
        )
        assert events["events"][0]["message"].startswith("INIT_START")

    serve(tmp_path, check)


def test_boto3_reads_the_metrics_of_what_it_invoked(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        for n in range(3):
            await site.invoke(n)
        dimensions = [{"Name": "FunctionName", "Value": "engine-test"}]
        listed = await site.ask("cloudwatch", "list_metrics", Namespace="AWS/Lambda", Dimensions=dimensions)
        assert {"Invocations", "Errors", "Duration"} <= {metric["MetricName"] for metric in listed["Metrics"]}
        answer = await site.ask(
            "cloudwatch",
            "get_metric_statistics",
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Dimensions=dimensions,
            StartTime=NOON,
            EndTime=datetime(2026, 5, 4, 13, tzinfo=timezone.utc),
            Period=60,
            Statistics=["Sum", "SampleCount"],
        )
        (point,) = answer["Datapoints"]
        assert (point["Timestamp"], point["Sum"], point["SampleCount"]) == (NOON, 1.0, 3.0)
        stat = {
            "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Invocations", "Dimensions": dimensions},
            "Period": 60,
            "Stat": "Sum",
        }
        data = await site.ask(
            "cloudwatch",
            "get_metric_data",
            MetricDataQueries=[{"Id": "m", "MetricStat": stat}],
            StartTime=NOON,
            EndTime=datetime(2026, 5, 4, 13, tzinfo=timezone.utc),
        )
        (result,) = data["MetricDataResults"]
        assert (result["Values"], result["Timestamps"]) == ([3.0], [NOON])

    serve(tmp_path, check)


def test_errors_reach_boto3_with_their_code(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        with pytest.raises(ClientError) as logs:
            await site.ask("logs", "filter_log_events", logGroupName="gone")
        assert logs.value.response["Error"]["Code"] == "ResourceNotFoundException"
        with pytest.raises(ClientError) as metrics:
            await site.ask("cloudwatch", "describe_alarms")
        assert metrics.value.response["Error"]["Code"] == "InvalidAction"
        refused = await site.http("POST", "/", content=b"[", headers={"X-Amz-Target": "Logs_20140328.FilterLogEvents"})
        assert (refused.status_code, refused.json()["__type"]) == (400, "SerializationException")

    serve(tmp_path, check)


def test_an_event_is_accepted_and_the_clock_runs_its_retries(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        accepted = await site.invoke(2, "Event")
        assert accepted["StatusCode"] == 202
        moved = await site.http("POST", "/_lambdakit/clock", json={"advance": 21_600})
        assert moved.json() == {"now": NOON.timestamp() + 21_600}
        found = await site.ask("logs", "filter_log_events", logGroupName=GROUP, filterPattern="hello")
        assert len(found["events"]) == 3
        clock = (await site.http("GET", "/_lambdakit/clock")).json()
        assert clock == {"now": NOON.timestamp() + 21_600, "kind": "virtual", "pending_events": 0}

    serve(tmp_path, check)


def test_a_clock_that_cannot_be_moved_on_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Stuck(VirtualClock):
        async def advance(self, seconds: float) -> float:
            raise OSError("disk full")

    async def test(site: Site) -> None:
        answer = await site.http("POST", "/_lambdakit/clock", json={"advance": 1})
        assert (answer.status_code, answer.json()) == (500, {"message": "OSError: disk full"})

    serve(tmp_path, test, clock=Stuck(NOON.timestamp()))
    assert caplog.messages == ["The clock could not be moved on"]


@pytest.mark.parametrize("body", [b"{}", b'{"advance": -1}', b'{"advance": "x"}', b'{"advance": 1e9}', b"["])
def test_the_clock_is_moved_on_by_a_time_only(tmp_path: Path, body: bytes) -> None:
    async def check(site: Site) -> None:
        answer = await site.http("POST", "/_lambdakit/clock", content=body)
        assert (answer.status_code, "advance" in answer.json()["message"]) == (400, True)

    serve(tmp_path, check)


def test_the_systems_clock_is_not_moved(tmp_path: Path) -> None:
    from lambdakit.emulator.clock import SystemClock

    async def check(site: Site) -> None:
        answer = await site.http("POST", "/_lambdakit/clock", json={"advance": 1})
        assert answer.status_code == 409
        assert (await site.http("GET", "/_lambdakit/clock")).json()["kind"] == "system"

    serve(tmp_path, check, clock=SystemClock())


def test_prometheus_and_the_cost_are_there(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        await site.invoke(1)
        scrape = await site.http("GET", "/metrics")
        assert 'aws_lambda_invocations_total{function_name="engine-test"} 1' in scrape.text.splitlines()
        assert scrape.headers["content-type"].startswith("text/plain; version=0.0.4")
        cost = (await site.http("GET", "/_lambdakit/cost")).json()
        assert cost["functions"][0]["requests"] == 1
        assert cost["bill"]["requests"] == pytest.approx(0.2e-6)

    serve(tmp_path, check)

"""Behind the service: asynchronous events of a real function, its logs, its metrics, and what it would have cost."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import boto3

from lambdakit.emulator import Invocation, LocalService
from lambdakit.emulator.asynchronous.event import EventInvokeConfig
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.clock import VirtualClock
from lambdakit.emulator.cloudwatch.metrics import Metric
from lambdakit.emulator.service import InvokeRequest
from tests.engine_support import app_config, run
from tests.moto_server import aws, aws_server, unique

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lambdakit.emulator import FunctionConfig

__all__ = ("aws", "aws_server")

COUNTING = """
import json, os, pathlib

def handler(event, context):
    attempts = pathlib.Path("attempts")
    attempts.open("a").write(context.aws_request_id + "\\n")
    print("attempt of", event.get("name"))
    if event.get("fail"):
        raise ValueError("no " + event["name"])
    return event
"""


@asynccontextmanager
async def staged(config: FunctionConfig, **options: Any) -> AsyncIterator[tuple[LocalService, Backstage]]:
    backstage = Backstage(clock=VirtualClock(1_000_000.0), region=config.region, **options)
    service = LocalService(log=backstage.log, observer=backstage)
    service.add(config)
    async with service, backstage.behind(service):
        yield service, backstage


def send(service: LocalService, backstage: Backstage, payload: Any, request_id: str = "r-1") -> None:
    name = service.parse("engine-test", None, None)
    body = json.dumps(payload).encode()
    backstage.take_event(service.find(name), name, Invocation(body, request_id=request_id))


def test_an_event_is_run_and_all_attempts_have_its_request_id(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, COUNTING)) as (service, backstage):
            send(service, backstage, {"name": "a", "fail": True})
            assert backstage.pending_events() == 1
            await advance(backstage, 6 * 3600)
            assert backstage.pending_events() == 0
            assert (tmp_path / "attempts").read_text().split() == ["r-1"] * 3

    run(main())


async def advance(backstage: Backstage, seconds: float) -> None:
    clock = backstage.clock
    assert isinstance(clock, VirtualClock)
    await clock.advance(seconds)


def test_what_failed_goes_to_the_dead_letter_queue_and_what_succeeded_to_its_destination(
    tmp_path: Path, aws: str
) -> None:
    sqs = boto3.client("sqs")
    urls = [sqs.create_queue(QueueName=unique("end"))["QueueUrl"] for _ in range(2)]
    dead, done = (
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"] for url in urls
    )

    async def main() -> None:
        async with staged(app_config(tmp_path, COUNTING, region="eu-west-1")) as (service, backstage):
            backstage.configure("engine-test", EventInvokeConfig(1, on_success=done, dead_letter=dead))
            send(service, backstage, {"name": "bad", "fail": True}, "r-bad")
            send(service, backstage, {"name": "good"}, "r-good")
            await advance(backstage, 3600)

    run(main())
    (letter,) = sqs.receive_message(QueueUrl=urls[0], MessageAttributeNames=["All"])["Messages"]
    assert json.loads(letter["Body"]) == {"name": "bad", "fail": True}
    assert letter["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no bad"
    (record,) = sqs.receive_message(QueueUrl=urls[1])["Messages"]
    told = json.loads(record["Body"])
    assert told["requestContext"] == {
        "requestId": "r-good",
        "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:engine-test:$LATEST",
        "condition": "Success",
        "approximateInvokeCount": 1,
    }
    assert told["responsePayload"] == {"name": "good"}


def test_a_function_may_be_the_destination(tmp_path: Path) -> None:
    async def main() -> None:
        config = app_config(tmp_path, COUNTING)
        async with staged(config) as (service, backstage):
            other = app_config(tmp_path, COUNTING, name="other")
            service.add(other)
            backstage.configure("engine-test", EventInvokeConfig(on_success=other.arn))
            send(service, backstage, {"name": "a"})
            await advance(backstage, 1)
            groups = [group.name for group in backstage.logs.groups()]
            assert groups == ["/aws/lambda/engine-test", "/aws/lambda/other"]

    run(main())


def test_a_function_without_concurrency_ends_its_events_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, COUNTING)) as (service, backstage):
            service.reserve("engine-test", 0)
            send(service, backstage, {"name": "a"})
            await advance(backstage, 0)
            assert backstage.pending_events() == 0
            throttles = Metric.of("AWS/Lambda", "Throttles", {"FunctionName": "engine-test"})
            assert backstage.metrics.total(throttles).sum == 1

    run(main())


def test_an_event_waits_for_concurrency(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, COUNTING)) as (service, backstage):
            service.reserve("engine-test", 0)
            service.remove("engine-test")
            send_to = service.parse("engine-test", None, None)
            service.add(app_config(tmp_path, COUNTING))
            served = service.find(send_to)
            service.remove("engine-test")
            backstage.take_event(served, send_to, Invocation(b'{"name": "a"}', request_id="r"))
            await advance(backstage, 10)
            assert backstage.pending_events() == 1
            service.add(app_config(tmp_path, COUNTING))
            await advance(backstage, 60)
            assert (tmp_path / "attempts").read_text().split() == ["r"]

    run(main())


def test_events_and_logs_outlive_the_service(tmp_path: Path) -> None:
    state = tmp_path / "state"

    async def first() -> None:
        config = app_config(tmp_path, COUNTING)
        backstage = Backstage(state=state, clock=VirtualClock(1_000_000.0))
        service = LocalService(log=backstage.log, observer=backstage)
        service.add(config)
        async with service:
            await service.invoke(InvokeRequest("engine-test", b'{"name": "sync"}'))
            async with backstage.behind(service):
                service.reserve("engine-test", 0)
                service.remove("engine-test")
                service.add(config)
                served = service.find(service.parse("engine-test", None, None))
                service.remove("engine-test")
                name = service.parse("engine-test", None, None)
                backstage.take_event(served, name, Invocation(b'{"name": "async"}', request_id="kept"))
                await advance(backstage, 1)

    async def second() -> None:
        backstage = Backstage(state=state, clock=VirtualClock(1_000_100.0))
        service = LocalService(log=backstage.log, observer=backstage)
        service.add(app_config(tmp_path, COUNTING))
        async with service, backstage.behind(service):
            await advance(backstage, 600)
            assert backstage.pending_events() == 0
            messages = [event.message for event in backstage.logs.events("/aws/lambda/engine-test")]
            assert {"attempt of sync\n", "attempt of async\n"} <= set(messages)

    run(first())
    run(second())
    assert "kept" in (tmp_path / "attempts").read_text()


def test_logs_metrics_and_cost_are_those_of_what_ran(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, COUNTING, memory_mb=1024)) as (service, backstage):
            await service.invoke(InvokeRequest("engine-test", b'{"name": "a"}'))
            await service.invoke(InvokeRequest("engine-test", b'{"name": "b", "fail": true}'))
            messages = [event.message for event in backstage.logs.events("/aws/lambda/engine-test")]
            assert [message for message in messages if message.startswith("attempt")] == [
                "attempt of a\n",
                "attempt of b\n",
            ]
            assert sum(message.startswith("REPORT RequestId") for message in messages) == 2
            totals = {
                name: backstage.metrics.total(Metric.of("AWS/Lambda", name, {"FunctionName": "engine-test"})).sum
                for name in ("Invocations", "Errors", "Throttles")
            }
            assert totals == {"Invocations": 2, "Errors": 1, "Throttles": 0}
            (usage,) = backstage.usage()
            assert (usage.requests, usage.memory_mb) == (2, 1024)
            assert usage.gb_seconds == usage.billed_ms / 1000
            assert backstage.bill().total < 1e-12
            backstage.forget()
            assert (backstage.usage(), backstage.logs.groups(), backstage.metrics.metrics()) == ([], [], [])

    run(main())


def test_a_qualified_invocation_counts_for_what_it_named_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, COUNTING)) as (service, backstage):
            service.publish(app_config(tmp_path, COUNTING, version="1"))
            for qualifier in ("1", None, "$LATEST"):
                await service.invoke(InvokeRequest("engine-test", b'{"name": "a"}', qualifier=qualifier))
            counts = {
                resource: backstage.metrics.total(
                    Metric.of("AWS/Lambda", "Invocations", {"FunctionName": "engine-test", "Resource": resource})
                ).sum
                for resource in ("engine-test", "engine-test:1")
            }
            assert counts == {"engine-test": 2, "engine-test:1": 1}
            assert sum(usage.requests for usage in backstage.usage()) == 3

    run(main())


MEASURED = """
import json
def handler(event, context):
    directive = {"Namespace": "Shop", "Dimensions": [[]], "Metrics": [{"Name": "Orders", "Unit": "Count"}]}
    print(json.dumps({"_aws": {"Timestamp": 1764000000000, "CloudWatchMetrics": [directive]}, "Orders": event}))
"""


def test_metrics_in_the_log_are_metrics(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, MEASURED)) as (service, backstage):
            for count in (2, 3):
                await service.invoke(InvokeRequest("engine-test", str(count).encode()))
            assert backstage.metrics.total(Metric("Shop", "Orders")).sum == 5

    run(main())

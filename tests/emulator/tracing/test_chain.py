"""A function that calls another: one trace of both, by nothing but the AWS SDK that every function has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lambdakit.emulator import FunctionConfig, LocalService
from lambdakit.emulator.api import ApiServer
from lambdakit.emulator.service import InvokeRequest
from lambdakit.emulator.tracing.sampling import Sampler
from lambdakit.emulator.tracing.tracer import Tracer
from tests.emulator.tracing.tracing_support import WatchedStore, part, parts
from tests.engine_support import run

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import os

def caller(event, context):
    import boto3
    client = boto3.client("lambda", endpoint_url=os.environ["AWS_ENDPOINT_URL_LAMBDA"], region_name="us-east-1",
                          aws_access_key_id="key", aws_secret_access_key="secret")
    return client.invoke(FunctionName="called")["Payload"].read().decode()

def called(event, context):
    return os.environ["_X_AMZN_TRACE_ID"]
"""


def test_what_a_function_calls_is_part_of_its_trace(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)

    async def main() -> None:
        store = WatchedStore()
        host = dict(os.environ)
        service = LocalService(tracer=Tracer(store, Sampler(0.0, clock=lambda: 1.0)), host=host)
        async with service, ApiServer(service, port=0) as server:
            host["AWS_ENDPOINT_URL_LAMBDA"] = server.url
            for name in ("caller", "called"):
                service.add(FunctionConfig(name, f"app.{name}", tmp_path, timeout=20, tracing="Active"))
            await service.invoke(InvokeRequest("caller"))
            trace = await store.trace_of("caller", "called")
            by_name = {(entity["name"], entity.get("origin")): entity for entity in parts(trace)}
            invocation = part(by_name["caller", "AWS::Lambda::Function"], "Invocation")
            assert by_name["called", "AWS::Lambda"]["parent_id"] == invocation["id"]
            assert len(store) == 1

    run(main())

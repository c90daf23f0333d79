"""Requests over HTTP: the service's doors begin traces, and functions with active tracing decide on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from lambdakit.emulator.faces.server import FacesServer
from lambdakit.emulator.project import FunctionSpec, FunctionUrl
from tests.emulator.tracing.tracing_support import names, roots, traced_service
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from pathlib import Path

    from lambdakit.emulator.function import TracingMode

APP = """
import os
def handler(event, context):
    return [event["headers"]["x-amzn-trace-id"], os.environ["_X_AMZN_TRACE_ID"]]
"""
ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793"


@pytest.mark.parametrize(("mode", "sampled"), [("Active", 1), ("PassThrough", 0)])
def test_a_url_s_requests_are_traced_where_the_function_is(tmp_path: Path, mode: TracingMode, sampled: int) -> None:
    async def main() -> None:
        function = FunctionSpec(app_config(tmp_path, APP, tracing=mode), url=FunctionUrl())
        async with (
            traced_service(function.config) as (service, store),
            FacesServer(service, [function], port=0) as server,
            httpx.AsyncClient(base_url=server.path_url_of("engine-test")) as client,
        ):
            for given, decided in [(None, sampled), (f"{ROOT};Parent=53995c3f42cd8ad8;Sampled=0", 0), (ROOT, sampled)]:
                response = await client.get("/", headers={} if given is None else {"X-Amzn-Trace-Id": given})
                told, seen = response.json()
                assert told == (given or response.headers["x-amzn-trace-id"])
                assert given is not None or re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", told)
                root = told.partition(";")[0]
                assert re.fullmatch(rf"{root};Parent=[0-9a-f]{{16}};Sampled={decided}", seen)
            if not sampled:
                assert len(store) == 0
                return
            trace = await store.trace_of("Overhead", id=ROOT.removeprefix("Root="))
            assert names(roots(trace)[1]) == ["Invocation", "Overhead"]

    run(main())

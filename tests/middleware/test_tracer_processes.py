"""Tracing in real processes: under both runtimes, with invocations at once, with the SDK and with Powertools."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.fake_runtime_api import Event
from tests.middleware.trace_receivers import HEADER, LINEAGE, PARENT, ROOT, UNSAMPLED, UDPDaemon
from tests.moto_server import aws, aws_environment, aws_server  # noqa: F401
from tests.runtime_process import OFFICIAL, OURS, run_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def daemon() -> Iterator[UDPDaemon]:
    receiver = UDPDaemon()
    yield receiver
    receiver.close()


def run(daemon: UDPDaemon, source: str, *headers: str | None, command: Any = OURS, **variables: str) -> list[Any]:
    """Run one invocation for each trace header; the answers' bodies."""
    events = [Event({"number": n}, headers={"Lambda-Runtime-Trace-Id": header}) for n, header in enumerate(headers)]
    env = {"AWS_XRAY_DAEMON_ADDRESS": daemon.address, "LAMBDA_TASK_ROOT": "/var/task", **variables}
    ended = run_runtime(source, events, command=command, env=env)
    answers = [post for post in ended.posts if post.call == "response"]
    assert len(answers) == len(headers), (ended.posts, ended.stdout, ended.stderr)
    return [post.body for post in answers]


TRACED = """
from lambdakit import lambda_handler
from lambdakit.middleware import capture, tracing

@capture
def work(event):
    return event["number"]

@lambda_handler(middleware=[tracing(service="orders")])
def handler(event, context):
    return work(event)
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL])
def test_both_runtimes_trace_what_is_sampled(command: Any, daemon: UDPDaemon) -> None:
    run(daemon, TRACED, UNSAMPLED, HEADER, None, HEADER, command=command)
    for _ in range(2):
        work, root = daemon.receive(2)
        assert (work["name"], work["parent_id"]) == ("## work", root["id"])
        assert (root["name"], root["parent_id"], root["trace_id"]) == ("## handler", PARENT, ROOT)
        assert root["annotations"] == {"ColdStart": False, "Service": "orders"}
    assert daemon.is_silent()


CONCURRENT = """
import asyncio
from lambdakit import lambda_handler
from lambdakit.middleware import capture, current_span, tracing

met = asyncio.Event()
under_way = 0

@capture
async def work(number):
    current_span().annotate("Number", number)

@lambda_handler(middleware=[tracing()])
async def handler(event, context):
    global under_way
    under_way += 1
    if under_way == 10:
        met.set()
    await met.wait()
    await asyncio.gather(*(asyncio.ensure_future(work(event["number"])) for _ in range(3)))
    return current_span().propagation().get("X-Amzn-Trace-Id")
"""


def test_invocations_at_once_in_one_process_keep_apart(daemon: UDPDaemon) -> None:
    headers = [f"Root=1-5759e988-{n:024x};Parent={n + 1:016x};Sampled={n % 2}" for n in range(10)]
    env = {"AWS_LAMBDA_MAX_CONCURRENCY": "10", "LAMBDAKIT_CONCURRENCY": "async"}
    answers = run(daemon, CONCURRENT, *headers, **env)
    assert answers.count(b"null") == 5
    documents = daemon.receive(5 * 4)
    roots = {one["trace_id"]: one for one in documents if one["name"] == "## handler"}
    assert sorted(int(trace[-24:], 16) for trace in roots) == [1, 3, 5, 7, 9]
    for one in documents:
        number = int(one["trace_id"][-24:], 16)
        root = roots[one["trace_id"]]
        assert one["parent_id"] == (f"{number + 1:016x}" if one is root else root["id"])
        assert one.get("annotations", {}).get("Number", number) == number
    assert daemon.is_silent()


WITH_SDK = """
import asyncio
from lambdakit import lambda_handler
from lambdakit.middleware import capture, tracing
{early}
async def part(n):
    from aws_xray_sdk.core import xray_recorder
    async with xray_recorder.in_subsegment_async("part") as subsegment:
        await asyncio.sleep(0)
        subsegment.put_annotation("n", n)
        with capture("ours"):
            await asyncio.sleep(0)

@lambda_handler(middleware=[tracing()])
async def handler(event, context):
    from aws_xray_sdk.core import patch_all, xray_recorder
    subsegment = xray_recorder.begin_subsegment("begun")
    xray_recorder.put_annotation("k", "v")
    xray_recorder.end_subsegment()
    await asyncio.gather(part(1), part(2))
    try:
        with xray_recorder.in_subsegment("failed"):
            raise KeyError("x")
    except KeyError:
        pass
    return xray_recorder.current_subsegment().name
"""


@pytest.mark.parametrize("early", ["", "from aws_xray_sdk.core import xray_recorder", "import aws_xray_sdk.core as c"])
def test_the_sdks_recorder_works_within_our_spans(early: str, daemon: UDPDaemon) -> None:
    answers = run(daemon, WITH_SDK.format(early=early), HEADER, HEADER)
    assert answers == [b'"## handler"'] * 2
    for _ in range(2):
        documents = daemon.receive(7)
        (root,) = [one for one in documents if one["name"] == "## handler"]
        parts = {one["id"]: one for one in documents if one["name"] == "part"}
        assert [part["annotations"]["n"] for part in parts.values()] == [1, 2]
        assert {one["parent_id"] for one in documents if one["name"] == "ours"} == set(parts)
        for one in documents:
            assert one["trace_id"] == ROOT
            assert one["name"] in ("ours", "## handler") or one["parent_id"] == root["id"]
        (begun,) = [one for one in documents if one["name"] == "begun"]
        (failed,) = [one for one in documents if one["name"] == "failed"]
        assert begun["annotations"] == {"k": "v"}
        assert failed["cause"]["exceptions"][0]["type"] == "KeyError"


IN_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from aws_xray_sdk.core import xray_recorder
from lambdakit import lambda_handler
from lambdakit.middleware import capture, tracing

def work(entity):
    xray_recorder.set_trace_entity(entity)
    with xray_recorder.in_subsegment("theirs"), capture("ours"):
        xray_recorder.begin_segment("refused")
        xray_recorder.end_segment()
    xray_recorder.clear_trace_entities()
    with capture("untraced") as span:
        return span.traced

@lambda_handler(middleware=[tracing()])
def handler(event, context):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, [xray_recorder.get_trace_entity()] * 2))
"""


def test_the_sdks_way_to_go_on_in_a_thread_works(daemon: UDPDaemon) -> None:
    assert run(daemon, IN_THREADS, HEADER) == [b"[false, false]"]
    *told, root = daemon.receive(5)
    theirs = {one["id"]: one for one in told if one["name"] == "theirs"}
    ours = [one for one in told if one["name"] == "ours"]
    assert {one["parent_id"] for one in theirs.values()} == {root["id"]}
    assert {one["parent_id"] for one in ours} == set(theirs)
    assert (len(theirs), len(ours)) == (2, 2)
    assert daemon.is_silent()


def test_the_sdk_goes_on_alone_where_the_invocation_is_not_traced_by_us(daemon: UDPDaemon) -> None:
    source = TRACED + "\n".join((
        "from aws_xray_sdk.core import xray_recorder",
        "traced = handler",
        "def handler(event, context):",
        "    with xray_recorder.in_subsegment('around'):",
        "        traced(event, context)",
        "    with xray_recorder.in_subsegment('alone'):",
        "        return 1",
    ))  # fmt: skip
    run(daemon, source, HEADER, UNSAMPLED, HEADER)
    for _ in range(2):
        work, root, around, alone = daemon.receive(4)
        assert (work["parent_id"], root["parent_id"]) == (root["id"], around["id"])
        assert (around["parent_id"], alone["parent_id"]) == (PARENT, PARENT)
    assert daemon.is_silent()


POWERTOOLS = """
from aws_lambda_powertools import Tracer
from lambdakit import lambda_handler
from lambdakit.middleware import capture, tracing
tracer = Tracer(service="theirs", auto_patch=False)

@tracer.capture_method
def method(event):
    tracer.put_annotation("Number", event["number"])
    with capture("ours"):
        return None

{decorators}
def handler(event, context):
    return method(event)
"""
OUR_DECORATOR, THEIR_DECORATOR = (
    "@lambda_handler(middleware=[tracing(service='ours')])",
    "@tracer.capture_lambda_handler",
)


@pytest.mark.parametrize("order", [(OUR_DECORATOR, THEIR_DECORATOR), (THEIR_DECORATOR, OUR_DECORATOR)])
def test_powertools_decorators_stack_on_ours(order: tuple[str, str], daemon: UDPDaemon) -> None:
    run(daemon, POWERTOOLS.format(decorators="\n".join(order)), HEADER, UNSAMPLED, HEADER)
    for cold in (True, False):
        ours, method, inner, outer = daemon.receive(4)
        assert (ours["name"], method["name"]) == ("ours", "## app.method")
        assert (ours["parent_id"], method["parent_id"]) == (method["id"], inner["id"])
        assert (inner["parent_id"], outer["parent_id"]) == (outer["id"], PARENT)
        services = [one["annotations"]["Service"] for one in (outer, inner)]
        assert services == (["ours", "theirs"] if order[0] is OUR_DECORATOR else ["theirs", "ours"])
        assert {one["annotations"]["ColdStart"] for one in (inner, outer)} == {cold}
        assert method["annotations"] == {"Number": 0 if cold else 2}
    assert daemon.is_silent()


PATCHED_HTTPX = """
import httpx, os
from lambdakit import lambda_handler
from lambdakit.middleware import tracing
client = httpx.Client()
URL = os.environ["URL"]

@lambda_handler(middleware=[tracing(patch=("httpx",))])
async def handler(event, context):
    async with httpx.AsyncClient() as other:
        await other.get(URL + "async")
    client.get(URL + "sync?token=secret")
    try:
        client.get("http://127.0.0.1:1/")
    except httpx.ConnectError:
        pass
"""


class Echo(BaseHTTPRequestHandler):
    seen: dict[str, str | None]

    def do_GET(self) -> None:
        self.seen[self.path] = self.headers.get("X-Amzn-Trace-Id")
        self.send_response(418)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[tuple[str, dict[str, str | None]]]:
    seen: dict[str, str | None] = {}
    with HTTPServer(("127.0.0.1", 0), type("Handler", (Echo,), {"seen": seen})) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", seen
        server.shutdown()
        thread.join()


def test_patched_httpx_tells_its_calls_and_carries_the_trace_on(
    daemon: UDPDaemon, site: tuple[str, dict[str, str | None]]
) -> None:
    url, seen = site
    run(daemon, PATCHED_HTTPX, HEADER, URL=url)
    first, second, third, root = daemon.receive(4)
    for one, path in ((first, "async"), (second, "sync")):
        assert (one["name"], one["namespace"], one["parent_id"]) == ("127.0.0.1", "remote", root["id"])
        assert one["http"]["request"] == {"method": "GET", "url": f"{url}{path}"}
        assert one["http"]["response"] == {"status": 418, "content_length": 0}
        assert (one["error"], "fault" in one) == (True, False)
        assert (
            seen["/sync?token=secret" if path == "sync" else "/async"]
            == f"Root={ROOT};Parent={one['id']};Sampled=1;Lineage={LINEAGE}"
        )
    assert third["cause"]["exceptions"][0]["type"] == "ConnectError"
    assert "fault" not in root


PATCHED_BOTO3 = """
import boto3
from lambdakit import lambda_handler
from lambdakit.middleware import tracing
client = boto3.client("secretsmanager")

@lambda_handler(middleware=[tracing(patch=("boto3",))])
def handler(event, context):
    return len(client.list_secrets()["SecretList"]) >= 0
"""


def test_all_that_the_sdk_patches_is_told_within_our_spans(daemon: UDPDaemon, aws_server: str) -> None:  # noqa: F811
    source = "from aws_xray_sdk.core import patch_all\npatch_all()\n" + PATCHED_BOTO3.replace('patch=("boto3",)', "")
    run(daemon, source, HEADER, **aws_environment(aws_server))
    told: list[dict[str, Any]] = []
    while not told or told[-1]["name"] != "## handler":
        told += daemon.receive(1)
    (call,) = [one for one in told if one["name"] == "secretsmanager"]
    assert (call["parent_id"], call["namespace"], call["aws"]["operation"]) == (told[-1]["id"], "aws", "ListSecrets")
    ids = {one["id"] for one in told}
    assert {one["trace_id"] for one in told} == {ROOT}
    assert all(one["parent_id"] in ids for one in told[:-1])


def test_patched_boto3_tells_its_calls(daemon: UDPDaemon, aws_server: str) -> None:  # noqa: F811
    run(daemon, PATCHED_BOTO3, HEADER, UNSAMPLED, HEADER, **aws_environment(aws_server))
    for _ in range(2):
        call, root = daemon.receive(2)
        assert (call["name"], call["namespace"], call["parent_id"]) == ("secretsmanager", "aws", root["id"])
        assert call["aws"]["operation"] == "ListSecrets"
        assert call["http"]["response"]["status"] == 200
    assert daemon.is_silent()


def test_the_snapshot_holds_what_tracing_needs(daemon: UDPDaemon) -> None:
    source = TRACED.replace("return work(event)", "import sys; return 'aws_xray_sdk' in sys.modules")
    assert run(daemon, source, UNSAMPLED) == [b"false"]
    assert run(daemon, source, UNSAMPLED, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start") == [b"true"]

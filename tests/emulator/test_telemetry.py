"""Telemetry: subscriptions and their refusals, every record, delivery over HTTP and TCP, and what is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re

import pytest

from lambdakit.emulator import ExecutionEnvironment, Invocation
from lambdakit.emulator.telemetry import subscriber as subscribers
from lambdakit.emulator.telemetry.records import Event
from lambdakit.emulator.telemetry.subscriber import Subscriber
from lambdakit.emulator.telemetry.subscription import Subscription, SubscriptionError, read_subscription
from tests.engine_support import play, run, until
from tests.extension_support import bare, layer_with

TELEMETRY, LOGS = "/2022-07-01/telemetry", "/2020-08-15/logs"
TYPES = ["platform", "function", "extension"]
SOON = {"timeoutMs": 25}


class Sink:
    """An HTTP or TCP server in the part of an extension: it keeps what it is sent."""

    def __init__(self, statuses=()):
        self.batches = []
        self.requests = []
        self.statuses = list(statuses)
        self.port = 0

    @property
    def events(self):
        return [event for batch in self.batches for event in batch]

    def records(self, kind):
        return [event["record"] for event in self.events if event["type"] == kind]

    @property
    def types(self):
        return [event["type"] for event in self.events]

    async def http(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.requests.append(head[0])
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            assert headers["content-type"] == "application/json"
            self.batches.append(json.loads(body))
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nOK".encode())
        writer.close()

    async def tcp(self, reader, writer):
        while line := await reader.readline():
            self.batches.append([json.loads(line)])
        writer.close()


@contextlib.asynccontextmanager
async def listening(sink=None, protocol="http"):
    sink = sink or Sink()
    server = await asyncio.start_server(getattr(sink, protocol), "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    async with server:
        yield sink


def request(port, **changes):
    body = {
        "schemaVersion": "2022-12-13",
        "types": TYPES,
        "buffering": SOON,
        "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{port}"},
    }
    return json.dumps({**body, **changes}).encode()


async def registered(part, name="watcher", events=()):
    """A wire of an internal extension that the test plays, and its identifier header."""
    wire = await part.wire()
    body = json.dumps({"events": list(events)}).encode()
    reply = await wire.call("POST", "/2020-01-01/extension/register", body, f"Lambda-Extension-Name: {name}")
    return wire, f"Lambda-Extension-Identifier: {reply.headers['lambda-extension-identifier']}"


async def subscribed(part, body, path=TELEMETRY, name="watcher", events=()):
    wire, header = await registered(part, name, events)
    reply = await wire.call("PUT", path, body, header)
    assert (reply.status, reply.body) == (200, b'"OK"')
    await wire.begin("GET", "/2020-01-01/extension/event/next", header)
    return wire, header


# subscriptions


def test_a_subscription_has_the_references_defaults():
    body = b"""{"schemaVersion": "2022-07-01", "types": ["platform", "platform"],
        "destination": {"protocol": "HTTP", "URI": "http://sandbox:8080/logs?a=b"}}"""
    assert read_subscription("telemetry", body) == Subscription(
        "telemetry", "2022-07-01", ("platform",), 10_000, 262_144, 1.0, "HTTP", 8080, "/logs?a=b", "POST"
    )


@pytest.mark.parametrize("host", ["sandbox.localdomain", "sandbox", "127.0.0.1", "localhost"])
def test_destinations_are_on_this_machine(host):
    destination = {"protocol": "HTTP", "URI": f"http://{host}:4243"}
    assert read_subscription("telemetry", request(1, destination=destination)).port == 4243


@pytest.mark.parametrize(
    ("api", "schema"),
    [
        *(("telemetry", schema) for schema in ("2022-07-01", "2022-12-13", "2025-01-29")),
        *(("logs", schema) for schema in ("2020-08-15", "2021-03-18")),
    ],
)
def test_every_schema_version_is_taken(api, schema):
    assert read_subscription(api, request(8080, schemaVersion=schema)).schema == schema


@pytest.mark.parametrize(
    ("figure", "value"),
    [("maxItems", 1_000), ("maxItems", 10_000), ("maxBytes", 262_144), ("maxBytes", 1_048_576), ("timeoutMs", 25),
        ("timeoutMs", 30_000)],
)  # fmt: skip
def test_figures_may_be_at_their_limits(figure, value):
    assert value in read_subscription("telemetry", request(8080, buffering={figure: value})) or figure == "timeoutMs"


HTTP = {"protocol": "HTTP"}
REFUSED = [
    ({"destination": {**HTTP, "URI": "http://sandbox.localdomain"}, "types": []},
        "URI port is not provided; types should not be empty"),
    ({"destination": {**HTTP, "URI": "http://example.com:80"}}, "URI host should be sandbox.localdomain"),
    ({"destination": {**HTTP, "URI": "https://sandbox.localdomain:80"}}, "URI scheme should be http"),
    ({"destination": {**HTTP, "URI": "http://sandbox.localdomain:99999"}}, "URI port is not valid"),
    ({"destination": {**HTTP, "URI": "http://sandbox.localdomain:9001"}}, "port 9001 is reserved"),
    ({"destination": HTTP}, "URI is not provided"),
    ({"destination": {"protocol": "TCP"}}, "port is not provided"),
    ({"destination": {"protocol": "TCP", "port": 0}}, "port should be between 1 and 65535"),
    ({"destination": {"protocol": "UDP"}}, "protocol should be one of HTTP, TCP"),
    ({"destination": None}, "destination should be an object"),
    ({"types": ["platform", "other"]}, "types should be among platform, function, extension"),
    ({"types": "platform"}, "types should be an array"),
    ({"schemaVersion": "2020-08-15"}, "schemaVersion should be one of 2022-07-01, 2022-12-13, 2025-01-29"),
    ({"buffering": {"maxItems": 999}}, "maxItems should be between 1000 and 10000"),
    ({"buffering": {"maxItems": 10_001}}, "maxItems should be between 1000 and 10000"),
    ({"buffering": {"maxBytes": 262_143}}, "maxBytes should be between 262144 and 1048576"),
    ({"buffering": {"maxBytes": 1_048_577}}, "maxBytes should be between 262144 and 1048576"),
    ({"buffering": {"timeoutMs": 24}}, "timeoutMs should be between 25 and 30000"),
    ({"buffering": {"timeoutMs": 30_001}}, "timeoutMs should be between 25 and 30000"),
    ({"buffering": {"timeoutMs": True}}, "timeoutMs should be between 25 and 30000"),
    ({"buffering": []}, "buffering should be an object"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_what_is_wrong_is_said_all_at_once(changes, message):
    with pytest.raises(SubscriptionError) as caught:
        read_subscription("telemetry", request(8080, **changes))
    assert str(caught.value) == message


def test_refusals_over_the_wire(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, header = await registered(part)
            reply = await wire.call("PUT", TELEMETRY, b"{", header)
            assert reply.status == 400
            assert list(json.loads(reply.body)) == ["errorType", "errorMessage"]
            assert json.loads(reply.body)["errorType"] == "ValidationError"
            unnamed = await wire.call("PUT", LOGS, request(8080))
            assert (unnamed.status, json.loads(unnamed.body)["errorType"]) == (
                403, "Extension.MissingExtensionIdentifier",
            )  # fmt: skip
            assert (await wire.call("POST", TELEMETRY, b"", header)).status == 405
            await wire.begin("GET", "/2020-01-01/extension/event/next", header)
            await (await part.wire()).begin("GET", "/invocation/next")
            await until(lambda: part.environment.ready)
            for path, name in ((TELEMETRY, "Telemetry"), (LOGS, "Logs")):
                closed = await (await part.wire()).call("PUT", path, request(8080), header)
                assert closed.status == 403
                assert json.loads(closed.body) == {
                    "errorMessage": f"{name} API subscription is closed already",
                    "errorType": f"{name}.SubscriptionClosed",
                }

    run(go())


def test_with_several_invocations_at_once_only_the_newest_schema_is_known(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=2) as part:
            wire, header = await registered(part)
            refused = await wire.call("PUT", TELEMETRY, request(8080), header)
            assert json.loads(refused.body)["errorMessage"] == "schemaVersion should be one of 2025-01-29"
            taken = await wire.call("PUT", TELEMETRY, request(8080, schemaVersion="2025-01-29"), header)
            assert taken.status == 200

    run(go())


def test_an_extension_has_one_api_and_one_subscription(tmp_path):
    async def go():
        async with listening() as sink, play(tmp_path) as part:
            _, header = await subscribed(part, request(sink.port))
            again = await (await part.wire()).call("PUT", TELEMETRY, request(sink.port), header)
            assert again.status == 200
            logs = await (await part.wire()).call("PUT", LOGS, request(sink.port, schemaVersion="2021-03-18"), header)
            assert json.loads(logs.body)["errorMessage"] == "watcher is subscribed to the Telemetry API already"
            await until(lambda: len(sink.records("platform.telemetrySubscription")) == 2)
            assert sink.records("platform.telemetrySubscription") == [
                {"name": "watcher", "state": "Subscribed", "types": TYPES},
                {"name": "watcher", "state": "Already subscribed", "types": TYPES},
            ]
            assert [line for line in part.log.texts("platform") if line.startswith("TELEMETRY")] == [
                "TELEMETRY\tName: watcher\tState: Subscribed\tTypes: [Platform, Function, Extension]",
                "TELEMETRY\tName: watcher\tState: Already subscribed\tTypes: [Platform, Function, Extension]",
            ]

    run(go())


# records

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NUMBER, TEXT, MOMENT = float, str, ISO


def matches(shape, value):
    """Whether a value is as a shape says: types, patterns, literal values, and the exact keys of objects."""
    if isinstance(shape, dict):
        return list(shape) == list(value) and all(matches(shape[key], value[key]) for key in shape)
    if isinstance(shape, list):
        return len(shape) == len(value) and all(map(matches, shape, value))
    if isinstance(shape, type):
        return isinstance(value, (int, float) if shape is float else shape)
    return bool(shape.fullmatch(value)) if isinstance(shape, re.Pattern) else shape == value


def span(name):
    return {"name": name, "start": MOMENT, "durationMs": NUMBER}


RUNTIME_FACTS = {
    "functionName": "engine-test", "functionVersion": "$LATEST", "instanceId": TEXT, "instanceMaxMemory": 128,
    "runtimeVersion": TEXT, "runtimeVersionArn": TEXT,
}  # fmt: skip
INIT = {"initializationType": "on-demand", "phase": "init"}
TRACING = {"type": "X-Amzn-Trace-Id", "value": "Root=1-a-b"}
METRICS = {"durationMs": NUMBER, "billedDurationMs": int, "memorySizeMB": 128, "maxMemoryUsedMB": int,
    "initDurationMs": NUMBER}  # fmt: skip
ARN = "arn:aws:lambda:us-east-1:123456789012:function:engine-test"

TELEMETRY_RECORDS = [
    ("platform.initStart", {**INIT, **RUNTIME_FACTS}),
    ("platform.telemetrySubscription", {"name": "watcher", "state": "Subscribed", "types": TYPES}),
    ("platform.initRuntimeDone", {**INIT, "status": "success"}),
    ("platform.extension", {"name": "watcher", "state": "Ready", "events": ["INVOKE"]}),
    ("platform.initReport", {**INIT, "status": "success", "metrics": {"durationMs": NUMBER}}),
    ("platform.start", {"requestId": "r1", "version": "$LATEST", "functionArn": ARN, "tracing": TRACING}),
    ("platform.runtimeDone", {
        "requestId": "r1", "status": "success", "metrics": {"durationMs": NUMBER, "producedBytes": 4},
        "tracing": TRACING,
        "spans": [span("responseLatency"), span("responseDuration"), span("runtimeOverhead")],
    }),
    ("platform.report", {
        "requestId": "r1", "status": "success", "metrics": METRICS, "spans": [span("extensionOverhead")],
        "tracing": TRACING,
    }),
]  # fmt: skip
LOGS_RECORDS = [
    ("platform.logsSubscription", {"name": "watcher", "state": "Subscribed", "types": TYPES}),
    ("platform.extension", {"name": "watcher", "state": "Ready", "events": ["INVOKE"]}),
    ("platform.start", {"requestId": "r1", "version": "$LATEST"}),
    ("platform.runtimeDone", {"requestId": "r1", "status": "success"}),
    ("platform.end", {"requestId": "r1"}),
    ("platform.report", {"requestId": "r1", "metrics": METRICS}),
]


@pytest.mark.parametrize(
    ("path", "schema", "expected"),
    [
        *((TELEMETRY, schema, TELEMETRY_RECORDS) for schema in ("2022-07-01", "2022-12-13", "2025-01-29")),
        (LOGS, "2021-03-18", LOGS_RECORDS),
        (LOGS, "2020-08-15", [row for row in LOGS_RECORDS if row[0] != "platform.runtimeDone"]),
    ],
)
def test_the_records_of_an_invocation(tmp_path, path, schema, expected):
    async def go():
        async with listening() as sink, play(tmp_path) as part:
            body = request(sink.port, schemaVersion=schema)
            watcher, header = await subscribed(part, body, path, events=["INVOKE"])
            wire, request_id, task = await part.begin(Invocation(request_id="r1", trace_id="Root=1-a-b"))
            assert json.loads((await watcher.reply()).body)["requestId"] == request_id
            await wire.call("POST", f"/invocation/{request_id}/response", b"1234")
            await wire.begin("GET", "/invocation/next")
            # The runtime is done, which an extension may wait to hear before it is done itself.
            if ("platform.runtimeDone", True) in {(kind, True) for kind, _ in expected}:
                await until(lambda: "platform.runtimeDone" in sink.types)
            assert not task.done()
            await watcher.begin("GET", "/2020-01-01/extension/event/next", header)
            await task
            await until(lambda: "platform.report" in sink.types)
        assert sink.types == [kind for kind, _ in expected]
        for event, (kind, shape) in zip(sink.events, expected, strict=True):
            assert list(event) == ["time", "type", "record"]
            assert ISO.fullmatch(event["time"])
            assert matches(shape, event["record"]), (kind, event["record"])

    run(go())


def subscribing(path, body, before="", after=""):
    """An external extension that subscribes."""
    return f"""
{before}
register("SHUTDOWN")
call("PUT", "{path}", {body!r})
{after}
next_event()
"""


def test_the_records_of_a_timeout_come_before_extensions_shut_down(tmp_path):
    async def go():
        async with listening() as new, listening() as old:
            platform = {"types": ["platform"], "buffering": {}}
            layer = layer_with(
                tmp_path,
                new=subscribing(TELEMETRY, request(new.port, **platform)),
                old=subscribing(LOGS, request(old.port, **platform, schemaVersion="2021-03-18")),
            )
            config = bare(tmp_path, "event()\ntime.sleep(60)", layers=(layer,), timeout=0.2)
            async with ExecutionEnvironment(config) as environment:
                result = await environment.invoke(Invocation(request_id="r1"))
            assert result.status == "timeout"
        (done,), (report,) = new.records("platform.runtimeDone"), new.records("platform.report")
        assert (done["status"], "errorType" in done, "spans" in done) == ("timeout", False, False)
        assert (report["status"], "errorType" in report, "spans" in report) == ("timeout", False, False)
        cause = "Error: Task timed out after 0.20 seconds\nSandbox.Timedout\n"
        assert old.types[-4:] == ["platform.fault", "platform.runtimeDone", "platform.end", "platform.report"]
        assert old.records("platform.fault") == [f"RequestId: r1 {cause}"]
        assert old.records("platform.runtimeDone") == [{"requestId": "r1", "status": "timeout"}]

    run(go())


def test_the_records_of_an_init_that_fails(tmp_path):
    async def go():
        async with listening() as sink:
            layer = layer_with(tmp_path, watcher=subscribing(TELEMETRY, request(sink.port, types=["platform"])))
            config = bare(tmp_path, "sys.exit(3)", layers=(layer,))
            async with ExecutionEnvironment(config):
                pass
        outcome = {**INIT, "status": "failure", "errorType": "Runtime.ExitError"}
        assert sink.records("platform.initRuntimeDone") == [outcome]
        (report,) = sink.records("platform.initReport")
        assert matches({**outcome, "metrics": {"durationMs": NUMBER}}, report)

    run(go())


def test_the_records_of_a_restore(tmp_path):
    async def go():
        async with listening() as sink, play(tmp_path, initialization_type="snap-start") as part:
            await subscribed(part, request(sink.port, types=["platform"]))
            wire = await part.wire()
            await wire.begin("GET", "/restore/next")
            await until(part.environment._sandbox.session.initialised.done)
            task = part.invoke()
            assert (await wire.reply()).status == 200
            await wire.begin("GET", "/invocation/next")
            request_id = (await wire.reply()).headers["lambda-runtime-aws-request-id"]
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            await part.finish(wire, task)
            await until(lambda: "platform.report" in sink.types)
        assert sink.types[5:9] == [
            f"platform.{name}" for name in ("restoreStart", "restoreRuntimeDone", "restoreReport", "start")
        ]
        assert matches(RUNTIME_FACTS, sink.records("platform.restoreStart")[0])
        assert sink.records("platform.restoreRuntimeDone") == [{"status": "success"}]
        assert matches(
            {"status": "success", "metrics": {"durationMs": NUMBER}}, sink.records("platform.restoreReport")[0]
        )
        metrics = sink.records("platform.report")[0]["metrics"]
        assert {"restoreDurationMs", "billedRestoreDurationMs"} < metrics.keys()
        assert "initDurationMs" not in metrics

    run(go())


def test_lines_of_functions_and_extensions(tmp_path):
    async def go():
        async with listening() as sink:
            body = request(sink.port, types=["function", "extension"])
            telling = subscribing(TELEMETRY, body, 'print("before", flush=True)', 'print("after", flush=True)')
            runtime = """
                request_id, _ = event()
                print("one\\rtwo", flush=True)
                print('{"level": "DEBUG", "a": 1}', flush=True)
                respond(request_id)
                event()
            """
            config = bare(tmp_path, runtime, layers=(layer_with(tmp_path, telling=telling),), log_format="json")
            async with ExecutionEnvironment(config) as environment:
                await environment.invoke(Invocation())
        # Everything is sent before the extension is told to shut down, whatever level the log keeps.
        assert [(event["type"], event["record"]) for event in sink.events] == [
            ("extension", "before\n"),
            ("extension", "after\n"),
            ("function", "one\rtwo\n"),
            ("function", {"level": "DEBUG", "a": 1}),
        ]

    run(go())


def test_what_a_function_wrote_is_read_before_the_news_that_it_is_done(tmp_path, monkeypatch):
    async def go():
        async with listening() as sink, play(tmp_path) as part:
            await subscribed(part, request(sink.port))
            wire, request_id, task = await part.begin()
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            # A line that is in the pipe and has not been seen by the event loop.
            written = ["line"]

            def drain():
                while written:
                    part.environment._journal.function_line(written.pop())

            monkeypatch.setattr(part.environment._sandbox.output, "drain", drain)
            await part.finish(wire, task)
            await until(lambda: "platform.report" in sink.types)
        assert sink.types[-4:] == ["platform.start", "function", "platform.runtimeDone", "platform.report"]

    run(go())


def test_lines_of_json_are_text_where_the_schema_is_older(tmp_path):
    async def go():
        async with listening() as old, listening() as new, play(tmp_path, log_format="json") as part:
            await subscribed(part, request(old.port, schemaVersion="2022-07-01", types=["function"]), name="old")
            await subscribed(part, request(new.port, types=["function"]), name="new")
            part.environment._journal.function_line('{"a": 1}')
            part.environment._journal.function_line("{no json")
            await until(lambda: len(old.events) == len(new.events) == 2)
            assert [event["record"] for event in old.events] == ['{"a": 1}\n', "{no json\n"]
            assert [event["record"] for event in new.events] == [{"a": 1}, "{no json\n"]

    run(go())


def test_only_what_was_asked_for_is_sent(tmp_path):
    async def go():
        async with listening() as sink, play(tmp_path) as part:
            await subscribed(part, request(sink.port, types=["function"]))
            wire, request_id, task = await part.begin()
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            part.environment._journal.function_line("the only one")
            await part.finish(wire, task)
            await until(lambda: bool(sink.events))
        assert sink.types == ["function"]

    run(go())


def test_without_a_subscriber_nothing_looks_on(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            assert part.environment._sandbox.companions is None
            assert part.environment._journal._telemetry is None
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            assert (await part.finish(wire, task)).extensions_ms is None

    run(go())


# delivery


def subscription(port=1, **changes):
    values = {"types": ("platform",), "timeout": 30.0, "port": port}
    return read_subscription("telemetry", request(8080))._replace(**{**values, **changes})


EVENT = Event("platform", "platform.start", {"a": "x"})


def numbered(count):
    return [json.dumps({"type": "t", "record": number}).encode() for number in range(count)]


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [({"max_items": 3}, [3, 3]), ({"max_bytes": 65}, [2, 2, 2]), ({"timeout": 0.0}, None)],
)
def test_batches_are_cut_by_items_bytes_and_time(limits, sizes):
    async def go():
        async with listening() as sink:
            subscriber = Subscriber("s", subscription(sink.port, **limits))
            for event in numbered(7):
                subscriber.offer(event)
            if sizes is None:
                await until(lambda: len(sink.events) == 7)
            else:
                await until(lambda: len(sink.batches) == len(sizes))
                assert [len(batch) for batch in sink.batches] == sizes
                await subscriber.flush(5)
            assert [event["record"] for event in sink.events] == list(range(7))
            await subscriber.close()

    run(go())


def test_http_requests_go_where_the_uri_says():
    async def go():
        async with listening() as sink:
            subscriber = Subscriber("s", subscription(sink.port, target="/v1/logs?x=1", method="PUT"))
            subscriber.offer(EVENT.encoded())
            await subscriber.flush(5)
            await subscriber.close()
        assert sink.requests == ["PUT /v1/logs?x=1 HTTP/1.1"]

    run(go())


def test_tcp_destinations_get_a_line_for_each_event_over_one_connection():
    async def go():
        async with listening(protocol="tcp") as sink:
            subscriber = Subscriber("s", subscription(sink.port, protocol="TCP"))
            for event in numbered(3):
                subscriber.offer(event)
            await subscriber.flush(5)
            subscriber.offer(EVENT.encoded())
            await subscriber.flush(5)
            await until(lambda: len(sink.events) == 4)
            await subscriber.close()
        assert [event["record"] for event in sink.events] == [0, 1, 2, {"a": "x"}]

    run(go())


def test_a_batch_that_is_refused_is_sent_again(monkeypatch):
    monkeypatch.setattr(subscribers, "ATTEMPTS", (0.0, 0.0, 0.0))

    async def go():
        async with listening(Sink([500, 503])) as sink:
            subscriber = Subscriber("s", subscription(sink.port))
            subscriber.offer(EVENT.encoded())
            await subscriber.flush(5)
            await subscriber.close()
        assert (len(sink.requests), sink.types) == (3, ["platform.start"])

    run(go())


def test_a_batch_that_cannot_be_delivered_is_dropped_and_the_next_says_so(monkeypatch):
    monkeypatch.setattr(subscribers, "ATTEMPTS", (0.0, 0.0))

    async def go():
        async with listening(Sink([500, 500])) as sink:
            subscriber = Subscriber("s", subscription(sink.port))
            lost = numbered(3)
            for event in lost:
                subscriber.offer(event)
            await subscriber.flush(5)
            subscriber.offer(EVENT.encoded())
            await subscriber.flush(5)
            await subscriber.close()
        assert sink.types == ["platform.logsDropped", "platform.start"]
        assert sink.records("platform.logsDropped") == [
            {
                "reason": "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.",
                "droppedRecords": 3,
                "droppedBytes": sum(map(len, lost)),
            }
        ]

    run(go())


def test_who_does_not_take_its_events_slows_nobody_and_memory_stays_bounded(monkeypatch):
    monkeypatch.setattr(subscribers, "ATTEMPT_SECONDS", 30.0)
    stuck = asyncio.Event()

    async def deaf(reader, writer):
        await stuck.wait()
        writer.close()

    async def go():
        async with await asyncio.start_server(deaf, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            subscriber = Subscriber("s", subscription(port, max_items=10))
            for event in numbered(1_000):
                subscriber.offer(event)
            waiting = sum(map(len, subscriber._batches)) + len(subscriber._events)
            assert waiting <= 10 * (subscribers.WAITING_BATCHES + 2)
            await subscriber.flush(0.05)  # gives up
            stuck.set()
            await subscriber.close()

    run(go())


def test_a_destination_that_is_not_http_is_a_failure_not_a_crash(monkeypatch):
    monkeypatch.setattr(subscribers, "ATTEMPTS", (0.0,))

    async def nonsense(reader, writer):
        writer.write(b"nonsense\r\n\r\n")
        writer.close()

    async def go():
        async with await asyncio.start_server(nonsense, "127.0.0.1", 0) as server:
            subscriber = Subscriber("s", subscription(server.sockets[0].getsockname()[1]))
            subscriber.offer(EVENT.encoded())
            await subscriber.flush(5)
            assert subscriber._dropped_records == 1
            await subscriber.close()

    run(go())

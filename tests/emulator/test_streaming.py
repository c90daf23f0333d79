"""Streamed responses: chunks as they come, trailers, limits, and a reader that is slow or gone."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from lambdakit.emulator import ExecutionEnvironment, Invocation, limits
from lambdakit.emulator.stream import ResponseStream
from tests.engine_support import RUNTIMES, Recorder, app_config, play, run, until

MODE = "Lambda-Runtime-Function-Response-Mode: streaming"
CHUNKED = "Transfer-Encoding: chunked"
TRAILER = "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"


async def start_stream(part, *headers):
    """A dispatched invocation whose response has begun: wire and caller's object."""
    wire = await part.wire()
    await wire.begin("GET", "/invocation/next")
    await until(lambda: part.environment.ready)
    running = await part.environment.dispatch(Invocation())
    await wire.reply()
    await wire.begin("POST", f"/invocation/{running.request_id}/response", CHUNKED, *headers)
    return wire, running


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_chunks_are_there_before_the_response_ends(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, running = await start_stream(part, MODE, "Content-Type: text/plain")
            answer = await running.answer()
            assert (answer.response_mode, answer.content_type, answer.payload) == ("streaming", "text/plain", b"")
            chunks = running.chunks()
            for data in (b"first", b"second"):
                await wire.send(chunk(data))
                assert await anext(chunks) == data
            await wire.send(b"0\r\n\r\n")
            assert [rest async for rest in chunks] == []
            assert (await wire.reply()).status == 202
            await wire.begin("GET", "/invocation/next")
            result = await running.result()
            assert (result.status, result.function_error, result.produced_bytes) == ("success", None, 11)
            assert (result.payload, result.response_mode) == (b"", "streaming")

    run(go())


def test_who_only_waits_for_the_result_gets_the_whole(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            await wire.begin("POST", f"/invocation/{request_id}/response", CHUNKED, MODE)
            block = b"x" * 65_536
            for _ in range(40):
                await wire.send(chunk(block))
            await wire.send(b"0\r\n\r\n")
            assert (await wire.reply()).status == 202
            assert (await part.finish(wire, task)).payload == block * 40

    run(go())


def test_an_http_stream_is_known_by_its_content_type(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            content_type = "application/vnd.awslambda.http-integration-response"
            wire, running = await start_stream(part, f"Content-Type: {content_type}")
            body = b'{"statusCode":201}' + b"\0" * 8 + b"hello"
            await wire.send(chunk(body) + b"0\r\n\r\n")
            assert (await running.answer()).response_mode == "streaming"
            await wire.reply()
            await wire.begin("GET", "/invocation/next")
            result = await running.result()
            assert (result.payload, result.content_type) == (body, content_type)

    run(go())


@pytest.mark.parametrize("mode", [(MODE,), ()])
def test_error_trailers_make_a_function_error_of_what_began_well(tmp_path, mode):
    error = json.dumps({"errorMessage": "late", "errorType": "E"}).encode()

    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            await wire.begin("POST", f"/invocation/{request_id}/response", CHUNKED, TRAILER, *mode)
            body = base64.b64encode(error)
            await wire.send(
                chunk(b"partial")
                + b"0\r\nLambda-Runtime-Function-Error-Type: Function.Late\r\n"
                + b"Lambda-Runtime-Function-Error-Body: "
                + body
                + b"\r\n\r\n"
            )
            assert (await wire.reply()).status == 202
            result = await part.finish(wire, task)
            assert (result.function_error, result.error_type) == ("Unhandled", "Function.Late")
            assert (result.payload, result.status) == (error, "error")

    run(go())


def test_a_stream_over_the_limit_is_413_and_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "STREAM_BYTES", 100_000)

    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            await wire.begin("POST", f"/invocation/{request_id}/response", CHUNKED, MODE)
            await wire.send(chunk(b"x" * 60_000) + chunk(b"x" * 60_000) + b"0\r\n\r\n")
            assert (await wire.reply()).status == 413
            result = await part.finish(wire, task)
            assert result.error_type == "Function.ResponseSizeTooLarge"

    run(go())


def test_a_stream_that_is_cut_by_the_timeout_is_a_timeout(tmp_path):
    source = """
        import time
        def handler(event, context):
            yield "some"
            time.sleep(60)
    """

    async def go():
        async with ExecutionEnvironment(app_config(tmp_path, source, timeout=0.3), log=Recorder()) as environment:
            running = await environment.dispatch(Invocation())
            assert [chunk async for chunk in running.chunks()] == [b"some"]
            result = await running.result()
            assert (result.status, json.loads(result.payload)["errorType"]) == ("timeout", "Sandbox.Timedout")

    run(go())


def test_a_stream_cut_short_keeps_its_chunks_and_fails(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, running = await start_stream(part, MODE)
            await wire.send(chunk(b"some"))
            chunks = running.chunks()
            assert await anext(chunks) == b"some"
            wire.writer.close()
            assert [rest async for rest in chunks] == []
            await (await part.wire()).begin("GET", "/invocation/next")
            assert (await running.result()).error_type == "Runtime.TruncatedResponse"

    run(go())


def test_the_runtime_waits_for_a_slow_reader(tmp_path):
    """What is sent while nobody reads stays in the sockets: the engine holds no more than its window and one read."""
    block = b"x" * 65_536

    async def go():
        async with play(tmp_path) as part:
            wire, running = await start_stream(part, MODE)
            await running.answer()

            async def send_all():
                for _ in range(400):
                    await wire.send(chunk(block))
                await wire.send(b"0\r\n\r\n")

            sending = asyncio.create_task(send_all())
            stream = running._flight.stream
            await until(lambda: stream._paused)
            held = len(stream.take())
            assert held < limits.STREAM_WINDOW_BYTES + 1024 * 1024
            assert not sending.done()
            received = held
            async for data in running.chunks():
                received += len(data)
            await sending
            assert received == len(block) * 400

    run(go())


def test_a_reader_that_is_gone_does_not_stop_the_function(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, running = await start_stream(part, MODE)
            await running.answer()
            running.abandon()
            for _ in range(100):
                await wire.send(chunk(b"x" * 65_536))
            await wire.send(b"0\r\n\r\n")
            assert (await wire.reply()).status == 202
            await wire.begin("GET", "/invocation/next")
            assert (await running.result()).produced_bytes == 6_553_600

    run(go())


def test_a_buffered_response_is_one_chunk(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            await wire.begin("GET", "/invocation/next")
            await until(lambda: part.environment.ready)
            running = await part.environment.dispatch(Invocation())
            await wire.reply()
            await wire.call("POST", f"/invocation/{running.request_id}/response", b"whole")
            assert [data async for data in running.chunks()] == [b"whole"]

    run(go())


def test_pause_and_resume_come_once_each():
    calls: list[str] = []
    stream = ResponseStream(lambda: calls.append("pause"), lambda: calls.append("resume"))
    for _ in range(3):
        stream.feed(b"x" * limits.STREAM_WINDOW_BYTES)
    assert calls == ["pause"]
    assert len(stream.take()) == 3 * limits.STREAM_WINDOW_BYTES
    assert calls == ["pause", "resume"]


def test_a_collector_never_pauses_and_lets_a_paused_runtime_go_on():
    calls: list[str] = []
    stream = ResponseStream(lambda: calls.append("pause"), lambda: calls.append("resume"))
    stream.feed(b"x" * (limits.STREAM_WINDOW_BYTES + 1))
    stream.collect()
    stream.feed(b"x" * limits.STREAM_WINDOW_BYTES)
    assert calls == ["pause", "resume"]


def test_a_generator_handler_streams_while_it_runs(tmp_path):
    """lambdakit's own runtime: the second chunk is only produced after the first has been seen."""
    source = """
        import os, time
        def handler(event, context):
            yield b"first"
            while not os.path.exists("go"):
                time.sleep(0.005)
            yield b"second"
    """

    async def go():
        config = app_config(tmp_path, source, runtime_command=RUNTIMES["lambdakit"])
        async with ExecutionEnvironment(config, log=Recorder()) as environment:
            running = await environment.dispatch(Invocation())
            chunks = running.chunks()
            assert await anext(chunks) == b"first"
            (tmp_path / "go").touch()
            assert b"".join([data async for data in chunks]) == b"second"
            assert (await running.result()).response_mode == "streaming"

    run(go())

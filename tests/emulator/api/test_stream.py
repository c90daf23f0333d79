"""InvokeWithResponseStream: frames that boto3 reads, as they are made."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json

from lambdakit.emulator.api.event_stream import payload_chunks
from tests.emulator.api.support import STREAM_PATH, request, serve

STREAM = """
    import os, time
    from pathlib import Path
    def handler(event, context):
        yield b"first,"
        while event == "wait" and not Path("gate").exists():
            time.sleep(0.005)
        if event == "raise":
            raise ValueError("midway")
        if event == "much":
            for _ in range(256):
                yield b"x" * 65536
        yield b"last"
"""


async def stream(served, payload=b"{}", **arguments):
    """Chunks and the details of the end."""
    response = await served.call("invoke_with_response_stream", Payload=payload, **arguments)
    events = await asyncio.to_thread(lambda: list(response["EventStream"]))
    chunks = [event["PayloadChunk"]["Payload"] for event in events[:-1]]
    return response, b"".join(chunks), events[-1]["InvokeComplete"]


def test_a_stream_and_its_end(tmp_path):
    async def test(served):
        response, payload, end = await stream(served)
        assert response["StatusCode"] == 200
        assert response["ExecutedVersion"] == "$LATEST"
        assert response["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
        assert payload == b"first,last"
        assert end == {}
        assert (await stream(served, b'"much"'))[1] == b"first," + b"x" * 256 * 65536 + b"last"

    serve(tmp_path, test, app=STREAM)


def test_chunks_come_as_they_are_made(tmp_path):
    async def test(served):
        response = await served.call("invoke_with_response_stream", Payload=b'"wait"')
        events = iter(response["EventStream"])
        first = await asyncio.to_thread(next, events)
        assert first["PayloadChunk"]["Payload"] == b"first,"
        (tmp_path / "gate").touch()
        rest = await asyncio.to_thread(list, events)
        assert rest[0]["PayloadChunk"]["Payload"] == b"last"

    serve(tmp_path, test, app=STREAM)


def test_an_error_midway_is_told_at_the_end(tmp_path):
    async def test(served):
        _, payload, end = await stream(served, b'"raise"', LogType="Tail")
        assert payload == b"first,"
        assert end["ErrorCode"] == "Unhandled"
        assert json.loads(end["ErrorDetails"])["errorType"] == "ValueError"
        assert b"REPORT RequestId: " in base64.b64decode(end["LogResult"])

    serve(tmp_path, test, app=STREAM)


def test_a_buffered_result_is_one_chunk_and_an_error_none(tmp_path):
    async def test(served):
        _, payload, end = await stream(served, b'{"a": 1}')
        assert json.loads(payload)["event"] == {"a": 1}
        assert end == {}
        _, payload, end = await stream(served, b'"raise"')
        assert payload == b""
        assert end["ErrorCode"] == "Unhandled"

    serve(tmp_path, test)


def test_large_pieces_are_cut_into_frames_clients_accept():
    frames = payload_chunks(b"x" * (2 * 1024 * 1024 + 1))
    sizes = []
    while frames:
        size = int.from_bytes(frames[:4], "big")
        sizes.append(size)
        frames = frames[size:]
    assert len(sizes) == 3


def test_a_reader_that_goes_away_does_not_hold_the_function(tmp_path):
    async def test(served):
        reader, writer = await asyncio.open_connection(served.server.host, served.server.port)
        writer.write(request("POST", STREAM_PATH, b'"much"'))
        await reader.readexactly(100)
        writer.close()
        while served.service.ledger.running:
            await asyncio.sleep(0.001)
        assert (await stream(served))[1] == b"first,last"
        assert served.service.environments("engine-test") == 1

    serve(tmp_path, test, app=STREAM)


def test_a_reader_that_stands_still_does_not_hold_the_end(tmp_path):
    async def test(served):
        reader, writer = await asyncio.open_connection(served.server.host, served.server.port, limit=1024)
        writer.write(request("POST", STREAM_PATH, b'"much"'))
        await reader.readexactly(100)
        await asyncio.wait_for(served.server.stop(), 10)
        rest = b""
        with contextlib.suppress(ConnectionResetError):
            rest = await reader.read()
        assert b"InvokeComplete" not in rest
        writer.close()
        with contextlib.suppress(ConnectionResetError):
            await writer.wait_closed()

    serve(tmp_path, test, app=STREAM)

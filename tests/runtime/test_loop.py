"""The invoke loop: what it puts in place around each invocation."""

from __future__ import annotations

import os
import sys

import pytest

from lambdakit.exceptions import RuntimeApiUnreachable
from lambdakit.runtime import logs
from lambdakit.runtime.client import Invocation
from lambdakit.runtime.loop import LazyRunner, Loop

TRACE = "_X_AMZN_TRACE_ID"


class Api:
    """Gives the invocations of a list, then ends; keeps the answers."""

    def __init__(self, *headers: dict[str, str]) -> None:
        self.invocations = [
            Invocation({"lambda-runtime-aws-request-id": str(number), **more}, b"{}")
            for number, more in enumerate(headers, 1)
        ]
        self.answers: list[bytes] = []

    def next(self) -> Invocation:
        if not self.invocations:
            raise RuntimeApiUnreachable("the end")
        return self.invocations.pop(0)

    def respond(self, invocation: Invocation, body: bytes, content_type: str) -> None:
        self.answers.append(body)


@pytest.fixture(autouse=True)
def _restored(monkeypatch) -> None:
    monkeypatch.setenv(TRACE, "from before")
    monkeypatch.setattr(logs, "_identity", logs.Identity())


def run(handler, *headers: dict[str, str]) -> Api:
    api = Api(*headers)
    with pytest.raises(RuntimeApiUnreachable, match="the end"):
        Loop(api, handler).run()  # type: ignore[arg-type]
    return api


def test_the_trace_variable_follows_the_header_and_is_taken_away_without() -> None:
    first, second = {"lambda-runtime-trace-id": "Root=1"}, {"lambda-runtime-trace-id": "Root=2"}
    api = run(lambda event, context: os.environ.get(TRACE), {}, first, first, {}, second)
    assert api.answers == [b"null", b'"Root=1"', b'"Root=1"', b"null", b'"Root=2"']


def test_a_trace_variable_that_a_handler_has_changed_is_set_anew() -> None:
    def handler(event, context):
        seen = os.environ.get(TRACE)
        os.environ[TRACE] = "changed"
        return seen

    first = {"lambda-runtime-trace-id": "Root=1"}
    assert run(handler, first, first, {}).answers == [b'"Root=1"', b'"Root=1"', b"null"]


def test_the_identity_of_records_is_the_invocations() -> None:
    def handler(event, context):
        identity = logs.current_identity()
        return [identity.request_id, identity.tenant_id]

    api = run(handler, {"lambda-runtime-aws-tenant-id": "t"}, {})
    assert api.answers == [b'["1", "t"]', b'["2", null]']


def test_streams_of_the_functions_own_are_flushed_after_each_invocation(monkeypatch) -> None:
    class Stream:
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    monkeypatch.setattr(sys, "stdout", stream := Stream())
    run(lambda event, context: None, {}, {}, {})
    assert stream.flushed == 3


def test_async_handlers_share_one_event_loop() -> None:
    async def handler(event, context):
        import asyncio

        return id(asyncio.get_running_loop())

    api = Api({}, {})
    loop = Loop(api, handler)  # type: ignore[arg-type]
    with pytest.raises(RuntimeApiUnreachable):
        loop.run()
    loop._runner.prepare().close()
    assert len(set(api.answers)) == 1


def test_an_event_loop_is_made_only_when_needed() -> None:
    runner = LazyRunner()
    assert runner._loop is None
    made = runner.prepare()
    assert runner.prepare() is made
    made.close()

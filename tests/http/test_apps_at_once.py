"""Applications with plain and async functions in environments that serve several invocations at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.fake_runtime_api import Event
from tests.http.door_events import Sent, event_of
from tests.runtime_process import run_runtime

if TYPE_CHECKING:
    from tests.fake_runtime_api import FakeRuntimeApi

APPS = """
import asyncio, threading
from lambdakit.events import App, WebSocketEvent, s3_event, sqs_event
from lambdakit.http import HttpApp, WebSocketApp, asgi

http = HttpApp()
awaiting, waiting = 0, threading.Barrier(2)
everybody = asyncio.Event()

@http.get("/async")
async def awaited():
    await asyncio.sleep(0)
    return "async"

@http.get("/plain")
def plain():
    return "plain"

@http.get("/meet-async")
async def meet_async():
    global awaiting
    awaiting += 1
    if awaiting == 2:
        everybody.set()
    await everybody.wait()
    return threading.current_thread() is threading.main_thread()

@http.get("/meet-plain")
def meet_plain():
    waiting.wait(20)
    return threading.current_thread() is threading.main_thread()

ws = WebSocketApp()

@ws.route("async")
async def said(event: WebSocketEvent):
    await asyncio.sleep(0)
    return "async"

@ws.route("plain")
def heard(event: WebSocketEvent):
    return "plain"

several = App()

@several.on(s3_event)
async def photos(event, context):
    await asyncio.sleep(0)
    return "async"

@several.default
def others(event, context):
    return "plain"

async def site(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["path"][1:].encode()})

adapted = asgi(site, lifespan="off")
"""


def http_event(path: str) -> Any:
    return event_of("http", Sent(path=path))


def socket_event(route: str) -> Any:
    context = {"routeKey": route, "eventType": "MESSAGE", "connectionId": "c", "domainName": "d", "stage": "s"}
    return {"requestContext": context, "body": "{}", "isBase64Encoded": False}


# Handler -> an event for its async function, and one for its plain one.
HANDLERS: dict[str, Any] = {
    "http": (http_event("/async"), http_event("/plain")),
    "adapted": (http_event("/async"), http_event("/plain")),
    "ws": (socket_event("async"), socket_event("plain")),
    "several": ({"Records": [{"eventSource": "aws:s3", "s3": {}}]}, {"other": 1}),
}


def answers(handler: str, mode: str, events: list[Any]) -> list[Any]:
    def done(api: FakeRuntimeApi) -> bool:
        return len([post for post in api.posts if post.call in ("response", "error")]) == len(events)

    env = {"AWS_LAMBDA_MAX_CONCURRENCY": "4", "LAMBDAKIT_CONCURRENCY": mode}
    run = run_runtime(APPS, map(Event, events), handler=f"app.{handler}", env=env, until=done, timeout=60)
    return [_said(post.json()) for post in run.posts]


def _said(answer: Any) -> Any:
    """What the function said: an answer's body, or a result as it is."""
    return answer if isinstance(answer, str) else answer["body"]


@pytest.mark.parametrize("mode", ["async", "processes"])
@pytest.mark.parametrize("handler", HANDLERS)
def test_async_and_plain_functions_are_answered_at_once(handler: str, mode: str) -> None:
    assert sorted(answers(handler, mode, [*HANDLERS[handler]] * 2)) == ["async", "async", "plain", "plain"]


def test_async_functions_meet_on_the_loop_and_plain_ones_in_their_threads() -> None:
    events = [http_event(path) for path in ("/meet-async", "/meet-plain") * 2]
    found = answers("http", "async", events)
    assert sorted(map(json.loads, found)) == [False, False, True, True]

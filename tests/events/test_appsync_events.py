from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import pytest

from lambdakit.events.appsync_events import AppSyncEventsEvent, appsync_channel
from lambdakit.events.appsync_routing import AppSyncChannels
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.exceptions import ResponseError, UsageError, WrongSourceError


def event_of(operation: str, path: str = "/news/sport", *ids: str) -> dict[str, Any]:
    return {
        "identity": None,
        "result": None,
        "request": {"headers": {"host": "h"}, "domainName": None},
        "info": {
            "channel": {"path": path, "segments": path.strip("/").split("/")},
            "channelNamespace": {"name": "news"},
            "operation": operation,
        },
        "error": None,
        "prev": None,
        "stash": {},
        "outErrors": [],
        "events": [{"id": name, "payload": {"n": name}} for name in ids] or None,
    }


PUBLISH = event_of("PUBLISH", "/news/sport", "a", "b")
SUBSCRIBE = event_of("SUBSCRIBE")


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def answer_of(result: Any, raw: dict[str, Any] = PUBLISH) -> Any:
    @appsync_channel
    def handler(event: AppSyncEventsEvent, context: Any) -> Any:
        return result

    return handler(raw)


def test_messages_and_subscriptions_are_read() -> None:
    event = detect(PUBLISH)
    assert isinstance(event, AppSyncEventsEvent)
    assert unmapped(event) == []
    assert [(message.id, message.payload) for message in event.messages] == [("a", {"n": "a"}), ("b", {"n": "b"})]
    assert (event.operation, event.channel, event.segments) == ("PUBLISH", "/news/sport", ["news", "sport"])
    assert list(AppSyncEventsEvent(SUBSCRIBE).messages) == []


def test_messages_are_passed_on_under_their_ids_or_with_an_error() -> None:
    @appsync_channel
    async def handler(event: AppSyncEventsEvent, context: Any) -> Any:
        first, second = event.messages
        return [first.answer({"n": 1}), second.error("too late")]

    assert asyncio.run(handler(PUBLISH)) == {
        "events": [{"id": "a", "payload": {"n": 1}}, {"id": "b", "error": "too late"}]
    }


def test_all_messages_are_passed_on_as_they_came() -> None:
    assert AppSyncEventsEvent(PUBLISH).pass_on() == {"events": PUBLISH["events"]}
    assert answer_of([]) == {"events": []}
    assert answer_of(None) is None


def test_a_subscription_is_let_in_by_nothing_and_refused_by_an_error() -> None:
    assert answer_of(None, SUBSCRIBE) is None
    assert answer_of(AppSyncEventsEvent(SUBSCRIBE).refuse("members only"), SUBSCRIBE) == {"error": "members only"}
    with pytest.raises(ResponseError, match="a subscription has no events"):
        answer_of({"events": []}, SUBSCRIBE)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([{"id": "x", "payload": 1}], "id of a message of the event, not 'x'"),
        ([{"id": "a", "payload": 1}, {"id": "a", "payload": 2}], "answers 'a' a second time"),
        ([{"id": "a"}], "needs a payload, or an error"),
        ([{"id": "a", "error": 3}], "must be str, not int"),
        ([{"id": "a", "payloads": 3}], "did you mean 'payload'"),
        ({"events": {}}, "must be list or tuple"),
        ({"error": 3}, "error of the answer must be str"),
        ("text", "must be dict"),
    ],
)
def test_wrong_answers_are_refused(answer: Any, message: str) -> None:
    with pytest.raises(ResponseError, match=message):
        answer_of(answer)


def test_the_longest_pattern_that_fits_decides() -> None:
    channels = AppSyncChannels()

    @channels.publish("/*")
    def every(message: Any, event: Any, context: Any) -> Any:
        return "every"

    @channels.publish("/news/*")
    def news(message: Any, event: Any, context: Any) -> Any:
        return "news"

    @channels.publish_all("/news/sport")
    def sport(event: AppSyncEventsEvent, context: Any) -> Any:
        return [message.answer("sport") for message in event.messages]

    def payload(path: str) -> Any:
        return channels(event_of("PUBLISH", path, "a"))["events"][0]["payload"]

    assert [payload(path) for path in ("/news/sport", "/news/art", "/news/art/old", "/news", "/x")] == [
        "sport",
        "news",
        "news",
        "every",
        "every",
    ]


def test_an_exception_is_the_error_of_its_message_alone(caplog: pytest.LogCaptureFixture) -> None:
    channels = AppSyncChannels()

    @channels.publish("/news/sport")
    def single(message: Any, event: Any, context: Any) -> Any:
        if message.id == "a":
            raise ValueError("no score")
        return message.payload

    @channels.publish("/news/art")
    async def single_async(message: Any, event: Any, context: Any) -> Any:
        return single(message, event, context)

    wanted = {"events": [{"id": "a", "error": "ValueError: no score"}, {"id": "b", "payload": {"n": "b"}}]}
    with caplog.at_level(logging.ERROR):
        assert channels(PUBLISH) == wanted
        assert asyncio.run(channels(event_of("PUBLISH", "/news/art", "a", "b"))) == wanted
    assert "AppSyncMessage(id='a') failed and is not passed on" in caplog.text


def test_subscriptions_have_functions_of_their_own() -> None:
    channels = AppSyncChannels()

    @channels.subscribe("/news/*")
    def joined(event: AppSyncEventsEvent, context: Any) -> Any:
        return event.refuse("closed")

    assert channels(SUBSCRIBE) == {"error": "closed"}
    with pytest.raises(WrongSourceError, match=r"PUBLISH of /news/sport; there are SUBSCRIBE /news/\*"):
        channels(PUBLISH)
    with pytest.raises(WrongSourceError, match="@appsync_channel"):
        channels({"Records": []})


@pytest.mark.parametrize("pattern", ["news", "/news*", "/*/sport", "*"])
def test_a_pattern_that_fits_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="a path, or one that ends with"):
        AppSyncChannels().subscribe(pattern)(print)


def test_a_second_function_of_a_channel_is_refused() -> None:
    channels = AppSyncChannels()
    channels.publish("/a")(print)
    with pytest.raises(UsageError, match="PUBLISH of /a has a function already"):
        channels.publish_all("/a")(print)

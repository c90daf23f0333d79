from __future__ import annotations

import json
from typing import Any


def streamed(result: Any) -> tuple[dict[str, Any], list[str]]:
    """The head and the events."""
    assert result.response_mode == "streaming", result.payload
    head, _, body = result.payload.partition(bytes(8))
    return json.loads(head), body.decode().split("\n\n")[:-1]


def test_the_answer_is_streamed_word_by_word(invoke: Any, event: Any) -> None:
    head, events = streamed(invoke(event))
    assert head["statusCode"] == 200
    assert head["headers"]["content-type"] == "text/event-stream; charset=utf-8"
    assert head["headers"]["access-control-allow-origin"] == "https://chat.example.com"
    assert events[0] == "retry: 1000"
    assert events[1] == "event: word\nid: 1\ndata: Why"
    words = [line.partition("data: ")[2] for line in events[1:-1]]
    assert " ".join(words) == "Why do you say that you are happy with your new bicycle?"
    assert events[-1] == 'event: done\ndata: {"words": 12}'


def test_a_page_that_was_cut_off_gets_the_rest(invoke: Any, event: Any) -> None:
    event["headers"]["last-event-id"] = "11"
    _, events = streamed(invoke(event))
    assert events[1:] == ["event: word\nid: 12\ndata: bicycle?", 'event: done\ndata: {"words": 12}']


def test_where_nothing_streams_the_answer_comes_whole(invoke: Any, event: Any) -> None:
    answer = json.loads(invoke(event, LAMBDAKIT_INVOKE_MODE="BUFFERED").payload)
    assert answer["statusCode"] == 200
    assert answer["body"].endswith('event: done\ndata: {"words": 12}\n\n')


def test_a_question_that_is_none_is_a_problem(invoke: Any, event: Any) -> None:
    event["body"] = '{"text": 5}'
    answer = json.loads(invoke(event).payload)
    assert answer["statusCode"] == 422
    assert answer["headers"]["content-type"] == "application/problem+json"

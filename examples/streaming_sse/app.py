"""A chat endpoint that streams its answer word by word, as server-sent events.

The answer is made by rule, where a real one would be made by a model; each word is with the page as soon as there is
one. A page that was cut off connects again with the id of the last event it has, and gets the rest.

    lambdakit invoke examples/streaming_sse/app.py:handler --event examples/streaming_sse/event.json
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from lambdakit.http import Header, HttpApp, Response, ServerEvent, cors, sse

REFLECTIONS = {
    "i": "you",
    "i'm": "you're",
    "am": "are",
    "my": "your",
    "me": "you",
    "you": "I",
    "your": "my",
    "are": "am",
}

app = HttpApp(middleware=[cors("https://chat.example.com")])
handler = app


@dataclass
class Question:
    """What is asked."""

    text: str
    pause: float = 0.0


@app.post("/chat")
async def chat(question: Question, last_event_id: Annotated[str, Header()] = "0") -> Response:
    """The answer's words after `Last-Event-ID`, and how many there are."""
    seen = int(last_event_id) if last_event_id.isdecimal() else 0
    return sse(words(question, seen), heartbeat=10, retry=1000)


async def words(question: Question, seen: int) -> AsyncIterator[ServerEvent]:
    """An event for each word that has not been seen."""
    answer = reflect(question.text)
    for number, word in enumerate(answer, 1):
        if number > seen:
            await asyncio.sleep(question.pause)  # a model would think here
            yield ServerEvent(word, event="word", id=str(number))
    yield ServerEvent({"words": len(answer)}, event="done")


def reflect(text: str) -> list[str]:
    """The words of an answer that asks back."""
    said = [REFLECTIONS.get(word.lower(), word) for word in text.strip(" .!?").split()]
    return ["Why", "do", "you", "say", "that", *said[:-1], f"{said[-1]}?"] if said else ["Tell", "me", "more."]

"""What a service must endure, as procedures: tests run them small, the benchmarks at length.

    survive(folder, 200, 2, Random())             every asynchronous event it accepted runs, however often it is killed
    seconds_to_new_answer(service, folder, 7)     from a save of the source to the first answer of the new code

Functions of both write the number of each event they run to a file; what was accepted and what was run are compared.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.service_process import serving

if TYPE_CHECKING:
    import random
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.service_process import ServiceProcess

__all__ = ("RECORDING", "Survival", "answer_of", "recorded", "save", "seconds_to_new_answer", "survive")

INVOCATIONS = "/2015-03-31/functions/function/invocations"
EVENT = {"X-Amz-Invocation-Type": "Event"}
PATIENCE = 120.0

# Appends an event's number to a file (in one write, whole lines do not mix) and answers with the event.
RECORDING = """
import os
RAN = os.open("ran", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
def handler(event, context):
    os.write(RAN, b"%d\\n" % event["key"])
    return event
"""


def recorded(folder: Path) -> list[int]:
    """The numbers of the events that RECORDING ran, each time it did."""
    return [int(line) for line in (folder / "ran").read_bytes().split()]


class Survival(NamedTuple):
    """The numbers of the events a service accepted, and of those that ran, each time it did."""

    accepted: list[int]
    ran: list[int]

    @property
    def lost(self) -> set[int]:
        """What was accepted and never ran."""
        return {*self.accepted} - {*self.ran}


def survive(folder: Path, events: int, kills: int, moments: random.Random) -> Survival:
    """Have a service accept so many asynchronous events while it is killed so often; returns when all have run.

    `moments` gives the moments: each is after an accepted event, and some milliseconds more.
    """
    (folder / "app.py").write_text(RECORDING)
    accepted: list[int] = []
    limits = sorted(moments.sample(range(1, events), kills))
    for limit in limits:
        with _accepting(folder) as service:
            _send(service, accepted, limit)
            killing = threading.Timer(moments.uniform(0, 0.02), service.process.kill)
            killing.start()
            _send(service, accepted, events)
            killing.join()
            service.process.wait(PATIENCE)
    with _accepting(folder) as service:
        _send(service, accepted, events)
        _wait_until_all_ran(service)
    return Survival(accepted, recorded(folder))


def _accepting(folder: Path) -> AbstractContextManager[ServiceProcess]:
    return serving(folder, "app.handler", "--no-reload", "--environments", "2", "--state", "state")


def _send(service: ServiceProcess, accepted: list[int], count: int) -> None:
    """Send events until so many are accepted or the service is gone; what it did not say yes to is sent again."""
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)) as connection:
        while len(accepted) < count:
            number = len(accepted)
            try:
                connection.request("POST", INVOCATIONS, b'{"key": %d}' % number, EVENT)
                answer = connection.getresponse()
                answer.read()
            except (HTTPException, OSError):
                return
            assert answer.status == 202
            accepted.append(number)


def _wait_until_all_ran(service: ServiceProcess) -> None:
    until = time.monotonic() + PATIENCE
    while _asked(service, "GET", "/_lambdakit/clock")["pending_events"]:
        assert time.monotonic() < until, "events wait for ever"
        time.sleep(0.05)


def answer_of(service: ServiceProcess, event: Any) -> Any:
    """What the function answers to an event."""
    return _asked(service, "POST", INVOCATIONS, event)


def _asked(service: ServiceProcess, method: str, path: str, body: Any = None) -> Any:
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)) as connection:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        return json.load(answer)


def save(folder: Path, number: int) -> None:
    """Write a source whose function answers with a number, in one step as editors do."""
    source = f"def handler(event, context):\n    return {number}\n"
    (folder / "app.py.new").write_text(source)
    (folder / "app.py.new").replace(folder / "app.py")


def seconds_to_new_answer(service: ServiceProcess, folder: Path, number: int) -> float:
    """From a save to the first answer of the code that was saved, asking all the time."""
    began = time.perf_counter()
    save(folder, number)
    while answer_of(service, {}) != number:
        assert time.perf_counter() < began + PATIENCE, "the old code stays"
    return time.perf_counter() - began

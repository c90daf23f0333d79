"""The asynchronous queue under a virtual clock: what is run when, and what is told in the end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.emulator.asynchronous.event import Attempt, EventInvokeConfig
from lambdakit.emulator.asynchronous.queue import AsyncQueue
from lambdakit.emulator.asynchronous.store import EventStore
from lambdakit.emulator.clock import SystemClock, VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from lambdakit.emulator.asynchronous.event import AsyncEvent

OK = Attempt("success", b'"fine"', "$LATEST")
ERROR = Attempt("error", b'{"errorMessage":"no"}', "$LATEST", "Unhandled")
THROTTLED = Attempt("throttled", status=429)
ZERO = Attempt("zero-concurrency", status=429)
HOURS = 3600.0


class Service:
    """A function whose attempts are scripted by its payload, and a note of everything."""

    def __init__(self, store: EventStore, config: EventInvokeConfig | None = None) -> None:
        self.clock = VirtualClock(0.0)
        self.config = config or EventInvokeConfig()
        self.scripts: dict[str, list[Attempt]] = {}
        self.ran: list[tuple[str, float]] = []
        self.told: list[tuple[str, str | None, int, float]] = []
        self.queue = AsyncQueue(
            store, self.clock, invoke=self.invoke, config_of=lambda _: self.config, deliver=self.deliver
        )
        self.clock.attend(self.queue.next_due, self.queue.settled)

    async def invoke(self, event: AsyncEvent) -> Attempt:
        await asyncio.sleep(0)
        self.ran.append((event.request_id, self.clock.now()))
        script = self.scripts[event.request_id]
        return script.pop(0) if len(script) > 1 else script[0]

    async def deliver(self, event: AsyncEvent, config: EventInvokeConfig) -> None:
        await asyncio.sleep(0)
        self.told.append((event.request_id, event.condition, event.attempts, self.clock.now()))

    def send(self, name: str, *script: Attempt) -> None:
        self.scripts[name] = list(script)
        self.queue.enqueue(name, "f", b"{}")


def test_all_is_given_up() -> None:
    async def main() -> None:
        begun = asyncio.Event()

        async def hang(event: AsyncEvent) -> Attempt:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        store = EventStore()
        service = Service(store)
        service.queue = AsyncQueue(
            store,
            service.clock,
            invoke=hang,
            config_of=lambda _: service.config,
            deliver=service.deliver,
        )
        async with service.queue:
            service.send("under way", OK)
            await asyncio.wait_for(begun.wait(), 10)
            service.send("waiting", OK)
            await service.queue.give_up()
            await service.queue.settled()
            assert len(store) == 0
            assert service.told == []
        store.close()

    asyncio.run(main())


def played(act: Callable[[Service], Any], config: EventInvokeConfig | None = None) -> Service:
    async def main() -> Service:
        store = EventStore()
        service = Service(store, config)
        async with service.queue:
            await act(service)
        left = len(store)
        store.close()
        assert left == 0
        return service

    return asyncio.run(main())


def test_a_success_runs_once_and_is_told_at_once() -> None:
    async def act(service: Service) -> None:
        service.send("a", OK)
        await service.clock.advance(0)
        assert service.told == [("a", "Success", 1, 0.0)]

    assert played(act).ran == [("a", 0.0)]


def test_errors_are_tried_again_after_one_and_two_minutes() -> None:
    async def act(service: Service) -> None:
        service.send("a", ERROR)
        await service.clock.advance(59)
        assert len(service.ran) == 1
        await service.clock.advance(6 * HOURS)

    service = played(act)
    assert service.ran == [("a", 0.0), ("a", 60.0), ("a", 180.0)]
    assert service.told == [("a", "RetriesExhausted", 3, 180.0)]


def test_throttles_back_off_and_do_not_count() -> None:
    async def act(service: Service) -> None:
        service.send("a", *[THROTTLED] * 4, OK)
        await service.clock.advance(HOURS)

    service = played(act)
    assert [moment for _, moment in service.ran] == [0, 1, 3, 7, 15]
    assert service.told == [("a", "Success", 1, 15.0)]


def test_six_hours_of_throttles_end_by_age() -> None:
    async def act(service: Service) -> None:
        service.send("a", THROTTLED)
        await service.clock.advance(7 * HOURS)

    service = played(act)
    (end,) = service.told
    assert end[:3] == ("a", "EventAgeExceeded", 0)
    assert 21_600 - 300 <= end[3] <= 21_600


def test_no_concurrency_ends_at_once() -> None:
    async def act(service: Service) -> None:
        service.send("a", ZERO)
        await service.clock.advance(0)

    assert played(act).told == [("a", "ZeroReservedConcurrency", 0, 0.0)]


def test_a_slow_event_keeps_no_other_waiting() -> None:
    async def act(service: Service) -> None:
        gate = asyncio.Event()
        invoke = service.invoke

        async def slow(event: AsyncEvent) -> Attempt:
            if event.request_id == "slow":
                await gate.wait()
            return await invoke(event)

        service.queue._invoke = slow
        service.send("slow", OK)
        service.send("quick", OK)
        while not service.told:
            await asyncio.sleep(0)
        assert service.told == [("quick", "Success", 1, 0.0)]
        gate.set()
        await service.clock.advance(0)

    assert len(played(act).told) == 2


def test_an_attempt_that_could_not_be_made_is_made_again(caplog: pytest.LogCaptureFixture) -> None:
    async def act(service: Service) -> None:
        invoke, broken = service.invoke, [OSError("disk"), OSError("disk")]

        async def breaking(event: AsyncEvent) -> Attempt:
            if broken:
                raise broken.pop()
            return await invoke(event)

        service.queue._invoke = breaking
        service.send("a", OK)
        await service.clock.advance(10)

    service = played(act)
    assert service.ran == [("a", 3.0)]
    assert ["an attempt of a could not be made" in message for message in caplog.messages] == [True, True]


def test_an_end_that_could_not_be_told_is_logged_and_over(caplog: pytest.LogCaptureFixture) -> None:
    async def act(service: Service) -> None:
        async def failing(event: AsyncEvent, config: EventInvokeConfig) -> None:
            raise OSError("no queue")

        service.queue._deliver = failing
        service.send("a", OK)
        await service.clock.advance(0)

    played(act)
    assert "the end of a could not be told" in caplog.text


outcomes = st.lists(st.sampled_from([OK, ERROR, THROTTLED, ZERO]), min_size=1, max_size=6)


@given(
    scripts=st.lists(outcomes, min_size=1, max_size=6),
    retries=st.integers(0, 2),
    age=st.sampled_from([60.0, 90.0, 200.0, 21_600.0]),
    steps=st.lists(st.floats(0, 400), max_size=5),
)
@settings(max_examples=60)
def test_every_event_ends_once_and_in_time(scripts: Any, retries: int, age: float, steps: list[float]) -> None:
    async def act(service: Service) -> None:
        for number, script in enumerate(scripts):
            service.send(f"e{number}", *script)
        for step in steps:
            await service.clock.advance(step)
        await service.clock.advance(7 * HOURS)

    service = played(act, EventInvokeConfig(retries, age))
    assert Counter(name for name, *_ in service.told) == Counter(f"e{number}" for number in range(len(scripts)))
    assert all(attempts <= retries + 1 for _, _, attempts, _ in service.told)
    assert all(moment <= age for _, moment in service.ran)


def test_what_had_ended_is_told_after_a_crash(tmp_path: Path) -> None:
    async def main() -> list[Any]:
        store = EventStore(tmp_path / "events.db")
        dying = Service(store)
        told = asyncio.Event()

        async def never(event: AsyncEvent, config: EventInvokeConfig) -> None:
            told.set()
            await asyncio.Event().wait()

        dying.queue._deliver = never
        async with dying.queue:
            dying.send("a", OK)
            await told.wait()
        store.close()
        store = EventStore(tmp_path / "events.db")
        risen = Service(store)
        async with risen.queue:
            await risen.clock.advance(0)
        assert len(store) == 0
        store.close()
        return [risen.ran, risen.told]

    assert asyncio.run(main()) == [[], [("a", "Success", 1, 0.0)]]


def test_the_systems_clock_wakes_for_what_is_due() -> None:
    async def main() -> list[str]:
        told: list[str] = []
        over = asyncio.Event()

        async def invoke(event: AsyncEvent) -> Attempt:
            return OK if event.attempts else ERROR

        async def deliver(event: AsyncEvent, config: EventInvokeConfig) -> None:
            told.append(f"{event.condition} {event.attempts}")
            over.set()

        class Fast(SystemClock):
            def now(self) -> float:
                return super().now() * 10_000  # a minute is six milliseconds

            async def wait(self, until: float | None, changed: asyncio.Event) -> None:
                await super().wait(None if until is None else until / 10_000, changed)

        store = EventStore()
        queue = AsyncQueue(store, Fast(), invoke=invoke, config_of=lambda _: EventInvokeConfig(), deliver=deliver)
        async with queue:
            queue.enqueue("a", "f", b"{}")
            await asyncio.wait_for(over.wait(), 20)
        store.close()
        return told

    assert asyncio.run(main()) == ["Success 2"]


ENDURING = """
import asyncio, os, sys
from pathlib import Path
from lambdakit.emulator.asynchronous.event import Attempt, EventInvokeConfig
from lambdakit.emulator.asynchronous.queue import AsyncQueue
from lambdakit.emulator.asynchronous.store import EventStore
from lambdakit.emulator.clock import SystemClock

accepted = os.open(sys.argv[2] + "/accepted", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
ran = os.open(sys.argv[2] + "/ran", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

async def invoke(event):
    os.write(ran, event.request_id.encode() + b"\\n")
    await asyncio.sleep(0)
    return Attempt("success", b"null", "$LATEST")

async def deliver(event, config):
    await asyncio.sleep(0)

async def main():
    store = EventStore(Path(sys.argv[2]) / "events.db")
    queue = AsyncQueue(
        store, SystemClock(), invoke=invoke, config_of=lambda event: EventInvokeConfig(), deliver=deliver
    )
    start, count = int(sys.argv[1]), int(sys.argv[3])
    async with queue:
        for number in range(start, start + count):
            queue.enqueue(f"e{number}", "f", b"{}")
            os.write(accepted, b"e%d\\n" % number)
            if number % 16 == 0:
                await asyncio.sleep(0)
        await queue.settled()
    print("settled", flush=True)

asyncio.run(main())
"""


def test_nothing_accepted_is_lost_by_a_kill_at_any_moment(tmp_path: Path) -> None:
    for start in range(0, 5_000, 1_000):
        command = [sys.executable, "-c", ENDURING, str(start), str(tmp_path), "1000"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            wanted = _lines(tmp_path / "accepted") + 100 + start // 8
            while process.poll() is None and _lines(tmp_path / "accepted") < wanted:
                pass
            os.kill(process.pid, signal.SIGKILL)
    subprocess.run([sys.executable, "-c", ENDURING, "9000", str(tmp_path), "0"], check=True, capture_output=True)
    accepted = (tmp_path / "accepted").read_text().split()
    ran = (tmp_path / "ran").read_text().split()
    assert len(accepted) > 500
    assert set(accepted) <= set(ran)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_the_store_keeps_what_an_event_came_with(tmp_path: Path) -> None:
    store = EventStore(tmp_path / "events.db")
    store.add("r", "f", "live", b'{"a": 1}', 5.0, trace_id="Root=1", tenant_id="t")
    (event,) = store.due(5.0, without=(), limit=10)
    assert (event.request_id, event.function, event.qualifier, event.payload) == ("r", "f", "live", b'{"a": 1}')
    assert (event.received, event.due, event.trace_id, event.tenant_id) == (5.0, 5.0, "Root=1", "t")
    assert json.loads(event.payload) == {"a": 1}
    store.remove_all("other")
    assert len(store) == 1
    store.remove_all()
    assert (len(store), store.next_due(without=())) == (0, None)
    store.close()

"""Deadlines of many flights on one alarm."""

from __future__ import annotations

import asyncio
import time

from lambdakit.emulator import Invocation
from lambdakit.emulator.deadlines import Deadlines
from lambdakit.emulator.flight import Flight
from tests.engine_support import run, until


def flight(*, ago=0.0):
    """A flight that began some seconds ago."""
    begun = Flight(Invocation())
    begun.begin(1.0)
    begun.started -= ago
    return begun


def test_every_flight_that_is_not_over_is_told_at_its_time():
    timeout = 0.2

    async def go():
        told = []
        deadlines = Deadlines(timeout, lambda late: told.append((late, late.elapsed())))
        later, over, sooner = flight(), flight(), flight(ago=0.1)
        for one in (later, over, sooner):
            deadlines.watch(one)
        deadlines.forget(over)
        await until(lambda: len(told) == 2)
        assert [late for late, _ in told] == [sooner, later]
        assert all(timeout <= elapsed < timeout + 1 for _, elapsed in told)
        after = flight(ago=0.15)
        deadlines.watch(after)
        await until(lambda: len(told) == 3)

    run(go())


def test_a_flight_whose_time_has_passed_is_told_soon():
    async def go():
        told = []
        deadlines = Deadlines(60.0, told.append)
        deadlines.watch(flight())
        late = flight(ago=61.0)
        deadlines.watch(late)
        began = time.monotonic()
        await until(lambda: told == [late])
        assert time.monotonic() - began < 10
        deadlines.close()

    run(go())


def test_nothing_is_told_after_the_end():
    async def go():
        told = []
        deadlines = Deadlines(0.01, told.append)
        deadlines.watch(flight())
        deadlines.close()
        await asyncio.sleep(0.05)
        assert told == []

    run(go())

"""Lines are handed on together: by the clock, when there are many, when somebody asks, and at the end."""

from __future__ import annotations

import asyncio

from lambdakit.emulator.cloudwatch.log_intake import LogIntake
from lambdakit.emulator.logs import LogLine, LogOrigin
from tests.engine_support import run

ONE, OTHER = LogOrigin("f", "$LATEST", "/aws/lambda/f", "1"), LogOrigin("g", "$LATEST", "/aws/lambda/g", "2")


def line(text: str) -> LogLine:
    return LogLine(text, "function", None, 1.0)


class Taken:
    def __init__(self) -> None:
        self.batches: list[list[tuple[str, list[str]]]] = []
        self.came = asyncio.Event()

    def __call__(self, gathered: list[tuple[LogOrigin, list[LogLine]]]) -> None:
        self.batches.append([(origin.function_name, [line.text for line in lines]) for origin, lines in gathered])
        self.came.set()


def test_lines_of_all_environments_are_handed_on_together_a_moment_later() -> None:
    async def main() -> None:
        taken = Taken()
        intake = LogIntake(taken)
        first, second = intake(ONE), intake(OTHER)
        first(line("a"))
        second(line("b"))
        first(line("c"))
        assert taken.batches == []
        await asyncio.wait_for(taken.came.wait(), 10)
        assert taken.batches == [[("f", ["a", "c"]), ("g", ["b"])]]
        second(line("d"))
        intake.hand_on()
        intake.hand_on()
        assert taken.batches[1:] == [[("g", ["d"])]]

    run(main())


def test_a_torrent_is_handed_on_at_once() -> None:
    async def main() -> None:
        taken = Taken()
        sink = LogIntake(taken)(ONE)
        for number in range(2_500):
            sink(line(str(number)))
        assert [len(lines) for batch in taken.batches for _, lines in batch] == [1000, 1000]

    run(main())


def test_at_the_end_nothing_is_left_and_nothing_more_is_taken() -> None:
    async def main() -> None:
        taken = Taken()
        intake = LogIntake(taken)
        sink = intake(ONE)
        sink(line("last"))
        intake.close()
        sink(line("lost"))
        intake.hand_on()
        assert taken.batches == [[("f", ["last"])]]

    run(main())


def test_a_sink_outlives_what_its_taker_raises() -> None:
    async def main() -> None:
        seen: list[int] = []

        def take(gathered: list[tuple[LogOrigin, list[LogLine]]]) -> None:
            seen.append(len(gathered[0][1]))
            if len(seen) == 1:
                raise OSError("disk full")

        intake = LogIntake(take)
        sink = intake(ONE)
        sink(line("a"))
        try:
            intake.hand_on()
        except OSError:
            sink(line("b"))
        intake.hand_on()
        assert seen == [1, 1]

    run(main())

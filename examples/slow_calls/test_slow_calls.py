from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from lambdakit.emulator import ExecutionEnvironment, Invocation
from lambdakit.emulator.project import load_project

if TYPE_CHECKING:
    from lambdakit.emulator import LogLine

FOLDER = Path(__file__).parent


def test_the_extension_names_the_slow_call_and_no_other() -> None:
    lines: list[LogLine] = []
    (function,) = load_project(FOLDER).functions

    async def main() -> str:
        async with ExecutionEnvironment(function.config, log=lines.append) as environment:
            slow = await environment.invoke(Invocation((FOLDER / "event.json").read_bytes()))
            await environment.invoke(Invocation(b'{"seconds": 0}'))
        assert json.loads(slow.payload) == "worked for 0.2 s"
        return slow.request_id

    request_id = asyncio.run(main())
    (said,) = (line.text for line in lines if line.source == "extension")
    assert re.fullmatch(rf"slow call: {request_id} took \d+ ms \(success\)", said)

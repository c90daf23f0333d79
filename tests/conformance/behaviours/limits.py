"""What a function may hold: memory, which AWS's emulator does not limit, and the engine does as AWS does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.conformance.case import SERVERS, Setting, Step, does

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.case import Case

CONFINED = Setting("confined", limits="all")
MIB = 1024 * 1024

confined: Callable[..., Case] = partial(does, alone=True, setting=CONFINED, runtimes=SERVERS)

CASES: tuple[Case, ...] = (
    confined("memory.within", "what fits is the function's", f"return len(bytes(b'x' * 20 * {MIB}))"),
    confined("memory.over", "a process that holds more is killed, and the next event finds a fresh one", f"""
        n.append(1)
        return len(b'x' * 200 * {MIB}) if event else len(n)
        """, "n = []", steps=(Step(b"0"), Step(b"1"), Step(b"0"))),
    confined("memory.import", "also while it is initialised", "return 1", f"held = b'x' * 200 * {MIB}"),
    confined("memory.child", "what its children hold counts", f"""
        import subprocess, sys
        return subprocess.run([sys.executable, '-c', "print(len(b'x' * 200 * {MIB}))"], capture_output=True).returncode
        """),
    confined("memory.reported", "the memory size is in the context and in a variable", """
        import os
        return [context.memory_limit_in_mb, os.environ['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']]
        """),
)  # fmt: skip

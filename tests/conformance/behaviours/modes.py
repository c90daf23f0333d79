"""SnapStart, several invocations at once, streaming: the modes of a runtime beside one event after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.conformance.case import Setting, Step, does, module
from tests.fake_runtime_api import Answer

if TYPE_CHECKING:
    from tests.conformance.case import Case, Place

SNAP = Setting("snap-start", initialization_type="snap-start")
TWO = Setting("two", max_concurrency=2)
TWO_DEBUG = Setting("two-debug", max_concurrency=2, log_format="JSON", log_level="DEBUG")
BAD_COUNT = Setting("bad-count", variables={"AWS_LAMBDA_MAX_CONCURRENCY": "many"})
ONE_WORKER = Setting("one-worker", variables={"AWS_LAMBDA_MAX_CONCURRENCY": "1"})
BOTH: tuple[Place, ...] = ("engine", "fake")
HOOKS = "from snapshot_restore_py import register_after_restore, register_before_snapshot\n"
HANDLER = "def handler(event, context):\n    return 'ok'\n"
LOOKS_AT = ("result", "log", "headers", "exit", "calls")

ORDER = f"""{HOOKS}
for n in (1, 2, 3):
    register_before_snapshot(print, 'before', n)
    register_after_restore(print, 'after', n)
{HANDLER}"""
RENDEZVOUS = """
import json, os, time
def handler(event, context):
    me = str(event)
    open(me, 'w').close()
    until = time.monotonic() + 15
    while not (os.path.exists('1') and os.path.exists('2')):
        if time.monotonic() > until:
            return 'alone'
    return 'together'
"""


def snapped(id: str, contract: str, source: str, **options: Any) -> Case:
    """A case about SnapStart."""
    options = {"places": BOTH, "looks_at": LOOKS_AT, "setting": SNAP, **options}
    return module(f"snapstart.{id}", contract, source, **options)


def parallel(id: str, contract: str, source: str, **options: Any) -> Case:
    """A case about two workers."""
    options = {"places": ("fake",), "setting": TWO, "looks_at": ("result", "exit"), **options}
    return module(f"workers.{id}", contract, source, **options)


def streams(id: str, contract: str, body: str, before: str = "", **options: Any) -> Case:
    """A case about a response made while it is sent."""
    looks_at = ("result", "outcome", "content_type")
    return does(f"stream.{id}", contract, body, before, looks_at=looks_at, alone=True, **options)


CASES: tuple[Case, ...] = (
    snapped("order", "hooks before in reverse, hooks after in order", ORDER),
    snapped("no-hooks", "without hooks restore/next is called all the same", HANDLER),
    snapped("not-snapstart", "hooks do not run otherwise", ORDER, setting=Setting("plain")),
    snapped("before-fails", "a hook before that fails is status 64",
        HOOKS + "def fail():\n    raise ValueError('before')\nregister_before_snapshot(fail)\n" + HANDLER),
    snapped("after-fails", "a hook after that fails is status 65",
        HOOKS + "def fail():\n    raise ValueError('after')\nregister_after_restore(fail)\n" + HANDLER),
    snapped("before-exits", "sys.exit in a hook before too",
        HOOKS + "import sys\nregister_before_snapshot(sys.exit, 3)\n" + HANDLER, places=("fake",)),
    snapped("after-exits", "sys.exit in a hook after too",
        HOOKS + "import sys\nregister_after_restore(sys.exit, 3)\n" + HANDLER, places=("fake",)),
    snapped("restore-404", "a restore that is refused is status 64", ORDER, places=("fake",), script={
            "replies": {"restore/next": Answer(404, b"404 page not found\n")},
        }, looks_at=("exit", "calls")),
    snapped("restore-error-500", "a report that is refused is status 1",
        HOOKS + "def fail():\n    raise ValueError('after')\nregister_after_restore(fail)\n" + HANDLER,
        places=("fake",), script={"replies": {"restore/error": Answer(500, b"{}")}}, looks_at=("exit", "calls")),
    snapped("init-fails", "an init failure comes before hooks",
        HOOKS + "register_before_snapshot(print, 'never')\n1 / 0\n"),
    snapped("arguments", "hooks get their arguments",
        HOOKS + "register_before_snapshot(print, 1, end='.\\n')\nregister_after_restore(print, 2, end=';\\n')\n"
        + HANDLER),
    parallel("together", "two events are served at once", RENDEZVOUS, steps=(Step(b"1"), Step(b"2")), places=BOTH,
        looks_at=("result",)),
    parallel("module", "each worker imports the module", "print('imported\\n', end='')\n" + HANDLER,
        looks_at=("log", "result"), until=lambda api: api.holding >= 2),
    parallel("debug", "the pool is announced at DEBUG", HANDLER, setting=TWO_DEBUG, looks_at=("log", "result"),
        until=lambda api: api.holding >= 2),
    parallel("one", "the number one is a pool too", """
        import os
        P = os.getppid()
        def handler(event, context):
            import multiprocessing
            return multiprocessing.parent_process() is not None or P != 0
        """, setting=ONE_WORKER),
    parallel("init-error", "a failed import is reported by each worker and ends the process", "1 / 0\n",
        looks_at=("exit",)),
    parallel("init-error-403", "that another has reported before is no matter", "1 / 0\n",
        script={"replies": {"init/error": [Answer(), Answer(403, b"{}")]}}, looks_at=("exit",)),
    parallel("bad-count", "a number that is none ends the runtime", HANDLER, setting=BAD_COUNT,
        looks_at=("exit", "calls")),
    parallel("response-410", "410 does not end a worker", """
        def handler(event, context):
            return event
        """, setting=ONE_WORKER, steps=(Step(b"1", reply=Answer(410, b"{}")), Step(b"2"))),
    parallel("response-413", "nor does 413", """
        def handler(event, context):
            return event
        """, setting=ONE_WORKER, steps=(Step(b"1", reply=Answer(413, b"{}")), Step(b"2"))),
    parallel("response-500", "nor 500", """
        def handler(event, context):
            return event
        """, setting=ONE_WORKER, steps=(Step(b"1", reply=Answer(500, b"{}")), Step(b"2"))),
    parallel("error", "errors as with one worker", "def handler(event, context):\n    raise ValueError('x')\n"),
    parallel("exit", "a worker that exits is not replaced", """
        import sys
        def handler(event, context):
            sys.exit(3)
        """, setting=ONE_WORKER, looks_at=("exit",)),
    streams("generator", "a generator is a MarshalError", "yield 'a'\nyield b'b'"),
    streams("empty", "an empty one too", "return\nyield"),
    streams("async", "and an async one", "return g()", "async def g():\n    yield b'x'"),
    streams("error", "an error before the first piece", "raise ValueError('x')\nyield b''"),
)  # fmt: skip

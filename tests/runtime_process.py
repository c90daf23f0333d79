"""A runtime process (ours or the official client), its handler given as source text, facing a
`FakeRuntimeApi`.

    run = run_runtime("def handler(event, context):\\n    return event", [Event({"a": 1})])
    run.posts[0].body, run.exit_code, run.stdout, run.stderr

The handler's module is `app` in a fresh directory, which is also the process's working directory.
`run_runtime` ends when the process does (`exit_code`, negative for a signal) or when every event is answered
and the process waits for the next one (`exit_code` None: it was then killed). For anything finer:
`runtime_process(...)`, a context manager.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fake_runtime_api import FakeRuntimeApi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tests.fake_runtime_api import Answer, Event, Post

ROOT = Path(__file__).resolve().parent.parent
OURS = (sys.executable, "-m", "lambdakit.runtime")
OFFICIAL = (sys.executable, "-m", "awslambdaric")

FUNCTION_ENV: Mapping[str, str] = {
    "AWS_LAMBDA_FUNCTION_NAME": "fake",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/fake",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/02/[$LATEST]0123456789abcdef0123456789abcdef",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "TZ": "UTC",
    "LANG": "C.UTF-8",
}


@dataclass
class Run:
    """What a runtime process did: see the module's docstring."""

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    posts: list[Post]
    api: FakeRuntimeApi


class RuntimeProcess:
    """A started process: `popen`, `directory`, and its output so far (`stdout()`, `stderr()`)."""

    def __init__(self, api: FakeRuntimeApi, directory: Path, command: Sequence[str], **options: Any) -> None:
        self.api = api
        self.directory = directory
        self._out = (directory / ".stdout").open("wb")
        self._err = (directory / ".stderr").open("wb")
        self.popen = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err,
            start_new_session=True, **options,
        )  # fmt: skip
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def ended(self) -> bool:
        return self.popen.returncode is not None

    def wait_until(self, condition: Callable[[], Any], timeout: float = 20) -> None:
        """Wait until `condition()` is true or the process has ended."""
        try:
            self.api.wait_until(lambda: self.ended or condition(), timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\nstdout: {self.stdout()!r}\nstderr: {self.stderr()!r}") from None

    def stdout(self) -> bytes:
        return (self.directory / ".stdout").read_bytes()

    def stderr(self) -> bytes:
        return (self.directory / ".stderr").read_bytes()

    def kill(self) -> None:
        """End the process and everything it started, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self._out.close()
        self._err.close()

    def _watch(self) -> None:
        self.popen.wait()
        with self.api.changed:
            self.api.changed.notify_all()


def environment(api_address: str, extra: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """The variables of a small function; a value of None in `extra` removes one. Only PATH is inherited."""
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "AWS_LAMBDA_RUNTIME_API": api_address,
        "_HANDLER": "app.handler",
        **FUNCTION_ENV,
        **(extra or {}),
    }
    return {name: value for name, value in variables.items() if value is not None}


@contextlib.contextmanager
def runtime_process(
    source: str | None,
    api: FakeRuntimeApi,
    *,
    handler: str | None = "app.handler",
    command: Sequence[str] = OURS,
    env: Mapping[str, str | None] | None = None,
    files: Mapping[str, str | bytes] | None = None,
    **popen_options: Any,
) -> Iterator[RuntimeProcess]:
    """Start `command handler` (`handler` None: no argument) in a directory holding `app.py` and `files`."""
    with tempfile.TemporaryDirectory(prefix="runtime-") as name:
        directory = Path(name)
        for path, content in {**({} if source is None else {"app.py": source}), **(files or {})}.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(content.encode() if isinstance(content, str) else content)
        argv = [*command, *([] if handler is None else [handler])]
        process = RuntimeProcess(api, directory, argv, env=environment(api.address, env), **popen_options)
        try:
            yield process
        finally:
            process.kill()


def run_runtime(
    source: str | None,
    events: Iterable[Event] = (),
    *,
    end: Answer | None = None,
    replies: Mapping[str, Answer | Sequence[Answer]] | None = None,
    until: Callable[[FakeRuntimeApi], Any] = FakeRuntimeApi.drained,
    timeout: float = 20,
    **process_options: Any,
) -> Run:
    """Run one runtime process over the scripted events; `until(api)` says when to stop one that does not end.

    `end` and `replies` are `FakeRuntimeApi`'s; the rest (`handler`, `command`, `env`, ...)
    `runtime_process`'s.
    """
    script = {"replies": replies} if end is None else {"replies": replies, "end": end}
    with FakeRuntimeApi(events, **script) as api, runtime_process(source, api, **process_options) as process:
        process.wait_until(lambda: until(api), timeout)
        exit_code = process.popen.returncode
        process.kill()
        return Run(exit_code, process.stdout(), process.stderr(), list(api.posts), api)

"""Processes for the benchmarks: contenders on equal footing, and what is read from a running one.

Every contender is found through one directory of links (`package_directory`), so that neither gains by
standing earlier on the import path, and is started once before it counts, so that byte code is compiled and
files are cached.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.runtime_process import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTENDERS = {"lambdakit": "lambdakit.runtime", "awslambdaric": "awslambdaric"}
LINKED = (
    "lambdakit",
    "awslambdaric",
    "runtime_client",
    "simplejson",
    "snapshot_restore_py",
    "orjson",
    "aws_lambda_powertools",
    "chalice",
)
REQUEST_NEXT = b"GET /2018-06-01/runtime/invocation/next "


def package_directory(directory: Path) -> Path:
    """Fill `directory` with links to every package a contender needs; SystemExit when one is missing."""
    for name in LINKED:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise SystemExit(f"{name} is not installed: pip install -e '.[dev]'")
        origin = Path(spec.origin)
        source = origin.parent if spec.submodule_search_locations else origin
        (directory / source.name).symlink_to(source)
    return directory


class Bench:
    """A working directory with the handlers' modules, and the ways to start a process in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.packages = directory / "packages"
        self.packages.mkdir()
        package_directory(self.packages)

    def write(self, name: str, content: bytes) -> Path:
        """Put a file next to the handlers."""
        path = self.directory / name
        path.write_bytes(content)
        return path

    def start(self, arguments: Sequence[str], api: str) -> subprocess.Popen[bytes]:
        """Start `python ARGUMENTS` with a function's environment, the Runtime API being at `api`."""
        env = environment(api, {"PYTHONPATH": str(self.packages)})
        with (self.directory / "output").open("wb") as output:
            return subprocess.Popen(
                [sys.executable, *arguments], cwd=self.directory, env=env, stdout=output, stderr=output
            )

    @contextlib.contextmanager
    def running(self, arguments: Sequence[str], api: str) -> Iterator[subprocess.Popen[bytes]]:
        """`start`, and kill the process at the end; when the measure fails, say what the process wrote."""
        process = self.start(arguments, api)
        try:
            yield process
        except Exception as error:
            output = (self.directory / "output").read_text("utf-8", "replace")
            raise SystemExit(f"{' '.join(arguments)}: {error!r}; its output:\n{output}") from error
        finally:
            process.kill()
            process.wait()

    def invocation_seconds(self, arguments: Sequence[str], event: Path, warmup: int, count: int) -> tuple[float, int]:
        """Seconds per invocation of one fresh process, as the server saw them, and the size of a result."""
        command = [sys.executable, "-m", "tests.benchmarks.server", str(event), str(warmup), str(count)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env) as server:
            assert server.stdout is not None
            address = f"127.0.0.1:{int(server.stdout.readline())}"
            with self.running([word.replace("API", address) for word in arguments], address):
                seconds, length = server.stdout.readline().split()
        return float(seconds) / count, int(length)

    @contextlib.contextmanager
    def at_first_next(self, module: str, handler: str) -> Iterator[tuple[socket.socket, int, float]]:
        """A process that has sent its first `next`: the connection, its pid, seconds since its start."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(30)
            address = f"127.0.0.1:{listener.getsockname()[1]}"
            started = time.perf_counter()
            with self.running(["-m", module, handler], address) as process:
                sock, _ = listener.accept()
                with sock:
                    head = sock.recv(4096)
                    seconds = time.perf_counter() - started
                    if not head.startswith(REQUEST_NEXT):
                        raise RuntimeError(f"began with {head!r}")
                    yield sock, process.pid, seconds

    def first_statement(self, before: str = "pass") -> float:
        """Seconds from just before the start of a bare interpreter to its first statement, but for one `before`."""
        read_end, write_end = os.pipe()
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", f"{before}; import os; os.write({write_end}, b'x')"],
            cwd=self.directory,
            env=environment("", {"PYTHONPATH": str(self.packages)}),
            pass_fds=(write_end,),
        )
        os.close(write_end)
        os.read(read_end, 1)
        seconds = time.perf_counter() - started
        os.close(read_end)
        process.wait()
        return seconds


def memory(pid: int, name: str) -> int:
    """Bytes of `VmRSS`, `VmHWM`, ... of a running process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"no {name} in /proc/{pid}/status")


def use_one_cpu() -> None:
    """Keep this process and all it starts on one CPU.

    Client and server take turns, so they lose nothing by it; and waking a process on another CPU, which takes
    longer than a whole invocation on a virtual machine, stays out of the figures.
    """
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

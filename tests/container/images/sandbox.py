"""A container as container engines make them, of an image's mounted root: namespaces, a read-only root, no privileges.

    with running(root, config, variables) as container:
        container.post({"do": "see"})
        container.end()

Not buildah's `run`: its chroot isolation has no process namespace and a root that can be written to, and what is tested
is what an image does under an engine that has both. So `unshare` makes the namespaces, and this file, run as a script
in them, mounts what an engine mounts, takes the image's user, and becomes its entry point.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PATH = "/2015-03-31/functions/function/invocations"
PATIENCE = 30.0
DEVICES = ("null", "zero", "full", "random", "urandom")


class Reply(NamedTuple):
    """An answer, with its headers' names in lower case."""

    status: int
    headers: dict[str, str]
    body: Any


class Container:
    """A started container; `port` is its front's, `lines` what it has written."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.lines: list[str] = []
        self._written = threading.Condition()
        self._over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def post(self, event: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """Invoke the function from outside."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request("POST", PATH, json.dumps(event).encode(), dict(headers or {}))
            answer = connection.getresponse()
            body = answer.read()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, json.loads(body))

    def wait_for(self, text: str) -> str:
        """The first line with that text, once there is one."""
        deadline = time.monotonic() + PATIENCE
        with self._written:
            while not (found := [line for line in self.lines if text in line]):
                left = deadline - time.monotonic()
                if left <= 0 or self._over:
                    raise AssertionError(f"no {text!r} in:\n{''.join(self.lines)}")
                self._written.wait(left)
            return found[0]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the container's first process, as `docker stop` does."""
        for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            os.kill(int(child), number)

    def remove(self) -> None:
        """End whatever is left of it; the kernel ends all processes of a namespace with its first."""
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.wait()

    def end(self) -> int:
        """Stop it with SIGTERM; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """The exit status, once it has ended; all it wrote is in `lines` then."""
        status = self.process.wait(timeout=PATIENCE)
        self._reader.join(timeout=PATIENCE)
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._written:
                self.lines.append(line)
                self._written.notify_all()
        with self._written:
            self._over = True
            self._written.notify_all()


@contextlib.contextmanager
def running(
    root: Path, config: Mapping[str, Any], variables: Mapping[str, str] | None = None, command: Sequence[str] = ()
) -> Iterator[Container]:
    """Start an image's entry point, or another command of it, under a root that cannot be written to."""
    port = free_port()
    said = [*(config["Env"] or ()), f"LAMBDAKIT_FRONT_PORT={port}", "LAMBDAKIT_FRONT_HOST=127.0.0.1"]
    environment = {**dict(entry.split("=", 1) for entry in said), **(variables or {})}
    what = {
        "root": str(root),
        "command": list(command) or [*config["Entrypoint"], *config["Cmd"]],
        "user": [int(part) for part in config["User"].split(":")],
        "directory": config["WorkingDir"],
        "environment": environment,
    }
    unshare = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork"]
    arguments = [*unshare, sys.executable, str(Path(__file__).resolve()), json.dumps(what)]
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(arguments, stdout=pipe, stderr=both, stdin=subprocess.DEVNULL, text=True) as process:
        container = Container(process, port)
        try:
            yield container
        finally:
            container.remove()


def serving(container: Container) -> Container:
    """The container, once its front answers."""
    container.wait_for("lambdakit serves ")
    return container


def free_port() -> int:
    """A port that nobody listens on."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


def enter(what: Mapping[str, Any]) -> None:
    """Inside the namespaces: make the root what an engine makes it, drop every privilege, and become the command."""
    root = what["root"]
    mount("--make-rprivate", "/")
    mount("--bind", root, root)
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{root}/tmp")
    mount("-t", "proc", "proc", f"{root}/proc")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", f"{root}/dev")
    for device in DEVICES:
        Path(f"{root}/dev/{device}").touch()
        mount("--bind", f"/dev/{device}", f"{root}/dev/{device}")
    mount("-o", "remount,bind,ro", f"{root}/dev")
    mount("-o", "remount,bind,ro", root)
    os.chroot(root)
    os.chdir(what["directory"])
    user, group = what["user"]
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    environment = what["environment"]
    for folder in environment["PATH"].split(":"):
        program = os.path.join(folder, what["command"][0])
        if os.access(program, os.X_OK):
            print(f"entered at {time.monotonic()}", flush=True)
            os.execve(program, what["command"], environment)
    sys.exit(f"{what['command'][0]}: not in {environment['PATH']}")


def mount(*arguments: str) -> None:
    """Call mount(8)."""
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    enter(json.loads(sys.argv[1]))

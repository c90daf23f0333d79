"""Small real extensions and runtimes: programs on a bare interpreter that import next to nothing, so that they start
quickly.

A script has `call(method, path, body, headers)`, `register(*events)`, `next_event()`, which gives JSON text,
`report(kind, error_type)` and `note(text)`, which appends a line to the file `notes` of the test; a runtime's has
`event()` and `respond(id, payload)`.
"""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from tests.engine_support import app_config

if TYPE_CHECKING:
    from pathlib import Path

    from lambdakit.emulator import FunctionConfig

PRELUDE = """
import _signal as signal, _socket, os, sys, time
ADDRESS = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
NAME = os.path.basename(sys.argv[0])
IDENTIFIER = {}
def call(method, path, body=b"", headers={}):
    connection = _socket.socket()
    connection.connect((ADDRESS[0], int(ADDRESS[1])))
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in {**IDENTIFIER, **headers}.items()]
    connection.sendall("\\r\\n".join([*lines, "", ""]).encode() + body)
    answer = b""
    while part := connection.recv(65536):
        answer += part
    connection.close()
    head, _, answer = answer.partition(b"\\r\\n\\r\\n")
    return dict(line.lower().split(": ", 1) for line in head.decode().split("\\r\\n")[1:]), answer
def register(*events, name=NAME):
    asked = ", ".join(f'"{event}"' for event in events)
    headers = {"Lambda-Extension-Name": name}
    given, _ = call("POST", "/2020-01-01/extension/register", b'{"events": [%b]}' % asked.encode(), headers)
    IDENTIFIER["Lambda-Extension-Identifier"] = given.get("lambda-extension-identifier", "")
def next_event():
    return call("GET", "/2020-01-01/extension/event/next")[1].decode()
def report(kind, error_type):
    call("POST", f"/2020-01-01/extension/{kind}/error", b"{}", {"Lambda-Extension-Function-Error-Type": error_type})
def event():
    given, payload = call("GET", "/2018-06-01/runtime/invocation/next")
    return given["lambda-runtime-aws-request-id"], payload
def respond(request_id, payload=b"{}"):
    call("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", payload)
def note(text):
    with open("notes", "a") as file:
        file.write(f"{text}\\n")
"""
# What a well-behaved extension does: it notes every event.
FAITHFUL = """
    register("INVOKE", "SHUTDOWN")
    while True:
        event = next_event()
        note(event)
        if '"SHUTDOWN"' in event:
            break
"""


def layer_with(tmp_path: Path, **scripts: str) -> Path:
    """A layer with these extensions."""
    folder = tmp_path / "layer" / "extensions"
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in scripts.items():
        file = folder / name
        file.write_text(f"#!{sys.executable} -SE\n{PRELUDE}{textwrap.dedent(script)}")
        file.chmod(0o755)
    return tmp_path / "layer"


def bare(tmp_path: Path, script: str, **changes: Any) -> FunctionConfig:
    """A function whose whole runtime is the script."""
    file = tmp_path / "bare_runtime.py"
    file.write_text(PRELUDE + textwrap.dedent(script))
    return app_config(tmp_path, "", runtime_command=(sys.executable, "-SE", str(file)), **changes)


def notes(tmp_path: Path) -> list[str]:
    """What extensions have noted."""
    file = tmp_path / "notes"
    return file.read_text().splitlines() if file.exists() else []


def noted_events(tmp_path: Path) -> list[dict[str, Any]]:
    """The events that faithful extensions have noted."""
    return [json.loads(line) for line in notes(tmp_path)]

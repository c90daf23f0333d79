"""Small real extensions: programs written into a layer by a test, on a bare interpreter so that they start quickly.

A script has `call(method, path, body, headers)`, `register(*events)`, `next_event()`, `report(kind, error_type)` and
`note(text)`, which appends a line to the file `notes` beside the layer.
"""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PRELUDE = """
import json, os, signal, socket, sys, time
ADDRESS = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
NAME = os.path.basename(sys.argv[0])
NOTES = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "..", "..", "notes")
IDENTIFIER = {}
def call(method, path, body=b"", headers={}):
    with socket.create_connection((ADDRESS[0], int(ADDRESS[1]))) as connection:
        lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in {**IDENTIFIER, **headers}.items()]
        connection.sendall("\\r\\n".join([*lines, "", ""]).encode() + body)
        head, _, answer = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\\r\\n\\r\\n")
    first, *rest = head.decode().split("\\r\\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in rest), answer
def register(*events, name=NAME):
    headers = {"Lambda-Extension-Name": name}
    answer = call("POST", "/2020-01-01/extension/register", json.dumps({"events": events}).encode(), headers)
    IDENTIFIER["Lambda-Extension-Identifier"] = answer[1].get("lambda-extension-identifier", "")
    return answer
def next_event():
    return json.loads(call("GET", "/2020-01-01/extension/event/next")[2])
def report(kind, error_type):
    headers = {"Lambda-Extension-Function-Error-Type": error_type}
    return call("POST", f"/2020-01-01/extension/{kind}/error", b"{}", headers)
def note(text):
    with open(NOTES, "a") as file:
        file.write(f"{text}\\n")
"""
# What a well-behaved extension does: it notes every event.
FAITHFUL = """
    register("INVOKE", "SHUTDOWN")
    while True:
        event = next_event()
        note(json.dumps(event))
        if event["eventType"] == "SHUTDOWN":
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


def notes(tmp_path: Path) -> list[str]:
    """What extensions have noted."""
    file = tmp_path / "notes"
    return file.read_text().splitlines() if file.exists() else []


def noted_events(tmp_path: Path) -> list[dict[str, Any]]:
    """The events that faithful extensions have noted."""
    return [json.loads(line) for line in notes(tmp_path)]

"""`lambdakit start --debug`, and the options that say what functions are held to."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import psutil
import pytest

APP = "import os\ndef handler(event, context): return os.getpid()\nother = handler\n"


@pytest.fixture
def app(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def command(*arguments):
    return [sys.executable, "-m", "lambdakit.cli", "start", "--port", "0", *arguments]


def test_one_function_is_debugged_and_the_other_frozen(app):
    arguments = command("app.handler", "other=app.py:other", "--debug", "handler:0", "--freeze", "--processor", "share")
    env = {**os.environ, "HOME": str(app)}
    with subprocess.Popen(arguments, cwd=app, stdout=subprocess.PIPE, text=True, env=env) as process:
        banner = iter(process.stdout.readline, "Ctrl-C stops the service.\n")
        text = "".join(banner)
        url = re.search(r"^Serving 2 functions at (\S+)", text).group(1)
        told = json.loads(re.search(r"debugger of handler at .*\n +(\{.*\})\n", text).group(1))
        request = b'{"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "test"}}'
        with socket.create_connection((told["connect"]["host"], told["connect"]["port"]), timeout=30) as debugger:
            debugger.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(request), request))
            said = b""
            while b'"command": "initialize"' not in said.replace(b'":"', b'": "'):
                said += debugger.recv(65536)
        answer = httpx.post(f"{url}/2015-03-31/functions/other/invocations", content=b"{}", timeout=30)
        function = psutil.Process(answer.json())
        while function.status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--debug", "nobody"), "--debug nobody: there is no function 'nobody' here, but handler."),
        (("--debug", "handler:x"), "--debug handler:x: 'x' is no port; expected FUNCTION or FUNCTION:PORT."),
        (("--debug", "handler:65536"), "'65536' is no port"),
        (("--debug", "handler", "--runtime-command", "./bootstrap"), "Only a runtime that is started as `python -m"),
    ],
)
def test_what_cannot_be_debugged_is_said(app, arguments, message):
    run = command("app.handler", *arguments)
    done = subprocess.run(run, check=False, cwd=app, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr

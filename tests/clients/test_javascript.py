"""The AWS SDK for JavaScript, version 3: invoke, stream, and follow and read logs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.node_packages import node, node_modules


def test_the_sdk_for_javascript(service, tmp_path):
    script, gate = Path(__file__).with_name("sdk.mjs"), tmp_path / "gate"
    done = subprocess.run(
        [node(), str(script), str(node_modules()), str(gate)],
        check=False,
        env=service,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)

    log = told["invoke"].pop("log")
    assert told["invoke"] == {"status": 200, "version": "$LATEST", "payload": {"hello": "js", "custom": {"a": 1}}}
    assert [line.split(" ")[0] for line in log] == ["START", "line", "END", "REPORT", ""]
    assert (told["raised"]["error"], told["raised"]["payload"]["errorType"]) == ("Unhandled", "ValueError")
    assert told["missing"] == ["ResourceNotFoundException", 404]

    # The gate, without which there is no last piece, was opened by who had the first one.
    assert told["stream"]["pieces"] == "first;|last;"
    assert told["stream"]["log"]
    assert "error" not in told["stream"]
    assert (told["broken"]["pieces"], told["broken"]["error"]) == ("first;", "Unhandled")
    assert json.loads(told["broken"]["details"])["errorMessage"] == "midway"

    assert (told["event"]["status"], told["followed"]) == (202, "line of js-event\n")
    assert "line of js-event\n" in told["read"]

"""AWS's own clients against `lambdakit start` in a process of its own, with nothing but the lines it prints to export.

On a second interpreter (LAMBDAKIT_TESTS=brief) none of this is run again: what a client sends does not depend on it.
"""

from __future__ import annotations

import os
import textwrap

import pytest

from tests.service_process import serving

collect_ignore_glob = ["test_*.py"] if os.environ.get("LAMBDAKIT_TESTS") == "brief" else []

APP = """
    import os, time
    def handler(event, context):
        print("line of", event["who"])
        if event.get("raise"):
            raise ValueError("no")
        client = context.client_context
        return {"hello": event["who"], "custom": client.custom if client else None}
    def pieces(event, context):
        print("line of", event["who"])
        yield "first;"
        while "gate" in event and not os.path.exists(event["gate"]):
            time.sleep(0.005)
        if event.get("raise"):
            raise ValueError("midway")
        yield "last;"
"""


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """The variables that lead a client to the service, and no others but a home and a path."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "app.py").write_text(textwrap.dedent(APP))
    with serving(folder, "hello=app.py:handler", "pieces=app.py:pieces") as process:
        address = f"http://127.0.0.1:{process.port}"
        yield {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ENDPOINT_URL_LAMBDA": address,
            "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": address,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        }

"""The whole project as its users have it: started with one command, called over HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_AWS = {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of the routes of `lambdakit start`, on any ports that are free, on a machine that knows no AWS."""
    command = [sys.executable, "-m", "lambdakit.cli", "start", "--port", "0", "--http-port", "0", "--xray-port", "0"]
    command += ["--env", f"TICKETS={tmp_path}"]
    environment = {name: value for name, value in os.environ.items() if name not in NO_AWS}
    folder = Path(__file__).parent
    home = {"HOME": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=folder, env={**environment, **home}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = next(found[0] for line in process.stdout if (found := re.search(r"http://[^/]+(?=/tickets )", line)))
        with httpx.Client(base_url=url, timeout=30) as client:
            yield client
        process.send_signal(signal.SIGINT)
        process.stdout.read()


def test_a_ticket_is_sold_at_once_and_printed_by_the_other_function(office: httpx.Client) -> None:
    sold = office.post("/tickets", json={"show": "Tosca", "seats": 2})
    assert sold.status_code == 202
    ticket: Any = None
    for _ in range(500):
        ticket = office.get(sold.headers["location"])
        if ticket.status_code == 200:
            break
    assert ticket.text == "Tosca\nadmits 2\n"


def test_what_cannot_be_sold_is_not_printed(office: httpx.Client) -> None:
    refused = office.post("/tickets", json={"show": "Tosca", "seats": 9})
    assert refused.status_code == 422
    assert "seats is 1 to 8" in refused.text
    assert office.get("/tickets/00000000-0000-4000-8000-000000000000").json()["status"] == 404

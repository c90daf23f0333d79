"""`lambdakit start` as a service whose functions are created: empty, kept across restarts, and signed requests only."""

from __future__ import annotations

import json
import os
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.cli.test_start import start_fails, started
from tests.emulator.api.control_support import ROLE, client_of, code

if TYPE_CHECKING:
    from pathlib import Path


def test_functions_are_created_kept_and_signed_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What `started` clears, so that the service has credentials of its own to check.
    monkeypatch.setattr(
        "tests.cli.test_start.NO_AWS", {"AWS_ACCESS_KEY_ID": "MINE", "AWS_SECRET_ACCESS_KEY": "its-secret"}
    )
    mine = {"aws_access_key_id": "MINE", "aws_secret_access_key": "its-secret"}
    arguments = ("--empty", "--state", "state", "--require-auth", "--http-port", "0")
    with started(tmp_path, *arguments) as service:
        url = service.exports["AWS_ENDPOINT_URL_LAMBDA"]
        assert service.banner[0] == f"Serving 0 functions at {url} (account 123456789012, us-east-1)"
        with closing(client_of(url, **mine)) as client:
            client.create_function(
                FunctionName="f",
                Role=ROLE,
                Runtime="python3.11",
                Handler="app.handler",
                Code={"ZipFile": code("1")},
                VpcConfig={"SubnetIds": ["subnet-1"]},
            )
            client.get_waiter("function_active_v2").wait(FunctionName="f")
            assert json.loads(client.invoke(FunctionName="f")["Payload"].read())["code"] == "1"
        stranger = client_of(url, aws_access_key_id="MINE", aws_secret_access_key="guessed")
        with closing(stranger), pytest.raises(ClientError, match="InvalidSignatureException"):
            stranger.invoke(FunctionName="f")
        assert httpx.post(f"{url}/_lambdakit/reset", timeout=10).status_code == 403
        _, errors = service.stop()
        assert "f: VpcConfig has no effect here" in errors
        assert "secret" not in errors
    with started(tmp_path, *arguments) as service:
        url = service.exports["AWS_ENDPOINT_URL_LAMBDA"]
        assert service.banner[0].startswith("Serving 1 function at")
        with closing(client_of(url, **mine)) as client:
            assert json.loads(client.invoke(FunctionName="f")["Payload"].read())["code"] == "1"
        service.stop()


def test_an_archive_is_served_and_reset(tmp_path: Path) -> None:
    (tmp_path / "build.zip").write_bytes(code("zipped"))
    with started(tmp_path, "f=build.zip:app.handler") as service:
        assert service.invoke("f")["code"] == "zipped"
        url = service.exports["AWS_ENDPOINT_URL_LAMBDA"]
        assert httpx.post(f"{url}/_lambdakit/reset", timeout=10).status_code == 204
        assert service.invoke("f")["code"] == "zipped"
        service.stop()


def test_usage_errors(tmp_path: Path) -> None:
    assert "leave out the TARGET" in start_fails(tmp_path, "--empty", "app.handler")
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    assert "bad.zip: The archive cannot be unpacked" in start_fails(tmp_path, "--port", "0", "bad.zip:app.handler")
    assert os.listdir(tmp_path) == ["bad.zip"]

"""Functions that bring their own runtime: the executable `bootstrap` of their code, from either configuration."""

from __future__ import annotations

import json
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from lambdakit.emulator import ExecutionEnvironment, Invocation
from lambdakit.emulator.code.source import prepared
from lambdakit.emulator.code.store import CodeStore
from lambdakit.emulator.function import default_runtime_command
from lambdakit.emulator.project import load_project
from tests.engine_support import Recorder, run

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = '[tool.lambdakit.functions.f]\ncode = "src"\nhandler = "app.handler"\nruntime = "{runtime}"\n'
TEMPLATE = """
Resources:
  F: {{Type: AWS::Serverless::Function, Properties: {{Handler: bootstrap, CodeUri: src, Runtime: {runtime}}}}}
"""
# One event, one answer.
BOOTSTRAP = f"""#!{sys.executable}
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
api.request("GET", "/2018-06-01/runtime/invocation/next")
event = api.getresponse()
answer = json.dumps({{"event": json.load(event), "handler": os.environ["_HANDLER"]}})
invocation = event.getheader("Lambda-Runtime-Aws-Request-Id")
api.request("POST", f"/2018-06-01/runtime/invocation/{{invocation}}/response", answer)
api.getresponse().read()
api.request("GET", "/2018-06-01/runtime/invocation/next")
api.getresponse()
"""


@pytest.fixture(params=["pyproject.toml", "template.yaml"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): ...\n")
    return tmp_path / str(request.param)


def write(file: Path, runtime: str) -> None:
    file.write_text((PYPROJECT if file.suffix == ".toml" else TEMPLATE).format(runtime=runtime))


def test_the_bootstrap_of_the_code_is_started(file: Path) -> None:
    program = file.parent / "src" / "bootstrap"
    program.write_text(BOOTSTRAP)
    program.chmod(0o755)
    write(file, "provided.al2023")
    (function,) = load_project(file.parent).functions
    assert function.config.runtime_command == (str(program),)

    async def go() -> None:
        async with ExecutionEnvironment(function.config, log=Recorder()) as environment:
            result = await environment.invoke(Invocation(b"[1]"))
            assert json.loads(result.payload) == {"event": [1], "handler": function.config.handler}

    run(go())


@pytest.mark.parametrize(
    ("runtime", "mode"), [("provided.al2023", None), ("provided.al2", 0o644), ("python3.13", 0o755)]
)
def test_without_one_it_is_lambdakits_runtime(file: Path, runtime: str, mode: int | None) -> None:
    if mode is not None:
        (file.parent / "src" / "bootstrap").write_text(BOOTSTRAP)
        (file.parent / "src" / "bootstrap").chmod(mode)
    write(file, runtime)
    (function,) = load_project(file.parent).functions
    assert function.config.runtime_command == default_runtime_command()


def test_an_archive_may_have_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, BOOTSTRAP)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.format(runtime="provided.al2023").replace("src", "code.zip"))
    (function,) = load_project(tmp_path).functions
    config = prepared(function, CodeStore(tmp_path / "store")).config
    assert config.runtime_command == (str(config.task_root / "bootstrap"),)

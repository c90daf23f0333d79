"""The `bootstrap` executable in its three uses, started by the engine and by AWS's own emulator."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation
from tests.conformance import place_rie
from tests.fake_runtime_api import Event, FakeRuntimeApi
from tests.runtime_process import ROOT, runtime_process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BOOTSTRAP = ROOT / "bootstrap" / "bootstrap"
VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"
APP = """
import os, sys
def handler(event, context):
    import lambdakit.runtime.entry
    return {
        "python": sys.executable,
        "path": sys.path,
        "ours": "lambdakit.runtime.client" in sys.modules,
        "pid": os.getpid(),
        "event": event,
    }
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    return folder


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    """A layer as it lies in /opt: lambdakit beside a folder for this interpreter's version."""
    root = tmp_path / "opt"
    (root / "python" / "lib" / VERSION / "site-packages").mkdir(parents=True)
    (root / "python" / "lambdakit").symlink_to(ROOT / "lambdakit")
    return root


def invoke(task: Path, command: tuple[str, ...], variables: Mapping[str, str]) -> Any:
    """The result of one invocation by the engine, or its error JSON."""

    async def once() -> bytes:
        config = FunctionConfig(
            name="f", handler="app.handler", task_root=task, runtime_command=command, environment=dict(variables)
        )
        async with ExecutionEnvironment(config) as environment:
            return (await environment.invoke(Invocation(b'{"a": 1}'))).payload

    return json.loads(asyncio.run(once()))


def test_custom_runtime_runs_the_handler_with_its_layers(task: Path, layers: Path) -> None:
    result = invoke(task, (str(BOOTSTRAP),), {"LAMBDAKIT_LAYER_ROOT": str(layers), "LAMBDAKIT_PYTHON": sys.executable})
    site = layers / "python" / "lib" / VERSION / "site-packages"
    assert result["event"] == {"a": 1}
    assert result["ours"]
    first = [path for path in result["path"] if path.startswith(str(task.parent))]
    assert list(dict.fromkeys(first)) == [str(task), str(site), str(layers / "python")]


def test_exec_wrapper_takes_the_interpreter_it_is_given(task: Path, layers: Path, tmp_path: Path) -> None:
    interpreter = tmp_path / "bin" / "python3.99"
    interpreter.parent.mkdir()
    interpreter.write_text(f'#!/bin/sh\nMARK=wrapped exec "{sys.executable}" "$@"\n')
    interpreter.chmod(0o755)
    (task / "app.py").write_text("import os\ndef handler(event, context):\n    return os.environ.get('MARK')\n")
    managed = (str(BOOTSTRAP), str(interpreter), "/var/runtime/bootstrap.py")
    assert invoke(task, managed, {"LAMBDAKIT_LAYER_ROOT": str(layers)}) == "wrapped"


def test_lambdakit_python_comes_before_what_a_wrapper_is_given(task: Path, layers: Path, tmp_path: Path) -> None:
    unused = tmp_path / "python3.99"
    unused.write_text("#!/bin/sh\nexit 9\n")
    unused.chmod(0o755)
    variables = {"LAMBDAKIT_LAYER_ROOT": str(layers), "LAMBDAKIT_PYTHON": sys.executable}
    result = invoke(task, (str(BOOTSTRAP), str(unused), "/var/runtime/bootstrap.py"), variables)
    assert result["python"] == sys.executable


def test_of_several_versioned_folders_the_interpreters_own_is_used(task: Path, layers: Path) -> None:
    (layers / "python" / "lib" / "python3.1" / "site-packages").mkdir(parents=True)
    variables = {"LAMBDAKIT_LAYER_ROOT": str(layers), "LAMBDAKIT_PYTHON": sys.executable}
    result = invoke(task, (str(BOOTSTRAP),), variables)
    versioned = {path for path in result["path"] if "site-packages" in path and str(layers) in path}
    assert versioned == {str(layers / "python" / "lib" / VERSION / "site-packages")}


def test_an_interpreter_in_the_layer_is_found(task: Path, layers: Path) -> None:
    (layers / "python" / "bin").mkdir()
    (layers / "python" / "bin" / "python3").symlink_to(sys.executable)
    result = invoke(task, (str(BOOTSTRAP),), {"LAMBDAKIT_LAYER_ROOT": str(layers)})
    assert result["python"] in (str(layers / "python" / "bin" / "python3"), sys.executable)


def test_the_path_variable_is_the_last_place_to_look(task: Path, layers: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3").symlink_to(sys.executable)
    variables = {"LAMBDAKIT_LAYER_ROOT": str(layers), "PATH": f"{folder}:/usr/bin:/bin"}
    assert invoke(task, (str(BOOTSTRAP),), variables)["ours"]


def test_the_handler_may_be_the_argument_as_in_a_container_image(layers: Path) -> None:
    with (
        FakeRuntimeApi([Event({"a": 1})]) as api,
        runtime_process(
            APP,
            api,
            command=(str(BOOTSTRAP),),
            env={"_HANDLER": None, "LAMBDAKIT_PYTHON": sys.executable, "LAMBDAKIT_LAYER_ROOT": str(layers)},
        ) as process,
    ):
        process.wait_until(api.drained)
        assert json.loads(api.posts[0].body)["pid"] == process.popen.pid  # the shell became the interpreter


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"PATH": "/nonexistent"}, "no Python found"),
        ({"LAMBDAKIT_PYTHON": "/nonexistent/python"}, "no executable Python at /nonexistent/python"),
    ],
)
def test_without_an_interpreter_it_says_so_and_exits_127(
    variables: dict[str, str], message: str, tmp_path: Path
) -> None:
    run = subprocess.run(
        ["/bin/sh", str(BOOTSTRAP), "app.handler"],
        env={"PATH": os.defpath, "LAMBDAKIT_LAYER_ROOT": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, message in run.stderr) == (127, True)


def test_without_a_runtime_api_it_is_the_front_of_an_image(task: Path, layers: Path) -> None:
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LAMBDAKIT_PYTHON": sys.executable,
        "LAMBDAKIT_LAYER_ROOT": str(layers),
        "LAMBDAKIT_FRONT_PORT": "none",
    }
    run = subprocess.run(
        [str(BOOTSTRAP), "app.handler"], cwd=task, env=variables, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (1, "lambdakit: LAMBDAKIT_FRONT_PORT is 'none': expected a port\n")


def test_the_file_is_executable_and_posix_shell() -> None:
    assert BOOTSTRAP.stat().st_mode & stat.S_IXUSR
    assert BOOTSTRAP.read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["dash", "-n", str(BOOTSTRAP)], check=False).returncode == 0


def test_under_awss_own_emulator(task: Path, layers: Path) -> None:
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LAMBDAKIT_PYTHON": sys.executable,
        "LAMBDAKIT_LAYER_ROOT": str(layers),
        "AWS_LAMBDA_FUNCTION_HANDLER": "app.handler",
        "LAMBDA_TASK_ROOT": str(task),
    }
    with place_rie.emulator([str(BOOTSTRAP)], task, variables) as (_, port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", place_rie.PATH, b'{"a": 1}')
        result = json.loads(connection.getresponse().read())
        connection.close()
    assert result["ours"]
    assert result["event"] == {"a": 1}

"""Layers: how they are merged, which variables lead to them, and functions that use them."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation, LocalService
from lambdakit.emulator.function import this_python
from lambdakit.emulator.layers import LayerRoot, layer_variables, start_command
from lambdakit.emulator.project.spec import FunctionSpec
from lambdakit.exceptions import EmulatorError, UsageError
from tests.engine_support import RUNTIMES, Recorder, app_config, run


def written(folder, **files):
    for name, text in files.items():
        file = folder.joinpath(*name.split("__"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.fixture
def merged():
    roots = []

    def merge(*layers):
        root = LayerRoot(layers)
        roots.append(root)
        return root.path

    yield merge
    for root in roots:
        root.remove()


def files_in(root):
    found = (os.path.join(folder, name) for folder, _, names in os.walk(root, followlinks=True) for name in names)
    return {os.path.relpath(file, root): Path(file).read_text() for file in found}


def test_one_layer_is_used_as_it_is(merged, tmp_path):
    assert merged(tmp_path) == tmp_path
    assert merged() is None


def test_later_layers_win_file_by_file(merged, tmp_path):
    first = written(tmp_path / "1", python__a="a1", python__p__x="x1", bin__tool="t1", only="1")
    second = written(tmp_path / "2", python__a="a2", python__p__y="y2", lib__so="s2")
    third = written(tmp_path / "3", python__p__x="x3")
    expected = {
        "python/a": "a2", "python/p/x": "x3", "python/p/y": "y2", "bin/tool": "t1", "lib/so": "s2", "only": "1",
    }  # fmt: skip
    assert files_in(merged(first, second, third)) == expected


def test_a_file_replaces_a_directory_and_the_other_way_round(merged, tmp_path):
    folder, file = written(tmp_path / "1", same__x="x"), written(tmp_path / "2", same="file")
    other = written(tmp_path / "3", same__y="y")
    assert files_in(merged(folder, file)) == {"same": "file"}
    assert files_in(merged(folder, file, other)) == {"same/y": "y"}


def test_what_was_merged_is_removed_and_the_layers_stay(tmp_path):
    layers = [written(tmp_path / name, **{name: name}) for name in "ab"]
    root = LayerRoot(layers)
    assert root.path is not None
    assert {path.name for path in root.path.iterdir()} == {"a", "b"}
    root.remove()
    root.remove()
    assert not root.path.exists()
    assert [files_in(layer) for layer in layers] == [{"a": "a"}, {"b": "b"}]


SITE = "python/lib/python3.13/site-packages"


@pytest.mark.parametrize(
    ("folder", "variable", "before", "value"),
    [
        ("python", "PYTHONPATH", None, "{root}/python"),
        ("python", "PYTHONPATH", "/mine", "{root}/python:/mine"),
        (SITE, "PYTHONPATH", "", f"{{root}}/{SITE}:{{root}}/python"),
        ("python/lib/python3.12/site-packages", "PYTHONPATH", None, "{root}/python"),
        ("bin", "PATH", "/usr/bin", "/usr/bin:{root}/bin"),
        ("bin", "PATH", None, os.defpath + ":{root}/bin"),
        ("lib", "LD_LIBRARY_PATH", None, "{root}/lib"),
        ("lib", "LD_LIBRARY_PATH", "/var/lib", "/var/lib:{root}/lib"),
    ],
)  # fmt: skip
def test_variables_lead_to_the_layers(tmp_path, folder, variable, before, value):
    (tmp_path / folder).mkdir(parents=True)
    given = {} if before is None else {variable: before}
    found = layer_variables(tmp_path, "python3.13", given)
    assert found == {"LAMBDAKIT_LAYER_ROOT": str(tmp_path), variable: value.format(root=tmp_path)}


def test_node_and_ruby_have_their_folders(tmp_path):
    for folder in ("nodejs/node22/node_modules", "ruby/lib"):
        (tmp_path / folder).mkdir(parents=True)
    found = layer_variables(tmp_path, "nodejs22.x", {})
    assert found["NODE_PATH"] == f"{tmp_path}/nodejs/node22/node_modules"
    assert found["RUBYLIB"] == f"{tmp_path}/ruby/lib"


@pytest.mark.parametrize("runtime", ["provided.al2023", "provided"])
def test_custom_runtimes_have_no_wrapper(tmp_path, runtime):
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/w"}
    config = FunctionConfig("f", "a.b", tmp_path, ("/bin/x",), environment=variables, runtime=runtime)
    assert start_command(config, tmp_path) == ("/bin/x", "a.b")


APP = """
    import json, os, subprocess, sys
    import from_layer
    def handler(event, context):
        tool = subprocess.run(["layer-tool"], capture_output=True, text=True).stdout
        names = ("LAMBDAKIT_LAYER_ROOT", "WRAPPED")
        return {"module": from_layer.WHO, "tool": tool, **{name: os.environ.get(name) for name in names}}
"""


def tool(folder, name, text):
    written(folder, **{name: "#!/bin/sh\n" + text})
    folder.joinpath(*name.split("__")).chmod(0o755)
    return folder


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_function_imports_and_runs_what_its_layers_have(tmp_path, runtime):
    base = tool(tmp_path / "base", "bin__layer-tool", "echo base tool")
    written(base, python__from_layer="", **{"python__from_layer.py": "WHO = 'base'"})
    site = f"python__lib__{this_python()}__site-packages__from_layer.py"
    top = written(tmp_path / "top", **{site: "WHO = 'top'"})
    tool(top, "wrap", 'export WRAPPED="$#"; exec "$@"')
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}
    changes = {"layers": (base, top), "environment": variables, "runtime_command": RUNTIMES[runtime]}

    async def go():
        async with ExecutionEnvironment(app_config(tmp_path, APP, **changes)) as environment:
            answer = json.loads((await environment.invoke(Invocation())).payload)
            assert answer.pop("LAMBDAKIT_LAYER_ROOT") == environment.variables["LAMBDAKIT_LAYER_ROOT"]
            assert answer == {"module": "top", "tool": "base tool\n", "WRAPPED": "4"}
            root = environment.variables["LAMBDAKIT_LAYER_ROOT"]
        assert not os.path.exists(root)

    run(go())


@pytest.mark.parametrize(("mode", "status"), [(None, 127), (0o644, 126)])
def test_a_wrapper_that_cannot_be_run_ends_the_process(tmp_path, mode, status):
    layer = written(tmp_path / "layer", wrap="#!/bin/sh\nexec true\n")
    if mode is None:
        (layer / "wrap").unlink()
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}
    config = app_config(tmp_path, "", layers=(layer,), environment=variables, runtime_command=(sys.executable,))

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config, log=log) as environment:
            result = await environment.invoke(Invocation())
        assert result.error_type == "Runtime.ExitError"
        assert f"Runtime exited with error: exit status {status}" in json.loads(result.payload)["errorMessage"]
        assert str(layer / "wrap") in log.texts("function")[0]

    run(go())


def test_a_layer_that_is_not_there_is_refused_when_the_function_is_added(tmp_path):
    config = app_config(tmp_path, "", layers=(tmp_path / "nowhere",))

    async def go():
        async with LocalService() as service:
            with pytest.raises(UsageError, match=r"engine-test: its layer .*nowhere is no directory"):
                service.add(config)
        with pytest.raises(UsageError):
            ExecutionEnvironment(config)

    run(go())


def test_where_there_is_no_room_to_merge_layers_the_caller_is_told_and_the_next_invocation_works(tmp_path, monkeypatch):
    layers = tuple(written(tmp_path / name, **{name: name}) for name in "ab")
    config = app_config(tmp_path, "def handler(event, context): return 1", layers=layers)

    async def go():
        environment = ExecutionEnvironment(config)
        with monkeypatch.context() as patched:
            patched.setattr(tempfile, "tempdir", str(tmp_path / "full"))
            with pytest.raises(EmulatorError, match=r"could not be started: .*full"):
                await environment.invoke(Invocation())
        assert (await environment.invoke(Invocation())).payload == b"1"
        await environment.stop()

    run(go())


def test_the_layers_of_a_project_reach_its_environments(tmp_path):
    config = app_config(tmp_path, "")
    assert FunctionSpec(config, layers=(tmp_path,)).config.layers == (tmp_path,)
    assert FunctionSpec(config).config is config

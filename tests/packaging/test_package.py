"""`lambdakit package` from the outside: what is in the archive, that it runs, and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import stat
import sys
import zipfile

import pytest

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation
from tests.conformance import place_rie
from tests.packaging.wheels import source, wheel

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
GREETING = "def of(event):\n    return 'hello ' + event['name']\n"


@pytest.fixture
def greeting(project, links):
    """A dependency that the function has."""
    (project / "requirements.txt").write_text("greeting\n")
    wheel(links, "greeting", {"greeting/__init__.py": GREETING, "greeting/tests/test_it.py": "", "greeting/x.pyc": b""})


def names(file):
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


def unpack(file, folder):
    """As the service does: with the permissions that the archive says."""
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            archive.extract(info, folder)
            (folder / info.filename).chmod(stat.S_IMODE(info.external_attr >> 16))
    return folder


def invoke(task, command, **variables):
    async def once():
        config = FunctionConfig("f", "app.handler", task, runtime_command=command, environment=variables)
        async with ExecutionEnvironment(config) as environment:
            return (await environment.invoke(Invocation(b'{"name": "world"}'))).payload

    return json.loads(asyncio.run(once()))


@pytest.fixture
def bare(package, greeting, tmp_path):
    """A custom runtime's archive, unpacked where nothing else is."""
    done = package("app.handler", "--runtime", "provided.al2023", "-o", str(tmp_path / "f.zip"))
    assert done.returncode == 0, done.stderr
    return unpack(tmp_path / "f.zip", tmp_path / "task")


def test_the_zip_is_run_by_its_bootstrap_under_the_engine(bare, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (bare / "app.py").write_text(
        "import lambdakit, greeting\n"
        "def handler(event, context):\n    return [greeting.of(event), lambdakit.__file__, greeting.__file__]\n"
    )
    result = invoke(bare, (str(bare / "bootstrap"),), LAMBDAKIT_PYTHON=sys.executable)
    assert result == ["hello world", str(bare / "lambdakit/__init__.py"), str(bare / "greeting/__init__.py")]


def test_the_zip_is_run_by_its_bootstrap_under_awss_emulator(bare):
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LAMBDAKIT_PYTHON": sys.executable,
        "AWS_LAMBDA_FUNCTION_HANDLER": "app.handler",
        "LAMBDA_TASK_ROOT": str(bare),
    }
    with place_rie.emulator([str(bare / "bootstrap")], bare, variables) as (_, port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", place_rie.PATH, b'{"name": "world"}')
        answer = connection.getresponse().read()
        connection.close()
    assert json.loads(answer) == "hello world"


def test_the_layer_is_an_exec_wrapper_for_the_managed_start_command(package, greeting, project, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    done = package("app.handler", "--exec-wrapper", "-o", str(tmp_path / "layer.zip"))
    assert "AWS_LAMBDA_EXEC_WRAPPER=/opt/bootstrap" in done.stderr
    layer = unpack(tmp_path / "layer.zip", tmp_path / "opt")
    managed = (str(layer / "bootstrap"), sys.executable, "/var/runtime/bootstrap.py")
    assert invoke(project, managed, LAMBDAKIT_LAYER_ROOT=str(layer)) == "hello world"


def test_a_managed_functions_zip_has_its_code_and_dependencies_and_no_bootstrap(package, greeting, project):
    done = package("app.handler", "--runtime", "python3.13")
    found = names(project / "dist/handler.zip")
    assert done.returncode == 0
    assert {"app.py", "greeting/__init__.py", "lambdakit/__init__.py", "lambdakit/runtime/__main__.py"} <= {*found}
    assert not {"bootstrap", "lambdakit/cli/__init__.py", "lambdakit/emulator/__init__.py"} & {*found}
    assert not [name for name in found if "tests/" in name or name.endswith(".pyc") or ".dist-info" in name]


def test_a_layer_has_its_modules_in_python_and_no_code(package, greeting, project):
    assert package("app.handler", "--layer").returncode == 0
    found = names(project / "dist/handler-layer.zip")
    assert {"python/greeting/__init__.py", "python/lambdakit/__init__.py"} <= {*found}
    assert all(name.startswith("python/") for name in found)
    assert "python/app.py" not in found


def test_a_wrapper_needs_no_function(package, project):
    assert package("--exec-wrapper").returncode == 0
    found = names(project / "dist/lambdakit-layer.zip")
    assert {name.partition("/")[0] for name in found} == {"python", "bootstrap"}
    assert "python/stand_in_for_orjson.txt" in found


def test_the_code_alone(package, greeting, project):
    assert package("app.handler", "--code-only").returncode == 0
    assert names(project / "dist/handler.zip") == ["app.py", "requirements.txt"]


def test_twice_gives_the_same_bytes(package, greeting, project):
    digests = []
    for moment in (1_000_000_000, 1_700_000_000):
        os.utime(project / "app.py", (moment, moment))
        (project / "app.py").chmod(0o600 if moment == 1_000_000_000 else 0o664)
        done = package("app.handler", "--runtime", "provided.al2023")
        digests.append(hashlib.sha256((project / "dist/handler.zip").read_bytes()).hexdigest())
        assert f"sha256 {digests[-1]}" in done.stdout
    assert digests[0] == digests[1]
    with zipfile.ZipFile(project / "dist/handler.zip") as archive:
        found = archive.infolist()
    assert [info.filename for info in found] == sorted(info.filename for info in found)
    assert {info.date_time for info in found} == {(1980, 1, 1, 0, 0, 0)}
    assert {oct(info.external_attr >> 16) for info in found if info.filename != "bootstrap"} == {"0o100644"}
    assert next(oct(info.external_attr >> 16) for info in found if info.filename == "bootstrap") == "0o100755"


def test_the_time_is_the_builds_own(package, project):
    assert package("app.handler", "--code-only", env={"SOURCE_DATE_EPOCH": "1700000000"}).returncode == 0
    with zipfile.ZipFile(project / "dist/handler.zip") as archive:
        assert archive.infolist()[0].date_time == (2023, 11, 14, 22, 13, 20)
    done = package("app.handler", "--code-only", env={"SOURCE_DATE_EPOCH": "today"})
    assert (done.returncode, "expected seconds since 1970" in done.stderr) == (2, True)


@pytest.mark.parametrize(("arch", "machine"), [("x86_64", "x86_64"), ("arm64", "aarch64")])
def test_of_several_wheels_the_targets_own_is_taken(package, project, links, arch, machine):
    (project / "requirements.txt").write_text("native\n")
    for platform in ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "macosx_11_0_arm64", "manylinux_2_38_x86_64"):
        wheel(links, "native", {"native.py": f"BUILT = '{platform}'\n"}, tag=f"cp313-cp313-{platform}")
    done = package("app.handler", "--python", "3.13", "--arch", arch)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(project / "dist/handler.zip") as archive:
        assert archive.read("native.py").decode() == f"BUILT = 'manylinux_2_28_{machine}'\n"


def test_the_project_says_for_which_platform(package, project, links):
    (project / "requirements.txt").write_text("native\n")
    for python in ("312", "313"):
        for machine in ("x86_64", "aarch64"):
            tag = f"cp{python}-cp{python}-manylinux_2_28_{machine}"
            wheel(links, "native", {"native.py": f"BUILT = '{python} {machine}'\n"}, tag=tag)
    (project / "template.yaml").write_text(
        "Resources:\n  Photo:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {Handler: app.handler, CodeUri: ., Runtime: python3.12, Architectures: [arm64]}\n"
    )
    done = package("Photo")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(project / "dist/Photo.zip") as archive:
        assert archive.read("native.py") == b"BUILT = '312 aarch64'\n"


def test_markers_are_judged_for_the_target_and_not_for_this_interpreter(package, project, links):
    (project / "requirements.txt").write_text("chooses\n")
    wheel(links, "chooses", {"chooses.py": ""}, requires=[
        "old ; python_version < '3.12'", "new ; python_version >= '3.12'", "arm ; platform_machine == 'aarch64'",
    ])  # fmt: skip
    for name in ("old", "new", "arm"):
        wheel(links, name, {f"{name}.py": ""})
    for python, arch, expected in (("3.10", "x86_64", {"old.py"}), ("3.13", "arm64", {"new.py", "arm.py"})):
        assert package("app.handler", "--python", python, "--arch", arch).returncode == 0
        assert {"old.py", "new.py", "arm.py"} & {*names(project / "dist/handler.zip")} == expected


def test_a_dependency_that_is_source_only_is_named_with_what_to_do(package, project, links):
    (project / "requirements.txt").write_text("needs\n")
    wheel(links, "needs", {"needs.py": ""}, requires=["only_source"])
    source(links, "only_source")
    done = package("app.handler", "--python", "3.13", "--arch", "arm64")
    assert done.returncode == 2
    assert "only_source has no wheel for Python 3.13 on manylinux arm64" in done.stderr.replace(
        "only-source", "only_source"
    )
    assert "--find-links" in done.stderr
    assert not (project / "dist").exists()


def test_a_package_over_the_limit_is_refused_and_the_heaviest_named(package, project, links):
    (project / "requirements.txt").write_text("heavy\nlight\n")
    wheel(links, "heavy", {"heavy/data.bin": bytes(251 * 1024 * 1024)})
    wheel(links, "light", {"light.py": "x = 1\n"})
    done = package("app.handler")
    assert done.returncode == 2
    assert "Lambda takes 250.0 MB. Heaviest: heavy 1.0 251.0 MB, " in done.stderr
    assert not (project / "dist/handler.zip").exists()


def test_the_size_tree_is_heaviest_first(package, greeting, project, links):
    wheel(links, "greeting", {"greeting/__init__.py": GREETING, "other/data": bytes(3 * 1024 * 1024)}, version="2.0")
    lines = package("app.handler").stdout.splitlines()
    assert lines[0].startswith(f"{project / 'dist/handler.zip'}  ")
    assert lines[2].split() == ["├──", "greeting", "2.0", "3.0", "MB", "3.0", "KB", "zipped"]
    assert lines[3].split()[:3] == ["│", "├──", "other"]
    assert [line for line in lines if line.startswith("└── ")] == [lines[-1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "No TARGET was given"),
        (("app.handler", "--layer", "--code-only"), "--code-only is for a function's zip"),
        (("app.handler", "--runtime", "nodejs22.x"), "expected python3.X or provided.al2023"),
        (("app.handler", "--runtime", "python3.12", "--python", "3.13"), "does not run on --runtime python3.12"),
        (("app.handler", "--python", "3"), "'3' is no Python version"),
        (("app.handler", "--requirements", "none.txt"), "no such file of requirements"),
        (("app.handler", "--extra", "fast"), "--extra fast: no pyproject.toml"),
        (("app.handler", "--code-only", "-o", "/dev/null/f.zip"), "cannot be written"),
    ],
)
def test_a_usage_error_is_status_2_and_one_line(package, arguments, message):
    done = package(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_uv_is_asked_for_the_same(package, project, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "uv").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/asked\nexit 1\n')
    (folder / "uv").chmod(0o755)
    path = f"{folder}:{os.environ.get('PATH', os.defpath)}"
    done = package("app.handler", "--python", "3.13", "--arch", "arm64", env={"PATH": path}, installer="auto")
    asked = (tmp_path / "asked").read_text().split("\n")
    assert done.returncode == 2
    assert asked[asked.index("--python-platform") + 1] == "aarch64-manylinux_2_34"
    assert asked[asked.index("--python-version") + 1] == "3.13"
    assert asked[asked.index("--only-binary") + 1] == ":all:"


def test_a_wheel_that_was_built_for_this_machine_is_refused(package, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "uv").write_text(
        '#!/bin/sh\nmkdir "$5/native-1.0.dist-info"\n'
        'echo "Tag: cp313-cp313-macosx_11_0_arm64" > "$5/native-1.0.dist-info/WHEEL"\n'
    )
    (folder / "uv").chmod(0o755)
    path = f"{folder}:{os.environ.get('PATH', os.defpath)}"
    done = package("app.handler", "--python", "3.13", env={"PATH": path}, installer="uv")
    assert done.returncode == 2
    assert "native was built for macosx_11_0_arm64, which is not Python 3.13 on manylinux x86_64" in done.stderr


def test_without_uv_asking_for_it_is_an_error(package):
    done = package("app.handler", env={"PATH": "/nonexistent"}, installer="uv")
    assert (done.returncode, "there is no uv on PATH" in done.stderr) == (2, True)

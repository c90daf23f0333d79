"""`lambdakit image`: the context it lays out, what it asks of each builder, and what it refuses.

The builders here are scripts that write down what they are called with; real ones are under tests/container/images.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.packaging.rootfs.contents import GROUP_ID, USER_ID
from tests.packaging.conftest import ROOT
from tests.packaging.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Answers each question that the verb asks, and writes every call down.
BUILDER = """#!{python}
import json, os, sys
arguments = sys.argv[1:]
with open({calls!r}, "a") as calls:
    print(json.dumps([os.path.basename(sys.argv[0]), *arguments]), file=calls)
if os.environ.get("BROKEN") == arguments[0]:
    sys.exit("it is broken")
if arguments[0] in ("image", "images"):
    print(json.dumps({{"digest": "sha256:abc", "size": {size!r}}}))
if arguments[0] == "from":
    print("a-container")
if arguments[0] == "run":
    sys.exit(5)
"""
# An installer that resolves nothing, which is what takes pip its time: every wheel that it is offered is unpacked.
INSTALLER = """#!{python}
import pathlib, sys, zipfile
arguments = sys.argv[1:]
where = arguments[arguments.index("--target") + 1]
lines = pathlib.Path(arguments[arguments.index("--requirement") + 1]).read_text().splitlines()
own = lines[0].partition("@ file://")[2]
for wheel in (own, *pathlib.Path(arguments[arguments.index("--find-links") + 1]).glob("*.whl")):
    zipfile.ZipFile(wheel).extractall(where)
"""


@pytest.fixture
def image(project: Path, links: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `lambdakit image` with these arguments, with no wheels but the fixture's and no builders but ours."""
    wheel(links, "httptools", {"httptools.py": ""}, version="0.9")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/uv").write_text(INSTALLER.format(python=sys.executable))
    (tmp_path / "bin/uv").chmod(0o755)

    def run(
        *arguments: str,
        builders: tuple[str, ...] = (),
        broken: str = "",
        size: str = "52428800",
        installer: str = "uv",
    ) -> subprocess.CompletedProcess[str]:
        for name in builders:
            file = tmp_path / "bin" / name
            file.write_text(BUILDER.format(python=sys.executable, calls=str(tmp_path / "calls"), size=size))
            file.chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "SOURCE_"))}
        variables = {**kept, "PYTHONPATH": str(ROOT), "PIP_CONFIG_FILE": os.devnull, "BROKEN": broken}
        command = [sys.executable, "-m", "lambdakit.cli", "image", "--installer", installer]
        return subprocess.run(
            [*command, "--no-index", "--find-links", str(links), *arguments],
            cwd=project,
            env={**variables, "PATH": str(tmp_path / "bin")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def calls(tmp_path: Path) -> list[list[str]]:
    return [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]


def options(call: list[str]) -> dict[str, Any]:
    """The options of a build: by name, those of --build-arg by the argument's."""
    pairs = dict(itertools.pairwise(call))
    given = [value.split("=", 1) for name, value in itertools.pairwise(call) if name == "--build-arg"]
    return {**pairs, **dict(given)}


def test_the_context_has_each_layer_in_its_place(image: Any, project: Path, links: Path, tmp_path: Path) -> None:
    (project / "requirements.txt").write_text("greeting\n")
    wheel(links, "greeting", {"greeting.py": ""}, requires=["shared"])
    wheel(links, "shared", {"shared.py": ""})
    done = image("app.handler", "--context", str(tmp_path / "context"), installer="pip")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/context: build it with --target function\n"), done.stderr
    context = tmp_path / "context"
    assert sorted(path.name for path in (context / "code/var/task").iterdir()) == ["app.py", "requirements.txt"]
    runtime = {path.name for path in (context / "runtime/opt/python").iterdir()}
    assert {"lambdakit", "httptools.py", "stand_in_for_orjson.txt", "stand_in_for_typing_extensions.txt"} <= runtime
    dependencies = {path.name for path in (context / "dependencies/opt/python").iterdir()}
    assert dependencies == {"greeting.py", "greeting-1.0.dist-info", "shared.py", "shared-1.0.dist-info"}
    assert stat.S_IMODE((context / "runtime/opt/bootstrap").stat().st_mode) == 0o755
    assert (context / "tools/rootfs/__main__.py").is_file()
    rooms = {path.name for path in (context / "runtime/opt/python/lambdakit").iterdir()}
    assert {"runtime", "container", "emulator"} <= rooms
    assert not {"cli", "packaging", "_container"} & rooms


def test_the_containerfile_ends_with_the_functions_own_lines(image: Any, tmp_path: Path) -> None:
    assert image("photo=app.handler", "--context", str(tmp_path / "context")).returncode == 0
    text = (tmp_path / "context/Containerfile").read_text()
    assert text.startswith((ROOT / "container/Containerfile").read_text())
    assert text.endswith('\nLABEL org.opencontainers.image.title="photo"\nCMD ["app.handler"]\n')


def test_without_a_target_it_is_the_base(image: Any, tmp_path: Path) -> None:
    done = image("--variant", "slim", "--context", str(tmp_path / "context"))
    assert done.stdout == f"{tmp_path}/context: build it with --target slim\n"
    assert (tmp_path / "context/Containerfile").read_text() == (ROOT / "container/Containerfile").read_text()


def test_the_numbers_of_the_user_are_the_same_everywhere() -> None:
    text = (ROOT / "container/Containerfile").read_text()
    assert text.count(f"USER {USER_ID}:{GROUP_ID}\n") == text.count("USER ") == 2


@pytest.mark.parametrize("builder", ["docker", "podman", "buildah"])
def test_each_builder_is_called_as_it_wants_to_be(image: Any, tmp_path: Path, builder: str) -> None:
    done = image("app.handler", "--arch", "arm64", "--python", "3.13", "-t", "here/it:1", builders=(builder,))
    assert (done.returncode, done.stdout) == (0, "here/it:1  50.0 MB\nsha256:abc\n"), done.stderr
    build = next(call for call in calls(tmp_path) if call[1] == "build")
    given = options(build)
    assert build[0] == builder
    assert (given["--platform"], given["--target"], given["--tag"]) == ("linux/arm64", "function", "here/it:1")
    assert (given["BASE"], given["VARIANT"]) == ("docker.io/library/python:3.13-slim", "minimal")
    assert (given["SOURCE_DATE_EPOCH"], given["CREATED"]) == ("0", "1970-01-01T00:00:00Z")
    assert ("--timestamp" in build) == (builder != "docker")
    assert given.get("BUILDPLATFORM", "linux/").startswith("linux/")
    assert not (tmp_path / build[-1]).exists()


def test_the_first_builder_that_works_is_taken(image: Any, tmp_path: Path) -> None:
    (tmp_path / "bin/docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin/docker").chmod(0o755)
    assert image("app.handler", builders=("buildah",), size="50.5 MB").stdout == "handler  50.5 MB\nsha256:abc\n"
    assert {call[0] for call in calls(tmp_path)} == {"buildah"}


def test_other_c_libraries_have_other_bases(image: Any, links: Path, tmp_path: Path) -> None:
    done = image("app.handler", "--platform", "musllinux", "--python", "3.12", builders=("podman",))
    assert done.returncode == 0, done.stderr
    build = next(call for call in calls(tmp_path) if call[1] == "build")
    assert options(build)["BASE"] == "docker.io/library/python:3.12-alpine"


def test_run_is_read_only_and_keeps_the_status(image: Any, tmp_path: Path) -> None:
    done = image("app.handler", "--run", "--port", "9123", "--env", "TABLE=photos", builders=("podman",))
    assert done.returncode == 5
    assert "http://127.0.0.1:9123/2015-03-31/functions/function/invocations" in done.stderr
    (run,) = [call for call in calls(tmp_path) if call[1] == "run"]
    assert {"--rm", "--read-only"} <= {*run}
    assert (options(run)["--publish"], options(run)["--env"], run[-1]) == (
        "127.0.0.1:9123:8080",
        "TABLE=photos",
        "handler",
    )


def test_run_by_buildah_removes_its_container(image: Any, tmp_path: Path) -> None:
    assert image("app.handler", "--run", "--port", "9123", builders=("buildah",)).returncode == 5
    run, removed = calls(tmp_path)[-2:]
    assert run[-6:] == ["a-container", "--", "python3", "-m", "lambdakit.container", "app.handler"]
    assert "LAMBDAKIT_FRONT_PORT=9123" in run
    assert removed == ["buildah", "rm", "a-container"]


@pytest.mark.parametrize(
    ("arguments", "setup", "message"),
    [
        (("app.handler",), {}, "None of docker, podman and buildah is on PATH and works"),
        (("app.handler", "--builder", "podman"), {"builders": ("docker",)}, "No podman is on PATH and works"),
        (("app.handler",), {"builders": ("docker",), "broken": "build"}, "docker could not build the image (status 1)"),
        (("app.handler",), {"builders": ("podman",), "broken": "image"}, "podman does not know the image handler"),
        (("--run",), {}, "--run starts a function's image: it needs a TARGET"),
        (("app.handler", "--context", "."), {}, "is not empty: a context is laid out in a directory of its own"),
        (("app.handler", "--python", "2.7"), {}, "'2.7' is no Python version"),
        (("app.nothing",), {}, "app defines no 'nothing'"),
        (("app.handler", "--requirements", "none.txt"), {}, "no such file of requirements"),
    ],
)
def test_what_does_not_work_is_status_2_and_said(image: Any, arguments: Any, setup: Any, message: str) -> None:
    done = image(*arguments, **setup)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dependency_without_a_wheel_is_named(image: Any, project: Path, tmp_path: Path) -> None:
    (project / "requirements.txt").write_text("nowhere\n")
    done = image("app.handler", "--context", str(tmp_path / "context"), installer="pip")
    assert done.returncode == 2
    assert "nowhere has no wheel for Python" in done.stderr


def test_the_project_says_for_which_platform(image: Any, project: Path, tmp_path: Path) -> None:
    (project / "template.yaml").write_text(
        "Resources:\n  Photo:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {Handler: app.handler, CodeUri: ., Runtime: python3.12, Architectures: [arm64]}\n"
    )
    done = image("Photo", builders=("docker",))
    assert done.returncode == 0, done.stderr
    given = options(next(call for call in calls(tmp_path) if call[1] == "build"))
    assert (given["--platform"], given["BASE"]) == ("linux/arm64", "docker.io/library/python:3.12-slim")
    assert given["--tag"] == "photo"


def test_the_moment_is_the_builds_own(image: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lambdakit.exceptions import UsageError
    from lambdakit.packaging.image import ImageRequest, build_arguments
    from lambdakit.packaging.platforms import Platform

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert build_arguments(ImageRequest(Platform((3, 13))))["CREATED"] == "2023-11-14T22:13:20Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "today")
    with pytest.raises(UsageError, match="expected seconds since 1970"):
        build_arguments(ImageRequest(Platform((3, 13))))


def test_what_is_needed_at_build_time_imports_nothing_of_lambdakit(image: Any, tmp_path: Path) -> None:
    assert image("--context", str(tmp_path / "context")).returncode == 0
    shutil.copytree(tmp_path / "context/tools", tmp_path / "alone")
    script = f"""import sys
sys.path.insert(0, {str(tmp_path / "alone")!r})
import rootfs.__main__
print([name for name in sys.modules if 'lambdakit' in name])"""
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")

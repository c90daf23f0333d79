"""lambdakit copied out of its image into another one, as `COPY --from` does, and the other ways to get at it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.container.images.conftest import BASE
from tests.container.images.debian_base import PYTHON
from tests.container.images.sandbox import free_port, running, serving
from tests.runtime_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.container.images.store import Store


def containerfile(name: str) -> str:
    """A recipe that the documentation gives, for the images of these tests."""
    text = (ROOT / "container/README.md").read_text()
    recipe = text.partition(f"<!-- {name} -->\n```dockerfile\n")[2].partition("```")[0]
    assert recipe
    return recipe.replace("python:3.13-slim", BASE).replace("lambdakit:minimal", "localhost/lambdakit:minimal")


@pytest.fixture(scope="module")
def base(store: Store, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The image without a function."""
    options = ("--base", BASE, "--python", PYTHON, "--installer", "pip", "--tag", "localhost/lambdakit:minimal")
    store.lambdakit_image(*options, cwd=tmp_path_factory.mktemp("nothing"))


@pytest.mark.parametrize(
    ("name", "entry"), [("based", ["python3", "-m", "lambdakit.container"]), ("copied", ["/opt/bootstrap"])]
)
def test_the_recipes_of_the_documentation_work(
    store: Store, base: None, tmp_path: Path, name: str, entry: list[str]
) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return [event, __file__]\n")
    (tmp_path / "Containerfile").write_text(containerfile(name))
    store.buildah("build", "--format", "docker", "--tag", f"localhost/{name}", str(tmp_path))
    config = store.image(f"localhost/{name}").config
    assert config["Entrypoint"] == entry
    with running(store.root(f"localhost/{name}"), {**config, "User": "993:990"}) as started:
        assert serving(started).post(1).body == [1, "/var/task/app.py"]
        assert started.end() == 0


def test_run_starts_what_was_built(store: Store, project: Path) -> None:
    options = ["--base", BASE, "--python", PYTHON, "--installer", "pip", "--tag", "localhost/function:run"]
    options += [
        "--find-links",
        str(project.parent / "wheels"),
        "--port",
        str(free_port()),
        "--builder",
        "buildah",
        "--run",
    ]
    command = [sys.executable, "-m", "lambdakit.cli", "image", "app.handler", *options]
    with subprocess.Popen(
        command,
        cwd=project,
        env=store.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        lines = []
        while not lines or "lambdakit serves" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        process.wait(timeout=30)
    assert "localhost/function:run" not in store.buildah("containers")
    output = "".join(lines)
    assert re.search(r"^localhost/function:run  \d+(\.\d+)? MB\nsha256:[0-9a-f]{64}\n", output, re.MULTILINE)

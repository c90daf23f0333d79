"""The images under test: one base, and both variants of a function's image built on it by `lambdakit image`.

Nothing here is skipped: where buildah, mmdebstrap or root's rights are missing, the tests fail and say so. `.ci/run`
installs the two and runs these tests; `python3 -m pytest` alone does not collect them.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.container.images import debian_base
from tests.container.images.store import Store
from tests.packaging.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
BASE = "localhost/base"
# Made beforehand, to save the time: the archive that debian_base writes.
BASE_VARIABLE = "LAMBDAKIT_TEST_BASE"
GREETING = "def of(name):\n    return 'hello ' + name\n"


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base's root file system."""
    if os.geteuid() != 0 or shutil.which("buildah") is None:
        pytest.fail("images are built and run here: that takes root, and apt-get install buildah mmdebstrap")
    made = os.environ.get(BASE_VARIABLE)
    file = Path(made) if made else tmp_path_factory.mktemp("base") / "base.tar"
    if not made:
        debian_base.make(file)
    return file


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The function's directory, with its dependency's wheel beside it."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(HERE / "function", folder / "function", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "wheels").mkdir()
    wheel(folder / "wheels", "greeting", {"greeting/__init__.py": GREETING})
    return folder / "function"


def build(store: Store, project: Path, variant: str) -> str:
    """Build the function's image in a store, and say what it is called."""
    name = f"localhost/function:{variant}"
    options = ["--variant", variant, "--base", BASE, "--python", debian_base.PYTHON, "--installer", "pip"]
    store.lambdakit_image(
        "app.handler", *options, "--find-links", str(project.parent / "wheels"), "--tag", name, cwd=project
    )
    return name


@pytest.fixture(scope="session")
def store(archive: Path, project: Path) -> Iterator[Store]:
    """A store with the base and both variants."""
    made = Store()
    try:
        made.add_base(archive, BASE)
        for variant in ("minimal", "slim"):
            build(made, project, variant)
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session", params=["minimal", "slim"])
def variant(request: pytest.FixtureRequest) -> str:
    """Each of the two."""
    name: str = request.param
    return name

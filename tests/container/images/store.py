"""buildah with a store of its own: what is in it, what was built there, and the roots of images.

The store is in memory where that is a file system, as the driver that works everywhere (vfs) copies whole layers.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.runtime_process import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MEMORY = Path("/dev/shm")
_BASE = "FROM scratch\nADD base.tar /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n"


class Image(NamedTuple):
    """An image: its configuration (of the docker format), the digests of its layers, its architecture."""

    name: str
    config: Mapping[str, Any]
    layers: list[str]
    architecture: str


class Store:
    """A store; `close()` removes it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lambdakit-images-", dir=_MEMORY if _MEMORY.is_dir() else None))
        configuration = self.folder / "storage.conf"
        configuration.write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{self.folder}/graph"\nrunroot = "{self.folder}/run"\n'
        )
        settings = {"CONTAINERS_STORAGE_CONF": str(configuration), "STORAGE_DRIVER": "vfs"}
        self.environment = {**os.environ, **settings, "BUILDAH_ISOLATION": "chroot", "PYTHONPATH": str(ROOT)}
        self._containers: list[str] = []

    def buildah(self, *arguments: str) -> str:
        """What a command of buildah's prints. AssertionError, with its words, where it fails."""
        return self._run(["buildah", *arguments])

    def lambdakit_image(self, *arguments: str, cwd: Path) -> str:
        """What `lambdakit image` prints, built with buildah in this store."""
        return self._run([sys.executable, "-m", "lambdakit.cli", "image", "--builder", "buildah", *arguments], cwd)

    def add_base(self, archive: Path, name: str, platform: str = "linux/amd64") -> None:
        """An image of a root file system's archive."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copyfile(archive, folder / "base.tar")
        (folder / "Containerfile").write_text(_BASE)
        self.buildah("build", "--quiet", "--platform", platform, "--tag", name, str(folder))
        shutil.rmtree(folder)

    def image(self, name: str) -> Image:
        """What there is to know of an image."""
        said = json.loads(self.buildah("inspect", "--type", "image", name))["Docker"]
        return Image(name, said["config"], said["rootfs"]["diff_ids"], said["architecture"])

    def root(self, name: str) -> Path:
        """An image's files; they are shared by all who ask, so nobody writes there."""
        container = self.buildah("from", "--pull-never", name).strip().splitlines()[-1]
        self._containers.append(container)
        return Path(self.buildah("mount", container).strip())

    def close(self) -> None:
        """Remove the store and all that is in it."""
        self.buildah("rm", "--all")
        # What a build with mounts of its own may have left mounted.
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if line.split()[1].startswith(str(self.folder)):
                subprocess.run(["umount", line.split()[1]], check=False)
        shutil.rmtree(self.folder)

    def _run(self, command: Sequence[str], cwd: Path | None = None) -> str:
        done = subprocess.run(command, cwd=cwd, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout

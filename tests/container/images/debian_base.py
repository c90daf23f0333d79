"""A small Debian with Python as an image's base: no image can be pulled where these tests run, packages can be had.

    python -m tests.container.images.debian_base FILE.tar [ARCHITECTURE]

mmdebstrap unpacks the packages and runs none of their scripts, so it takes seconds, and any architecture will do. What
the scripts would have left behind of what matters here is made by hand: the bundle of certificates, the loader's cache,
and dpkg's record of what is installed. The last part of this file runs in mmdebstrap's hook, as `... ROOT hook`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

MIRROR, SUITE, PYTHON = "http://deb.debian.org/debian", "bookworm", "3.11"
PACKAGES = "base-files,ca-certificates,coreutils,dash,libc-bin,libstdc++6,netbase,python3,tzdata"
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
KEPT = "/usr/share/doc/*/copyright"


def make(archive: Path, architecture: str = "amd64") -> None:
    """Write the root file system as a tar archive. SystemExit where mmdebstrap is missing or fails."""
    if shutil.which("mmdebstrap") is None:
        raise SystemExit("mmdebstrap is not on PATH: apt-get install mmdebstrap")
    options = [f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT] + [f"--dpkgopt=path-include={KEPT}"]
    command = ["mmdebstrap", "--variant=extract", f"--architectures={architecture}", f"--include={PACKAGES}", *options]
    command += [f'--extract-hook={sys.executable} {Path(__file__).resolve()} "$1" hook', SUITE, str(archive), MIRROR]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"mmdebstrap failed:\n{done.stderr}")


def finish(root: Path) -> None:
    """Do what the packages' scripts would have done."""
    authorities = sorted((root / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.write_text("".join(file.read_text() for file in authorities))
    subprocess.run(["/sbin/ldconfig", "-r", str(root)], check=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        _record(root, package)


def _record(root: Path, package: Path) -> None:
    fields = subprocess.run(["dpkg-deb", "--field", str(package)], capture_output=True, text=True, check=True).stdout
    archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], capture_output=True, check=True).stdout
    listed = subprocess.run(["tar", "--list"], input=archive, capture_output=True, check=True).stdout.decode()
    name = fields.partition("Package: ")[2].partition("\n")[0]
    folder = root / "var/lib/dpkg/info"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.list").write_text("".join(f"{line[1:].rstrip('/')}\n" for line in listed.splitlines()))
    with (root / "var/lib/dpkg/status").open("a") as status:
        status.write(f"{fields.strip()}\nStatus: install ok installed\n\n")


if __name__ == "__main__":
    if sys.argv[2:] == ["hook"]:
        finish(Path(sys.argv[1]))
    else:
        make(Path(sys.argv[1]), *sys.argv[2:])

"""Hashes of a lock: what each installer is told, and an archive that is another one than the lock's."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from typing import TYPE_CHECKING

import pytest

from lambdakit.exceptions import PackageError
from lambdakit.packaging import read_requirements
from lambdakit.packaging.locked import refuse_changed, with_hashes
from tests.packaging.wheels import wheel

if TYPE_CHECKING:
    from pathlib import Path

LOCK = """
[[package]]
name = "some-thing"
version = "1.0"
source = { registry = "https://index.invalid/simple" }
wheels = [{ url = "https://files.invalid/a.whl", hash = "sha256:aaa" }, { url = "b", hash = "sha256:bbb" }]
[[package]]
name = "unhashed"
version = "2.0"
source = { registry = "https://index.invalid/simple" }
"""


def report(file: Path, *, url: str, digest: str) -> Path:
    archive = {"url": url, "archive_info": {"hashes": {"sha256": digest}}}
    metadata = {"name": "Some_Thing", "version": "1.0"}
    file.write_text(json.dumps({"install": [{"metadata": metadata, "download_info": archive}]}))
    return file


def test_a_locks_hashes_are_read_by_distribution(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\ndependencies = ["some-thing"]\n')
    (tmp_path / "uv.lock").write_text(LOCK)
    found = read_requirements(tmp_path / "uv.lock")
    assert found.hashes == {"some-thing": frozenset({"aaa", "bbb"})}
    assert found.constraints == ("some-thing==1.0", "unhashed==2.0")


def test_uv_is_told_all_but_those_of_the_callers_own_wheels(tmp_path: Path) -> None:
    hashes = {"some-thing": frozenset({"bbb", "aaa"}), "own": frozenset({"ccc"})}
    wheel(tmp_path, "own", {})
    lines = with_hashes(["some_thing==1.0 ; os_name == 'nt'", "own==1", "unhashed==2"], hashes, [tmp_path])
    assert lines == [
        "some_thing==1.0 ; os_name == 'nt' --hash=sha256:aaa --hash=sha256:bbb", "own==1", "unhashed==2",
    ]  # fmt: skip


def test_of_what_pip_took_an_archive_that_is_not_the_locks_is_refused(tmp_path: Path) -> None:
    hashes = {"some-thing": frozenset({"aaa"})}
    refuse_changed(report(tmp_path / "r", url="https://x/a.whl", digest="aaa"), hashes)
    refuse_changed(report(tmp_path / "r", url="file:///a.whl", digest="ddd"), hashes)
    (tmp_path / "r").write_text(
        (tmp_path / "r").read_text().replace('"hashes": {"sha256": "ddd"}', '"hash": "sha256=aaa"')
    )
    refuse_changed(tmp_path / "r", hashes)
    with pytest.raises(PackageError, match=r"some-thing 1\.0 is not the archive that the lock has: sha256 ddd, from"):
        refuse_changed(report(tmp_path / "r", url="https://x/a.whl", digest="ddd"), hashes)
    with pytest.raises(PackageError, match="no hash that this pip tells"):
        refuse_changed(report(tmp_path / "r", url="https://x/a.whl", digest=""), hashes)


@pytest.mark.parametrize("locked", ["right", "wrong"])
def test_a_package_is_not_built_of_changed_archives(package, project: Path, tmp_path: Path, locked: str) -> None:
    (tmp_path / "index/greeting").mkdir(parents=True)
    file = wheel(tmp_path / "index/greeting", "greeting", {"greeting.py": ""})
    actual = hashlib.sha256(file.read_bytes()).hexdigest()
    (file.parent / "index.html").write_text(f'<!DOCTYPE html><a href="{file.name}#sha256={actual}">{file.name}</a>')
    digest = actual if locked == "right" else "0" * 64
    (project / "pyproject.toml").write_text('[project]\nname = "p"\ndependencies = ["greeting"]\n')
    (project / "uv.lock").write_text(
        f'[[package]]\nname = "greeting"\nversion = "1.0"\nsource = {{ registry = "x" }}\n'
        f'wheels = [{{ url = "x", hash = "sha256:{digest}" }}]\n'
    )
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *arguments: handler(*arguments, directory=str(tmp_path / "index"))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/greeting/"
        done = package("app.handler", "--find-links", url, "--python", "3.12")
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == (0 if locked == "right" else 2), done.stderr
    assert ("greeting 1.0 is not the archive that the lock has" in done.stderr) == (locked == "wrong")

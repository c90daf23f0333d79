"""The store: one place for each content, whole or not there, gone when it was a temporary one."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from lambdakit.emulator.code.store import CodeStore
from lambdakit.exceptions import ArchiveError, CodeError
from tests.emulator.code.archives import archive

if TYPE_CHECKING:
    from pathlib import Path

CODE = archive({"app.py": "x = 1"})


def test_code_is_kept_by_its_digest(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "code")
    code = store.add(CODE)
    assert code.sha256 == base64.b64encode(hashlib.sha256(CODE).digest()).decode()
    assert (code.size, code.archive.read_bytes()) == (len(CODE), CODE)
    assert (code.folder / "app.py").read_text() == "x = 1"
    assert CodeStore(tmp_path / "code").get(code.sha256) == code
    assert sorted(path.name for path in (tmp_path / "code").iterdir()) == [code.folder.name, code.archive.name]


def test_what_is_not_kept_is_told(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    with pytest.raises(CodeError, match="is not in"):
        store.get(base64.b64encode(bytes(32)).decode())
    with pytest.raises(ArchiveError, match="non-empty"):
        store.add(b"")
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        store.add(b"nonsense")
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_used_is_kept(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    used, unused = store.add(CODE), store.add(archive({"b": ""}))
    store.keep_only([used.sha256])
    assert used.folder.is_dir()
    assert not unused.folder.exists()
    with pytest.raises(CodeError):
        store.get(unused.sha256)
    assert store.add(archive({"b": ""})) == unused


def test_a_temporary_store_ends_with_its_service() -> None:
    store = CodeStore()
    store.keep_only([])
    code = store.add(CODE)
    assert code.folder.is_dir()
    store.close()
    assert not code.folder.parent.exists()


def test_an_archive_is_named_where_it_cannot_be_unpacked(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "code")
    with pytest.raises(CodeError, match=r"gone\.zip: No such file"):
        store.unpack(tmp_path / "gone.zip")
    (tmp_path / "bad.zip").write_bytes(archive({"../x": ""}))
    with pytest.raises(ArchiveError, match=r"bad\.zip: The entry '\.\./x' leads") as caught:
        store.unpack(tmp_path / "bad.zip")
    assert caught.value.entry == "../x"


def test_threads_that_bring_the_same_code(tmp_path: Path) -> None:
    stores = [CodeStore(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda number: stores[number % 4].add(CODE), range(24)))
    assert len(set(codes)) == 1
    assert len(list(tmp_path.iterdir())) == 2

"""The unpacker: what good archives become, and that no bad one leaves a byte anywhere."""

from __future__ import annotations

import os
import stat
import struct
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.emulator.code.unpack import Limits, unpack
from lambdakit.exceptions import ArchiveError, ArchiveTooLargeError
from tests.emulator.code.archives import archive, archive_of, entry, link


def refused(tmp_path: Path, data: bytes, limits: Limits | None = None) -> ArchiveError:
    """Why an archive is refused; nothing of it is left, within the folder or beside it."""
    parent = tmp_path / "parent"
    parent.mkdir(exist_ok=True)
    with pytest.raises(ArchiveError) as caught:
        unpack(data, parent / "folder", limits or Limits())
    assert list(parent.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["parent"]
    return caught.value


def test_files_folders_links_and_executable_bits(tmp_path: Path) -> None:
    data = archive_of(
        [
            entry("app.py", "x = 1"),
            entry("empty/", mode=0o040755),
            entry("bin/run", "#!/bin/sh\n", 0o100755),
            entry("bin/odd", "", stat.S_IFREG | 0o4710),
            entry("plain", "no mode", 0),
            link("bin/current", "run"),
            link("lib", "./bin/../bin"),
        ]
    )
    folder = tmp_path / "a" / "folder"
    assert unpack(data, folder) == 5 + 10 + 7 + 3 + 12
    assert (folder / "app.py").read_text() == "x = 1"
    assert (folder / "empty").is_dir()
    modes = {name: (folder / name).stat().st_mode & 0o7777 for name in ("app.py", "bin/run", "bin/odd", "plain")}
    assert modes == {"app.py": 0o644, "bin/run": 0o755, "bin/odd": 0o755, "plain": 0o644}
    assert os.readlink(folder / "bin/current") == "run"
    assert (folder / "lib/run").read_text() == "#!/bin/sh\n"


def test_a_file_is_taken_as_well_as_bytes(tmp_path: Path) -> None:
    file = tmp_path / "code.zip"
    file.write_bytes(archive({"a/b.txt": "b"}))
    assert unpack(file, tmp_path / "folder") == 1
    assert (tmp_path / "folder/a/b.txt").read_text() == "b"


@pytest.mark.parametrize(
    "name", ["../out", "a/../../out", "..", "a/..", "/etc/passwd", "//out", "C:/out", "c:out", "a\\..\\out", "..\\out"]
)
def test_names_that_leave_the_folder(tmp_path: Path, name: str) -> None:
    error = refused(tmp_path, archive({"good": "1", name: "2"}))
    assert error.entry == name
    assert repr(name) in str(error)


def test_a_name_cut_by_a_nul_is_not_the_one_that_is_judged(tmp_path: Path) -> None:
    data = archive({"good/../name": ""}).replace(b"good/../name", b"good\0../name")
    assert "character" in str(refused(tmp_path, data))


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([link("l", "/etc")], "absolute"),
        ([link("l", "..")], "out of"),
        ([link("a/l", "../../x")], "out of"),
        ([link("l", "x/../../y")], "out of"),
        ([entry("d/f"), link("s", "d/.."), link("t", "s/..")], "out of"),
        ([link("root", "."), link("t", "root/..")], "out of"),
        ([link("l", "d"), entry("l/f", "through the link")], "no folder"),
        ([link("l", "")], "no path"),
        ([link("l", "x" * 5000)], "no path"),
        ([link("l", "a\0b")], "no path"),
    ],
)
def test_links_that_leave_the_folder(
    tmp_path: Path, entries: list[tuple[zipfile.ZipInfo, bytes]], problem: str
) -> None:
    assert problem in str(refused(tmp_path, archive_of(entries)))


def test_a_link_to_itself_and_one_to_nothing_are_only_useless(tmp_path: Path) -> None:
    unpack(archive_of([link("loop", "loop"), link("gone", "nowhere")]), tmp_path / "folder")
    assert sorted(os.listdir(tmp_path / "folder")) == ["gone", "loop"]


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_what_is_no_file(tmp_path: Path, kind: int) -> None:
    assert "neither" in str(refused(tmp_path, archive_of([entry("x", "", kind | 0o644)])))


@pytest.mark.parametrize("names", [("a", "a"), ("a", "./a"), ("a", "b//../b"), ("d/f", "d//f"), ("d/", "d")])
def test_entries_in_one_place(tmp_path: Path, names: tuple[str, str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = archive_of([entry(name, "x" if not name.endswith("/") else "") for name in names])
    problem = str(refused(tmp_path, data))
    assert "twice" in problem or "leads out" in problem


def test_a_file_within_a_file(tmp_path: Path) -> None:
    assert "no folder" in str(refused(tmp_path, archive({"a/b": "1", "a": "2"})))


def test_encrypted_entries(tmp_path: Path) -> None:
    data = bytearray(archive({"secret": "x"}))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + offset] |= 1
    assert "encrypted" in str(refused(tmp_path, bytes(data)))


def test_other_compressions(tmp_path: Path) -> None:
    info, data = entry("x", "x" * 100)
    info.compress_type = zipfile.ZIP_LZMA
    assert "method" in str(refused(tmp_path, archive_of([(info, data)])))


def test_too_many_entries(tmp_path: Path) -> None:
    error = refused(tmp_path, archive({f"f{n}": "" for n in range(11)}), Limits(entries=10))
    assert isinstance(error, ArchiveTooLargeError)


def test_too_many_bytes_in_the_services_words(tmp_path: Path) -> None:
    data = archive({"a": os.urandom(600), "b": os.urandom(401)})
    error = refused(tmp_path, data, Limits(unpacked_bytes=1000))
    assert isinstance(error, ArchiveTooLargeError)
    assert str(error) == "Unzipped size must be smaller than 1000 bytes"
    assert unpack(data, tmp_path / "folder", Limits(unpacked_bytes=1001)) == 1001


def test_a_bomb_is_known_by_what_it_would_become(tmp_path: Path) -> None:
    error = refused(tmp_path, archive({"zeros": bytes(2_000_000)}), Limits(ratio=100))
    assert "more than 100 times" in str(error)


def test_entries_that_share_their_bytes(tmp_path: Path) -> None:
    """As the smallest bombs do: every entry of the directory points at the same data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = bytearray(archive_of([entry("a", "x" * 100), entry("b", "x" * 100)]))
    directory = [at for at in range(len(data)) if data[at : at + 4] == b"PK\1\2"]
    struct.pack_into("<I", data, directory[1] + 42, 0)
    assert "lies over" in str(refused(tmp_path, bytes(data)))


def test_more_bytes_than_the_directory_says(tmp_path: Path) -> None:
    data = bytearray(archive({"a": "x" * 1000}))
    for mark, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", data, data.index(mark) + offset, 10)
    refused(tmp_path, bytes(data))


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\5\6" + bytes(10), archive({"a": "b"})[:-5]])
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    assert "cannot be unpacked" in str(refused(tmp_path, data))


def test_a_name_the_system_does_not_take(tmp_path: Path) -> None:
    assert "cannot be unpacked" in str(refused(tmp_path, archive({"x" * 300: ""})))


PARTS = st.sampled_from(["a", "b", "..", ".", "", "c", "..a", "\\", "é", "C:"])
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
ENTRIES = st.one_of(
    st.builds(entry, NAMES, st.binary(max_size=20), st.sampled_from([0, 0o100644, 0o100755, 0o010644, 0o040755])),
    st.builds(link, NAMES, NAMES),
)


def tree(root: str) -> list[str]:
    """Every path below a directory, links not followed."""
    return [os.path.join(at, name) for at, folders, files in os.walk(root) for name in (*folders, *files)]


@given(st.lists(ENTRIES, max_size=6))
@settings(max_examples=60)
def test_nothing_is_ever_outside_the_folder(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = archive_of([(info, content) for info, content in entries if info.filename])
    with tempfile.TemporaryDirectory() as where:
        folder = os.path.join(where, "in", "folder")
        try:
            unpack(data, Path(folder))
        except ArchiveError:
            assert tree(where) == [os.path.join(where, "in")]
            return
        root = os.path.realpath(folder)
        for path in tree(where):
            assert path == os.path.join(where, "in") or path.startswith(folder)
            real = os.path.realpath(path)
            assert path in (os.path.join(where, "in"), folder) or real == root or real.startswith(root + os.sep)


@given(st.data())
@settings(max_examples=60)
def test_damage_is_an_archive_error(draw: st.DataObject) -> None:
    data = bytearray(archive({"app.py": "def handler(event, context):\n    return event\n", "d/x": "y" * 50}))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where) / "in" / "folder"
        try:
            unpack(bytes(data), folder)
        except ArchiveError:
            assert not folder.exists()
        assert all(path.startswith(str(folder.parent)) for path in tree(where))

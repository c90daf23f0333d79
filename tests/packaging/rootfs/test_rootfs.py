"""What runs inside an image's build: libraries as they are found, links, byte code, owners, lists of contents."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from lambdakit.packaging.rootfs import spdx
from lambdakit.packaging.rootfs.dependencies import build_dependencies
from lambdakit.packaging.rootfs.elf import Loader, read_dynamic
from lambdakit.packaging.rootfs.owners import Owners, Package, read_release
from lambdakit.packaging.rootfs.system import build_system
from lambdakit.packaging.rootfs.tree import Tree, compile_tree, settle, walk

X86_64, ARM64 = 62, 183


def elf(file: Path, *needed: str, interpreter: str = "", run_path: str = "", machine: int = X86_64) -> Path:
    """The least that is an ELF file with these entries; System V ABI, chapters 4 and 5."""
    strings = b"\0"
    entries: list[tuple[int, int]] = []
    for tag, text in [*((1, name) for name in needed), *([(29, run_path)] if run_path else [])]:
        entries.append((tag, len(strings)))
        strings += text.encode() + b"\0"
    head, address = 64 + 3 * 56, 0x1000
    texts = head + 16 * (len(entries) + 2)
    entries += [(5, address + texts), (0, 0)]
    named = texts + len(strings)
    size = named + len(interpreter) + 1
    segments = [(1, 0, address, size), (2, head, address + head, 16 * len(entries)), (3, named, address + named, 1)]
    data = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 3, machine, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0)
    for kind, offset, place, length in segments if interpreter else [*segments[:2], (0, 0, 0, 0)]:
        data += struct.pack("<IIQQQQQQ", kind, 4, offset, place, place, length, length, 8)
    data += b"".join(struct.pack("<qQ", *entry) for entry in entries) + strings + interpreter.encode() + b"\0"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system whose /lib is a link, as it is on most."""
    folder = tmp_path / "root"
    (folder / "usr/lib").mkdir(parents=True)
    (folder / "lib").symlink_to("usr/lib")
    return folder


def test_this_interpreter_is_read_as_the_linker_wrote_it() -> None:
    program = Path(os.path.realpath(sys.executable))
    dynamic = read_dynamic(program)
    assert dynamic.interpreter
    found, missing = Loader(Path("/")).closure([program])
    assert dynamic.interpreter in found
    assert [path for path in found if "/libc." in path or "/ld-musl" in path]
    assert not [name for name in missing if name.startswith("libc.")]


def test_what_is_no_elf_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"#!/bin/sh\n" * 20)
    with pytest.raises(ValueError, match="no 64-bit little-endian ELF file"):
        read_dynamic(tmp_path / "x")


@pytest.mark.parametrize(
    ("machine", "triplet"), [(X86_64, "x86_64-linux-gnu"), (ARM64, "aarch64-linux-gnu")], ids=["x86_64", "arm64"]
)
def test_libraries_are_found_with_what_they_need(root: Path, machine: int, triplet: str) -> None:
    program = elf(root / "usr/bin/p", "libone.so", interpreter="/lib/ld.so", machine=machine)
    elf(root / "usr/lib/ld.so", machine=machine)
    elf(root / f"usr/lib/{triplet}/libone.so.1.2", "libtwo.so", "libgone.so", machine=machine)
    (root / f"usr/lib/{triplet}/libone.so").symlink_to("libone.so.1.2")
    elf(root / "opt/own/libtwo.so", machine=machine)
    (root / "etc/ld.so.conf.d").mkdir(parents=True)
    (root / "etc/ld.so.conf").write_text("include /etc/ld.so.conf.d/*.conf\n")
    (root / "etc/ld.so.conf.d/own.conf").write_text("# ours\n/opt/own\n")
    found, missing = Loader(root).closure([program])
    assert found == {"/lib/ld.so", f"/lib/{triplet}/libone.so", "/opt/own/libtwo.so"}
    assert missing == {"libgone.so": str(root / f"usr/lib/{triplet}/libone.so.1.2")}


def test_a_library_may_be_beside_what_needs_it_or_where_that_says(root: Path) -> None:
    module = elf(root / "opt/m.so", "beside.so", "there.so", run_path="$ORIGIN/libs:/srv/libs")
    elf(root / "opt/libs/beside.so")
    elf(root / "srv/libs/there.so")
    assert Loader(root).closure([module]) == ({"/srv/libs/there.so"}, {})


def test_the_other_c_library_names_its_directories_in_a_file_of_its_own(root: Path) -> None:
    (root / "etc").mkdir()
    (root / "etc/ld-musl-x86_64.path").write_text("/usr/local/lib:/opt/musl\n")
    elf(root / "opt/musl/liba.so")
    elf(root / "usr/lib/ld-musl-x86_64.so.1")
    (root / "usr/lib/libc.musl-x86_64.so.1").symlink_to("ld-musl-x86_64.so.1")
    program = elf(
        root / "usr/bin/p", "liba.so", "libc.musl-x86_64.so.1", interpreter="/lib/ld-musl-x86_64.so.1"
    )  # fmt: skip
    found, missing = Loader(root).closure([program])
    assert found == {"/opt/musl/liba.so", "/lib/libc.musl-x86_64.so.1", "/lib/ld-musl-x86_64.so.1"}
    assert not missing


def test_links_on_the_way_are_kept_and_stay_within_the_root(root: Path, tmp_path: Path) -> None:
    (root / "usr/lib/real").write_text("x")
    (root / "etc").mkdir()
    (root / "etc/alternative").symlink_to("/lib/real")
    (root / "usr/lib/name").symlink_to("../../etc/alternative")
    tree = Tree(root, tmp_path / "out")
    tree.add("/lib/name")
    assert tree.files == ["/usr/lib/real"]
    links = {
        path.relative_to(tmp_path / "out").as_posix(): os.readlink(path)
        for path in (tmp_path / "out").rglob("*")
        if path.is_symlink()
    }
    assert links == {"lib": "usr/lib", "usr/lib/name": "../../etc/alternative", "etc/alternative": "/lib/real"}
    assert walk(root, "/lib/name")[0] == "usr/lib/real"


def test_links_that_never_end_are_refused(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(ValueError, match="too many links"):
        walk(root, "/a")


def test_byte_code_is_for_the_place_it_will_have_and_never_checked(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def f(): ...\n")
    (tmp_path / "template.py").write_text("def {{ name }}(): ...\n")
    compile_tree(tmp_path, "/var/task")
    (file,) = (tmp_path / "__pycache__").iterdir()
    data = file.read_bytes()
    assert data[4:8] == b"\x01\0\0\0"
    assert b"/var/task/app.py" in data


def test_every_file_has_the_builds_moment_and_one_of_two_permissions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "d").mkdir(mode=0o700)
    for name, mode in (("d/run", 0o700), ("d/read", 0o660)):
        (tmp_path / name).touch(mode=mode)
        (tmp_path / name).chmod(mode)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    settle(tmp_path)
    found = {path.name: (oct(path.stat().st_mode & 0o7777), int(path.stat().st_mtime)) for path in tmp_path.rglob("*")}
    moment = 1_700_000_000
    assert found == {
        "d": ("0o755", moment), "run": ("0o755", moment), "read": ("0o644", moment), "tmp": ("0o1777", moment),
    }  # fmt: skip


DPKG = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9
Description: GNU C library
 a line of it

Package: base
Architecture: all
Version: 1:2

"""
APK = """C:Q1abc=
P:musl
V:1.2.5-r0
A:x86_64
L:MIT
F:lib
R:ld-musl-x86_64.so.1
F:usr/bin
R:ldd

P:zlib
V:1
A:x86_64
"""


def test_files_have_owners_by_either_database(root: Path) -> None:
    (root / "var/lib/dpkg/info").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text(DPKG)
    (root / "var/lib/dpkg/info/libc6:amd64.list").write_text("/.\n/lib\n/lib/x86_64-linux-gnu/libc.so.6\n")
    (root / "lib/apk/db").mkdir(parents=True)
    (root / "lib/apk/db/installed").write_text(APK)
    owners = Owners(root)
    libc, musl = Package("deb", "libc6", "2.36-9", "amd64"), Package("apk", "musl", "1.2.5-r0", "x86_64", "MIT")
    assert owners.of(["/usr/lib/x86_64-linux-gnu/libc.so.6", "/lib/ld-musl-x86_64.so.1", "/nobody"]) == [musl, libc]
    assert [package.name for package in owners.packages] == ["musl", "zlib", "base", "libc6"]
    assert libc.copyright_file == "/usr/share/doc/libc6/copyright"


def test_the_list_says_where_each_package_is_from(root: Path, tmp_path: Path) -> None:
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text('ID=alpine\nVERSION_ID="3.22"\n')
    info = tmp_path / "Some_Thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: Some_Thing\nVersion: 1.0\nLicense: MIT License\n\ntext\n"
    )
    packages = [
        *spdx.distributions([tmp_path]),
        *spdx.system_packages([Package("apk", "musl", "1.2.5-r0", "x86_64", "MIT")], read_release(root)),
        spdx.interpreter(),
    ]
    text = spdx.document("it", packages)
    found = {package["name"]: package for package in json.loads(text)["packages"]}
    assert found["Some_Thing"]["licenseDeclared"] == "MIT"
    assert found["musl"]["externalRefs"][0]["referenceLocator"] == (
        "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.22"
    )
    assert found["python"]["versionInfo"] == ".".join(map(str, sys.version_info[:3]))
    assert spdx.document("it", packages) == text


def test_dependencies_bring_the_libraries_that_the_minimal_system_lacks(root: Path, tmp_path: Path) -> None:
    folder, minimal = tmp_path / "dependencies", tmp_path / "minimal"
    elf(folder / "opt/python/a.so", "libhave.so", "liblack.so", "libown.so")
    elf(folder / "opt/python/libown.so")
    for name in ("libhave.so", "liblack.so"):
        elf(root / "usr/lib" / name)
    elf(minimal / "lib/libhave.so")
    build_dependencies(root, minimal, folder)
    assert sorted(path.name for path in folder.rglob("*.so")) == ["a.so", "liblack.so", "libown.so"]
    elf(folder / "opt/python/b.so", "libnowhere.so")
    with pytest.raises(SystemExit, match=r"b\.so needs libnowhere\.so, which the base does not have"):
        build_dependencies(root, minimal, folder)


def test_a_base_that_lacks_something_is_told_what(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="the base has no "):
        build_system(tmp_path / "empty", tmp_path / "runtime", tmp_path / "out")


def test_a_step_that_is_not_there_is_an_error() -> None:
    command = [sys.executable, "-m", "lambdakit.packaging.rootfs", "bake", "/tmp"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "rootfs: no such step: bake /tmp\n")

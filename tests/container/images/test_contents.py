"""What is in the images: size, user, labels, layers, lists of contents, and what must not be there."""

from __future__ import annotations

import json
import os
import re
import stat
from typing import TYPE_CHECKING

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from lambdakit.packaging.rootfs.elf import is_elf, read_dynamic
from tests.container.images import debian_base
from tests.container.images.conftest import BASE, build
from tests.container.images.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEGABYTE = 1_000_000
MOST_BYTES = 80 * MEGABYTE
# Programs that the minimal variant has no business having.
SHELLS = ("sh", "ash", "bash", "dash", "busybox", "zsh", "ksh")
COMPILERS = ("cc", "gcc", "g++", "c++", "clang", "ld", "as", "make", "tcc")
PACKAGERS = ("apt", "apt-get", "dpkg", "apk", "dnf", "microdnf", "yum", "rpm", "pip", "pip3", "uv", "conda")


def files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.fixture(scope="module")
def minimal(store: Store) -> Path:
    """The minimal variant's files."""
    return store.root("localhost/function:minimal")


def test_the_minimal_image_is_small(minimal: Path) -> None:
    size = sum(file.stat().st_size for file in files(minimal))
    print(f"unpacked minimal image: {size / MEGABYTE:.1f} MB")
    assert size <= MOST_BYTES


def test_the_minimal_image_has_no_shell_no_compiler_and_no_package_manager(minimal: Path) -> None:
    names = {path.name for path in minimal.rglob("*") if path.is_file() or path.is_symlink()}
    assert not names & {*SHELLS, *COMPILERS, *PACKAGERS}
    assert not [path for path in minimal.rglob("*") if path.name in ("pip", "ensurepip", "setuptools", "idlelib")]


def test_the_interpreter_is_the_only_program_of_the_minimal_image(minimal: Path) -> None:
    programs = [
        file.relative_to(minimal).as_posix()
        for file in files(minimal)
        if file.stat().st_mode & stat.S_IXUSR and is_elf(file) and read_dynamic(file).interpreter is not None
    ]
    assert [name for name in programs if ".so" not in name] == [f"usr/bin/python{debian_base.PYTHON}"]


def test_every_module_has_byte_code_that_is_never_checked(minimal: Path) -> None:
    modules = [file for file in files(minimal) if file.suffix == ".py" and "lib2to3" not in file.parts]
    compiled = {file for file in files(minimal) if file.suffix == ".pyc"}
    missing = [file for file in modules if not list((file.parent / "__pycache__").glob(f"{file.stem}.cpython-*.pyc"))]
    assert not missing
    # PEP 552: bit 0 says that the hash is instead of a time, bit 1 that it is to be checked.
    assert {int.from_bytes(file.read_bytes()[4:8], "little") for file in compiled} == {0b01}
    assert b"/opt/python/lambdakit/container/entry.py" in next(
        file.read_bytes() for file in compiled if file.match("lambdakit/container/__pycache__/entry.*.pyc")
    )


def test_the_front_needs_no_more_of_lambdakit_than_there_is(minimal: Path) -> None:
    package = minimal / "opt/python/lambdakit"
    assert {"runtime", "container", "emulator"} <= {path.name for path in package.iterdir()}
    assert not {"cli", "packaging", "testing"} & {path.name for path in package.iterdir()}
    distributions = {path.name.partition("-")[0] for path in (minimal / "opt/python").glob("*.dist-info")}
    assert distributions == {"greeting", "httptools", "lambdakit", "orjson", "typing_extensions"}


def test_what_an_image_says_of_itself(store: Store, variant: str) -> None:
    image = store.image(f"localhost/function:{variant}")
    config = image.config
    assert config["User"] == "993:990"
    assert config["Entrypoint"] == ["python3", "-m", "lambdakit.container"]
    assert config["Cmd"] == ["app.handler"]
    assert config["WorkingDir"] == "/var/task"
    assert list(config["ExposedPorts"]) == ["8080/tcp"]
    assert config["Healthcheck"]["Test"] == ["CMD", "python3", "-m", "lambdakit.container.health"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert (labels["title"], labels["licenses"], labels["base.name"]) == ("handler", "Apache-2.0", BASE)
    assert labels["created"] == "1970-01-01T00:00:00Z"
    assert re.fullmatch(r"\d+\.\d+\.\d+", labels["version"])
    assert image.architecture == "amd64"


def test_both_variants_are_started_alike(store: Store) -> None:
    one, other = (store.image(f"localhost/function:{variant}").config for variant in ("minimal", "slim"))
    for name in ("User", "Entrypoint", "Cmd", "WorkingDir", "ExposedPorts", "Healthcheck"):
        assert one[name] == other[name], name
    assert {*other["Env"]} - {*one["Env"]} == set()


def test_the_user_has_the_platforms_name(store: Store, variant: str) -> None:
    root = store.root(f"localhost/function:{variant}")
    assert "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n" in (root / "etc/passwd").read_text()
    assert "sbx_user1051:x:990:\n" in (root / "etc/group").read_text()


def test_nobody_but_root_owns_anything_and_nothing_has_privileges(minimal: Path) -> None:
    for path in minimal.rglob("*"):
        found = path.lstat()
        assert (found.st_uid, found.st_gid) == (0, 0), path
        assert not found.st_mode & (stat.S_ISUID | stat.S_ISGID), path
        if not path.is_symlink() and path != minimal / "tmp":
            assert not found.st_mode & stat.S_IWOTH, path


def test_layers_begin_with_the_base_and_end_with_the_code(store: Store) -> None:
    base, slim = store.image(BASE), store.image("localhost/function:slim")
    minimal = store.image("localhost/function:minimal")
    assert slim.layers[: len(base.layers)] == base.layers
    # Both end with lambdakit, dependencies, code; WORKDIR adds none, as the directory is there.
    assert slim.layers[-3:] == minimal.layers[-3:]
    assert len(minimal.layers) == 4


def test_two_builds_have_the_same_layers(store: Store, archive: Path, project: Path) -> None:
    for file in project.rglob("*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    again = Store()
    try:
        again.add_base(archive, BASE)
        build(again, project, "minimal")
        assert again.image("localhost/function:minimal").layers == store.image("localhost/function:minimal").layers
    finally:
        again.close()


@pytest.mark.parametrize(("name", "expected"), [
    ("base", {"lambdakit", "orjson", "httptools", "typing_extensions", "libc6", "libssl3", "ca-certificates"}),
    ("function", {"greeting"}),
])  # fmt: skip
def test_the_list_of_contents_is_valid_and_names_what_is_there(minimal: Path, name: str, expected: set[str]) -> None:
    file = minimal / f"usr/share/lambdakit/sbom/{name}.spdx.json"
    assert not validate_full_spdx_document(parse_file(str(file)))
    packages = {package["name"]: package for package in json.loads(file.read_text())["packages"]}
    assert expected <= packages.keys()
    assert not {"dash", "coreutils", "pip"} & packages.keys()
    if name == "base":
        urls = [ref["referenceLocator"] for ref in packages["libc6"]["externalRefs"]]
        assert re.fullmatch(r"pkg:deb/debian/libc6@[^?]+\?arch=amd64&distro=debian-12", urls[0])
        assert packages["lambdakit"]["licenseDeclared"] in ("Apache-2.0", "NOASSERTION")


def test_licences_come_with_what_they_are_for(minimal: Path) -> None:
    assert (minimal / "usr/share/doc/libc6/copyright").is_file()
    assert list((minimal / "opt/python").glob("orjson-*.dist-info/**/LICENSE*"))

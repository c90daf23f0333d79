"""What a package is made from: the files of a project, its requirements, the platform's tags."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lambdakit.exceptions import PackageError, UsageError
from lambdakit.packaging import (
    Limits,
    PackageRequest,
    Platform,
    Requirements,
    Selection,
    build_package,
    find_requirements,
    read_requirements,
)
from lambdakit.packaging.entries import Entry
from lambdakit.packaging.installed_files import installed_entries
from lambdakit.packaging.own import build_wheel
from lambdakit.packaging.project_files import project_entries
from tests.packaging.wheels import wheel

HERE = Platform((3, 13))


def tree(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return root


def selected(root, **rules):
    return [entry.name for entry in project_entries(root, Selection(**rules), output=root / "out.zip")]


def test_what_tools_leave_and_tests_are_no_code(tmp_path):
    tree(tmp_path, "app.py", "data/words.txt", "out.zip", ".env", ".git/config", "a/__pycache__/b.pyc", "dist/old.zip")
    tree(tmp_path, "env/pyvenv.cfg", "env/lib/x.py", "node_modules/x.js", "tests/test_app.py", "test_app.py")
    assert selected(tmp_path) == ["app.py", "data/words.txt"]
    assert selected(tmp_path, tests="with") == ["app.py", "test_app.py", "data/words.txt", "tests/test_app.py"]


def test_gitignore_files_count_from_the_repositorys_root_to_the_deepest(tmp_path):
    tree(tmp_path, ".git/config", "f/app.py", "f/a.log", "f/deep/b.log", "f/deep/c.tmp", "f/made/x.js")
    (tmp_path / ".gitignore").write_text("*.log\n/f/made/\n")
    (tmp_path / "f/deep/.gitignore").write_text("!b.log\n*.tmp\n")
    assert selected(tmp_path / "f") == ["app.py", "deep/b.log"]
    assert selected(tmp_path / "f", include=("made/", ".gitignore")) == [
        "app.py", "deep/.gitignore", "deep/b.log", "made/x.js",
    ]  # fmt: skip
    assert selected(tmp_path / "f", exclude=("deep/",)) == ["app.py"]


def test_links_are_followed_but_not_in_circles(tmp_path):
    tree(tmp_path, "shared/util.py", "f/app.py")
    (tmp_path / "f/util").symlink_to(tmp_path / "shared")
    (tmp_path / "f/again").symlink_to(tmp_path / "f")
    assert selected(tmp_path / "f") == ["app.py", "util/util.py"]


def test_requirements_of_the_nearest_directory_win_and_a_tools_pyproject_says_nothing(tmp_path):
    inner = tree(tmp_path, "a/b/app.py") / "a/b"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\ndependencies = ["one>=1"]\n')
    (tmp_path / "a/pyproject.toml").write_text("[tool.ruff]\n")
    assert find_requirements(inner, top=tmp_path).lines == ("one>=1",)
    assert find_requirements(inner, top=inner) == Requirements()
    (inner / "requirements.txt").write_text("two\n")
    assert find_requirements(inner, top=tmp_path).lines == (f"-r {inner / 'requirements.txt'}",)


def test_a_lock_gives_the_versions_of_what_pyproject_asks_for(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "p"\ndependencies = ["one"]\n[project.optional-dependencies]\nfast = ["two>1"]\n'
    )
    (tmp_path / "uv.lock").write_text(
        '[[package]]\nname = "p"\nversion = "0"\nsource = { editable = "." }\n'
        '[[package]]\nname = "one"\nversion = "1.5"\nsource = { registry = "https://index.invalid/simple" }\n'
        '[[package]]\nname = "two"\nversion = "2.0"\nsource = { registry = "https://index.invalid/simple" }\n'
        "resolution-markers = [\"python_full_version < '3.12'\", \"os_name == 'nt'\"]\n"
    )
    found = read_requirements(tmp_path / "uv.lock", extras=("fast",))
    assert found.lines == ("one", "two>1")
    assert found.constraints == ("one==1.5", "two==2.0 ; (python_full_version < '3.12') or (os_name == 'nt')")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[project]\nname = "p"\ndynamic = ["dependencies"]\n', "its dependencies are dynamic"),
        ('[project]\nname = "p"\n', "no extra 'fast'; it has none"),
        ("[project", "pyproject.toml: "),
    ],
)
def test_a_pyproject_that_cannot_be_used_says_why(tmp_path, text, message):
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        read_requirements(tmp_path / "pyproject.toml", extras=("fast",))


def test_the_c_library_of_the_runtime_bounds_the_wheels():
    assert Platform((3, 11)).tags[0] == "manylinux_2_26_x86_64"
    assert Platform((3, 12), "arm64").tags[0] == "manylinux_2_34_aarch64"
    assert "manylinux1_x86_64" in HERE.tags
    assert Platform((3, 13), library="musllinux").tags == ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64")


def installed(folder, **modules):
    where = folder / "site"
    file = wheel(folder, "thing", {f"{name}.py": text for name, text in modules.items()}, version="2.1")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(where)
    return where


@pytest.mark.parametrize(
    "reader", ["import importlib.metadata", "from importlib import util, metadata", "import pkg_resources"]
)
def test_metadata_is_kept_where_a_module_reads_it(tmp_path, reader):
    where = installed(tmp_path, thing="x = 1")
    (tmp_path / "app.py").write_text(reader)
    assert [entry.name for entry in installed_entries(where)] == ["thing.py"]
    read = [entry.name for entry in installed_entries(where, [Entry("app.py", tmp_path / "app.py", "code")])]
    assert read == ["thing-2.1.dist-info/METADATA", "thing.py"]
    assert [entry.name for entry in installed_entries(installed(tmp_path / "..", thing=reader))] == read


def test_files_are_their_distributions(tmp_path):
    where = installed(tmp_path, thing="x = 1")
    tree(where, "bin/thing", "stray.txt")
    assert [(entry.name, entry.owner) for entry in installed_entries(where)] == [
        ("stray.txt", "other files"),
        ("thing.py", "thing 2.1"),
    ]


def test_an_archive_over_the_zipped_limit_is_not_left_behind(tmp_path):
    root = tree(tmp_path, "f/app.py") / "f"
    request = PackageRequest(tmp_path / "out/f.zip", HERE, root=root, contents="code", limits=Limits(zipped=50))
    with pytest.raises(PackageError, match=r"0\.0 MB zipped; .* Heaviest: your code"):
        build_package(request)
    assert [*(tmp_path / "out").iterdir()] == []


def test_without_a_file_there_is_nothing_to_package(tmp_path):
    with pytest.raises(PackageError, match="has no file to package"):
        build_package(PackageRequest(tmp_path / "f.zip", HERE, root=tree(tmp_path, "f/.env") / "f", contents="code"))


def test_lambdakits_own_wheel_asks_for_what_lambdakit_asks_for(tmp_path):
    with zipfile.ZipFile(build_wheel(tmp_path)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("METADATA")]
        lines = archive.read(name).decode().splitlines()
        rooms = {Path(name).parts[1] for name in archive.namelist()}
    required = [line for line in lines if line.startswith("Requires-Dist: orjson")]
    assert len(required) == 1
    assert "extra" not in required[0]
    assert "Provides-Extra: xray" in lines
    assert {"runtime", "events"} <= rooms
    assert not {"cli", "emulator", "packaging", "__pycache__"} & rooms

"""Hints: what is said beside a handler that cannot be loaded."""

from __future__ import annotations

import sys
import sysconfig
from types import ModuleType, SimpleNamespace

import pytest

from lambdakit.runtime import hints
from lambdakit.runtime.hints import hint_for_import_error, hint_for_missing_attribute


@pytest.fixture(autouse=True)
def _root(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])


def module(**names: object) -> ModuleType:
    made = ModuleType("app")
    made.__file__ = "/var/task/app.py"
    made.__dict__.update(names)
    return made


def function(name: str, owner: str = "app") -> object:
    def made(event: object, context: object) -> None: ...

    made.__name__, made.__module__ = name, owner
    return made


def test_the_nearest_function_is_named() -> None:
    owner = module(lambda_handler=function("lambda_handler"), handlers=["not", "callable"])
    assert hint_for_missing_attribute(owner, "lambda_handlr") == "Did you mean 'lambda_handler'?"


def test_the_nearest_name_is_named_where_no_function_is_near() -> None:
    assert hint_for_missing_attribute(module(handlers=[]), "handler") == "Did you mean 'handlers'?"


def test_without_a_near_name_the_modules_own_functions_are_listed() -> None:
    owner = module(resize=function("resize"), imported=function("imported", "elsewhere"))
    assert hint_for_missing_attribute(owner, "qqqqqq") == "/var/task/app.py defines resize."
    assert hint_for_missing_attribute(module(), "qqqqqq") == "/var/task/app.py defines no functions."


def test_an_object_that_is_no_module_is_described_by_its_type() -> None:
    assert hint_for_missing_attribute(SimpleNamespace(), "qqqqqq") == "SimpleNamespace defines no functions."


@pytest.mark.parametrize(
    ("wanted", "near"), [("ap", "app"), ("src.hanlder", "src.handler"), ("src/hanlder", "src.handler")]
)
def test_the_nearest_module_is_named(wanted, near, tmp_path) -> None:
    (tmp_path / "app.py").touch()
    (tmp_path / "src").mkdir()
    (tmp_path / "src/handler.py").touch()
    error = ModuleNotFoundError("No module", name=wanted.replace("/", "."))
    said = hint_for_import_error(wanted, error)
    assert said == f"Did you mean '{near}'? The module was looked for in {tmp_path}."


def test_where_no_module_is_near_the_folder_is_named(tmp_path) -> None:
    said = hint_for_import_error("app", ModuleNotFoundError("No module", name="app"))
    assert said == f"No module of that name was found in {tmp_path}, nor elsewhere on the import path."


def test_a_missing_dependency_is_told_from_a_missing_handler() -> None:
    said = hint_for_import_error("app", ModuleNotFoundError("No module", name="requests.adapters"))
    assert said is not None
    assert said.startswith("The package that provides 'requests' is not in the deployment")


@pytest.mark.parametrize("tag", ["cpython-39-aarch64-linux-gnu", "cp312-win_amd64"])
def test_a_dependency_for_another_platform_is_recognised(tag, tmp_path) -> None:
    (tmp_path / "numpy").mkdir()
    suffix = "pyd" if "win" in tag else "so"
    (tmp_path / f"numpy/_core.{tag}.{suffix}").touch()
    said = hint_for_import_error("app", ModuleNotFoundError("No module", name="numpy._core"))
    assert said is not None
    assert said.startswith(f"'numpy._core' is installed, but built for {tag}; this is Python {sys.version_info[0]}.")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("/opt/x.so: invalid ELF header", "was built for another operating system"),
        ("libGL.so.1: cannot open shared object file: No such file", "needs a shared library that is not here"),
        ("/lib64/libc.so.6: version `GLIBC_2.38' not found", "was built against a newer system library"),
        ("/opt/x.so: undefined symbol: PyUnicode_X", "was built for another version of Python or of a library"),
    ],
)
def test_what_the_loader_says_is_explained(text, meaning) -> None:
    said = hint_for_import_error("app", ImportError(text, path="/opt/x.so"))
    assert said is not None
    assert said.startswith(f"/opt/x.so {meaning}; this is Python")


def test_a_library_of_another_architecture_is_explained_by_the_real_loader(tmp_path) -> None:
    (tmp_path / f"native{sysconfig.get_config_var('EXT_SUFFIX')}").write_bytes(b"\x7fELF" + bytes(60))
    with pytest.raises(ImportError) as caught:
        __import__("native")
    assert hint_for_import_error("app", caught.value) is not None


def test_other_import_errors_need_no_hint() -> None:
    assert hint_for_import_error("app", ImportError("cannot import name 'x' from 'y'")) is None


def test_folders_that_cannot_be_read_are_passed_over(monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", ["/no/such/folder"])
    assert hints._foreign_builds("numpy") == []
    assert "/no/such/folder" in (hint_for_import_error("app", ModuleNotFoundError("x", name="app")) or "")

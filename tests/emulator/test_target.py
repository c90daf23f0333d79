"""TARGET: every form, and what is said when it names nothing."""

from __future__ import annotations

import pytest

from lambdakit.emulator.target import Target, resolve_target
from lambdakit.exceptions import TargetError

SOURCE = """
import json as encoder
from os import path
def handler(event, context): ...
async def slow(event, context): ...
class Service:
    def run(self, event, context): ...
service = Service()
typed: object = service
if True:
    conditional = handler
try:
    attempted = 1
except ImportError:
    fallback = 2
"""


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "app.py").write_text(SOURCE)
    (tmp_path / "code.zip").write_bytes(b"whatever is in it")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "work.py").write_text(SOURCE)
    (tmp_path / "pkg" / "inner").mkdir(parents=True)
    for package in ("pkg", "pkg/inner"):
        (tmp_path / package / "__init__.py").write_text("def here(event, context): ...\n")
    (tmp_path / "pkg" / "inner" / "mod.py").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "name", "handler", "root"),
    [
        ("app.handler", "handler", "app.handler", "."),
        ("app.py:handler", "handler", "app.handler", "."),
        ("code.zip:app.handler", "handler", "app.handler", "code.zip"),
        ("packed=./code.zip:pkg/mod.handler", "packed", "pkg/mod.handler", "code.zip"),
        ("./sub/work.py:slow", "slow", "work.slow", "sub"),
        ("pkg/inner/mod.py:handler", "handler", "pkg.inner.mod.handler", "."),
        ("pkg/inner/__init__.py:here", "here", "pkg.inner.here", "."),
        ("pkg.inner.mod.handler", "handler", "pkg.inner.mod.handler", "."),
        ("pkg/inner/mod.handler", "handler", "pkg/inner/mod.handler", "."),
        ("pkg.inner.here", "here", "pkg.inner.here", "."),
        ("thumb=app.handler", "thumb", "app.handler", "."),
        ("my-fn=sub/work.py:slow", "my-fn", "work.slow", "sub"),
        ("app.py:service.run", "run", "app.service.run", "."),
        ("app.py:typed", "typed", "app.typed", "."),
        ("app.py:conditional", "conditional", "app.conditional", "."),
        ("app.py:fallback", "fallback", "app.fallback", "."),
        ("app.py:path", "path", "app.path", "."),
        ("json.dumps", "dumps", "json.dumps", "."),
    ],
)
def test_what_targets_name(tree, text, name, handler, root):
    assert resolve_target(text, cwd=tree) == Target(name, handler, (tree / root).resolve())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "TARGET is empty"),
        ("name=", "TARGET is empty"),
        ("handler", "names no function: expected"),
        ("app.", "names no function: expected"),
        ("app.handlr", r"app defines no 'handlr'\. Nearest: handler\."),
        ("app.zzzz", r"app defines no 'zzzz'\. Nearest: Service, attempted"),
        ("ap.handler", r"No module 'ap' in .*\. Nearest: app\."),
        ("pkg.inne.mod.handler", "No module 'pkg.inne.mod'"),
        ("ap.py:handler", r"ap\.py: no such file\. Nearest: app\.py\."),
        ("app.py:", "name the function after the colon. Nearest: "),
        ("app.py:handlr", r"app\.py defines no 'handlr'\. Nearest: handler\."),
        ("bad name=app.handler", "'bad name' is not a function name"),
        ("no_such_dir/app.py:handler", r"no such file\.$"),
    ],
)
def test_targets_that_name_nothing(tree, text, message):
    with pytest.raises(TargetError, match=message):
        resolve_target(text, cwd=tree)


def test_a_file_name_with_a_dot_cannot_be_imported(tree):
    (tree / "a.b.py").write_text("def handler(): ...")
    with pytest.raises(TargetError, match="cannot be imported"):
        resolve_target("a.b.py:handler", cwd=tree)


@pytest.mark.parametrize("source", ["from os import *", "def __getattr__(name): ...", "def broken(:", "\0"])
def test_what_reading_cannot_tell_is_left_to_the_runtime(tree, source):
    (tree / "open.py").write_text(source)
    assert resolve_target("open.py:anything", cwd=tree).handler == "open.anything"


def test_other_runtimes_handlers_are_not_looked_up(tree):
    assert resolve_target("index.handler", cwd=tree, check="shape") == Target("handler", "index.handler", tree)
    assert resolve_target("src/index.js:main", cwd=tree, check="shape").handler == "index.main"


def test_names_are_found_without_importing(tree):
    (tree / "loud.py").write_text("raise SystemExit('imported')\ndef handler(): ...")
    assert resolve_target("loud.handler", cwd=tree).handler == "loud.handler"

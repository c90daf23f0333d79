"""Hot reload: which functions a change concerns, and that the next invocation runs the new code."""

from __future__ import annotations

import asyncio
import json
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lambdakit.emulator import FunctionConfig, LocalService
from lambdakit.emulator.reload import Reloader, reloading
from lambdakit.emulator.service import InvokeRequest
from lambdakit.emulator.source_files import files_of
from tests.engine_support import run

if TYPE_CHECKING:
    from pathlib import Path

    from lambdakit.emulator.reload import Reload

FILES = {
    "app.py": "import helper\nfrom shop import orders\ndef handler(event, context):\n    return helper.WORD\n",
    "helper.py": "WORD = 'old'\n",
    "shop/__init__.py": "",
    "shop/orders.py": "from . import prices\nfrom .taxes import rate\n",
    "shop/prices.py": "def price():\n    import late\n",
    "shop/taxes.py": "rate = 1\n",
    "late.py": "",
    "other.py": "def handler(event, context):\n    return 'other'\n",
    "unused.py": "",
    "data.json": "{}",
    ".gitignore": "build/\n*.log\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    (tmp_path / ".git").mkdir()
    return tmp_path


def names(root: Path, handler: str) -> set[str]:
    return {str(file.relative_to(root)) for file in files_of(root, handler)}


def test_a_functions_files_are_those_that_imports_lead_to(root: Path) -> None:
    assert names(root, "app.handler") == {
        *("app.py", "helper.py", "late.py"),
        *("shop/__init__.py", "shop/orders.py", "shop/prices.py", "shop/taxes.py"),
    }
    assert names(root, "other.handler") == {"other.py"}
    assert names(root, "shop.taxes.handler") == {"shop/__init__.py", "shop/taxes.py"}
    assert names(root, "gone.handler") == set()


def test_a_file_that_cannot_be_read_leads_nowhere(root: Path) -> None:
    (root / "app.py").write_text("import helper\ndef (")
    assert names(root, "app.handler") == {"app.py"}


def config(root: Path, name: str, handler: str) -> FunctionConfig:
    return FunctionConfig(name, handler, root, timeout=10.0)


def reloader(root: Path) -> tuple[LocalService, Reloader]:
    service = LocalService()
    service.add(config(root, "first", "app.handler"))
    service.add(config(root, "second", "other.handler"))
    made = Reloader(service)
    made.learn()
    return service, made


@pytest.mark.parametrize(
    ("changed", "functions"),
    [
        (["helper.py"], ("first",)),
        (["shop/taxes.py"], ("first",)),
        (["other.py"], ("second",)),
        (["helper.py", "other.py"], ("first", "second")),
        (["data.json"], ("first", "second")),
        ([".env"], ("first", "second")),
    ],
)
def test_a_change_concerns_the_functions_that_import_it(
    root: Path, changed: list[str], functions: tuple[str, ...]
) -> None:
    reload = reloader(root)[1].apply(root / name for name in changed)
    assert reload is not None
    assert (reload.functions, reload.problem) == (functions, None)


@pytest.mark.parametrize(
    "changed", ["unused.py", "build/app.py", "debug.log", "written", "accounts.db", "../elsewhere.py"]
)
def test_what_is_no_source_of_any_concerns_none(root: Path, changed: str) -> None:
    assert reloader(root)[1].apply([root / changed]) is None


def test_whatever_changes_in_a_layer_counts_for_the_functions_that_have_it(root: Path, tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    (layer / "extensions").mkdir(parents=True)
    service = LocalService()
    service.add(replace(config(root, "first", "app.handler"), layers=(layer,)))
    service.add(config(root, "second", "other.handler"))
    made = Reloader(service)
    made.learn()
    assert layer in made.roots()
    reload = made.apply([layer / "extensions" / "watcher"])
    assert reload is not None
    assert reload.functions == ("first",)


def test_a_file_that_is_imported_from_now_on_counts(root: Path) -> None:
    made = reloader(root)[1]
    (root / "other.py").write_text("import unused\n" + FILES["other.py"])
    reload = made.apply([root / "other.py", root / "unused.py"])
    assert reload is not None
    again = made.apply([root / "unused.py"])
    assert again is not None
    assert again.functions == ("second",)


def test_a_file_that_is_gone_counts_where_it_was_imported(root: Path) -> None:
    made = reloader(root)[1]
    (root / "late.py").unlink()
    reload = made.apply([root / "late.py"])
    assert reload is not None
    assert reload.functions == ("first",)


def test_a_syntax_error_is_told_and_nothing_begins_anew(root: Path) -> None:
    made = reloader(root)[1]
    (root / "helper.py").write_text("WORD = (\n")
    reload = made.apply([root / "helper.py"])
    assert reload is not None
    assert reload.functions == ()
    assert reload.problem is not None
    assert reload.problem.startswith(f"{root / 'helper.py'}, line 1: ")


def test_the_next_invocation_runs_the_new_code(root: Path) -> None:
    async def main() -> None:
        told: asyncio.Queue[Reload] = asyncio.Queue()
        async with LocalService() as service:
            service.add(config(root, "first", "app.handler"))
            async with reloading(service, told.put_nowait):
                assert await answer(service) == "old"
                (root / "helper.py").write_text("WORD = (\n")
                assert (await told.get()).problem is not None
                assert await answer(service) == "old"
                (root / "helper.py").write_text("WORD = 'new'\n")
                assert (await told.get()).functions == ("first",)
                assert await answer(service) == "new"

    run(main())


async def answer(service: LocalService) -> object:
    return json.loads((await service.invoke(InvokeRequest("first"))).payload)

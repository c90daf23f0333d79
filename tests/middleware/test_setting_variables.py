"""Where variables come from: the environment, a .env file outside Lambda, and what Lambda would refuse of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.exceptions import ConfigError, MissingExtraError
from lambdakit.middleware import env, setting_variables
from lambdakit.middleware.setting_variables import Variables, is_local

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Settings:
    table_name: str
    note: str = ""


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory, and no variable of Lambda's."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_LAMBDA_FUNCTION_NAME", "AWS_EXECUTION_ENV", "LAMBDAKIT_LOCAL", "AWS_SAM_LOCAL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_file_is_read_behind_the_environment(laptop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (laptop / ".env").write_text(
        "# for the laptop\nTABLE_NAME='orders'\nexport NOTE=\"of ${TABLE_NAME}\" # why\nEMPTY\n"
    )
    assert env.load(Settings) == Settings("orders", "of orders")
    monkeypatch.setenv("NOTE", "")
    assert env.load(Settings) == Settings("orders", "")


def test_another_file_or_none(laptop: Path) -> None:
    (laptop / ".env").write_text("TABLE_NAME=orders")
    (laptop / "test.env").write_text("TABLE_NAME=tests")
    assert env.load(Settings, dotenv="test.env").table_name == "tests"
    with pytest.raises(ConfigError, match="TABLE_NAME"):
        env.load(Settings, dotenv=None)


@pytest.mark.parametrize("name", ["AWS_LAMBDA_FUNCTION_NAME", "AWS_EXECUTION_ENV"])
def test_in_lambda_no_file_is_read(laptop: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (laptop / ".env").write_text("TABLE_NAME=orders")
    monkeypatch.setenv(name, "x")
    assert not is_local()
    with pytest.raises(ConfigError, match="TABLE_NAME"):
        env.load(Settings)


@pytest.mark.parametrize(("name", "value"), [("LAMBDAKIT_LOCAL", "1"), ("AWS_SAM_LOCAL", "true")])
def test_in_a_local_lambda_it_is(laptop: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (laptop / ".env").write_text("TABLE_NAME=orders")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "x")
    monkeypatch.setenv(name, value)
    assert env.load(Settings).table_name == "orders"


def test_a_reserved_name_in_the_file_is_a_fault(laptop: Path) -> None:
    (laptop / ".env").write_text("TABLE_NAME=orders\nAWS_REGION=eu-west-1\n_HANDLER=x")
    with pytest.raises(ConfigError) as caught:
        env.load(Settings)
    assert [fault[0] for fault in caught.value.faults] == ["AWS_REGION", "_HANDLER"]
    assert caught.value.faults[0][2:] == ("it is in the file, and reserved", "take it out: Lambda sets it, and only it")


# {"NOTE":"...","TABLE_NAME":"orders"} has 33 bytes around the note.
@pytest.mark.parametrize(("length", "fits"), [(4096 - 33, True), (4097 - 33, False)])
def test_all_variables_have_four_kilobytes(
    laptop: Path, monkeypatch: pytest.MonkeyPatch, length: int, fits: bool
) -> None:
    (laptop / ".env").write_text("TABLE_NAME=orders")
    monkeypatch.setenv("NOTE", "n" * length)
    if fits:
        assert env.load(Settings).table_name == "orders"
        return
    with pytest.raises(ConfigError, match=r"they are 4097 bytes of JSON; Lambda takes 4096 for a function: move long"):
        env.load(Settings)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "x")
    monkeypatch.setenv("TABLE_NAME", "orders")
    assert env.load(Settings).table_name == "orders"  # there it is Lambda that counts


def test_without_python_dotenv_the_error_names_the_command(laptop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str, *, extra: str, feature: str) -> None:
        raise MissingExtraError(feature, package, extra)

    monkeypatch.setattr(setting_variables, "require", missing)
    assert Variables(".env").get("TABLE_NAME") is None  # no file, no need
    (laptop / ".env").write_text("TABLE_NAME=orders")
    with pytest.raises(MissingExtraError, match=r'reading .env needs dotenv.*: pip install "lambdakit\[local\]"'):
        env.load(Settings)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    value=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'\\$\x85\u2028\u2029"))
)
def test_any_quoted_value_is_read_as_it_is(laptop: Path, value: Any) -> None:
    (laptop / ".env").write_text(f"TABLE_NAME='{value}'\n", encoding="utf-8")
    assert env.load(Settings).table_name == value

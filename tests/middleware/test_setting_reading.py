"""Settings of variables: names, defaults, groups, models, and every fault at once."""

# ruff: noqa: TC002, RUF009 - types are read at run time; a Secret does not change

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, HttpUrl, SecretStr, field_validator

from lambdakit.exceptions import ConfigError, UsageError
from lambdakit.middleware import Secret, env, kms, prefix, secret, ssm, variable


@dataclass(frozen=True)
class Database:
    host: str
    port: int = 5432
    password: Secret[str] = Secret("")


@dataclass
class Settings:
    table_name: str
    timeout: timedelta = timedelta(seconds=3)
    tags: list[str] = field(default_factory=list)
    limit: int | None = None
    note: str | None = field(default="none", metadata={"seen": True})
    region: Annotated[str, variable("AWS_REGION")] = "eu-west-1"
    made: int = field(default=7, init=False)


@dataclass
class Nested:
    database: Database
    replica: Annotated[Database | None, prefix("RO_")] = None
    spare: Database = Database("nowhere")


@dataclass
class Chain:
    name: str
    inner: Chain | None = None


class Model(BaseModel):
    table_name: str = Field(min_length=3)
    endpoint: HttpUrl
    timeout: timedelta = timedelta(seconds=3)
    tags: list[str] = []
    database: Database | None = None
    limit: int | None = Field(default=None, gt=0)
    label: str = Field(default="x", alias="theLabel")

    @field_validator("tags")
    @classmethod
    def _few(cls, tags: list[str]) -> list[str]:
        assert len(tags) < 3, f"too many: {tags}"
        return tags


class Hidden(BaseModel):
    key: SecretStr = Field(min_length=30)
    token: Secret[str]

    @field_validator("token")
    @classmethod
    def _never(cls, token: Secret[str]) -> Secret[str]:
        raise ValueError(f"bad {token.reveal()}")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No file and no variable of the machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_REGION", raising=False)


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def faults_of(kind: Any, **options: Any) -> tuple[tuple[str, str, str, str], ...]:
    with pytest.raises(ConfigError) as caught:
        env.load(kind, **options)
    return caught.value.faults


def test_a_field_is_its_name_in_upper_case_and_defaults_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, TABLE_NAME="orders", TIMEOUT="PT1M", AWS_REGION="eu-north-1")
    assert env.load(Settings) == Settings("orders", timedelta(minutes=1), region="eu-north-1")


def test_a_prefix_is_before_all_but_explicit_names(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, APP_TABLE_NAME="orders", APP_TAGS="a,b", APP_LIMIT="5", TAGS="no", AWS_REGION="us-east-1")
    expected = Settings("orders", tags=["a", "b"], limit=5, region="us-east-1")
    assert env.load(Settings, prefix="APP_") == expected


def test_groups_have_prefixes(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, DATABASE_HOST="db", DATABASE_PASSWORD="p", RO_HOST="replica", RO_PORT="1")
    loaded = env.load(Nested)
    assert loaded == Nested(Database("db", 5432, Secret("p")), Database("replica", 1))
    assert loaded.spare.host == "nowhere"


def test_a_group_may_be_json_in_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, DATABASE='{"host": "db", "port": 1, "password": "p", "more": 1}', DATABASE_PORT="2")
    given(monkeypatch, SPARE='{"host": "spare", "port": null}')
    assert env.load(Nested) == Nested(Database("db", 2, Secret("p")), None, Database("spare"))


def test_faults_in_a_groups_json_name_field_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, DATABASE='{"host": "db", "port": "x"}', RO_PORT="y", SPARE="[]")
    monkeypatch.setenv("REPLICA", '{"host": "h"}')
    assert faults_of(Nested) == (
        ("DATABASE", "database.port", "found a value that is not shown", "expected a whole number"),
        ("RO_PORT", "replica.port", "found 'y'", "expected a whole number"),
        ("SPARE", "spare", "found a value that is not shown", "expected a JSON object"),
    )


def test_a_class_within_itself_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, NAME="a", INNER='{"name": "b", "inner": {"name": "c"}}')
    assert env.load(Chain) == Chain("a", Chain("b", Chain("c")))


def test_a_group_that_is_begun_must_be_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, DATABASE_HOST="db", RO_PORT="1")
    assert [fault[0] for fault in faults_of(Nested)] == ["RO_HOST"]


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, TIMEOUT="soon", LIMIT="many", AWS_REGION="x")
    with pytest.raises(ConfigError) as caught:
        env.load(Settings)
    assert str(caught.value) == (
        "Settings cannot be made of the environment, 3 faults:\n"
        "  TABLE_NAME (for table_name): it is not set; set it (text), or give the field a default\n"
        "  TIMEOUT (for timeout): found 'soon'; expected a duration such as 30s, 1h30m or PT30S\n"
        "  LIMIT (for limit): found 'many'; expected a whole number"
    )
    assert [fault[1] for fault in caught.value.faults] == ["table_name", "timeout", "limit"]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (Annotated[Secret[int], "x"], "number", "hunter2"),
        (Secret[int] | None, "number", "hunter2"),
        (int, "api_key", "hunter2"),
        (int, "token_seconds", "hunter2"),
        (int, "endpoint", "https://me:hunter2@example.com"),
        (dict[str, int], "numbers", '{"a": "hunter2"'),
    ],
)
def test_a_secret_is_not_in_a_fault(monkeypatch: pytest.MonkeyPatch, kind: Any, name: str, value: str) -> None:
    given(monkeypatch, **{name.upper(): value})
    made: Any = dataclasses.make_dataclass("Made", [(name, kind)])
    ((variable_, _, found, advice),) = faults_of(made)
    assert (variable_, found) == (name.upper(), "found a value that is not shown")
    assert "hunter2" not in advice


def test_a_long_value_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, TABLE_NAME="t", LIMIT="9" * 80 + "x")
    assert faults_of(Settings)[0][2] == f"found '{'9' * 60}...'"


def test_what_a_class_refuses_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any) -> None:
        raise ValueError(f"low is over high in {self}")

    bounds: Any = dataclasses.make_dataclass("Bounds", [("low", int)], namespace={"__post_init__": refuse})
    guarded: Any = dataclasses.make_dataclass("Guarded", [("key", Secret[str])], namespace={"__post_init__": refuse})
    given(monkeypatch, LOW="1", KEY="hunter2")
    assert faults_of(bounds)[0][2].startswith("Bounds refuses its values: low is over high in")
    assert faults_of(guarded) == (("Guarded", "all fields", "Guarded refuses its values: ValueError", "correct them"),)


def test_a_pydantic_model_reads_the_same_and_checks_by_its_own_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, TABLE_NAME="orders", ENDPOINT="https://example.com/x", TIMEOUT="30s", TAGS="a,b", LABEL="y")
    given(monkeypatch, DATABASE_HOST="db")
    model = env.load(Model)
    assert (model.timeout, model.tags, model.label) == (timedelta(seconds=30), ["a", "b"], "y")
    assert (model.endpoint.host, model.database) == ("example.com", Database("db"))


def test_a_pydantic_models_faults_name_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, TABLE_NAME="ab", ENDPOINT="no", LIMIT="0", TAGS="a,b,c", LABEL="y")
    faults = {name: (found, advice) for name, _, found, advice in faults_of(Model)}
    assert faults["TABLE_NAME"] == ("found 'ab'", "String should have at least 3 characters")
    assert faults["ENDPOINT"][0] == "found 'no'"
    assert faults["LIMIT"] == ("found '0'", "Input should be greater than 0")
    assert faults["TAGS"][1].startswith("Assertion failed, too many")


def test_a_pydantic_model_does_not_show_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, KEY="hunter2", TOKEN="hunter2")
    faults = faults_of(Hidden)
    assert [fault[0] for fault in faults] == ["KEY", "TOKEN"]
    assert "hunter2" not in str(faults)


@pytest.mark.parametrize("name", ["aws_lambda_function_name", "lambda_task_root"])
def test_a_reserved_name_must_be_meant(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    given(monkeypatch, **{name.upper(): "x"})
    with pytest.raises(
        UsageError, match=rf"{name}: {name.upper()} is reserved by Lambda .* variable\(\"{name.upper()}"
    ):
        env.load(dataclasses.make_dataclass("Made", [(name, str)]))
    meant = dataclasses.make_dataclass("Meant", [("name", Annotated[str, variable(name.upper())])])
    assert env.load(meant) == meant("x")


@pytest.mark.parametrize("name", ["x", "größe"])
def test_a_name_that_lambda_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"Lambda takes no variable named .*; give another: Annotated"):
        env.load(dataclasses.make_dataclass("Made", [(name, str)]))


@pytest.mark.parametrize("kind", [dict, str, Settings("x"), None])
def test_only_classes_of_settings_are_taken(kind: Any) -> None:
    with pytest.raises(UsageError, match="settings are a dataclass or a pydantic model"):
        env.load(kind)


def test_a_field_of_a_type_that_text_cannot_hold_is_named() -> None:
    inner = dataclasses.make_dataclass("Inner", [("call", type(open))])
    outer = dataclasses.make_dataclass("Outer", [("inner", inner)])
    with pytest.raises(UsageError, match=r"^inner\.call: .* is no payload type"):
        env.load(outer)


def test_an_annotation_that_is_not_there_at_run_time_is_named() -> None:
    with pytest.raises(UsageError, match="Made cannot be read: name 'Nothing' is not defined; its annotations must"):
        env.load(dataclasses.make_dataclass("Made", [("a", "Nothing")]))


def test_a_source_names_the_variable_it_needs() -> None:
    @dataclass
    class Sourced:
        table: Annotated[str, ssm("/{STAGE_OF_TEST}/table")]

    assert faults_of(Sourced) == (
        ("ssm:/{STAGE_OF_TEST}/table", "table", "STAGE_OF_TEST is not set",
         "set STAGE_OF_TEST, which the source names, or TABLE"),
    )  # fmt: skip


def test_a_variable_stands_in_for_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Sourced:
        table: Annotated[str, ssm("/x/table")]
        password: Annotated[Secret[str], secret("x", key="password")]

    given(monkeypatch, TABLE="local", PASSWORD="p")
    assert env.load(Sourced) == Sourced("local", Secret("p"))


def test_the_table_shows_all_but_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass
    class Shown:
        api_key: Annotated[Secret[str], secret("app", key="k")]
        database: Annotated[Database, prefix("DB_")]
        cipher: Annotated[str, kms()] = "c"
        token: Secret[str] = Secret("hunter2")
        limit: int | None = None

    env.describe(Shown, prefix="X_")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["variable", "field", "type", "default", "source"],
        ["X_API_KEY", "api_key", "text", "(required)", "secretsmanager:app[k]"],
        ["X_DATABASE", "database", "JSON", "for", "Database", "(required)", "environment"],
        ["DB_HOST", "database.host", "text", "(required)", "environment"],
        ["DB_PORT", "database.port", "a", "whole", "number", "5432", "environment"],
        ["DB_PASSWORD", "database.password", "text", "(set)", "environment"],
        ["X_CIPHER", "cipher", "text", "'c'", "kms"],
        ["X_TOKEN", "token", "text", "(set)", "environment"],
        ["X_LIMIT", "limit", "a", "whole", "number", "None", "environment"],
    ]

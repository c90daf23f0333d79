"""Values through AWS's extensions: a real HTTP server on the port that the environment names."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from lambdakit import lambda_handler
from lambdakit.exceptions import ConfigError, MissingExtraError
from lambdakit.middleware import Secret, appconfig, env, environment, parameter_extension, secret, ssm
from lambdakit.middleware.parameter_extension import port_of
from lambdakit.runtime import hooks
from tests.middleware.store_servers import Extension, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = {
    "/app/table": "orders",
    "db": {"SecretString": '{"password": "p"}'},
    "binary": {"SecretBinary": "AAE="},
    "/applications/a/environments/b c/configurations/d": '{"x": 5}',
    "/applications/a/environments/b%20c/configurations/d": '{"x": 5}',
}


@dataclasses.dataclass
class Settings:
    table: Annotated[str, ssm("/app/table")]
    version: Annotated[str, ssm("/app/table:3")]
    password: Annotated[Secret[str], secret("db", key="password", stage="AWSPENDING")]
    binary: Annotated[bytes, secret("binary")]
    x: Annotated[int, appconfig("a", "b c", "d", key="x")]


READ = Settings("orders", "orders", Secret("p"), b"\0\1", 5)


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Extension]:
    monkeypatch.chdir(tmp_path)
    env.forget()
    player = Extension("the-token", VALUES)
    with serving(player) as address:
        monkeypatch.setenv("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", address.rpartition(":")[2])
        monkeypatch.setenv("AWS_APPCONFIG_EXTENSION_HTTP_PORT", address.rpartition(":")[2])
        monkeypatch.setenv("AWS_SESSION_TOKEN", "the-token")
        yield player
    env.forget()


def test_values_come_through_the_extension(extension: Extension) -> None:
    assert env.load(Settings) == READ
    assert "/systemsmanager/parameters/get?name=/app/table&withDecryption=true&version=3" in extension.asked
    assert "/secretsmanager/get?secretId=db&versionStage=AWSPENDING" in extension.asked
    assert len(extension.asked) == 5


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_is_not_served_at_init_is_read_by_the_first_invocation(extension: Extension, kind: str) -> None:
    extension.not_ready = True
    decorate = lambda_handler(middleware=[env(Settings)])

    async def awaited(event: Any, context: Any) -> Any:
        return context.config

    handler: Any = decorate(awaited if kind == "async" else lambda event, context: context.config)
    assert extension.calls == 5
    extension.not_ready = False
    for _ in range(2):
        result = handler({}, None)
        assert (asyncio.run(result) if kind == "async" else result) == READ
    assert extension.calls == 10


def test_after_a_restore_the_first_invocation_reads_again(
    extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_restored", [])
    monkeypatch.setattr(hooks, "_after_restore", [])
    handler: Any = lambda_handler(middleware=[env(Settings)])(lambda event, context: context.config)
    extension.values = {**VALUES, "/app/table": "later"}
    extension.not_ready = True
    hooks.run_after_restore()
    extension.not_ready = False
    assert handler({}).table == "later"


def test_one_that_is_not_ready_in_an_invocation_is_an_error(extension: Extension) -> None:
    extension.not_ready = True

    @lambda_handler(middleware=[env(Settings)])
    def handler(event: Any, context: Any) -> Any:
        return context.config

    with pytest.raises(ConfigError, match="it serves nothing yet"):
        handler({})


def test_other_faults_are_told_at_init_all_the_same(extension: Extension) -> None:
    extension.not_ready = True
    kind: Any = dataclasses.make_dataclass("Both", [("a", Annotated[str, ssm("/app/table")]), ("number", int)])
    with pytest.raises(ConfigError, match=r"1 fault:\n  NUMBER"):
        lambda_handler(middleware=[env(kind)])(lambda event, context: None)


def test_a_throttled_extension_is_asked_again_until_it_is_enough(extension: Extension) -> None:
    kind: Any = dataclasses.make_dataclass("One", [("a", Annotated[str, ssm("/app/table")])])
    extension.throttled = 2
    assert env.load(kind).a == "orders"
    extension.throttled, before = 99, extension.calls
    with pytest.raises(ConfigError, match="the extension answered 400: an unexpected error occurred: ThrottlingExc"):
        env.load(kind)
    assert extension.calls - before == parameter_extension.ATTEMPTS


@pytest.mark.usefixtures("extension")
def test_what_is_not_there_is_named() -> None:
    kind: Any = dataclasses.make_dataclass("One", [("a", Annotated[str, ssm("/gone")])])
    with pytest.raises(ConfigError, match=r"ssm:/gone \(for a\): the extension answered 400: ParameterNotFound; check"):
        env.load(kind)


@pytest.mark.usefixtures("extension")
def test_an_extension_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Extension("", {})) as address:
        pass
    monkeypatch.setenv("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", address.rpartition(":")[2])
    kind: Any = dataclasses.make_dataclass("One", [("a", Annotated[str, ssm("/gone")])])
    with pytest.raises(ConfigError, match=r"did not answer \(ConnectError\); add the extension's layer"):
        env.load(kind)


@pytest.mark.parametrize("answer", ["<html>", "[]", "{}", '{"Parameter": null}'])
def test_another_server_in_its_place_is_named(
    extension: Extension, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extension, "answer", lambda *request: (200, {}, answer.encode()))
    kind: Any = dataclasses.make_dataclass("One", [("a", Annotated[str, ssm("/a")])])
    with pytest.raises(
        ConfigError, match=r"what answered at http://localhost:\d+/systemsmanager.* is not the extension"
    ):
        env.load(kind)


@pytest.mark.usefixtures("extension")
def test_without_httpx_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str, *, extra: str, feature: str) -> None:
        raise MissingExtraError(feature, package, extra)

    monkeypatch.setattr(parameter_extension, "require", missing)
    env.forget()
    with pytest.raises(MissingExtraError, match=r'httpx, which is not installed: pip install "lambdakit\[extension\]"'):
        env.load(Settings)


def test_the_port_is_the_one_named_or_the_extensions_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "5000")
    assert port_of("ssm") is None  # without a token there is no talking to it
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t")
    assert (port_of("ssm"), port_of("secretsmanager"), port_of("appconfig"), port_of("kms")) == (5000, 5000, None, None)
    monkeypatch.delenv("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT")
    assert port_of("ssm") is None
    monkeypatch.setenv("PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL", "info")
    monkeypatch.setenv("AWS_APPCONFIG_EXTENSION_PREFETCH_LIST", "/applications/a")
    assert (port_of("ssm"), port_of("appconfig")) == (2773, 2772)

"""Values of AWS's stores: a moto server, and servers that throttle, and AppConfig's data plane, all with boto3."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import boto3
import pytest

from lambdakit.exceptions import ConfigError, MissingExtraError
from lambdakit.middleware import Secret, appconfig, env, kms, parameter_stores, secret, ssm
from tests.middleware.store_servers import AppConfigData, ParameterStore, serving
from tests.moto_server import aws, aws_server, unique  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Database:
    host: str
    password: Secret[str]
    port: int = 5432


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """Nothing read before, and nothing of the machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    env.forget()
    yield
    env.forget()


def settings(**fields: Any) -> Any:
    """A settings class of these fields."""
    return dataclasses.make_dataclass("Settings", list(fields.items()))


def faults_of(kind: Any) -> tuple[tuple[str, str, str, str], ...]:
    with pytest.raises(ConfigError) as caught:
        env.load(kind)
    return caught.value.faults


def client(service: str) -> Any:
    """A client of boto3's, closed at the end."""
    return contextlib.closing(boto3.client(service))


def parameter(value: str, kind: Any = "SecureString") -> str:
    name = unique("/app/parameter")
    with client("ssm") as systems_manager:
        systems_manager.put_parameter(Name=name, Value=value, Type=kind)
    return name


@pytest.mark.usefixtures("aws")
def test_parameters_are_read_and_decrypted() -> None:
    name = parameter("s3cr3t")
    assert env.load(settings(a=Annotated[Secret[str], ssm(name)], b=Annotated[str, ssm(f"{name}:1")])).b == "s3cr3t"


@pytest.mark.usefixtures("aws")
def test_a_parameter_may_be_named_by_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    name = parameter("7", "String")
    monkeypatch.setenv("LIMIT_PARAMETER", name)
    monkeypatch.setenv("LAST_PART", name.rpartition("/")[2])
    kind = settings(a=Annotated[int, ssm("{LIMIT_PARAMETER}")], b=Annotated[int, ssm("/app/{LAST_PART}")])
    assert env.load(kind) == kind(7, 7)


@pytest.mark.usefixtures("aws")
def test_secrets_are_read_whole_by_key_and_as_bytes() -> None:
    name, binary = unique("db"), unique("binary")
    with client("secretsmanager") as manager:
        arn = manager.create_secret(Name=name, SecretString='{"host": "db", "password": "p", "port": 1}')["ARN"]
        manager.create_secret(Name=binary, SecretBinary=b"\0\1")
    kind = settings(
        database=Annotated[Database, secret(name)],
        password=Annotated[Secret[str], secret(arn, key="password")],
        port=Annotated[int, secret(name, key="port", stage="AWSCURRENT")],
        key=Annotated[bytes, secret(binary)],
    )
    assert env.load(kind) == kind(Database("db", Secret("p"), 1), Secret("p"), 1, b"\0\1")


@pytest.mark.usefixtures("aws")
def test_a_variable_of_ciphertext_is_decrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    context = {"LambdaFunctionName": "orders"}
    with client("kms") as keys:
        key = keys.create_key()["KeyMetadata"]["KeyId"]
        cipher = keys.encrypt(KeyId=key, Plaintext=b"hunter2", EncryptionContext=context)["CiphertextBlob"]
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
    monkeypatch.setenv("TOKEN", b64encode(cipher).decode())
    named = kms(context={"LambdaFunctionName": "{AWS_LAMBDA_FUNCTION_NAME}"})
    assert env.load(settings(token=Annotated[Secret[str], named])).token.reveal() == "hunter2"
    ((name, _, found, advice),) = faults_of(settings(token=Annotated[Secret[str], kms()]))
    assert (name, found) == ("TOKEN", "it cannot be decrypted")
    assert "encryption context" in advice


@pytest.mark.usefixtures("aws")
def test_every_fault_of_every_store_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    name = parameter("hunter2")
    monkeypatch.setenv("CIPHER", "hunter2!")
    kind = settings(
        table=str,
        there=Annotated[int, ssm(name)],
        gone=Annotated[str, ssm("/gone/parameter")],
        lost=Annotated[str, secret("lost-secret")],
        key=Annotated[str, secret("lost-secret", key="x")],
        cipher=Annotated[str, kms()],
    )
    faults = faults_of(kind)
    assert [fault[:3] for fault in faults] == [
        ("TABLE", "table", "it is not set"),
        (f"ssm:{name}", "there", "found a value that is not shown"),
        ("ssm:/gone/parameter", "gone", "it is not there"),
        ("secretsmanager:lost-secret", "lost", "it is not there"),
        ("secretsmanager:lost-secret", "key", "it is not there"),
        ("CIPHER", "cipher", faults[-1][2]),
    ]
    assert faults[-1][2].startswith("it could not be asked for")
    assert "hunter2" not in str(faults)


@pytest.mark.usefixtures("aws")
def test_a_secret_without_the_key_says_so() -> None:
    name, plain = unique("db"), unique("plain")
    with client("secretsmanager") as manager:
        manager.create_secret(Name=name, SecretString='{"a": 1}')
        manager.create_secret(Name=plain, SecretString="hunter2")
    kind = settings(a=Annotated[str, secret(name, key="b")], b=Annotated[Database, secret(plain)])
    assert [fault[2:] for fault in faults_of(kind)] == [
        ("found a value that is not shown", "expected the key 'b' in the JSON object"),
        ("found a value that is not shown", "expected a JSON object"),
    ]


def test_parameters_are_asked_for_ten_at_a_time_and_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ParameterStore({f"/p/{number}": str(number) for number in range(23)})
    with serving(store) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", address)
        fields: dict[str, Any] = {f"p{number}": Annotated[int, ssm(f"/p/{number}")] for number in range(23)}
        loaded = env.load(settings(**fields, again=Annotated[str, ssm("/p/7")]))
    assert dataclasses.astuple(loaded) == (*range(23), "7")
    assert sorted(map(len, store.batches)) == [3, 10, 10]


def test_a_throttled_store_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ParameterStore({"/p": "1"}, failures=1)
    with serving(store) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", address)
        assert env.load(settings(p=Annotated[int, ssm("/p")])).p == 1
    assert store.calls == 2


def test_a_store_that_stays_throttled_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameter_stores, "ATTEMPTS", 2)
    store = ParameterStore({"/p": "1"}, failures=9)
    with serving(store) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", address)
        faults = faults_of(settings(p=Annotated[int, ssm("/p")], q=Annotated[int, ssm("/q")]))
    advice = "raise `ttl`, or the service's throughput"
    assert faults == (
        ("ssm:/p", "p", "its service throttled all attempts", advice),
        ("ssm:/q", "q", "its service throttled all attempts", advice),
    )
    assert store.calls == 2


def test_names_of_a_refused_batch_are_asked_for_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ParameterStore({"/p": "1"}, failures=1, failing="ValidationException")
    with serving(store) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", address)
        faults = faults_of(settings(p=Annotated[int, ssm("/p")], q=Annotated[int, ssm("/q")]))
    assert [fault[0] for fault in faults] == ["ssm:/q"]
    assert store.batches == [["/p", "/q"], ["/p"], ["/q"]]


def test_a_missing_permission_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ParameterStore({}, failures=1, failing="AccessDeniedException")) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", address)
        ((_, _, found, advice),) = faults_of(settings(p=Annotated[int, ssm("/p")]))
    assert found == "access was denied"
    assert advice.startswith("allow ssm:GetParameters (and kms:Decrypt")


def test_a_store_that_is_not_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameter_stores, "ATTEMPTS", 1)
    with serving(ParameterStore({})) as address:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", address)
    ((_, _, found, advice),) = faults_of(settings(p=Annotated[int, ssm("/p")]))
    assert found.startswith("it could not be asked for: Could not connect to the endpoint")
    assert advice == "check region, credentials, endpoint and network"


def test_without_boto3_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str, *, extra: str, feature: str) -> None:
        raise MissingExtraError(feature, package, extra)

    monkeypatch.setattr(parameter_stores, "require", missing)
    with pytest.raises(MissingExtraError, match=r'boto3, which is not installed: pip install "lambdakit\[aws\]"'):
        env.load(settings(p=Annotated[int, ssm("/p")]))


def test_appconfig_gives_configurations_and_only_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    data = AppConfigData(json.dumps({"most": 5, "name": "a"}))
    limits: Any = settings(most=int, name=str)
    kind = settings(
        limits=Annotated[limits, appconfig("orders", "{STAGE}", "limits")],
        name=Annotated[str, appconfig("orders", "{STAGE}", "limits", key="name")],
    )
    monkeypatch.setenv("STAGE", "prod")
    with serving(data) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_APPCONFIGDATA", address)
        assert env.load(kind) == kind(limits(5, "a"), "a")
        assert env.load(kind) == kind(limits(5, "a"), "a")
        data.content = json.dumps({"most": 6, "name": "b"})
        assert env.load(kind) == kind(limits(6, "b"), "b")
        data.interval, before = 60, data.calls
        env.load(kind)
        data.content = "{}"
        assert env.load(kind).name == "b"
        assert data.calls == before + 1
    assert data.sessions == [
        {
            "ApplicationIdentifier": "orders",
            "EnvironmentIdentifier": "prod",
            "ConfigurationProfileIdentifier": "limits",
            "RequiredMinimumPollIntervalInSeconds": 15,
        }
    ]

"""Where a setting comes from, said in its annotation.

    table: Annotated[str, ssm("/{STAGE}/orders/table")]
    password: Annotated[Secret[str], secret("{DATABASE_SECRET}", key="password")]
    limits: Annotated[Limits, appconfig("orders", "{STAGE}", "limits")]
    api_key: Annotated[Secret[str], kms()]
    region: Annotated[str, variable("AWS_REGION")]
    database: Annotated[Database, prefix("DB_")]

Text in braces is the value of that environment variable, so that a template can hand over a name. A setting without a
source is the variable named after it. Where that variable is set, it stands in for a source (but for `kms`, whose
ciphertext it is): a test or a local run needs no store.

This module is imported where settings are declared, so it imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Named", "Prefixed", "Source", "appconfig", "kms", "prefix", "secret", "ssm", "variable")


class Source:
    """A value kept outside the environment: the service, its name there, and the key where it is a JSON object."""

    __slots__ = ("detail", "key", "name", "service")

    def __init__(self, service: str, name: str, *, key: str | None = None, detail: Mapping[str, str] | None = None):
        self.service = service
        self.name = name
        self.key = key
        self.detail: Mapping[str, str] = detail or {}

    def __repr__(self) -> str:
        key = "" if self.key is None else f"[{self.key}]"
        return f"{self.service}:{self.name}{key}" if self.name else self.service


class Named:
    """The name of a setting's variable, given by `variable`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Prefixed:
    """The prefix of a nested group's variables, given by `prefix`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def variable(name: str) -> Named:
    """Read the setting from this variable, whatever the field is called; no prefix is put before it."""
    return Named(name)


def prefix(text: str) -> Prefixed:
    """Put this before the names of a nested group's variables, instead of the field's name and an underscore."""
    return Prefixed(text)


def ssm(name: str) -> Source:
    """A parameter of Systems Manager's Parameter Store, decrypted: its name, ARN, or name and `:version`."""
    return Source("ssm", name)


def secret(name: str, *, key: str | None = None, stage: str | None = None) -> Source:
    """A secret of Secrets Manager, by name or ARN; `key` of it where it is a JSON object.

    `stage` is the version stage, AWSCURRENT by default. A binary secret is read as base64 text.
    """
    return Source("secretsmanager", name, key=key, detail={"stage": stage} if stage else None)


def appconfig(application: str, environment: str, profile: str, *, key: str | None = None) -> Source:
    """A configuration that AppConfig has deployed, by names or ids; `key` of it where it is a JSON object."""
    return Source("appconfig", f"{application}/{environment}/{profile}", key=key)


def kms(*, context: Mapping[str, str] | None = None) -> Source:
    """The setting's variable holds ciphertext of KMS in base64; `context` is the encryption context.

    What the Lambda console's encryption helpers make has the context
    `{"LambdaFunctionName": "{AWS_LAMBDA_FUNCTION_NAME}"}`.
    """
    return Source("kms", "", detail=context)

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Values from AWS's stores with boto3: Parameter Store ten at a time, secrets, AppConfig and KMS each by itself.

Throttled calls are retried by boto3 itself, with its growing waits; what still fails becomes a `Failure` that says what
the role needs or what to correct. Nothing here keeps values, except that AppConfig tells only of changes.
"""

from __future__ import annotations

import threading
import time
from base64 import b64decode, b64encode
from importlib import import_module

from lambdakit.middleware.extras import require
from lambdakit.middleware.parameter_requests import Failure, detail_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lambdakit.middleware.parameter_requests import Answers, Wanted

__all__ = ("Stores",)

FEATURE = "env(), for values outside the environment,"
ATTEMPTS = 4
CONNECT_SECONDS, READ_SECONDS = 2, 5
SSM_BATCH = 10  # GetParameters takes no more names (Systems Manager API reference)
APPCONFIG_POLL_SECONDS = 15  # the least that AppConfig takes (AppConfig API reference, StartConfigurationSession)

# Error code -> what it means, what to do. `{action}` is the permission that the call needs.
_ERRORS = {
    "ParameterNotFound": ("it is not there", "create it, or correct its name or region"),
    "ParameterVersionNotFound": ("it has no such version", "correct the version after its name"),
    "ResourceNotFoundException": ("it is not there", "create it, or correct its name or region"),
    "AccessDeniedException": ("access was denied", "allow {action} on it to the function's role"),
    "ThrottlingException": ("its service throttled all attempts", "raise `ttl`, or the service's throughput"),
    "TooManyRequestsException": ("its service throttled all attempts", "raise `ttl`, or the service's throughput"),
    "InvalidCiphertextException": (
        "it cannot be decrypted",
        "encrypt the value again with the key of this region, and give the same encryption context to kms()",
    ),
    "ExpiredTokenException": ("the credentials have expired", "renew the credentials"),
    "UnrecognizedClientException": ("the credentials are not valid", "correct the credentials"),
}
_ALIASES = {"Throttling": "ThrottlingException", "RequestLimitExceeded": "ThrottlingException"}
# Errors of a batch that would not be otherwise if its names were asked for one by one.
_OF_ALL = frozenset({"ThrottlingException", "ExpiredTokenException", "UnrecognizedClientException"})
_ACTIONS = {
    "ssm": "ssm:GetParameters (and kms:Decrypt, for a SecureString)",
    "secretsmanager": "secretsmanager:GetSecretValue (and kms:Decrypt, for a key of your own)",
    "appconfig": "appconfig:StartConfigurationSession and appconfig:GetLatestConfiguration",
    "kms": "kms:Decrypt",
}
_CLIENTS = {"appconfig": "appconfigdata"}


class Stores:
    """The clients of one process, made when first needed; safe to use from several threads."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()
        self._sessions: dict[Wanted, _Session] = {}

    def jobs(self, wanted: list[Wanted]) -> list[Callable[[], Answers]]:
        """The calls to make, to be run in any order or at once; each gives the answers to some of the requests."""
        parameters = [one for one in wanted if one.service == "ssm"]
        batches = [parameters[start : start + SSM_BATCH] for start in range(0, len(parameters), SSM_BATCH)]
        batches += [[one] for one in wanted if one.service != "ssm"]
        return [_bound(self._batch, batch) for batch in batches]

    def _batch(self, batch: list[Wanted]) -> Answers:
        require("boto3", extra="aws", feature=FEATURE)
        errors: Any = import_module("botocore.exceptions")
        try:
            return _READERS[batch[0].service](self, batch)
        except errors.ClientError as error:
            code = _code_of(error)
            if len(batch) > 1 and code not in _OF_ALL:
                return {key: value for one in batch for key, value in self._batch([one]).items()}
            failure = _failure(batch[0].service, code, str(error))
        except (errors.BotoCoreError, ValueError) as error:
            failure = Failure(f"it could not be asked for: {error}", "check region, credentials, endpoint and network")
        return dict.fromkeys(batch, failure)

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = _new_client(_CLIENTS.get(service, service))
            return self._clients[service]

    def close(self) -> None:
        """Close the clients' connections."""
        for client in self._clients.values():
            client.close()

    def session(self, wanted: Wanted) -> _Session:
        """AppConfig's session for a configuration."""
        with self._making:
            return self._sessions.setdefault(wanted, _Session())


def _bound(call: Callable[[list[Wanted]], Answers], batch: list[Wanted]) -> Callable[[], Answers]:
    return lambda: call(batch)


def _new_client(service: str) -> Any:
    config: Any = import_module("botocore.config").Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    boto3: Any = import_module("boto3.session")
    return boto3.Session().client(service, config=config)


def _code_of(error: Any) -> str:
    code = str(error.response.get("Error", {}).get("Code", ""))
    return _ALIASES.get(code, code)


def _failure(service: str, code: str, message: str) -> Failure:
    what, advice = _ERRORS.get(code, (message, "see what its service says of this error"))
    return Failure(what, advice.format(action=_ACTIONS[service]))


def _parameters(stores: Stores, batch: list[Wanted]) -> Answers:
    found = stores.client("ssm").get_parameters(Names=[one.name for one in batch], WithDecryption=True)
    values: dict[str, str] = {}
    for parameter in found["Parameters"]:
        for name in (parameter["Name"], parameter.get("ARN", "")):
            for selector in (parameter.get("Selector", ""), f":{parameter.get('Version')}"):
                values[name + selector] = parameter["Value"]
    missing = _failure("ssm", "ParameterNotFound", "")
    return {one: values.get(one.name, missing) for one in batch}


def _secret(stores: Stores, batch: list[Wanted]) -> Answers:
    (wanted,) = batch
    stage = detail_of(wanted).get("stage")
    options = {"VersionStage": stage} if stage else {}
    found = stores.client("secretsmanager").get_secret_value(SecretId=wanted.name, **options)
    text = found.get("SecretString")
    return {wanted: b64encode(found["SecretBinary"]).decode() if text is None else text}


def _decrypted(stores: Stores, batch: list[Wanted]) -> Answers:
    (wanted,) = batch
    ciphertext = b64decode(wanted.name, validate=True)
    found = stores.client("kms").decrypt(CiphertextBlob=ciphertext, EncryptionContext=dict(wanted.detail))
    return {wanted: found["Plaintext"].decode("utf-8")}


class _Session:
    """What AppConfig has said of one configuration, and when it may be asked again."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token = ""
        self.text = ""
        self.next_poll = 0.0


def _configuration(stores: Stores, batch: list[Wanted]) -> Answers:
    (wanted,) = batch
    session, client = stores.session(wanted), stores.client("appconfig")
    with session.lock:
        if session.token and time.monotonic() < session.next_poll:
            return {wanted: session.text}
        token, session.token = session.token or _new_session(client, wanted), ""  # each serves once
        found = client.get_latest_configuration(ConfigurationToken=token)
        changed = found["Configuration"].read()
        session.text = changed.decode("utf-8") if changed else session.text
        session.token = found["NextPollConfigurationToken"]
        session.next_poll = time.monotonic() + found["NextPollIntervalInSeconds"]
        return {wanted: session.text}


def _new_session(client: Any, wanted: Wanted) -> str:
    application, environment, profile = wanted.name.split("/", 2)
    token: str = client.start_configuration_session(
        ApplicationIdentifier=application,
        EnvironmentIdentifier=environment,
        ConfigurationProfileIdentifier=profile,
        RequiredMinimumPollIntervalInSeconds=APPCONFIG_POLL_SECONDS,
    )["InitialConfigurationToken"]
    return token


_READERS: dict[str, Callable[[Stores, list[Wanted]], Answers]] = {
    "ssm": _parameters,
    "secretsmanager": _secret,
    "appconfig": _configuration,
    "kms": _decrypted,
}

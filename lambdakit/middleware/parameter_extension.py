"""Values through the extensions that AWS offers as layers, over HTTP within the execution environment.

The AWS Parameters and Secrets Lambda Extension serves Parameter Store and Secrets Manager, the AppConfig agent
configurations. An extension is used where one of its variables is set, best the one with its port: it keeps values for
all processes of the environment, and no SDK is imported. It serves nothing before the first invocation; what it then
says is a failure that `is_early`.

Source: AWS Systems Manager user guide, "Using Parameter Store parameters in AWS Lambda functions"; AWS AppConfig user
guide, "AWS AppConfig Agent Lambda extension".
"""

from __future__ import annotations

import os
import random
import time
from importlib import import_module

from lambdakit.codec import decode
from lambdakit.exceptions import UnmarshalFault
from lambdakit.middleware.extras import require
from lambdakit.middleware.parameter_requests import Failure, detail_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lambdakit.middleware.parameter_requests import Answers, Wanted

__all__ = ("Extension", "port_of")

# Service -> how the extension's variables begin, and its port where HTTP_PORT is not among them.
_PARAMETERS = ("PARAMETERS_SECRETS_EXTENSION_", 2773)
_APPCONFIG = ("AWS_APPCONFIG_EXTENSION_", 2772)
_SERVED = {"ssm": _PARAMETERS, "secretsmanager": _PARAMETERS, "appconfig": _APPCONFIG}

TOKEN_VARIABLE = "AWS_SESSION_TOKEN"
TOKEN_HEADER = "X-Aws-Parameters-Secrets-Token"

ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.05
TIMEOUT_SECONDS = 5.0
_AGAIN = frozenset({429, 500, 502, 503, 504})
_THROTTLED = "ThrottlingException"
_EARLY = "not ready to serve traffic"


def port_of(service: str) -> int | None:
    """The port of the extension that serves a service here, or None where there is none (KMS has none)."""
    if service not in _SERVED or TOKEN_VARIABLE not in os.environ:
        return None
    beginning, port = _SERVED[service]
    given = os.environ.get(f"{beginning}HTTP_PORT", "")
    if given.isdigit():
        return int(given)
    return port if any(name.startswith(beginning) for name in os.environ) else None


class Extension:
    """The client of the extensions of this environment."""

    def __init__(self) -> None:
        self._client: Any = None

    def jobs(self, wanted: list[Wanted]) -> list[Callable[[], Answers]]:
        """The calls to make, to be run in any order or at once. Raises MissingExtraError without httpx."""
        if self._client is None and wanted:
            require("httpx", extra="extension", feature="env(), with the parameters and secrets extension,")
            httpx: Any = import_module("httpx")
            self._client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)
        return [self._job(one) for one in wanted]

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _job(self, wanted: Wanted) -> Callable[[], Answers]:
        return lambda: {wanted: self._read(wanted)}

    def _read(self, wanted: Wanted) -> str | Failure:
        httpx: Any = import_module("httpx")
        path, parameters = _REQUESTS[wanted.service](wanted)
        url = f"http://localhost:{port_of(wanted.service)}{path}"
        headers = {TOKEN_HEADER: os.environ[TOKEN_VARIABLE]}
        try:
            response = self._get(url, parameters, headers)
        except httpx.HTTPError as error:
            what = f"the extension at {url} did not answer ({type(error).__name__})"
            return Failure(what, "add the extension's layer to the function, or unset the variable with its port")
        if response.status_code != 200:
            return _refusal(response.status_code, response.text)
        try:
            return _VALUES[wanted.service](response)
        except (UnmarshalFault, LookupError, TypeError):
            return Failure(f"what answered at {url} is not the extension", "correct the variable with its port")

    def _get(self, url: str, parameters: dict[str, str], headers: dict[str, str]) -> Any:
        """A call, repeated with growing waits while the extension is throttled or its store fails."""
        wait = FIRST_WAIT_SECONDS
        response = self._client.get(url, params=parameters, headers=headers)
        for _ in range(ATTEMPTS - 1):
            if response.status_code not in _AGAIN and _THROTTLED not in response.text:
                break
            time.sleep(wait * random.uniform(0.5, 1))
            wait *= 2
            response = self._client.get(url, params=parameters, headers=headers)
        return response


def _parameter_request(wanted: Wanted) -> tuple[str, dict[str, str]]:
    # "name:3" and "name:label" in Parameter Store's own form; an ARN has colons of its own.
    name, _, version = wanted.name.partition(":") if not wanted.name.startswith("arn:") else (wanted.name, "", "")
    choice = {"version" if version.isdigit() else "label": version} if version else {}
    return "/systemsmanager/parameters/get", {"name": name, "withDecryption": "true", **choice}


def _secret_request(wanted: Wanted) -> tuple[str, dict[str, str]]:
    stage = detail_of(wanted).get("stage")
    return "/secretsmanager/get", {"secretId": wanted.name, **({"versionStage": stage} if stage else {})}


def _configuration_request(wanted: Wanted) -> tuple[str, dict[str, str]]:
    from urllib.parse import quote

    application, environment, profile = (quote(part, safe="") for part in wanted.name.split("/", 2))
    return f"/applications/{application}/environments/{environment}/configurations/{profile}", {}


def _secret_value(response: Any) -> str:
    found = decode(response.content)
    text: str | None = found.get("SecretString")
    return found["SecretBinary"] if text is None else text  # binary is base64 text here


_REQUESTS: dict[str, Callable[[Wanted], tuple[str, dict[str, str]]]] = {
    "ssm": _parameter_request,
    "secretsmanager": _secret_request,
    "appconfig": _configuration_request,
}
_VALUES: dict[str, Callable[[Any], str]] = {
    "ssm": lambda response: decode(response.content)["Parameter"]["Value"],
    "secretsmanager": _secret_value,
    "appconfig": lambda response: response.text,
}


def _refusal(status: int, text: str) -> Failure:
    said = " ".join(text.split())[:200]
    if _EARLY in said:
        return Failure("the extension serves nothing yet", "read it in an invocation", is_early=True)
    return Failure(
        f"the extension answered {status}: {said}", "check the name and the permissions of the function's role"
    )

"""SnapStart, simulated: what differs between an environment that is restored from a snapshot and one that is not.

On AWS a published version is initialised once, snapshotted, and every environment is restored from that one snapshot.
A process cannot be copied like that here, so every environment makes its own: INIT with the hooks before it, a stop at
`restore/next`, and, with the first invocation, the restore: the hooks after it, within ten seconds of their own, before
the invocation's time begins. After a reset the environment makes a new snapshot, outside the invocation's time as well.

What INIT leaves in memory is therefore each environment's own, where on AWS all environments share it. lambdakit's
runtime goes one step further, so that code which relies on such state being unique shows here as well: it begins INIT
with the same state of Python's `random` in all environments of a function. What is drawn from the operating system
(`uuid.uuid4`, `secrets`) during INIT differs here, and does not on AWS.

A snapshot must hold no secrets: credentials are fetched over HTTP when they are needed. Source: AWS Lambda developer
guide, "Improving startup performance with Lambda SnapStart", and API reference, "Invoke" (errors).
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdakit.emulator import replies
from lambdakit.exceptions import RestoreFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.faults import ErrorReport
    from lambdakit.emulator.protocol import Request

__all__ = (
    "CREDENTIALS_PATH",
    "SNAP_START",
    "Credentials",
    "credentials_of",
    "initialization_type_of",
    "restore_error",
    "with_credentials_url",
)

SNAP_START: Literal["snap-start"] = "snap-start"

CREDENTIALS_PATH = "/2021-04-23/credentials"
_URL_VARIABLE, _TOKEN_VARIABLE = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
_KEY, _SECRET, _SESSION = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
# How long what is fetched is good for, in seconds; it is the host's, which knows no end.
_VALID_SECONDS = 3600

_WRONG_TOKEN = replies.reply(404, b"cannot get credentials for the provided token\n", replies.TEXT)

# How the service refuses an invocation whose environment could not be restored: status, code, message.
_FAILED = (
    400,
    "SnapStartException",
    "The afterRestore() runtime hook encountered an error. For more information, check the Amazon CloudWatch logs.",
)
_TIMED_OUT = (
    408,
    "SnapStartTimeoutException",
    "Lambda couldn't restore the snapshot within the timeout limit.",
)


def initialization_type_of(settings: Mapping[str, Any], version: str) -> Literal["snap-start"] | None:
    """How environments of a version begin by a function's settings in the API: published versions may be snapshots."""
    snap_start: Mapping[str, str] = settings.get("SnapStart") or {}
    asked = snap_start.get("ApplyOn") == "PublishedVersions"
    return SNAP_START if asked and version.isdecimal() else None


def restore_error(report: ErrorReport | None) -> RestoreFailedError:
    """The service's error for a restore that failed with this report, or with none was not over in time."""
    status, code, message = _TIMED_OUT if report is None else _FAILED
    body = b"" if report is None else report.body
    return RestoreFailedError(status, code, message, (("Type", "User"), ("Message", message)), body)


class Credentials(NamedTuple):
    """The credentials that are handed out over HTTP, to whoever has the token."""

    key: str
    secret: str
    session: str

    def answer(self, request: Request, token: str) -> bytes:
        """Answer `GET /2021-04-23/credentials`."""
        if request.headers.get(b"authorization") != token.encode():
            return _WRONG_TOKEN
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + _VALID_SECONDS))
        body = {"AccessKeyId": self.key, "SecretAccessKey": self.secret, "Token": self.session, "Expiration": until}
        return replies.reply(200, json.dumps(body).encode())


def credentials_of(host: Mapping[str, str]) -> Credentials | None:
    """The host's credentials, None where its environment has none."""
    if not (host.get(_KEY) and host.get(_SECRET)):
        return None
    return Credentials(host[_KEY], host[_SECRET], host.get(_SESSION, ""))


def with_credentials_url(variables: Mapping[str, str], address: str, token: str) -> dict[str, str]:
    """A process's variables with the place of its credentials instead of them; unchanged where there are none."""
    if credentials_of(variables) is None:
        return dict(variables)
    kept = {name: value for name, value in variables.items() if name not in (_KEY, _SECRET, _SESSION)}
    return {**kept, _URL_VARIABLE: f"http://{address}{CREDENTIALS_PATH}", _TOKEN_VARIABLE: token}

"""Signature Version 4, checked: who signed a request to a function URL or a route with AWS_IAM.

The secrets that are known here are those the service was given (its own environment's, as a rule). A signature made
with one of them is verified in full, date included; of a key that is not known only the form is checked, because a
local service has no IAM to ask. No policies are evaluated: whoever signed may invoke.

Source: AWS Identity and Access Management user guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from calendar import timegm
from time import gmtime, strftime, strptime
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.faces.message import FaceRequest

__all__ = ("Fault", "Service", "Signer", "check_signature", "iam_identity", "rest_identity", "sign")

# What a signature is made for: function URLs are Lambda's, APIs are API Gateway's, the rest is what a Lambda API's port
# answers beside that.
Service = Literal["lambda", "execute-api", "logs", "monitoring", "xray"]
# What is not in order with a signature.
Fault = Literal["unsigned", "malformed", "scope", "unknown", "expired", "mismatch"]
# What is said of a key whose secret is not known: a local service has no IAM to ask.
Strangers = Literal["admitted", "refused"]

ALGORITHM = "AWS4-HMAC-SHA256"
# How far the clocks of client and service may differ, in seconds.
SKEW_SECONDS = 300

_CREDENTIAL = re.compile(
    r"(?P<key>[A-Za-z0-9]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request\Z"
)
_SIGNATURE = re.compile(r"[0-9a-f]{64}\Z")
_FORBIDDEN = "Forbidden"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_EXPIRED = "Signature expired or not yet valid: {date} is more than {seconds} seconds from the service's time."


class Signer(NamedTuple):
    """Whose signature a request has; or, where that is not in order, the `problem` in the service's words."""

    access_key: str
    problem: str | None = None
    fault: Fault | None = None


class _RefusedError(Exception):
    """The request is not signed, or not rightly."""

    def __init__(self, fault: Fault, problem: str = _FORBIDDEN) -> None:
        self.fault: Fault = fault
        super().__init__(problem)


class _Signed(NamedTuple):
    """What a request says of its signature, from its header or, presigned, from its query."""

    credential: str
    signed_headers: str
    signature: str
    date: str
    seconds: int
    query: list[tuple[str, str]]


def check_signature(
    request: FaceRequest,
    secrets: Mapping[str, str],
    service: Service = "lambda",
    *,
    strangers: Strangers = "admitted",
) -> Signer:
    """Who signed a request for `service`; `secrets` are secret keys by access key."""
    try:
        return Signer(_checked(request, secrets, service, strangers))
    except _RefusedError as refused:
        return Signer("", str(refused), refused.fault)


def _checked(request: FaceRequest, secrets: Mapping[str, str], service: Service, strangers: Strangers) -> str:
    signed = _from_header(request) or _from_query(request)
    if signed is None:
        raise _RefusedError("unsigned")
    found = _CREDENTIAL.match(signed.credential)
    if found is None or not _SIGNATURE.match(signed.signature) or "host" not in signed.signed_headers.split(";"):
        raise _RefusedError("malformed")
    if found["service"] != service:
        raise _RefusedError("scope")
    secret = secrets.get(found["key"])
    if secret is not None:
        _check_date(request, signed)
        if not hmac.compare_digest(_signature(request, signed, secret, found), signed.signature):
            raise _RefusedError("mismatch", _MISMATCH)
    elif strangers == "refused":
        raise _RefusedError("unknown")
    return found["key"]


def sign(request: FaceRequest, access_key: str, secret: str, region: str, service: Service) -> dict[str, str]:
    """The headers that sign a request at its `time`; beside them `host` is signed, which it has."""
    date = strftime("%Y%m%dT%H%M%SZ", gmtime(request.time))
    credential = f"{access_key}/{date[:8]}/{region}/{service}/aws4_request"
    headers = (*request.headers, ("x-amz-date", date))
    signed = _Signed(credential, "host;x-amz-date", "", date, SKEW_SECONDS, _query(request))
    found = _CREDENTIAL.match(credential)
    assert found is not None, credential
    signature = _signature(request._replace(headers=headers), signed, secret, found)
    parts = f"Credential={credential}, SignedHeaders={signed.signed_headers}, Signature={signature}"
    return {"x-amz-date": date, "authorization": f"{ALGORITHM} {parts}"}


def iam_identity(access_key: str, account_id: str) -> dict[str, str | None]:
    """`requestContext.authorizer.iam` of a caller: the account's user `local`, since there is no IAM to ask."""
    return {
        "accessKey": access_key,
        "accountId": account_id,
        "callerId": access_key,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{account_id}:user/local",
        "userId": access_key,
    }


def rest_identity(access_key: str, account_id: str) -> dict[str, str]:
    """The same in `requestContext.identity` of a REST API."""
    arn = f"arn:aws:iam::{account_id}:user/local"
    return {"accessKey": access_key, "accountId": account_id, "caller": access_key, "user": access_key, "userArn": arn}


def _from_header(request: FaceRequest) -> _Signed | None:
    algorithm, _, rest = request.header("authorization").partition(" ")
    if algorithm != ALGORITHM:
        return None
    parts = {name: value for name, _, value in (part.strip().partition("=") for part in rest.split(","))}
    return _Signed(
        parts.get("Credential", ""),
        parts.get("SignedHeaders", ""),
        parts.get("Signature", ""),
        request.header("x-amz-date"),
        SKEW_SECONDS,
        _query(request),
    )


def _from_query(request: FaceRequest) -> _Signed | None:
    pairs = _query(request)
    given = dict(pairs)
    if given.get("X-Amz-Algorithm") != ALGORITHM or not given.get("X-Amz-Expires", "").isdecimal():
        return None
    return _Signed(
        given.get("X-Amz-Credential", ""),
        given.get("X-Amz-SignedHeaders", ""),
        given.get("X-Amz-Signature", ""),
        given.get("X-Amz-Date", ""),
        int(given["X-Amz-Expires"]),
        [pair for pair in pairs if pair[0] != "X-Amz-Signature"],
    )


def _query(request: FaceRequest) -> list[tuple[str, str]]:
    # A plus sign is itself in a signed query, not a blank.
    return parse_qsl(request.query.replace("+", "%2B"), keep_blank_values=True)


def _check_date(request: FaceRequest, signed: _Signed) -> None:
    try:
        moment = timegm(strptime(signed.date, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise _RefusedError("malformed") from None
    if not moment - SKEW_SECONDS <= request.time <= moment + signed.seconds:
        raise _RefusedError("expired", _EXPIRED.format(date=signed.date, seconds=signed.seconds))


def _signature(request: FaceRequest, signed: _Signed, secret: str, credential: re.Match[str]) -> str:
    scope = "/".join([*credential.group("date", "region", "service"), "aws4_request"])
    canonical = hashlib.sha256(_canonical(request, signed).encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join([ALGORITHM, signed.date, scope, canonical])
    return hmac.digest(key, text.encode(), "sha256").hex()


def _canonical(request: FaceRequest, signed: _Signed) -> str:
    names = signed.signed_headers.split(";")
    headers = [f"{name}:{','.join(' '.join(value.split()) for value in request.header_values(name))}" for name in names]
    query = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in signed.query)
    presigned = "X-Amz-Signature" in request.query and not request.header("authorization")
    body = hashlib.sha256(request.body).hexdigest()
    if presigned or request.header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD":
        body = request.header("x-amz-content-sha256") or body
    return "\n".join(
        [
            request.method,
            quote(request.path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            *headers,
            "",
            signed.signed_headers,
            body,
        ]
    )

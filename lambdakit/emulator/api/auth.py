"""Signatures of every request, where the service was started so: who does not know the secret is refused.

What may be called without one is in OPEN: whether the service is there, and archives, whose addresses are signed
themselves. No policies are evaluated: whoever signs may do everything. Source: AWS Identity and Access Management user
guide, "Troubleshoot signed requests"; AWS Lambda API reference, "Common errors".
"""

from __future__ import annotations

import os
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.faces.message import FaceRequest
from lambdakit.emulator.faces.signature import check_signature
from lambdakit.exceptions import ServiceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.faces.signature import Fault, Service

__all__ = ("SignatureCheck", "own_credentials", "service_of")

OPEN = (b"/_lambdakit/health", b"/_lambdakit/code/")
_FORBIDDEN = 403
# Whose operations a path or a target names; all else is Lambda's.
_TARGETS: tuple[tuple[str, Service], ...] = (("Logs_", "logs"), ("GraniteServiceVersion", "monitoring"))
_XRAY = frozenset(
    [
        *("/TraceSegments", "/TraceSummaries", "/Traces", "/TelemetryRecords"),
        *("/GetSamplingRules", "/SamplingRules", "/SamplingTargets"),
    ]
)
_INVALID = "InvalidSignatureException"
# What is wrong with a signature -> the error's code, and its message where the check has none of its own.
FAULTS: dict[Fault, tuple[str, str]] = {
    "unsigned": ("MissingAuthenticationTokenException", "Missing Authentication Token"),
    "malformed": (
        "IncompleteSignatureException",
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a "
        "'X-Amz-Date' or a 'Date' header.",
    ),
    "scope": (_INVALID, "Credential should be scoped to correct service: '{service}'."),
    "unknown": ("UnrecognizedClientException", "The security token included in the request is invalid."),
    "expired": (_INVALID, ""),
    "mismatch": (_INVALID, ""),
}


class SignatureCheck:
    """An ApiServer's `authorize`. `credentials` are secret keys by access key."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._credentials = credentials

    def __call__(self, exchange: Exchange) -> ServiceError | None:
        """None, or why a request is refused."""
        if exchange.head.path.startswith(OPEN):
            return None
        path, target = exchange.head.path.decode("latin-1"), exchange.header(b"x-amz-target") or ""
        service = service_of(path, target)
        signer = check_signature(_request(exchange), self._credentials, service, strangers="refused")
        if signer.fault is None:
            return None
        code, message = FAULTS[signer.fault]
        text = message.format(service=service) or signer.problem or ""
        return ServiceError(_FORBIDDEN, code, text, (("__type", code), ("message", text)))


def service_of(path: str, target: str) -> Service:
    """Which service a request's signature must be for, by its path and its `X-Amz-Target`."""
    named: Service | None = next((service for prefix, service in _TARGETS if target.startswith(prefix)), None)
    if named is not None:
        return named
    return "xray" if path in _XRAY else "lambda"


def _request(exchange: Exchange) -> FaceRequest:
    head = exchange.head
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.items())
    return FaceRequest(
        head.method.decode("latin-1"),
        head.path.decode("latin-1"),
        head.raw_query.decode("latin-1"),
        headers,
        exchange.body,
        time=time.time(),
    )


def own_credentials() -> dict[str, str]:
    """The secret key of this shell, by its access key: of its variables, else of a profile where boto3 can read one.

    Raises UsageError where there is none.
    """
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return {key: secret}
    try:
        found: Any = import_module("botocore.session").get_session().get_credentials()
    except ImportError:
        found = None
    if found is None:
        raise UsageError(
            "--require-auth checks signatures with this shell's credentials, and there are none: set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to what clients are to sign with."
        )
    frozen: Any = found.get_frozen_credentials()
    return {frozen.access_key: frozen.secret_key}

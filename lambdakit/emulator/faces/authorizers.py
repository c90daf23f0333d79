"""Who is let in at a route or a URL: nobody asked, AWS_IAM signatures, or a function that is a Lambda authorizer.

A route's authorizer is `NONE`, `AWS_IAM`, or the name of a function of the project, which is called with an event of
type REQUEST; the answer may be simple (`isAuthorized`, HTTP APIs) or a policy. Nothing is cached, so an edit of the
authorizer shows at once. Source: API Gateway developer guide, "Use API Gateway Lambda authorizers" and "Control access
to HTTP APIs with AWS Lambda authorizers".
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, cast

from lambdakit.emulator.faces.answers import FAULTS, fault
from lambdakit.emulator.faces.message import FaceResponse
from lambdakit.emulator.faces.signature import check_signature, iam_identity, rest_identity
from lambdakit.emulator.ids import new_uuid
from lambdakit.emulator.service import InvokeRequest
from lambdakit.exceptions import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.faces.doors import Door
    from lambdakit.emulator.faces.events import Place
    from lambdakit.emulator.faces.message import FaceRequest
    from lambdakit.emulator.faces.signature import Service
    from lambdakit.emulator.service import LocalService

__all__ = ("FunctionAuthorizer", "IamAuthorizer", "MissingAuthorizer")

_JSON = (("content-type", "application/json"),)
# `type`, but Any to type checkers.
_type: Any = type


def _told(status: int, key: Literal["Message", "message"], text: str) -> FaceResponse:
    return FaceResponse(status, _JSON, json.dumps({key: text}).encode())


class IamAuthorizer:
    """Lets in whoever signed; see `signature` for what is checked."""

    def __init__(self, door: Door, secrets: Mapping[str, str], path: str) -> None:
        self._door = door
        self._secrets = secrets
        # As it was sent, and so signed.
        self._path = path

    async def __call__(self, request: FaceRequest, place: Place) -> Place | FaceResponse:
        """The place with the caller's identity, or 403."""
        face = self._door.face
        service: Service = "lambda" if face == "url" else "execute-api"
        signer = check_signature(request._replace(path=self._path), self._secrets, service)
        if signer.problem is not None:
            return _told(403, "Message" if face == "url" else "message", signer.problem)
        if face == "rest":
            return place._replace(identity=rest_identity(signer.access_key, place.account_id))
        identity = iam_identity(signer.access_key, place.account_id)
        return place._replace(authorizer={"iam": identity} if face == "http" else identity)


class MissingAuthorizer:
    """Lets nobody in, because the authorizer that a route names is none that can be asked here."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def __call__(self, request: FaceRequest, place: Place) -> Place | FaceResponse:
        """500 with what to do."""
        text = (
            f"The authorizer {self._name!r} of this route is no function that is served here. "
            "Name a function of the project, AWS_IAM or NONE as the route's authorizer."
        )
        return _told(500, "message", text)


class FunctionAuthorizer:
    """Asks a function."""

    def __init__(self, service: LocalService, function: str, door: Door, region: str) -> None:
        self._service = service
        self._function = function
        self._door = door
        self._region = region

    async def __call__(self, request: FaceRequest, place: Place) -> Place | FaceResponse:
        """The place with the authorizer's context, or 401 or 403; 500 where the authorizer fails."""
        face = self._door.face
        arn = self._arn(request, place)
        try:
            result = await self._service.invoke(InvokeRequest(self._function, self._event(request, place, arn)))
        except EmulatorError:
            return _told(500, "message", "Internal Server Error")
        value = _value(result.payload)
        if result.function_error is not None:
            denied = value.get("errorMessage") == "Unauthorized"
            return fault(face, "unauthorized") if denied else _told(500, "message", "Internal Server Error")
        if not _allows(value, arn):
            return FAULTS[face, "forbidden"]
        context: dict[str, Any] = value.get("context") or {}
        if face == "http":
            return place._replace(authorizer={"lambda": context})
        return place._replace(authorizer={**context, "principalId": value.get("principalId"), "integrationLatency": 0})

    def _arn(self, request: FaceRequest, place: Place) -> str:
        """The ARN of the method that is asked for."""
        where = f"{place.api_id}/{place.stage}/{request.method}{request.path}"
        return f"arn:aws:execute-api:{self._region}:{place.account_id}:{where}"

    def _event(self, request: FaceRequest, place: Place, arn: str) -> bytes:
        event = self._door.event(request._replace(body=b"", request_id=new_uuid()), place)
        for name in ("body", "isBase64Encoded"):
            event.pop(name, None)
        key = "routeArn" if self._door.face == "http" else "methodArn"
        source = request.header("authorization")
        extra = {"identitySource": [source] if source else []} if self._door.face == "http" else {}
        return json.dumps({**event, "type": "REQUEST", key: arn, **extra}).encode()


def _value(payload: bytes) -> dict[str, Any]:
    try:
        value: Any = json.loads(payload)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if _type(value) is dict else {}


def _allows(value: dict[str, Any], arn: str) -> bool:
    """Whether an authorizer's answer lets a request in: an explicit deny wins over any allow."""
    if "isAuthorized" in value:
        return value["isAuthorized"] is True
    document: Any = value.get("policyDocument")
    statements: Any = document.get("Statement") if _type(document) is dict else None
    effects = {
        item.get("Effect")
        for item in _listed(statements)
        if _type(item) is dict and any(fnmatchcase(arn, str(pattern)) for pattern in _listed(item.get("Resource")))
    }
    return "Allow" in effects and "Deny" not in effects


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    items: Any = value if _type(value) is list else [value]
    return cast("list[Any]", items)

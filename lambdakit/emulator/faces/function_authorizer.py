"""Asking a function whether a request may pass: Lambda authorizers of types REQUEST and TOKEN.

An answer holds for the authorizer's TTL and for the same identity, as the service's does: a policy that speaks of one
method only denies the caller all others meanwhile, here as there. What the function raises, and "Unauthorized", is
never kept. Sources: API Gateway developer guide, "Use API Gateway Lambda authorizers" and "Control access to HTTP APIs
with AWS Lambda authorizers".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

from lambdakit.emulator.faces.answers import fault
from lambdakit.emulator.faces.events import rest_event
from lambdakit.emulator.faces.identity_sources import find_identity, read_source
from lambdakit.emulator.faces.message import FaceResponse
from lambdakit.emulator.faces.policy import decide
from lambdakit.emulator.ids import new_uuid
from lambdakit.emulator.service import InvokeRequest
from lambdakit.exceptions import EmulatorError

if TYPE_CHECKING:
    from lambdakit.emulator.faces.answer_cache import AnswerCache
    from lambdakit.emulator.faces.doors import Door
    from lambdakit.emulator.faces.events import Place
    from lambdakit.emulator.faces.message import FaceRequest
    from lambdakit.emulator.project.authorizer import Authorizer
    from lambdakit.emulator.service import LocalService

__all__ = ("FunctionAuthorizer",)

# The error by which a function says that the caller is nobody it knows, rather than somebody who may not.
UNAUTHORIZED = "Unauthorized"

# `type`, but Any to type checkers.
_type: Any = type


class FunctionAuthorizer:
    """Asks a function, and the cache before it."""

    def __init__(
        self, service: LocalService, cache: AnswerCache, authorizer: Authorizer, door: Door, region: str
    ) -> None:
        self._service = service
        self._cache = cache
        self._authorizer = authorizer
        self._door = door
        self._region = region
        self._sources = tuple(read_source(text) for text in authorizer.identity)

    async def __call__(self, request: FaceRequest, place: Place) -> Place | FaceResponse:
        """The place with the authorizer's context, or 401 or 403; 500 where the authorizer fails."""
        event = self._door.event(request._replace(body=b"", request_id=new_uuid()), place)
        identity = find_identity(self._sources, request, event["requestContext"])
        if self._is_nobody(identity):
            return fault(self._door.face, "unauthorized")
        arn = self._arn(request, place)
        kept = self._kept(identity)
        if kept is not None:
            return self._decided(kept, place, arn)
        answer = await self._asked(self._event(event, request, place, identity, arn))
        if isinstance(answer, FaceResponse):
            return answer
        if identity and self._authorizer.ttl > 0:
            self._cache.put(self._authorizer, identity, answer)
        return self._decided(answer, place, arn)

    def _is_nobody(self, identity: tuple[str, ...] | None) -> bool:
        """Whether the service answers 401 by itself. Without a cache, a REST API asks about any request."""
        if identity is None:
            return self._authorizer.kind == "token" or self._door.face == "http" or self._authorizer.ttl > 0
        pattern = self._authorizer.validation
        return bool(pattern and identity) and re.fullmatch(pattern, identity[0]) is None

    def _kept(self, identity: tuple[str, ...] | None) -> dict[str, Any] | None:
        return self._cache.get(self._authorizer, identity) if identity else None

    def _arn(self, request: FaceRequest, place: Place) -> str:
        """The ARN of the method that is asked for."""
        where = f"{place.api_id}/{place.stage}/{request.method}{request.path}"
        return f"arn:aws:execute-api:{self._region}:{place.account_id}:{where}"

    def _event(
        self, event: dict[str, Any], request: FaceRequest, place: Place, identity: tuple[str, ...] | None, arn: str
    ) -> dict[str, Any]:
        if self._authorizer.kind == "token":
            return {"type": "TOKEN", "authorizationToken": (identity or ("",))[0], "methodArn": arn}
        if self._door.face == "http" and self._authorizer.payload == "1.0":
            event = _version_one(request, place, ",".join(identity or ()))
        for name in ("body", "isBase64Encoded"):
            event.pop(name, None)
        if event.get("version") == "2.0":
            return {**event, "type": "REQUEST", "routeArn": arn, "identitySource": list(identity) if identity else None}
        return {**event, "type": "REQUEST", "methodArn": arn}

    async def _asked(self, event: dict[str, Any]) -> dict[str, Any] | FaceResponse:
        """The function's answer, or the service's for its failure."""
        face = self._door.face
        request = InvokeRequest(self._authorizer.function, json.dumps(event).encode())
        try:
            result = await self._service.invoke(request)
        except EmulatorError:
            return fault(face, "authorizer-failed")
        value = _value(result.payload)
        if result.function_error is None:
            return value
        nobody = value.get("errorMessage") == UNAUTHORIZED
        return fault(face, "unauthorized" if nobody else "authorizer-failed")

    def _decided(self, answer: dict[str, Any], place: Place, arn: str) -> Place | FaceResponse:
        face = self._door.face
        if face == "http" and "isAuthorized" in answer and self._authorizer.answers != "policy":
            return _admitted(answer, place) if answer["isAuthorized"] is True else fault(face, "forbidden")
        if self._authorizer.answers == "simple" and face == "http":
            return fault(face, "authorizer-failed")
        decision = decide(answer.get("policyDocument"), arn)
        if decision is None or not isinstance(answer.get("principalId"), str):
            return fault(face, "authorizer-failed")
        if decision != "allow":
            return fault(face, "denied" if decision == "deny" else "forbidden")
        return _admitted(answer, place) if face == "http" else _admitted_to_rest(answer, place)


def _version_one(request: FaceRequest, place: Place, identity: str) -> dict[str, Any]:
    """The event of an HTTP API in format 1.0."""
    resource = place.resource.partition(" ")[2] or place.resource
    event = rest_event(request._replace(body=b""), place._replace(resource=resource))
    return {"version": "1.0", **event, "identitySource": identity, "authorizationToken": identity}


def _admitted(answer: dict[str, Any], place: Place) -> Place:
    return place._replace(authorizer={"lambda": answer.get("context") or {}})


def _admitted_to_rest(answer: dict[str, Any], place: Place) -> Place | FaceResponse:
    """A REST API passes the context on as text, and knows no lists and objects in it."""
    context: dict[str, Any] = answer.get("context") or {}
    if any(isinstance(value, (dict, list)) for value in context.values()):
        return fault("rest", "authorizer-failed")
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in context.items()}
    return place._replace(authorizer={**texts, "principalId": answer["principalId"], "integrationLatency": 0})


def _value(payload: bytes) -> dict[str, Any]:
    try:
        value: Any = json.loads(payload)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if _type(value) is dict else {}

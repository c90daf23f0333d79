"""Who is let in at a route or a URL: by name, by signature, by what a function says, by a token.

A route's authorizer is `NONE`, `AWS_IAM`, the name of a function of the project, or an `Authorizer` of the project's
configuration. A function that is merely named is asked about every request, so an edit of it shows at once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from lambdakit.emulator.faces.answer_cache import AnswerCache
from lambdakit.emulator.faces.function_authorizer import FunctionAuthorizer
from lambdakit.emulator.faces.message import FaceResponse
from lambdakit.emulator.faces.signature import check_signature, iam_identity, rest_identity
from lambdakit.emulator.faces.token_authorizers import CognitoAuthorizer, JwtAuthorizer, TokenIssuers
from lambdakit.emulator.project.authorizer import Authorizer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lambdakit.emulator.clock import Clock
    from lambdakit.emulator.faces.doors import Door
    from lambdakit.emulator.faces.events import Place
    from lambdakit.emulator.faces.message import FaceRequest
    from lambdakit.emulator.faces.passage import Admission
    from lambdakit.emulator.faces.signature import Service
    from lambdakit.emulator.project.spec import Route
    from lambdakit.emulator.service import LocalService

__all__ = ("Authorizers", "IamAuthorizer", "MissingAuthorizer")

_JSON = (("content-type", "application/json"),)


def _told(status: int, key: Literal["Message", "message"], text: str) -> FaceResponse:
    return FaceResponse(status, _JSON, json.dumps({key: text}).encode())


class Authorizers:
    """The authorizers of a server's routes, with what they remember between requests."""

    def __init__(self, service: LocalService, secrets: Mapping[str, str], clock: Clock) -> None:
        self._service = service
        self._secrets = secrets
        self._cache = AnswerCache(clock.now)
        self._issuers = TokenIssuers(clock.now)

    def forget(self, functions: Collection[str]) -> None:
        """Ask these functions anew, whatever they answered: their code has changed."""
        self._cache.forget(frozenset(functions))

    def of_url(self, door: Door, path: str) -> Admission:
        """Who is let in at a function URL with AWS_IAM; `path` is what was sent, and so signed."""
        return IamAuthorizer(door, self._secrets, path)

    def of_route(self, route: Route, door: Door, path: str, region: str) -> Admission | None:
        """Who is let in at a route; None: anybody."""
        given = route.authorizer
        if given is None or given == "NONE":
            return None
        if given == "AWS_IAM":
            return IamAuthorizer(door, self._secrets, path)
        authorizer = Authorizer(given, function=given, ttl=0) if isinstance(given, str) else given
        if authorizer.kind == "jwt":
            return JwtAuthorizer(self._issuers, authorizer, route.scopes or authorizer.scopes)
        if authorizer.kind == "cognito":
            return CognitoAuthorizer(self._issuers, authorizer, route.scopes or authorizer.scopes)
        if authorizer.function not in self._service.functions:
            return MissingAuthorizer(authorizer.function)
        return FunctionAuthorizer(self._service, self._cache, authorizer, door, region)


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
            "Name a function of the project, an authorizer of its configuration, AWS_IAM or NONE as the route's."
        )
        return _told(500, "message", text)

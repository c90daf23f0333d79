"""Bearer tokens: JSON Web Tokens that an issuer signed, verified, with their claims typed.

    bearer = BearerTokens(issuer="https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", audience="web")

    app = HttpApp(middleware=[bearer.required("orders:read")])

    @app.get("/me")
    def me() -> dict[str, str]:
        return {"you": bearer.token.subject}

    handler = bearer.authorizer("orders:read")     # the same, as a Lambda authorizer of API Gateway

Only algorithms of the list are accepted, whatever a token says of itself, and only with a key made for them. Of a token
that is refused nothing is shown, neither in answers nor in logs.

Sources: RFC 6750, "Bearer Token Usage"; RFC 7519, "JSON Web Token"; RFC 8725, its best current practices. Signatures
are PyJWT's work (extra `jwt`). Not here: how keys are fetched and kept (`signing_keys`).
"""

from __future__ import annotations

import re
from contextvars import ContextVar

from lambdakit.exceptions import PayloadError, TokenError, UsageError
from lambdakit.http.signing_keys import SigningKeys, imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any, Generic, Literal, TypeVar, overload

    from lambdakit.handlers import Handler
    from lambdakit.http.bearer_middleware import BearerRequired

    ClaimsT = TypeVar("ClaimsT")

    class _Typed(Generic[ClaimsT]):
        pass

else:
    from types import GenericAlias

    ClaimsT = None

    class _Typed:
        __class_getitem__ = classmethod(GenericAlias)


__all__ = ("BearerTokens", "Token", "token_of")

ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SYMMETRIC_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
MAX_TOKEN = 16_384

# `b64token`, RFC 6750 section 2.1.
_B64TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
# PyJWT's exception -> what is wrong with the token. Nothing of the token is in it.
_REASONS = {
    "ExpiredSignatureError": "it has expired",
    "ImmatureSignatureError": "it is not valid yet",
    "InvalidIssuedAtError": "it was issued in the future",
    "InvalidIssuerError": "it is of another issuer",
    "MissingRequiredClaimError": "a claim is missing that it must have",
    "InvalidSignatureError": "its signature is not the issuer's",
    "InvalidAlgorithmError": "it is signed with an algorithm that is not allowed",
    "InvalidKeyError": "it is signed with an algorithm that its key is not for",
    "InvalidSubjectError": "its subject is no text",
    "InvalidJTIError": "its id is no text",
}

# `type`, but Any to type checkers.
_type: Any = type


class Token(_Typed[ClaimsT]):
    """A verified token: `claims` as the type asked for, `raw` all claims as they came."""

    __slots__ = ("claims", "raw")

    claims: ClaimsT

    def __init__(self, raw: Mapping[str, Any], claims: ClaimsT) -> None:
        self.raw = raw
        self.claims = claims

    @property
    def subject(self) -> str:
        """Whom the token is about; empty where it does not say."""
        subject: str = self.raw.get("sub") or ""
        return subject

    @property
    def scopes(self) -> frozenset[str]:
        """What the token allows: `scope` by blanks, or `scp` as text or list."""
        given: Any = self.raw.get("scope") or self.raw.get("scp") or ()
        return frozenset(given.split() if isinstance(given, str) else map(str, given))

    @property
    def expires_at(self) -> datetime | None:
        """When the token ends to be valid."""
        from datetime import datetime, timezone

        ends = self.raw.get("exp")
        return None if ends is None else datetime.fromtimestamp(int(ends), timezone.utc)

    def __repr__(self) -> str:
        return f"<Token of {self.subject}>"


class BearerTokens(_Typed[ClaimsT]):
    """Verifies the tokens of an issuer.

    `audience` is what tokens must be for, one of them if there are several (`aud`, or `client_id` where a token has
    none, as Cognito's access tokens); None lets tokens for anybody pass. Keys come from `jwks_url`, which is the
    issuer's `/.well-known/jwks.json` unless given, or there is one fixed `key`: a public key in PEM, or the secret of
    HS256 and its like. `leeway` are the seconds by which clocks may differ. `claims` is the type of the claims: a
    dataclass, TypedDict or model. Raises UsageError for what is not safe.
    """

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: BearerTokens[Mapping[str, Any]],
            *,
            issuer: str | Sequence[str],
            audience: str | Sequence[str] | None,
            jwks_url: str | None = None,
            key: str | bytes | None = None,
            algorithms: Sequence[str] = ("RS256",),
            leeway: float = 10.0,
            required: Sequence[str] = ("exp",),
            realm: str = "",
        ) -> None: ...

        @overload
        def __init__(
            self,
            *,
            issuer: str | Sequence[str],
            audience: str | Sequence[str] | None,
            claims: type[ClaimsT],
            jwks_url: str | None = None,
            key: str | bytes | None = None,
            algorithms: Sequence[str] = ("RS256",),
            leeway: float = 10.0,
            required: Sequence[str] = ("exp",),
            realm: str = "",
        ) -> None: ...

    def __init__(
        self,
        *,
        issuer: str | Sequence[str],
        audience: str | Sequence[str] | None,
        claims: Any = None,
        jwks_url: str | None = None,
        key: str | bytes | None = None,
        algorithms: Sequence[str] = ("RS256",),
        leeway: float = 10.0,
        required: Sequence[str] = ("exp",),
        realm: str = "",
    ) -> None:
        self.issuers = _listed(issuer)
        self.audiences = None if audience is None else _listed(audience)
        self.algorithms = tuple(algorithms)
        self.leeway = leeway
        self.realm = realm
        self._required = list(required)
        self._claims = claims
        self._key = key
        self._keys = None if key is not None else SigningKeys(jwks_url or f"{self.issuers[0]}/.well-known/jwks.json")
        self._current: ContextVar[Token[ClaimsT]] = ContextVar("token")
        _check_algorithms(self.algorithms, "secret or PEM" if key is not None else "key set")
        if key is not None:
            _check_secret(key, self.algorithms)
        if '"' in realm or "\\" in realm:
            raise UsageError(f"a realm is text without quotes and backslashes, not {realm!r}")

    @property
    def token(self) -> Token[ClaimsT]:
        """The verified token of the request that is being answered. Raises UsageError where none was asked for."""
        token = self._current.get(None)
        if token is None:
            raise UsageError("no token was verified for this request: bearer.required() is not in its middleware")
        return token

    def verify(self, token: str, *scopes: str) -> Token[ClaimsT]:
        """The token, if it is valid and allows these scopes.

        Raises TokenError, and TokenKeysError where the issuer's keys cannot be fetched.
        """
        key_id, algorithm = self._header(token)
        key = self._key if self._keys is None else self._keys.key(key_id, algorithm)
        return self._verified(token, key, scopes)

    async def verify_async(self, token: str, *scopes: str) -> Token[ClaimsT]:
        """`verify`, without holding up the event loop where keys must be fetched."""
        key_id, _ = self._header(token)
        if self._keys is None or self._keys.is_at_hand(key_id):
            return self.verify(token, *scopes)
        from asyncio import to_thread

        return await to_thread(self.verify, token, *scopes)

    def _header(self, token: str) -> tuple[str | None, str]:
        """The key's id and the algorithm that the token names."""
        jwt = imported("jwt")
        if len(token) > MAX_TOKEN:
            raise _invalid("it is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise _invalid("it is no JSON Web Token") from None
        algorithm: Any = header.get("alg")
        if algorithm not in self.algorithms:
            raise _invalid(_REASONS["InvalidAlgorithmError"])
        return header.get("kid"), algorithm

    def _verified(self, token: str, key: Any, scopes: Sequence[str]) -> Token[ClaimsT]:
        if key is None:
            raise _invalid("it is signed with a key that the issuer does not have")
        raw = self._decoded(token, key)
        if self.audiences is not None and not _audiences(raw) & set(self.audiences):
            raise _invalid("it is for another audience")
        verified: Token[ClaimsT] = Token(raw, self._typed(raw))
        if not verified.scopes.issuperset(scopes):
            scope = " ".join(scopes)
            raise TokenError(f"the token does not allow {scope}", 403, "insufficient_scope", scope)
        return verified

    def _decoded(self, token: str, key: Any) -> dict[str, Any]:
        jwt = imported("jwt")
        options = {"require": ["iss", *self._required], "verify_aud": False}
        try:
            raw: dict[str, Any] = jwt.decode(
                token, key, algorithms=list(self.algorithms), issuer=self.issuers, leeway=self.leeway, options=options
            )
        except jwt.PyJWTError as error:
            kinds = (kind.__name__ for kind in type(error).__mro__)
            why = next((_REASONS[kind] for kind in kinds if kind in _REASONS), "it is no JSON Web Token")
            raise _invalid(why) from None
        return raw

    def _typed(self, raw: dict[str, Any]) -> Any:
        if self._claims is None:
            return raw
        from lambdakit.events.payload_plans import plan_of

        try:
            return plan_of(self._claims).of_value(raw)
        except PayloadError as error:
            raise _invalid(f"its claims are not what they should be: {error}") from None

    def verify_header(self, authorization: str | None, *scopes: str) -> Token[ClaimsT]:
        """`verify` for the value of an Authorization header. Raises as it, and TokenError for another scheme."""
        return self.verify(token_of(authorization), *scopes)

    async def verify_header_async(self, authorization: str | None, *scopes: str) -> Token[ClaimsT]:
        """`verify_header`, without holding up the event loop."""
        return await self.verify_async(token_of(authorization), *scopes)

    def required(self, *scopes: str) -> BearerRequired:
        """Middleware of an HttpApp, a Router or a route: only requests with a token for these scopes pass.

        All others are answered 401, 403 or 400 with WWW-Authenticate, or 503 where keys cannot be fetched. What passes
        finds its token as `bearer.token`, also while it is streamed, and in `request.state["token"]`. Preflights carry
        no token: `cors` comes before this in the list.
        """
        from lambdakit.http.bearer_middleware import BearerRequired

        return BearerRequired(self, scopes, self._current)

    def authorizer(self, *scopes: str, form: Literal["simple", "policy"] = "simple") -> Handler[Any, Any]:
        """A Lambda authorizer that lets these tokens pass, with the claims as context and the subject as principal.

        `form` is that of HTTP APIs' answers, which their authorizer is set up for; all others take policies.
        """
        from lambdakit.http.authorizers import bearer_authorizer

        return bearer_authorizer(self, scopes, form)

    def __repr__(self) -> str:
        return f"<BearerTokens of {', '.join(self.issuers)}>"


def token_of(authorization: str | None) -> str:
    """The token in the value of an Authorization header. Raises TokenError."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer":
        raise TokenError("there is no bearer token", 401, "")
    token = token.strip()
    if not _B64TOKEN.fullmatch(token):
        raise TokenError("the Authorization header is malformed", 400, "invalid_request")
    return token


def _invalid(why: str) -> TokenError:
    return TokenError(f"the token is refused: {why}", 401, "invalid_token")


def _listed(value: str | Sequence[str]) -> list[str]:
    listed = [value] if isinstance(value, str) else list(value)
    if not listed or not all(listed):
        raise UsageError("issuer and audience are text, or several, and never empty")
    return listed


def _audiences(raw: Mapping[str, Any]) -> set[str]:
    given = raw.get("aud") or raw.get("client_id") or ()
    return {given} if isinstance(given, str) else set(given) if _type(given) is list else set()


def _check_algorithms(algorithms: tuple[str, ...], source: Literal["secret or PEM", "key set"]) -> None:
    allowed = ASYMMETRIC if source == "key set" else (*ASYMMETRIC, *SYMMETRIC_BYTES)
    for algorithm in algorithms:
        if algorithm not in allowed:
            raise UsageError(f"algorithm {algorithm!r} is not safe with a {source}; allowed are {', '.join(allowed)}")
    if not algorithms:
        raise UsageError("algorithms is empty: no token could be verified")
    if len({algorithm.startswith("HS") for algorithm in algorithms}) > 1:
        raise UsageError("algorithms mixes HS with others: a public key could be used as a secret")


def _check_secret(key: str | bytes, algorithms: tuple[str, ...]) -> None:
    """A secret is at least as long as the hash it is used with (RFC 7518 section 3.2): shorter ones are guessed."""
    size = len(key.encode() if isinstance(key, str) else key)
    for algorithm in algorithms:
        needed = SYMMETRIC_BYTES.get(algorithm, 0)
        if size < needed:
            raise UsageError(f"the secret is {size} bytes; {algorithm} is safe with {needed} or more")

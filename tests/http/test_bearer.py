"""Bearer tokens: which are accepted, what of them is typed, and which of the many that should not be are not."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import MissingExtraError, TokenError, TokenKeysError, UsageError
from lambdakit.http import BearerTokens
from lambdakit.http.bearer import token_of
from tests.http.token_issuer import ISSUER, Issuer, jwk_of, key_of, token_for

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class MyClaims:
    sub: str
    plan: str
    groups: list[str]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer(jwk_of("k1"), jwk_of("r1", "RS256")) as server:
        yield server


@pytest.fixture
def bearer(issuer: Issuer) -> BearerTokens[Any]:
    return BearerTokens(issuer=ISSUER, audience="web", jwks_url=issuer.url, algorithms=["ES256", "RS256"])


def pem(name: str, kind: str = "ES256") -> bytes:
    public: bytes = key_of(name, kind).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public


def test_a_valid_token_is_accepted(bearer: BearerTokens[Any]):
    ends = int(time.time()) + 86_400
    token = bearer.verify(token_for("user-7", scope="read write", exp=ends))
    assert (token.subject, token.scopes) == ("user-7", {"read", "write"})
    assert token.expires_at == datetime.fromtimestamp(ends, timezone.utc)
    assert token.claims["iss"] == ISSUER
    assert bearer.verify(token_for(name="r1", kind="RS256")).subject == "user-1"
    assert repr(token) == "<Token of user-7>"


def test_claims_are_typed(issuer: Issuer):
    typed = BearerTokens(issuer=ISSUER, audience="web", jwks_url=issuer.url, algorithms=["ES256"], claims=MyClaims)
    token = typed.verify(token_for("u", plan="pro", groups=["a"]))
    assert token.claims == MyClaims("u", "pro", ["a"])
    with pytest.raises(TokenError, match=r"\$\.plan: .*\$\.groups: expected array") as caught:
        typed.verify(token_for("u", groups="secret-group"))
    assert caught.value.status == 401
    assert "secret-group" not in str(caught.value)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": 1}, "it has expired"),
        ({"exp": None}, "a claim is missing"),
        ({"exp": "soon"}, "no JSON Web Token"),
        ({"nbf": 99999999999}, "not valid yet"),
        ({"iat": 99999999999}, "issued in the future|not valid yet"),
        ({"iss": "https://other.example"}, "another issuer"),
        ({"iss": None}, "a claim is missing"),
        ({"aud": "mobile"}, "another audience"),
        ({"aud": None}, "another audience"),
        ({"aud": ["a", "b"]}, "another audience"),
        ({"aud": None, "client_id": "mobile"}, "another audience"),
        ({"aud": "mobile", "client_id": "web"}, "another audience"),
        ({"sub": 5}, "subject"),
    ],
)
def test_an_unfit_token_is_refused_with_its_reason(bearer: BearerTokens[Any], claims: dict[str, Any], why: str):
    claims = dict(claims)
    subject = claims.pop("sub", "user-1")
    try:
        token = token_for(subject, **claims)
    except TypeError:  # PyJWT refuses to make what it refuses to read
        token = _signed({"iss": ISSUER, "aud": "web", "sub": subject, "exp": int(time.time()) + 86_400, **claims})
    with pytest.raises(TokenError, match=why) as caught:
        bearer.verify(token)
    assert (caught.value.status, caught.value.error) == (401, "invalid_token")


def _signed(payload: dict[str, Any]) -> str:
    return jwt.api_jws.PyJWS().encode(json.dumps(payload).encode(), key_of("k1"), "ES256", headers={"kid": "k1"})


@pytest.mark.parametrize("claims", [{"aud": ["x", "web"]}, {"aud": None, "client_id": "web"}])
def test_one_audience_of_several_is_enough(bearer: BearerTokens[Any], claims: dict[str, Any]):
    assert bearer.verify(token_for(**claims)).subject == "user-1"


def test_clocks_may_differ_a_little(issuer: Issuer):
    bearer = BearerTokens(issuer=ISSUER, audience="web", jwks_url=issuer.url, algorithms=["ES256"], leeway=7200)
    now = int(time.time())
    assert bearer.verify(token_for(exp=now - 3600, nbf=now + 3600)).subject == "user-1"
    with pytest.raises(TokenError, match="expired"):
        bearer.verify(token_for(exp=now - 7201))


def test_an_audience_of_none_takes_all(issuer: Issuer):
    anyone = BearerTokens(issuer=[ISSUER, "b"], audience=None, jwks_url=issuer.url, algorithms=["ES256"])
    assert anyone.verify(token_for(aud=None)).subject == "user-1"
    assert anyone.verify(token_for(aud="x", iss="b")).subject == "user-1"


def _forged(header: dict[str, Any], secret: bytes) -> str:
    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    payload = {"iss": ISSUER, "aud": "web", "sub": "admin", "exp": int(time.time()) + 86_400}
    text = part(header) + b"." + part(payload)
    signature = hmac.new(secret, text, hashlib.sha256).digest() if secret else b""
    return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.mark.parametrize(
    "token",
    [
        _forged({"alg": "none", "kid": "k1"}, b""),
        _forged({"alg": "None", "kid": "k1"}, b""),
        _forged({"alg": "HS256", "kid": "r1"}, pem("r1", "RS256")),
        _forged({"alg": "HS256", "kid": "k1"}, b""),
        _forged({"alg": "ES256", "kid": "k1"}, b"x"),
        _forged({"alg": "RS256", "kid": "k1"}, b"x"),
        _forged({"alg": ["ES256"], "kid": "k1"}, b"x"),
        _forged({"kid": "k1"}, b"x"),
        _forged({"alg": "ES256", "kid": 5}, b"x"),
        _forged({"alg": "ES256", "kid": "k1", "crit": ["exp"]}, b"x"),
        token_for(name="other"),
        token_for(name="other", headers={"kid": "k1"}),
        token_for(name="r1", kind="PS256"),
        token_for(name="r1", kind="RS512"),
        "",
        "a.b.c",
        "....",
        "é.é.é",
        "x" * 20_000,
        token_for()[:-4] + "AAAA",
    ],
)
def test_a_forged_token_is_refused(bearer: BearerTokens[Any], token: str):
    with pytest.raises(TokenError) as caught:
        bearer.verify(token)
    assert (caught.value.status, caught.value.error) == (401, "invalid_token")


@given(st.one_of(st.text(), st.tuples(st.text(), st.text(), st.text()).map(".".join)))
def test_garbage_is_refused(text: str):
    bearer = BearerTokens(issuer=ISSUER, audience="web", key=pem("k1"), algorithms=["ES256"])
    with pytest.raises(TokenError):
        bearer.verify(text)


def test_scopes_are_asked_for(bearer: BearerTokens[Any]):
    token = token_for(scope="a b")
    assert bearer.verify(token, "a", "b").scopes == {"a", "b"}
    assert bearer.verify(token_for(scp=["a"]), "a").scopes == {"a"}
    with pytest.raises(TokenError, match="does not allow a c") as caught:
        bearer.verify(token, "a", "c")
    assert (caught.value.status, caught.value.error, caught.value.scope) == (403, "insufficient_scope", "a c")


def test_one_fixed_key_may_stand_for_the_key_set():
    fixed = BearerTokens(issuer=ISSUER, audience="web", key=pem("k1"), algorithms=["ES256"])
    assert fixed.verify(token_for()).subject == "user-1"
    secret = "a secret of thirty-two characters"
    shared = BearerTokens(issuer=ISSUER, audience="web", key=secret, algorithms=["HS256"])
    claims = {"iss": ISSUER, "aud": "web", "sub": "s", "exp": int(time.time()) + 86_400}
    assert shared.verify(jwt.encode(claims, secret, "HS256")).subject == "s"
    with pytest.raises(TokenError, match="signature"):
        shared.verify(jwt.encode(claims, secret + "!", "HS256"))


def test_verifying_for_await_takes_keys_from_the_same_place(bearer: BearerTokens[Any], issuer: Issuer):
    async def verify() -> list[str]:
        tokens = await asyncio.gather(*(bearer.verify_async(token_for(f"u{number}")) for number in range(5)))
        again = await bearer.verify_header_async(f"Bearer {token_for('u5')}")
        return [token.subject for token in [*tokens, again]]

    assert asyncio.run(verify()) == ["u0", "u1", "u2", "u3", "u4", "u5"]
    assert issuer.asked == 1


def test_keys_that_cannot_be_fetched_say_nothing_of_the_token(bearer: BearerTokens[Any], issuer: Issuer):
    issuer.status = 503
    with pytest.raises(TokenKeysError):
        bearer.verify(token_for())


@pytest.mark.parametrize(
    ("header", "status", "error"),
    [
        (None, 401, ""),
        ("", 401, ""),
        ("Basic abc", 401, ""),
        ("Bearer", 400, "invalid_request"),
        ("Bearer ", 400, "invalid_request"),
        ("Bearer a b", 400, "invalid_request"),
        ('Bearer a"b', 400, "invalid_request"),
        ("Bearer a, Bearer b", 400, "invalid_request"),
    ],
)
def test_a_header_without_a_token_is_refused(header: str | None, status: int, error: str):
    with pytest.raises(TokenError) as caught:
        token_of(header)
    assert (caught.value.status, caught.value.error) == (status, error)


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", " BEARER   abc "])
def test_the_scheme_has_any_case(header: str):
    assert token_of(header) == "abc"


def test_challenges_are_those_of_rfc_6750():
    missing = TokenError("there is no bearer token", 401, "")
    assert missing.challenge() == missing.headers["www-authenticate"] == "Bearer"
    assert missing.challenge("shop") == 'Bearer realm="shop"'
    told = TokenError('it is "bad"\\ \n', 403, "insufficient_scope", "a b").challenge("shop")
    assert told == (
        'Bearer realm="shop", error="insufficient_scope", error_description="it is \'bad\'\' ", scope="a b"'
    )


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"algorithms": ["none"]}, "'none' is not safe"),
        ({"algorithms": ["HS256"]}, "'HS256' is not safe with a key set"),
        ({"algorithms": []}, "empty"),
        ({"algorithms": ["HS256", "RS256"], "key": "x"}, "mixes"),
        ({"algorithms": ["HS512"], "key": "x" * 63}, "63 bytes; HS512 is safe with 64"),
        ({"issuer": ""}, "never empty"),
        ({"audience": []}, "never empty"),
        ({"realm": 'a"b'}, "realm"),
        ({"issuer": "http://issuer.example"}, "https://"),
    ],
)
def test_what_is_not_safe_is_refused_when_it_is_set_up(options: dict[str, Any], why: str):
    with pytest.raises(UsageError, match=why):
        BearerTokens(**{"issuer": ISSUER, "audience": "web", **options})


def test_the_key_set_is_where_issuers_have_it():
    bearer = BearerTokens(issuer=ISSUER, audience="web")
    assert bearer._keys is not None
    assert bearer._keys.url == "https://issuer.example/.well-known/jwks.json"


def test_without_a_request_there_is_no_token(bearer: BearerTokens[Any]):
    with pytest.raises(UsageError, match=r"bearer\.required\(\)"):
        bearer.token  # noqa: B018


@pytest.mark.parametrize("module", ["jwt", "httpx"])
def test_a_missing_package_is_named_with_the_command(issuer: Issuer, monkeypatch: pytest.MonkeyPatch, module: str):
    bearer = BearerTokens(issuer=ISSUER, audience="web", jwks_url=issuer.url, algorithms=["ES256"])
    token = token_for()
    monkeypatch.setitem(sys.modules, module, None)  # type: ignore[arg-type]
    with pytest.raises(MissingExtraError, match=r'pip install "lambdakit\[jwt\]"'):
        bearer.verify(token)

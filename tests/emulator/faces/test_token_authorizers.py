"""Authorizers that verify tokens by themselves: signatures by the issuer's keys, times by the service's clock."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import boto3

from lambdakit.emulator.project.authorizer import Authorizer
from lambdakit.emulator.project.spec import Route
from tests.emulator.faces.serving import guarded
from tests.http.token_issuer import ISSUER, Issuer, jwk_of, token_for
from tests.moto_server import aws_server

__all__ = ("aws_server",)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.emulator.faces.serving import Guarded

POOL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"
OPEN = Authorizer("users", "jwt", issuers=(ISSUER,), audience=("web", "app"))


def bearer(**claims: object) -> str:
    return f"Bearer {token_for(kind='RS256', **claims)}"  # type: ignore[arg-type]


def test_a_jwt_authorizer(tmp_path: Path) -> None:
    with Issuer(jwk_of("k1", "RS256"), jwk_of("k2")) as issuer:
        base = issuer.url.rpartition("/")[0]

        async def test(site: Guarded) -> None:
            claims = (await site.added(authorization=bearer(iss=base, groups=["x", "y"], admin=True)))["jwt"]
            assert claims["scopes"] is None
            assert (claims["claims"]["sub"], claims["claims"]["groups"]) == ("user-1", "[x y]")
            assert claims["claims"]["admin"] == "true"
            assert claims["claims"]["exp"].isdecimal()
            assert issuer.asked == 2  # where the keys are, and the keys
            # Without the scheme, and for a client instead of an audience.
            await site.added(authorization=bearer(iss=base).removeprefix("Bearer "))
            await site.added(authorization=bearer(iss=base, aud=None, client_id="app"))
            assert (await site.ask("/query?token=" + bearer(iss=base)[7:])).status_code == 200
            assert issuer.asked == 4  # the other authorizer has keys of its own

            missing = await site.ask()
            assert (missing.status_code, missing.text) == (401, '{"message":"Unauthorized"}')
            assert missing.headers["www-authenticate"] == "Bearer"
            unfit = {
                "another issuer": bearer(iss="https://other.example"),
                "another audience": bearer(iss=base, aud="else"),
                "another algorithm": f"Bearer {token_for(name='k2', iss=base)}",
                "no end": bearer(iss=base, exp=None),
                "no token": "Bearer x.y.z",
                "another scheme": "Basic dTpw",
                "later": bearer(iss=base, nbf=int(time.time()) + 3600),
            }
            for why, value in unfit.items():
                refused = await site.ask(authorization=value)
                assert refused.status_code == 401, why
                assert 'error="invalid_token"' in refused.headers["www-authenticate"], why

            held = bearer(iss=base)
            await site.clock.advance(86_000)
            await site.added(authorization=held)
            await site.clock.advance(401)
            ended = await site.ask(authorization=held)
            assert ended.status_code == 401
            assert 'error_description="the token has expired"' in ended.headers["www-authenticate"]

        found = Authorizer("users", "jwt", issuers=(base,), audience=("web", "app"))
        by_query = Authorizer("query", "jwt", identity=("$request.querystring.token",), issuers=(base,))
        routes = [Route("GET", "/a", "http", found), Route("GET", "/query", "http", by_query)]
        guarded(tmp_path, routes, test)


def test_one_scope_of_a_route_is_enough(tmp_path: Path) -> None:
    with Issuer(jwk_of("k1", "RS256")) as issuer:

        async def test(site: Guarded) -> None:
            told = await site.added("/own", authorization=bearer(scope="b other"))
            assert told["jwt"]["scopes"] == ["b", "other"]
            refused = await site.ask("/own", authorization=bearer(scope="other"))
            assert (refused.status_code, refused.text) == (403, '{"message":"Forbidden"}')
            assert refused.headers["www-authenticate"] == 'Bearer scope="a b" error="insufficient_scope"'
            assert (await site.ask("/every", authorization=bearer(scp=["c"]))).status_code == 200
            assert (await site.ask("/every", authorization=bearer())).status_code == 403

        users = Authorizer("users", "jwt", issuers=(ISSUER,), keys_url=issuer.url, scopes=("c",))
        routes = [Route("GET", "/own", "http", users, ("a", "b")), Route("GET", "/every", "http", users)]
        guarded(tmp_path, routes, test)


def test_keys_that_cannot_be_had_are_told(tmp_path: Path) -> None:
    with Issuer() as issuer:
        base = issuer.url.rpartition("/")[0]
        issuer.body = b"[]"

        async def test(site: Guarded) -> None:
            for path, why in (
                ("/configuration", "openid-configuration"),
                ("/keys", "signing keys"),
                ("/plain", "https"),
            ):
                answer = await site.ask(path, authorization=bearer(iss=base))
                assert answer.status_code == 500
                assert "'users' of this route cannot verify tokens" in answer.json()["message"]
                assert why in answer.json()["message"]

        paths = {"/configuration": "", "/keys": issuer.url, "/plain": "http://issuer.example/keys"}
        routes = [
            Route("GET", path, "http", Authorizer("users", "jwt", issuers=(base,), keys_url=url))
            for path, url in paths.items()
        ]
        guarded(tmp_path, routes, test)


def test_a_user_pool_of_an_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Issuer(jwk_of("k1", "RS256")) as issuer:
        monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", issuer.url.rpartition("/")[0] + "/")

        async def test(site: Guarded) -> None:
            told = {"iss": POOL, "token_use": "id", "cognito:groups": ["a", "b"], "email_verified": True}
            exp = int(time.time()) + 3600
            claims = (await site.added(authorization=bearer(**told, exp=exp)))["claims"]
            assert (claims["cognito:groups"], claims["email_verified"]) == ("a,b", "true")
            assert claims["exp"] == time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(exp))
            for value in (bearer(iss=POOL, token_use="access"), bearer(**{**told, "iss": ISSUER}), "what"):
                refused = await site.ask(authorization=value)
                assert (refused.status_code, refused.text) == (401, '{"message":"Unauthorized"}')
            assert (await site.ask()).status_code == 401
            access = {"iss": POOL, "token_use": "access", "aud": None, "client_id": "c"}
            assert (await site.ask("/scoped", authorization=bearer(**access, scope="orders/read"))).status_code == 200
            assert (await site.ask("/scoped", authorization=bearer(**access, scope="orders/write"))).status_code == 401
            assert (await site.ask("/scoped", authorization=bearer(**told))).status_code == 401
            held = bearer(**told, exp=exp)
            await site.clock.advance(3601)
            ended = await site.ask(authorization=held)
            assert (ended.status_code, ended.text) == (401, '{"message":"The incoming token has expired"}')

        pools = Authorizer("pool", "cognito", issuers=("https://cognito-idp.eu-west-1.amazonaws.com/other", POOL))
        routes = [Route("GET", "/a", "rest", pools), Route("GET", "/scoped", "rest", pools, ("orders/read",))]
        guarded(tmp_path, routes, test)


def signed_in(address: str) -> tuple[str, str, dict[str, str]]:
    """A pool that moto made: its issuer, its client, and the tokens of a user who has signed in."""
    session = boto3.Session("local", "local", region_name="eu-west-1")
    with contextlib.closing(session.client("cognito-idp", endpoint_url=address)) as pools:
        pool = pools.create_user_pool(PoolName="users")["UserPool"]["Id"]
        client = pools.create_user_pool_client(UserPoolId=pool, ClientName="web")["UserPoolClient"]["ClientId"]
        pools.admin_create_user(UserPoolId=pool, Username="ada")
        pools.admin_set_user_password(UserPoolId=pool, Username="ada", Password="Secret-1", Permanent=True)
        tokens = pools.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_NO_SRP_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": "Secret-1"},
        )["AuthenticationResult"]
    return f"https://cognito-idp.eu-west-1.amazonaws.com/{pool}", client, tokens


def test_who_signed_in_at_a_moto_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws_server: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_server)
    issuer, client, tokens = signed_in(aws_server)

    async def test(site: Guarded) -> None:
        claims = (await site.added("/rest", authorization=tokens["IdToken"]))["claims"]
        assert (claims["cognito:username"], claims["token_use"]) == ("ada", "id")
        claims = (await site.added("/http", authorization=f"Bearer {tokens['AccessToken']}"))["jwt"]["claims"]
        assert (claims["client_id"], claims["token_use"]) == (client, "access")
        for path, token in (("/rest", tokens["AccessToken"]), ("/http", "x"), ("/other", tokens["IdToken"])):
            assert (await site.ask(path, authorization=token)).status_code == 401

    routes = [
        Route("GET", "/rest", "rest", Authorizer("pool", "cognito", issuers=(issuer,))),
        Route("GET", "/http", "http", Authorizer("users", "jwt", issuers=(issuer,), audience=(client,))),
        Route("GET", "/other", "http", Authorizer("others", "jwt", issuers=(issuer,), audience=("other",))),
    ]
    guarded(tmp_path, routes, test)

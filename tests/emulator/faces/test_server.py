"""The HTTP port with real clients and real functions behind every kind of face."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lambdakit.emulator import LocalService
from lambdakit.emulator.faces.doors import DOORS
from lambdakit.emulator.faces.server import FacesServer, url_id_of
from lambdakit.emulator.function import FunctionConfig
from lambdakit.emulator.project.spec import FunctionSpec, FunctionUrl, Route
from lambdakit.exceptions import AddressInUseError, UsageError
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ROOT = Path(__file__).resolve().parents[3]
SECRETS = {"AKIALOCAL": "local-secret"}
APP = """
    import os, sys, time
    from pathlib import Path
    def handler(event, context):
        path = event.get("rawPath") or event.get("path")
        if path == "/raise":
            raise ValueError("no")
        if path == "/wait":
            while not Path("gate").exists():
                time.sleep(0.005)
        if path == "/lines":
            return {"statusCode": 200, "headers": {"x-bad": "a\\r\\nb: c"}}
        if path == "/large":
            return {"statusCode": 200, "body": "x" * 1_100_000}
        if path == "/empty":
            return {"statusCode": 204}
        if path == "/own":
            return {"statusCode": 200, "body": "own", "headers": {
                "Content-Length": "99", "Connection": "close", "Server": "mine", "x-own": "é"}}
        import json
        return {"statusCode": 200, "body": json.dumps(event)}
"""
STREAM = """
    import time
    from pathlib import Path
    from lambdakit import StreamingResponse
    def pieces(path):
        yield "first,"
        while path == "/wait" and not Path("gate").exists():
            time.sleep(0.005)
        if path == "/raise":
            raise ValueError("midway")
        yield "last"
    def handler(event, context):
        if event["rawPath"] == "/plain":
            return pieces("")
        headers = {"x-a": "1", "content-type": "text/plain"}
        return StreamingResponse(201, headers, ["c=1", "d=2"], pieces(event["rawPath"]))
"""


class Site:
    """A running server and its clients."""

    def __init__(self, server: FacesServer, service: LocalService) -> None:
        self.server = server
        self.service = service

    def client(self, base: str | None = None, **options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=base or self.server.url, timeout=15, **options)

    async def raw(self, data: bytes) -> bytes:
        """All that comes back until the server closes."""
        reader, writer = await asyncio.open_connection(self.server.host, self.server.port)
        writer.write(data)
        try:
            return await reader.read()
        finally:
            writer.close()


def spec(config: FunctionConfig, *kinds: str, url: FunctionUrl | None = None, **route: Any) -> FunctionSpec:
    routes = tuple(Route("ANY", "/{proxy+}", kind, **route) for kind in kinds)
    return FunctionSpec(config, routes=routes, url=url)


def serve(test: Callable[[Site], Awaitable[None]], *specs: FunctionSpec, **options: Any) -> None:
    async def go() -> None:
        service_options = options.pop("service", {})
        async with LocalService(**service_options) as service:
            for function in specs:
                service.add(function.config)
            async with FacesServer(service, specs, port=0, credentials=SECRETS, **options) as server:
                await test(Site(server, service))

    run(go())


KINDS = ["rest", "http", "alb", "url", "stream"]


def front(config: FunctionConfig, kind: str) -> FunctionSpec:
    """A function behind a face; `stream` is a function URL that streams."""
    if kind in ("url", "stream"):
        return spec(config, url=FunctionUrl(invoke_mode="RESPONSE_STREAM" if kind == "stream" else "BUFFERED"))
    return spec(config, kind)


def base_of(site: Site, kind: str) -> str:
    return site.server.path_url_of("engine-test") if kind in ("url", "stream") else site.server.url


@pytest.mark.parametrize("kind", KINDS)
def test_the_http_example_behind_every_face(tmp_path, kind):
    async def test(site: Site) -> None:
        async with site.client(base_of(site, kind)) as client:
            made = await client.post("notes", json={"title": "milk é", "tags": ["home"]})
            assert made.status_code == 201
            assert made.json()["title"] == "milk é"
            found = await client.get("notes", params={"tag": "home"})
            assert [note["title"] for note in found.json()] == ["milk é"]
            kept = await client.post("notes/1/files", files={"file": ("a.bin", b"\x00\xff", "application/x-a")})
            assert kept.is_success
            got = await client.get("notes/1/files/a.bin")
            assert (got.status_code, got.content) == (200, b"\x00\xff")
            assert (await client.post("notes", json={"title": "milk é"})).status_code == 409
            assert (await client.get("notes/7")).status_code == 404

    config = FunctionConfig(
        name="engine-test",
        handler="app.handler",
        task_root=ROOT / "examples" / "http_api",
        timeout=10.0,
        environment={"DATABASE": str(tmp_path / "notes.db")},
    )
    serve(test, front(config, kind))


# Face, path, status and body of what the service answers by itself.
FAULTS = [
    ("rest", "/raise", 502, '{"message":"Internal server error"}'),
    ("http", "/raise", 500, '{"message":"Internal Server Error"}'),
    ("url", "/raise", 502, "Internal Server Error"),
    ("stream", "/raise", 502, "Internal Server Error"),
    ("alb", "/raise", 502, "502 Bad Gateway"),
    ("alb", "/large", 502, "502 Bad Gateway"),
    ("http", "/lines", 500, '{"message":"Internal Server Error"}'),
    ("rest", "/", 403, '{"message":"Missing Authentication Token"}'),
    ("http", "/", 404, '{"message":"Not Found"}'),
    ("alb", "/", 404, ""),
]


@pytest.mark.parametrize(("kind", "path", "status", "body"), FAULTS)
def test_what_the_services_answer_by_themselves(tmp_path, kind, path, status, body):
    async def test(site: Site) -> None:
        async with site.client(base_of(site, kind)) as client:
            response = await client.get(path)
            assert response.status_code == status
            assert body in response.text

    serve(test, front(app_config(tmp_path, APP), kind))


@pytest.mark.parametrize(("kind", "status"), [("rest", 500), ("http", 503), ("alb", 502), ("url", 429)])
def test_throttles(tmp_path, kind, status):
    async def test(site: Site) -> None:
        site.service.reserve("engine-test", 0)
        async with site.client(base_of(site, kind)) as client:
            assert (await client.get("/a")).status_code == status

    serve(test, front(app_config(tmp_path, APP), kind))


@pytest.mark.parametrize(("kind", "status"), [("rest", 504), ("http", 503)])
def test_the_services_wait_so_long_and_the_function_runs_on(tmp_path, kind, status):
    async def test(site: Site) -> None:
        async with site.client() as client:
            assert (await client.get("/wait")).status_code == status
        assert site.service.ledger.running == 1
        (tmp_path / "gate").touch()

    doors = {name: door._replace(seconds=0.05) for name, door in DOORS.items()}
    serve(test, front(app_config(tmp_path, APP), kind), doors=doors)


@pytest.mark.parametrize("kind", KINDS)
def test_bodies_over_the_limit(tmp_path, kind):
    async def test(site: Site) -> None:
        async with site.client(base_of(site, kind)) as client:
            over = await client.post("/a", content=b"x" * 100)
            assert over.status_code == 413

            async def pieces() -> Any:
                for _ in range(10):
                    yield b"x" * 10

            assert (await client.post("/a", content=pieces())).status_code == 413
            assert (await client.post("/a", content=b"x" * 99)).status_code == 200

    doors = {name: door._replace(request_bytes=99) for name, door in DOORS.items()}
    serve(test, front(app_config(tmp_path, APP), kind), doors=doors)


def test_an_event_over_the_functions_limit_is_too_large(tmp_path):
    async def test(site: Site) -> None:
        async with site.client() as client:
            response = await client.post("/a", content=b"\0" * 5_000_000)
            assert (response.status_code, response.text) == (413, '{"message":"Request Too Long"}')

    serve(test, front(app_config(tmp_path, APP), "rest"))


def test_headers_with_repeats_cookies_and_query(tmp_path):
    async def test(site: Site) -> None:
        headers = [("X-Many", "1"), ("x-many", "2"), ("Cookie", "a=1; b=2")]
        async with site.client() as client:
            response = await client.get("/pa%20th?q=1&q=2", headers=headers)
        event = response.json()
        assert event["multiValueHeaders"]["X-Many"] == ["1"]
        assert event["multiValueHeaders"]["x-many"] == ["2"]
        assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
        assert event["path"] == "/pa%20th"
        assert event["requestContext"]["stage"] == "Prod"
        assert event["requestContext"]["requestId"] == response.headers["x-amzn-requestid"]
        assert event["headers"]["X-Amzn-Trace-Id"] == response.headers["x-amzn-trace-id"]

    serve(test, front(app_config(tmp_path, APP), "rest"))


def test_a_functions_framing_headers_are_the_servers(tmp_path):
    async def test(site: Site) -> None:
        async with site.client() as client:
            response = await client.get("/own")
            assert (response.text, response.headers["content-length"]) == ("own", "3")
            assert response.headers["x-amzn-remapped-server"] == "mine"
            assert response.headers["x-amzn-remapped-content-length"] == "99"
            head = await client.head("/own")
            assert (head.content, head.headers["content-length"]) == (b"", "3")
            empty = await client.get("/empty")
            assert (empty.status_code, empty.content) == (204, b"")
            assert "content-length" not in empty.headers

    serve(test, front(app_config(tmp_path, APP), "rest"))


def test_urls_are_found_by_host(tmp_path):
    function = front(app_config(tmp_path, APP), "url")

    async def test(site: Site) -> None:
        url = httpx.URL(site.server.url_of("engine-test"))
        assert url.host == f"{url_id_of(function)}.lambda-url.us-east-1.localhost"
        async with site.client() as client:
            response = await client.get("/a%2Fb?x=1", headers={"Host": f"{url.host}:{url.port}"})
            event = response.json()
            assert (event["rawPath"], event["rawQueryString"]) == ("/a%2Fb", "x=1")
            assert event["requestContext"]["domainName"] == url.host
            unknown = await client.get("/", headers={"Host": "abc.lambda-url.us-east-1.localhost"})
            assert (unknown.status_code, unknown.text) == (403, '{"Message":null}')
            assert (await client.get("/_url/other/")).status_code == 403
            assert (await client.get("/_url/engine-test")).json()["rawPath"] == "/"
        with pytest.raises(UsageError, match="no URL"):
            site.server.url_of("other")

    serve(test, function)


def test_a_stream_is_passed_on_as_it_is_made(tmp_path):
    async def test(site: Site) -> None:
        async with site.client(site.server.path_url_of("engine-test")) as client:
            async with client.stream("GET", "wait") as response:
                assert response.status_code == 201
                assert response.headers["x-a"] == "1"
                assert response.headers.get_list("set-cookie") == ["c=1", "d=2"]
                chunks = response.aiter_text()
                assert await anext(chunks) == "first,"
                (tmp_path / "gate").touch()
                assert "".join([chunk async for chunk in chunks]) == "last"
            plain = await client.get("plain")
            assert (plain.status_code, plain.text) == (200, "first,last")
            assert plain.headers["content-type"] == "application/octet-stream"
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get("raise")
            head = await client.head("a")
            assert (head.status_code, head.content) == (201, b"")
        old = await site.raw(b"GET /_url/engine-test/a HTTP/1.0\r\nHost: x\r\n\r\n")
        assert old.endswith(b"\r\n\r\nfirst,last")

    serve(test, front(app_config(tmp_path, STREAM), "stream"))


def test_a_stream_behind_a_buffered_url_comes_whole(tmp_path):
    async def test(site: Site) -> None:
        async with site.client(site.server.path_url_of("engine-test")) as client:
            response = await client.get("a")
            assert (response.status_code, response.text, response.headers["x-a"]) == (201, "first,last", "1")
            assert response.headers["content-length"] == "10"

    serve(test, front(app_config(tmp_path, STREAM), "url"))


def test_a_reader_that_goes_away_does_not_hold_the_function(tmp_path):
    async def test(site: Site) -> None:
        reader, writer = await asyncio.open_connection(site.server.host, site.server.port)
        writer.write(b"GET /_url/engine-test/wait HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"first,")
        writer.close()
        (tmp_path / "gate").touch()
        while site.service.ledger.running:
            await asyncio.sleep(0.001)
        async with site.client(site.server.path_url_of("engine-test")) as client:
            assert (await client.get("a")).text == "first,last"

    serve(test, front(app_config(tmp_path, STREAM), "stream"))


def test_the_cors_of_a_url_is_the_services(tmp_path):
    async def test(site: Site) -> None:
        origin = {"Origin": "https://a.example"}
        async with site.client(site.server.path_url_of("engine-test")) as client:
            asked = await client.options("a", headers={**origin, "Access-Control-Request-Method": "PUT"})
            assert (asked.status_code, asked.content) == (200, b"")
            assert asked.headers["access-control-allow-methods"] == "PUT"
            response = await client.get("a", headers=origin)
            assert response.headers["access-control-allow-origin"] == "https://a.example"
            assert site.service.environments("engine-test") == 1

    cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["PUT"]}
    serve(test, spec(app_config(tmp_path, APP), url=FunctionUrl(cors=cors)))


def signed(
    url: str, secret: str = "local-secret", key: str = "AKIALOCAL", service: str = "lambda", **request: Any
) -> dict[str, str]:
    made = AWSRequest(url=url, **{"method": "GET", **request})
    SigV4Auth(Credentials(key, secret), service, "us-east-1").add_auth(made)
    return dict(made.headers.items())


def test_signatures(tmp_path):
    async def test(site: Site) -> None:
        url = site.server.path_url_of("engine-test") + "a"
        # The host and the path that are signed are those of the function URL as AWS clients see them.
        host = httpx.URL(site.server.url_of("engine-test"))
        own = f"{host}pa%20th?b=2&a=%2F%20x"
        headers = {"Host": f"{host.host}:{host.port}"}
        async with site.client() as client:
            good = await client.post(
                "/pa%20th?b=2&a=%2F%20x", content=b"hi", headers={**headers, **signed(own, method="POST", data=b"hi")}
            )
            assert good.status_code == 200
            identity = good.json()["requestContext"]["authorizer"]["iam"]
            assert identity["accessKey"] == "AKIALOCAL"
            assert identity["userArn"] == "arn:aws:iam::123456789012:user/local"
            changed = await client.post(
                "/pa%20th?b=2&a=%2F%20x", content=b"ho", headers={**headers, **signed(own, method="POST", data=b"hi")}
            )
            assert changed.status_code == 403
            assert "does not match" in changed.json()["Message"]
            wrong = await client.get("/x", headers={**headers, **signed(f"{host}x", secret="other")})
            assert wrong.status_code == 403
            unknown = await client.get("/x", headers={**headers, **signed(f"{host}x", key="AKIAOTHER")})
            assert unknown.json()["requestContext"]["authorizer"]["iam"]["accessKey"] == "AKIAOTHER"
            by_path = await client.get(url, headers=signed(url))
            assert (by_path.status_code, by_path.json()["rawPath"]) == (200, "/a")
            assert (await client.get(url, headers=signed(url, service="execute-api"))).status_code == 403
            none = await client.get(url)
            assert (none.status_code, none.json()) == (403, {"Message": "Forbidden"})
            presigned = AWSRequest(method="GET", url=f"{host}x?q=1")
            SigV4QueryAuth(Credentials("AKIALOCAL", "local-secret"), "lambda", "us-east-1", 60).add_auth(presigned)
            target = str(presigned.url).replace(str(host), "/")
            assert (await client.get(target, headers=headers)).status_code == 200
            assert (await client.get(target.replace("q=1", "q=2"), headers=headers)).status_code == 403

    serve(test, spec(app_config(tmp_path, APP), url=FunctionUrl(auth_type="AWS_IAM")))


@pytest.mark.parametrize("kind", ["http", "rest"])
def test_signatures_for_routes(tmp_path, kind):
    async def test(site: Site) -> None:
        url = f"{site.server.url}/a"
        async with site.client() as client:
            good = await client.get(url, headers=signed(url, service="execute-api"))
            context = good.json()["requestContext"]
            identity = context["identity"] if kind == "rest" else context["authorizer"]["iam"]
            assert identity["userArn"] == "arn:aws:iam::123456789012:user/local"
            assert (await client.get(url, headers=signed(url))).status_code == 403
            assert (await client.get(url)).json() == {"message": "Forbidden"}

    serve(test, spec(app_config(tmp_path, APP), kind, authorizer="AWS_IAM"))


def test_other_functions_can_be_served(tmp_path):
    config = app_config(tmp_path, APP)

    async def test(site: Site) -> None:
        async with site.client() as client:
            assert (await client.get("/a")).status_code == 200
            site.server.serve([FunctionSpec(config, routes=(Route("GET", "/b", "rest"),))])
            assert (await client.get("/a")).status_code == 403
            assert (await client.get("/b")).json()["resource"] == "/b"

    serve(test, spec(config, "http"))


def test_sixteen_callers_each_get_their_own(tmp_path):
    async def test(site: Site) -> None:
        async with site.client() as client:

            async def ask(number: int) -> None:
                for turn in range(5):
                    response = await client.post(f"/n/{number}", json=[number, turn])
                    assert json.loads(response.json()["body"]) == [number, turn]

            await asyncio.gather(*(ask(number) for number in range(16)))

    serve(test, front(app_config(tmp_path, APP), "http"), service={"environments": 2})


def test_connections_are_kept_and_requests_sent_ahead_answered_in_order(tmp_path):
    async def test(site: Site) -> None:
        one = b"GET /%d HTTP/1.1\r\nHost: x\r\n%b\r\n"
        data = await site.raw(
            one % (1, b"") + one % (2, b"Upgrade: h2c\r\nConnection: Upgrade\r\n") + one % (3, b"Connection: close\r\n")
        )
        paths = [data.find(b'"rawPath": "/%d"' % number) for number in (1, 2, 3)]
        assert -1 < paths[0] < paths[1] < paths[2]
        assert data.count(b"HTTP/1.1 200 OK") == 3

    serve(test, front(app_config(tmp_path, APP), "http"))


def test_continue_is_said_unless_the_body_is_too_large(tmp_path):
    async def test(site: Site) -> None:
        head = "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {}\r\n\r\n"
        data = await site.raw(head.format(2).encode() + b"hi")
        assert data.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        assert (await site.raw(head.format(99_999_999).encode())).startswith(b"HTTP/1.1 413 ")

    serve(test, front(app_config(tmp_path, APP), "http"))


def test_what_is_no_request_and_what_is_no_http(tmp_path):
    async def test(site: Site) -> None:
        assert (await site.raw(b"what\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
        assert (await site.raw(b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000)).startswith(b"HTTP/1.1 431 ")
        async with site.client() as client:
            headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x"}
            response = await client.get("/a", headers=headers)
            assert response.status_code == 501
            assert "WebSocket" in response.json()["message"]

    serve(test, front(app_config(tmp_path, APP), "http"))


def test_a_port_that_is_taken(tmp_path):
    async def test(site: Site) -> None:
        with pytest.raises(AddressInUseError):
            await FacesServer(site.service, [], port=site.server.port).start()

    serve(test, front(app_config(tmp_path, APP), "http"))


AUTHORIZER = """
    def handler(event, context):
        headers = {name.lower(): value for name, value in event["headers"].items()}
        who = headers.get("authorization")
        if who is None:
            raise Exception("Unauthorized")
        if who == "fail":
            raise ValueError(who)
        if "routeArn" in event:
            return {"isAuthorized": who == "let-me-in", "context": {"who": who}}
        effect = "Allow" if who == "let-me-in" else "Deny"
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
                "context": {"who": who}}
"""


@pytest.mark.parametrize("kind", ["http", "rest"])
def test_functions_as_authorizers(tmp_path, kind):
    async def test(site: Site) -> None:
        async with site.client() as client:

            async def ask(who: str) -> httpx.Response:
                return await client.get("/a", headers={"Authorization": who})

            added = (await ask("let-me-in")).json()["requestContext"]["authorizer"]
            assert (added["lambda"] if kind == "http" else added)["who"] == "let-me-in"
            assert (await ask("other")).status_code == 403
            assert (await client.get("/a")).status_code == 401
            assert (await ask("fail")).status_code == 500

    guard = tmp_path / "guard"
    guard.mkdir()
    asked = FunctionSpec(app_config(guard, AUTHORIZER, name="guard"))
    serve(test, spec(app_config(tmp_path, APP), kind, authorizer="guard"), asked)


def test_an_authorizer_that_is_not_served_lets_nobody_in(tmp_path):
    async def test(site: Site) -> None:
        async with site.client() as client:
            response = await client.get("/a")
            assert response.status_code == 500
            assert "'jwt'" in response.json()["message"]

    serve(test, spec(app_config(tmp_path, APP), "http", authorizer="jwt"))


def test_the_default_route_of_an_http_api(tmp_path):
    async def test(site: Site) -> None:
        async with site.client() as client:
            event = (await client.delete("/any/where?x=1")).json()
            assert (event["routeKey"], event["requestContext"]["routeKey"]) == ("$default", "$default")
            assert (event["rawPath"], event.get("pathParameters")) == ("/any/where", None)
            assert (await client.get("/")).json()["routeKey"] == "$default"

    function = FunctionSpec(app_config(tmp_path, APP), routes=(Route("ANY", "$default"),))
    serve(test, function)

"""The work of the measures of HTTP, once for lambdakit and once for each peer, as its documentation does it.

All sides answer the same event with the same status and the same JSON, which is checked before anything is timed.
"""

from __future__ import annotations

import json
import timeit
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pydantic
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, APIGatewayRestResolver

from lambdakit.context import LambdaContext
from lambdakit.http import HttpApp

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

__all__ = ("http_v2", "imports", "last_of_many", "many_to_one", "static", "typed_body")

# How often a request is answered for one sample.
REPEATED = 100
MANY = 50
CONTEXT = LambdaContext("7c9f1d5e-2b0a-4a44-9a83-6c2b7f5d1e11")

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate, br",
    "Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
    "Content-Type": "application/json",
    "Host": "abcdef1234.execute-api.eu-west-1.amazonaws.com",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "X-Amzn-Trace-Id": "Root=1-65a1b2c3-0123456789abcdef01234567",
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
}


def rest_event(path: str, method: str = "GET", body: str | None = None) -> dict[str, Any]:
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": HEADERS,
        "multiValueHeaders": {name: [value] for name, value in HEADERS.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path[1:]},
        "stageVariables": None,
        "requestContext": {
            "stage": "prod",
            "path": f"/prod{path}",
            "httpMethod": method,
            "resourcePath": "/{proxy+}",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "192.0.2.7", "userAgent": "Mozilla/5.0"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def http_event(path: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in HEADERS.items()},
        "requestContext": {
            "domainName": HEADERS["Host"],
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "x"},
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }


def hello() -> dict[str, Any]:
    return {"message": "hello", "number": 7}


def _one(resolver: Any) -> Any:
    resolver.get("/hello")(hello)
    return resolver


def _many(resolver: Any, opening: str, closing: str) -> Any:
    for number in range(MANY):
        resolver.get(f"/static{number}")(hello)
        resolver.get(f"/things{number}/{opening}thing_id{closing}/parts")(_thing)
    return resolver


def _thing(thing_id: str) -> dict[str, str]:
    return {"id": thing_id}


def static(_bench: Bench) -> Contenders:
    """One static route, asked by a REST event."""
    return _contenders(rest_event("/hello"), _one(HttpApp()), _one(APIGatewayRestResolver()))


def http_v2(_bench: Bench) -> Contenders:
    """The same, asked by an event of format 2.0."""
    return _contenders(http_event("/hello"), _one(HttpApp()), _one(APIGatewayHttpResolver()))


def last_of_many(_bench: Bench) -> Contenders:
    """The last dynamic route of as many static and dynamic ones."""
    event = rest_event(f"/things{MANY - 1}/abc/parts")
    return _contenders(event, _many(HttpApp(), "{", "}"), _many(APIGatewayRestResolver(), "<", ">"))


def many_to_one(_bench: Bench) -> Contenders:
    """The same route among many, and alone."""
    alone = HttpApp()
    alone.get("/things/{thing_id}/parts")(_thing)
    many = partial(_many(HttpApp(), "{", "}"), rest_event(f"/things{MANY - 1}/abc/parts"), CONTEXT)
    return _timed({"among 100": many, "alone": partial(alone, rest_event("/things/abc/parts"), CONTEXT)})


@dataclass
class Line:
    sku: str
    count: int


@dataclass
class Order:
    id: int
    customer: str
    lines: list[Line]
    note: str | None = None


class PydanticLine(pydantic.BaseModel):
    sku: str
    count: int


class PydanticOrder(pydantic.BaseModel):
    id: int
    customer: str
    lines: list[PydanticLine]
    note: str | None = None


def typed_body(_bench: Bench) -> Contenders:
    """A body with two lines, declared as a dataclass (peer: as a pydantic model)."""
    lines = [{"sku": "a-1", "count": 2}, {"sku": "b-2", "count": 1}]
    event = rest_event("/orders", "POST", json.dumps({"id": 7, "customer": "Jo", "lines": lines}))
    app, resolver = HttpApp(), APIGatewayRestResolver(enable_validation=True)

    @app.post("/orders")
    def add(order: Order) -> dict[str, Any]:
        return {"id": order.id, "count": sum(line.count for line in order.lines)}

    @resolver.post("/orders")
    def add_powertools(order: PydanticOrder) -> dict[str, Any]:
        return {"id": order.id, "count": sum(line.count for line in order.lines)}

    return _contenders(event, app, resolver)


def _contenders(event: dict[str, Any], app: Any, resolver: Any) -> Contenders:
    work = {"lambdakit": partial(app, event, CONTEXT), "Powertools": partial(resolver, event, CONTEXT)}
    return _timed(work)


def _timed(work: dict[str, Callable[[], Any]]) -> Contenders:
    """What times each work, once all have given the same answer."""
    answers = {name: call() for name, call in work.items()}
    seen = {name: (answer["statusCode"], json.loads(answer["body"])) for name, answer in answers.items()}
    first = next(iter(seen.values()))
    if any(answer != first or answer[0] != 200 for answer in seen.values()):
        raise SystemExit(f"the answers differ: {seen}")
    return {name: partial(_microseconds, call) for name, call in work.items()}


def _microseconds(call: Callable[[], object]) -> float:
    return timeit.timeit(call, number=REPEATED) / REPEATED * 1e6


IMPORTS = {
    "lambdakit": "from lambdakit.http import HttpApp; HttpApp",
    "Powertools": "from aws_lambda_powertools.event_handler import APIGatewayRestResolver",
}


def imports(bench: Bench) -> Contenders:
    """Milliseconds that importing the router adds to the start of an interpreter."""
    return {name: partial(_beyond_bare, bench, statement) for name, statement in IMPORTS.items()}


def _beyond_bare(bench: Bench, statement: str) -> float:
    return (bench.first_statement(statement) - bench.first_statement()) * 1e3

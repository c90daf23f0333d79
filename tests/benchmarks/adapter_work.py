"""A Starlette application with one route, behind `asgi()` as the runtime calls it and behind Mangum as it is called.

Mangum is measured in its two ways: as its documentation sets it up, where the application's lifespan runs with every
event, and without a lifespan, where none of it runs. Ours has run it once.
"""

from __future__ import annotations

import json
import timeit
from functools import partial
from typing import TYPE_CHECKING, Any

from mangum import Mangum
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from lambdakit.http import asgi
from lambdakit.runtime.event_loop import PersistentLoop

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

REPEATED = 100
EVENT: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "GET /items/{id}",
    "rawPath": "/items/17",
    "rawQueryString": "page=2&tag=a&tag=b",
    "cookies": ["session=4bd1b7f2", "theme=dark"],
    "headers": {
        "accept": "application/json",
        "accept-encoding": "gzip, br",
        "content-length": "0",
        "host": "abcdef1234.execute-api.eu-west-1.amazonaws.com",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64)",
        "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    },
    "queryStringParameters": {"page": "2", "tag": "a,b"},
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "abcdef1234",
        "domainName": "abcdef1234.execute-api.eu-west-1.amazonaws.com",
        "domainPrefix": "abcdef1234",
        "http": {
            "method": "GET",
            "path": "/items/17",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": "GET /items/{id}",
        "stage": "$default",
        "time": "10/Mar/2026:05:16:23 +0000",
        "timeEpoch": 1583817383220,
    },
    "isBase64Encoded": False,
}


async def item(request: Request) -> JSONResponse:
    """The one route."""
    return JSONResponse({"id": request.path_params["id"], "page": request.query_params["page"]})


def adapters(_bench: Bench) -> Contenders:
    """Ours and Mangum's, over the same application; checked to answer the same."""
    app = Starlette(routes=[Route("/items/{id}", item)])
    loop = PersistentLoop()  # which becomes the thread's, where Mangum finds it
    ours, theirs, bare = asgi(app), Mangum(app), Mangum(app, lifespan="off")
    context: Any = None
    works: dict[str, Callable[[], Any]] = {
        "lambdakit": lambda: loop.run(ours(EVENT, context)),
        "Mangum": lambda: theirs(EVENT, context),
        "without lifespan": lambda: bare(EVENT, context),
    }
    answers = [work() for work in works.values()]
    if answers != [answers[0]] * 3 or json.loads(answers[0]["body"]) != {"id": "17", "page": "2"}:
        raise SystemExit(f"the contenders answer differently: {answers}")
    return {name: partial(_microseconds, work) for name, work in works.items()}


def _microseconds(work: Callable[[], object]) -> float:
    return timeit.timeit(work, number=REPEATED) / REPEATED * 1e6

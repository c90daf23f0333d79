"""Events of every front door made of one request, and answers of every front door read back, as the services do it.

What a service loses on the way is lost here too: the header maps of a load balancer without lists keep the last value.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

HOST = "shop.example.com"
CLIENT = "192.0.2.7"
DIALECTS = ("rest", "http", "url", "alb", "alb-multi", "lattice", "lattice-v2", "edge")


@dataclass
class Sent:
    """A request: `path` percent-encoded, `query` decoded pairs, names of headers in lower case."""

    method: str = "GET"
    path: str = "/"
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    body: bytes = b""
    stage: str = "$default"


@dataclass
class Seen:
    """An answer as the client gets it."""

    status: int
    headers: dict[str, list[str]]
    cookies: list[str]
    body: bytes


def event_of(dialect: str, sent: Sent) -> dict[str, Any]:
    """The event a service makes of a request."""
    return _MAKERS[dialect](sent)


def _headers(sent: Sent, *, cookies: bool = True) -> list[tuple[str, str]]:
    own = [("host", HOST), ("x-forwarded-for", f"203.0.113.9, {CLIENT}"), ("x-forwarded-proto", "https")]
    own += [("x-forwarded-port", "443")] + ([("content-length", str(len(sent.body)))] if sent.body else [])
    return own + sent.headers + ([("cookie", "; ".join(sent.cookies))] if cookies and sent.cookies else [])


def _lists(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    listed: dict[str, list[str]] = {}
    for name, value in pairs:
        listed.setdefault(name, []).append(value)
    return listed


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    return {name: ",".join(values) for name, values in _lists(pairs).items()}


def _body(sent: Sent, flag: str = "isBase64Encoded") -> dict[str, Any]:
    try:
        return {"body": sent.body.decode(), flag: False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(sent.body).decode(), flag: True}


def _rest(sent: Sent) -> dict[str, Any]:
    stage = "prod" if sent.stage == "$default" else sent.stage
    in_url = sent.path if sent.stage == "$default" else f"/{stage}{sent.path}"
    headers, query = _headers(sent), sent.query
    return {
        "resource": "/{proxy+}",
        "path": sent.path,
        "httpMethod": sent.method,
        "headers": dict(headers),
        "multiValueHeaders": _lists(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _lists(query) or None,
        "requestContext": {
            "stage": stage,
            "path": in_url,
            "protocol": "HTTP/1.1",
            "identity": {"sourceIp": CLIENT},
        },
        **_body(sent),
    }


def _http(sent: Sent, domain: str = HOST) -> dict[str, Any]:
    path = sent.path if sent.stage == "$default" else f"/{sent.stage}{sent.path}"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": urlencode(sent.query),
        "headers": _joined(_headers(sent, cookies=False)),
        "requestContext": {
            "stage": sent.stage,
            "domainName": domain,
            "http": {"method": sent.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": CLIENT},
        },
        **_body(sent),
    }
    return event | ({"cookies": sent.cookies} if sent.cookies else {})


def _url(sent: Sent) -> dict[str, Any]:
    return _http(Sent(**{**vars(sent), "stage": "$default"}), "abcd.lambda-url.eu-west-1.on.aws")


def _alb(sent: Sent) -> dict[str, Any]:
    coded = [(quote_plus(name), quote_plus(value)) for name, value in sent.query]
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b"}},
        "httpMethod": sent.method,
        "path": sent.path,
        "queryStringParameters": dict(coded),
        "headers": dict(_headers(sent)),
        **_body(sent),
    }


def _alb_multi(sent: Sent) -> dict[str, Any]:
    event = _alb(sent)
    del event["queryStringParameters"], event["headers"]
    coded = [(quote_plus(name), quote_plus(value)) for name, value in sent.query]
    return event | {"multiValueQueryStringParameters": _lists(coded), "multiValueHeaders": _lists(_headers(sent))}


def _lattice(sent: Sent) -> dict[str, Any]:
    query = urlencode(sent.query)
    return {
        "raw_path": sent.path + (f"?{query}" if query else ""),
        "method": sent.method,
        "headers": _joined(_headers(sent)),
        "query_string_parameters": dict(sent.query),
        **_body(sent, "is_base64_encoded"),
    }


def _lattice_v2(sent: Sent) -> dict[str, Any]:
    query = urlencode(sent.query)
    return {
        "version": "2.0",
        "path": sent.path + (f"?{query}" if query else ""),
        "method": sent.method,
        "headers": _lists(_headers(sent)),
        "queryStringParameters": _lists(sent.query),
        "requestContext": {"serviceNetworkArn": "arn:aws:vpc-lattice:eu-west-1:1:servicenetwork/sn-1"},
        **_body(sent),
    }


def _edge(sent: Sent) -> dict[str, Any]:
    listed = {name: [{"key": name, "value": value}] for name, value in _joined(_headers(sent)).items()}
    request = {
        "clientIp": CLIENT,
        "method": sent.method,
        "uri": sent.path,
        "querystring": urlencode(sent.query),
        "headers": listed,
        "body": {"encoding": "base64", "data": base64.b64encode(sent.body).decode(), "inputTruncated": False},
    }
    return {"Records": [{"cf": {"config": {"eventType": "origin-request"}, "request": request}}]}


_MAKERS = {
    "rest": _rest,
    "http": _http,
    "url": _url,
    "alb": _alb,
    "alb-multi": _alb_multi,
    "lattice": _lattice,
    "lattice-v2": _lattice_v2,
    "edge": _edge,
}


def seen(dialect: str, answer: dict[str, Any]) -> Seen:
    """The answer of a handler as the service sends it to the client."""
    if dialect == "edge":
        headers = {name: [entry["value"] for entry in entries] for name, entries in answer["headers"].items()}
        coded, status = answer.get("bodyEncoding") == "base64", int(answer["status"])
    else:
        assert set(answer) <= _KEYS[dialect]
        pairs = [(name, value) for name, value in (answer.get("headers") or {}).items()]
        pairs += [(name, value) for name, values in (answer.get("multiValueHeaders") or {}).items() for value in values]
        pairs += [("set-cookie", cookie) for cookie in answer.get("cookies") or ()]
        assert all(isinstance(value, str) for _, value in pairs)
        headers = _lists([(name.lower(), value) for name, value in pairs])
        coded, status = answer["isBase64Encoded"], answer["statusCode"]
    text = answer.get("body", "")
    cookies = headers.pop("set-cookie", [])
    return Seen(status, headers, cookies, base64.b64decode(text) if coded else text.encode())


_GATEWAY = {"statusCode", "headers", "body", "isBase64Encoded"}
_KEYS = {
    "rest": _GATEWAY | {"multiValueHeaders"},
    "http": _GATEWAY | {"cookies"},
    "url": _GATEWAY | {"cookies"},
    "alb": _GATEWAY | {"statusDescription"},
    "alb-multi": (_GATEWAY | {"multiValueHeaders", "statusDescription"}) - {"headers"},
    "lattice": _GATEWAY | {"statusDescription"},
    "lattice-v2": _GATEWAY | {"statusDescription"},
}

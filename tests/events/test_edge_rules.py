"""Every rule CloudFront has for answers, on both sides of its limit."""

from __future__ import annotations

import copy
from base64 import b64encode
from typing import Any

import pytest

from lambdakit.events.edge_origin_rules import check_origin
from lambdakit.events.edge_rules import DISALLOWED, READ_ONLY, check_request, check_response
from lambdakit.exceptions import EdgeRuleError

REQUESTS = ("viewer-request", "origin-request")
RESPONSES = ("origin-response", "viewer-response")
KB, MB = 1024, 1024 * 1024


def header(name: str, value: str = "v") -> dict[str, Any]:
    return {name: [{"key": name, "value": value}]}


def request(**changes: Any) -> dict[str, Any]:
    return {"clientIp": "203.0.113.9", "method": "GET", "uri": "/", "querystring": "", "headers": {}, **changes}


def response(**changes: Any) -> dict[str, Any]:
    return {"status": "200", "headers": {}, **changes}


def refused(rule: str, check: Any, stage: str, answer: Any, original: Any) -> None:
    with pytest.raises(EdgeRuleError) as raised:
        check(stage, answer, original)
    assert (raised.value.rule, raised.value.stage) == (rule, stage), str(raised.value)


@pytest.mark.parametrize("stage", REQUESTS)
@pytest.mark.parametrize("field", ["clientIp", "method"])
def test_read_only_fields(stage: str, field: str) -> None:
    refused("read-only-field", check_request, stage, request(**{field: "x"}), request())
    kept = {key: value for key, value in request().items() if key != field}
    check_request(stage, kept, request())


@pytest.mark.parametrize("uri", ["", "a", None, "http://x/", 3])
def test_a_uri_begins_with_a_slash(uri: Any) -> None:
    refused("uri-start", check_request, "viewer-request", request(uri=uri), request())


@pytest.mark.parametrize("stage", REQUESTS)
def test_uri_and_query_have_a_length(stage: str) -> None:
    check_request(stage, request(uri="/" + "a" * 4000, querystring="q" * 4190), request())
    refused("url-length", check_request, stage, request(uri="/" + "a" * 4000, querystring="q" * 4191), request())


@pytest.mark.parametrize("character", [" ", "#", "\n", "\x00", "\x1f", "\x7f"])
def test_a_query_string_has_no_such_character(character: str) -> None:
    refused("query-characters", check_request, "viewer-request", request(querystring=f"a={character}"), request())


def test_a_query_string_may_have_others() -> None:
    check_request("viewer-request", request(querystring="a=%20+!~é&b"), request())
    refused("query-characters", check_request, "viewer-request", request(querystring=None), request())


@pytest.mark.parametrize("name", [*sorted(DISALLOWED), "x-amz-cf-id", "x-amz-cf-", "x-edge-location"])
def test_a_disallowed_header_is_not_added(name: str) -> None:
    assert len(DISALLOWED) == 25
    for stage in REQUESTS:
        refused("disallowed-header", check_request, stage, request(headers=header(name)), request())
        refused("disallowed-header", check_response, stage, response(headers=header(name)), None)
        check_request(stage, request(headers=header(name)), request(headers=header(name)))
    for stage in RESPONSES:
        refused("disallowed-header", check_response, stage, response(headers=header(name)), response())


@pytest.mark.parametrize(
    "name", ["x-amz-cfx", "x-amz-meta", "x-edges", "x-forwarded-for", "x-cached", "x-amzn-trace-id"]
)
def test_a_header_that_only_looks_disallowed_is_added(name: str) -> None:
    check_request("viewer-request", request(headers=header(name)), request())


@pytest.mark.parametrize(("stage", "name"), [(stage, name) for stage in READ_ONLY for name in READ_ONLY[stage]])
def test_a_read_only_header_is_neither_added_changed_nor_deleted(stage: str, name: str) -> None:
    make, check = (request, check_request) if stage.endswith("request") else (response, check_response)
    check(stage, make(headers=header(name)), make(headers=header(name)))
    respelled = {name: [{"value": "v"}]}
    check(stage, make(headers=respelled), make(headers=header(name)))
    refused("read-only-header", check, stage, make(headers=header(name)), make())
    refused("read-only-header", check, stage, make(headers=header(name, "w")), make(headers=header(name)))
    refused("read-only-header", check, stage, make(), make(headers=header(name)))


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        *[("viewer-request", "accept-encoding"), ("viewer-request", "if-none-match")],
        *[("origin-request", "host"), ("origin-response", "content-length"), ("origin-response", "warning")],
        ("viewer-response", "server"),
    ],
)
def test_a_header_read_only_elsewhere_is_free_here(stage: str, name: str) -> None:
    make, check = (request, check_request) if stage.endswith("request") else (response, check_response)
    check(stage, make(headers=header(name)), make())
    check(stage, make(), make(headers=header(name)))


@pytest.mark.parametrize("name", ["content-length", "transfer-encoding"])
@pytest.mark.parametrize("stage", REQUESTS)
def test_a_made_up_response_has_no_length(stage: str, name: str) -> None:
    refused("generated-header", check_response, stage, response(headers=header(name)), None)
    check_response(stage, response(headers=header("content-type")), None)


def test_the_viewers_country_is_not_there_yet_at_viewer_request() -> None:
    headers = header("cloudfront-viewer-country", "TW")
    refused("cloudfront-header", check_request, "viewer-request", request(headers=headers), request())
    check_request("origin-request", request(headers=headers), request())


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ([], "header-form"),
        ({"x": "v"}, "header-form"),
        ({"x": ["v"]}, "header-form"),
        ({"x": [{"key": "x"}]}, "header-form"),
        ({"x": [{"key": "x", "value": 3}]}, "header-form"),
        ({"X": [{"value": "v"}]}, "header-name"),
        ({"": [{"value": "v"}]}, "header-name"),
        ({"x": [{"key": "y", "value": "v"}]}, "header-name"),
        ({"x": [{"key": "x", "value": "a\r\nb"}]}, "header-value"),
    ],
)
def test_headers_have_a_form(headers: Any, rule: str) -> None:
    if headers:
        refused(rule, check_request, "viewer-request", request(headers=headers), request())
        refused(rule, check_response, "viewer-response", response(headers=headers), response())
    else:
        refused(rule, check_response, "viewer-request", {"status": "200", "headers": [1]}, None)


def body(data: str, encoding: str = "text", action: str = "replace") -> dict[str, Any]:
    return {"inputTruncated": False, "action": action, "encoding": encoding, "data": data}


@pytest.mark.parametrize(("stage", "limit"), [("viewer-request", 40 * KB), ("origin-request", MB)])
def test_a_replaced_body_as_text_has_a_size(stage: str, limit: int) -> None:
    old = request(body=body("", action="read-only"))
    check_request(stage, request(body=body("a" * limit)), old)
    refused("body-size", check_request, stage, request(body=body("a" * (limit + 1))), old)
    refused("body-size", check_request, stage, request(body=body("é" * (limit // 2 + 1))), old)


@pytest.mark.parametrize(("stage", "limit"), [("viewer-request", 54_476), ("origin-request", 1_394_606)])
def test_a_replaced_body_as_base64_has_a_size(stage: str, limit: int) -> None:
    old = request(body=body("", action="read-only"))
    most = limit // 4 * 3
    check_request(stage, request(body=body(b64encode(bytes(most)).decode(), "base64")), old)
    refused("body-size", check_request, stage, request(body=body(b64encode(bytes(most + 1)).decode(), "base64")), old)


@pytest.mark.parametrize("data", ["w6k", "w6k=x", "w 6k=", "é", "====", "w6k=\n"])
def test_base64_is_base64(data: str) -> None:
    old = request(body=body("", action="read-only"))
    refused("body-encoding", check_request, "viewer-request", request(body=body(data, "base64")), old)
    made = response(body=data, bodyEncoding="base64")
    refused("body-encoding", check_response, "viewer-request", made, None)
    check_response("viewer-request", response(body="w6k=", bodyEncoding="base64"), None)


def test_a_body_is_replaced_openly() -> None:
    old = request(body=body("a", action="read-only"))
    check_request("viewer-request", request(body=body("a", action="read-only")), old)
    check_request("viewer-request", request(body=body("b")), old)
    refused("body-action", check_request, "viewer-request", request(body=body("b", action="read-only")), old)
    refused("body-action", check_request, "viewer-request", request(body=body("b", action="write")), old)
    refused("body-encoding", check_request, "viewer-request", request(body=body("b", "gzip")), old)


@pytest.mark.parametrize("status", ["200", "204", "302", "404", "599"])
def test_a_status_is_text_within_its_range(status: str) -> None:
    check_response("viewer-request", response(status=status), None)


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        *[(200, "status-text"), (None, "status-text")],
        *[(text, "status-range") for text in ("199", "600", "", "2e2", "OK", "0200", "²00")],
    ],
)
def test_another_status_is_refused(status: Any, rule: str) -> None:
    refused(rule, check_response, "viewer-request", response(status=status), None)


def test_a_status_description_is_text() -> None:
    check_response("viewer-request", response(statusDescription="Fine"), None)
    refused("status-text", check_response, "viewer-request", response(statusDescription=3), None)


def test_the_status_is_changed_at_origin_response_only() -> None:
    check_response("origin-response", response(status="404"), response())
    refused("status-unchanged", check_response, "viewer-response", response(status="404"), response())
    check_response("viewer-response", response(), response())


def test_no_content_has_no_body() -> None:
    refused("no-content-body", check_response, "viewer-request", response(status="204", body="x"), None)
    check_response("viewer-request", response(status="204"), None)
    check_response("viewer-request", response(status="204", body=""), None)
    check_response("origin-request", response(status="204", body="x"), None)


def test_the_body_flag_has_its_own_name() -> None:
    made = response(body="w6k=", isBase64Encoded=True)
    refused("body-encoding", check_response, "origin-request", made, None)
    refused("body-encoding", check_response, "origin-request", response(body=b"x"), None)
    refused("body-encoding", check_response, "origin-request", response(body="x", bodyEncoding="gzip"), None)


@pytest.mark.parametrize(("stage", "limit"), [("viewer-request", 40 * KB), ("origin-request", MB)])
def test_a_made_up_response_has_a_size_with_its_headers(stage: str, limit: int) -> None:
    headers = header("x-a", "12345")  # "x-a: 12345" and a line end: 12 bytes
    check_response(stage, response(headers=headers, body="a" * (limit - 12)), None)
    refused("response-size", check_response, stage, response(headers=headers, body="a" * (limit - 11)), None)
    encoded = b64encode(bytes(limit - 12)).decode()
    check_response(stage, response(headers=headers, body=encoded, bodyEncoding="base64"), None)
    encoded = b64encode(bytes(limit - 11)).decode()
    too_large = response(headers=headers, body=encoded, bodyEncoding="base64")
    refused("response-size", check_response, stage, too_large, None)


def test_a_replaced_origin_body_has_a_size() -> None:
    check_response("origin-response", response(body="a" * MB), response())
    refused("response-size", check_response, "origin-response", response(body="a" * (MB + 1)), response())
    large = header("x-a", "v" * (MB + 1))
    check_response("origin-response", response(headers=large), response(headers=large))


def custom(**changes: Any) -> dict[str, Any]:
    settings = {
        "domainName": "a.example.com",
        "path": "",
        "port": 443,
        "protocol": "https",
        "readTimeout": 30,
        "keepaliveTimeout": 5,
        "sslProtocols": ["TLSv1.2"],
        "customHeaders": {},
    }
    return {"custom": {**settings, **changes}}


def s3(**changes: Any) -> dict[str, Any]:
    settings = {"domainName": "b.s3.amazonaws.com", "path": "", "authMethod": "none", "region": "", "customHeaders": {}}
    return {"s3": {**settings, **changes}}


LONG = "a" * 60 + "."
GOOD_ORIGINS = [
    *[custom(port=port) for port in (80, 443, 1024, 65535)],
    *[custom(path=path) for path in ("", "/a", "/" + "a" * 254)],
    *[custom(readTimeout=seconds) for seconds in (4, 60)],
    *[custom(keepaliveTimeout=seconds) for seconds in (1, 60)],
    custom(domainName="a" * 253),
    custom(domainName="1.2.3.example.com"),
    custom(protocol="http", sslProtocols=["TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3"]),
    custom(customHeaders=header("x-key")),
    s3(),
    s3(domainName="b" * 128),
    s3(authMethod="origin-access-identity", region="eu-west-1"),
]
BAD_ORIGINS = [
    *[("origin-domain", custom(domainName=name)) for name in ("", None, "a:80", "192.0.2.1", "a" * 254)],
    *[("origin-domain", s3(domainName=name)) for name in ("b" * 129, "Photos.s3.amazonaws.com")],
    *[("origin-path", custom(path=path)) for path in ("a", "/", "/a/", None, "/" + "a" * 255)],
    ("origin-path", s3(path="a")),
    *[("origin-port", custom(port=port)) for port in (0, 79, 81, 442, 444, 1023, 65536, "443", None, True)],
    *[("origin-timeout", custom(readTimeout=seconds)) for seconds in (3, 61, None, "30")],
    *[("origin-timeout", custom(keepaliveTimeout=seconds)) for seconds in (0, 61)],
    *[("origin-protocol", custom(protocol=protocol)) for protocol in ("ftp", "match-viewer", None)],
    *[("origin-ssl", custom(sslProtocols=tls)) for tls in ([], ["TLSv1.3"], "TLSv1.2", None)],
    *[("origin-auth", s3(authMethod=method)) for method in ("", "origin-access-identity", None)],
    ("origin-kind", {}),
    ("origin-kind", {"custom": custom()["custom"], "s3": s3()["s3"]}),
    ("origin-kind", {"other": {}}),
    ("origin-kind", "a.example.com"),
    ("origin-header", custom(customHeaders=header("X-Seen"))),
]


@pytest.mark.parametrize("origin", GOOD_ORIGINS)
def test_an_origin_within_the_rules(origin: Any) -> None:
    check_origin("origin-request", request(origin=origin, headers=header("x-seen")), request())


@pytest.mark.parametrize(("rule", "origin"), BAD_ORIGINS)
def test_an_origin_against_the_rules(rule: str, origin: Any) -> None:
    answer = request(origin=origin, headers=header("x-seen"))
    refused(rule, check_origin, "origin-request", answer, request(origin=custom(domainName="old.example.com")))


def test_an_origin_is_switched_at_origin_request_only() -> None:
    refused("origin-stage", check_origin, "viewer-request", request(origin=custom()), request())
    check_origin("viewer-request", request(), request())


def test_what_the_distribution_brought_is_not_held_against_the_function() -> None:
    brought = custom(readTimeout=120, port=81)
    check_origin("origin-request", request(origin=copy.deepcopy(brought)), request(origin=brought))
    moved = custom(readTimeout=120, path="/new")
    check_origin("origin-request", request(origin=moved), request(origin=custom(readTimeout=120)))


def test_another_host_needs_another_host_header() -> None:
    old = request(origin=custom(domainName="old.example.com"), headers=header("host", "old.example.com"))
    refused("origin-host", check_origin, "origin-request", {**old, "origin": custom()}, old)
    moved = request(origin=custom(), headers=header("host", "a.example.com"))
    check_origin("origin-request", moved, old)
    path = custom(domainName="old.example.com", path="/x")
    check_origin("origin-request", {**old, "origin": path}, old)

"""The decorators of the four stages, and the objects their functions take and return."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any

import pytest

from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.events.edge import (
    CloudFrontRequest,
    CloudFrontResponse,
    CustomOrigin,
    EdgeEvent,
    S3Origin,
    origin_request,
    origin_response,
    redirect,
    viewer_request,
    viewer_response,
)
from lambdakit.exceptions import EdgeRuleError, EventError, MissingFieldError, UsageError, WrongSourceError

CUSTOM = {
    "customHeaders": {"x-origin-key": [{"key": "X-Origin-Key", "value": "k"}]},
    "domainName": "www.example.com",
    "path": "/shop",
    "port": 443,
    "protocol": "https",
    "readTimeout": 30,
    "keepaliveTimeout": 5,
    "sslProtocols": ["TLSv1.2"],
}


def edge_event(stage: str, *, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request: dict[str, Any] = {
        "clientIp": "203.0.113.9",
        "method": "GET",
        "uri": "/a%20b",
        "querystring": "size=L&color=red",
        "headers": {
            "host": [{"key": "Host", "value": "www.example.com"}],
            "cookie": [{"key": "Cookie", "value": "a=1; b=2"}, {"key": "Cookie", "value": "c=3"}],
            "via": [{"key": "Via", "value": "2.0 edge"}],
        },
    }
    if not stage.startswith("viewer"):
        request["origin"] = {"custom": copy.deepcopy(CUSTOM)}
    if body is not None:
        request["body"] = body
    config = {
        "distributionDomainName": "d1.cloudfront.net",
        "distributionId": "EDIST",
        "eventType": stage,
        "requestId": "r-1",
    }
    cf: dict[str, Any] = {"config": config, "request": request}
    if stage.endswith("response"):
        headers = {"via": [{"key": "Via", "value": "1.1 x"}], "set-cookie": [{"key": "Set-Cookie", "value": "o=1"}]}
        cf["response"] = {"status": "200", "statusDescription": "Fine", "headers": headers}
    return {"Records": [{"cf": cf}]}


def request_of(event: dict[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = event["Records"][0]["cf"]["request"]
    return request


def response_of(event: dict[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = event["Records"][0]["cf"]["response"]
    return response


STAGES = {
    "viewer-request": viewer_request,
    "origin-request": origin_request,
    "origin-response": origin_response,
    "viewer-response": viewer_response,
}


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_not_changed_is_given_back_as_it_came(stage: str) -> None:
    event = edge_event(stage)
    before = copy.deepcopy(event)
    answer = STAGES[stage](lambda subject, context: subject)(event)  # type: ignore[operator]
    assert answer == (response_of if stage.endswith("response") else request_of)(before)
    assert event == before


@pytest.mark.parametrize("stage", STAGES)
def test_another_stages_event_is_named(stage: str) -> None:
    other = next(name for name in STAGES if name != stage)
    handler: Any = STAGES[stage](lambda subject, context: subject)  # type: ignore[operator]
    with pytest.raises(WrongSourceError, match=f"takes {stage} events; the event is {other}"):
        handler(edge_event(other))


@pytest.mark.parametrize(("event", "said"), [({"a": 1}, "no known source"), ([], "it got list")])
def test_another_sources_event_is_named(event: Any, said: str) -> None:
    with pytest.raises(WrongSourceError, match=said):
        viewer_request(lambda request, context: request)(event)


def test_an_event_without_its_type_fits_by_direction() -> None:
    event = edge_event("origin-response")
    del event["Records"][0]["cf"]["config"]["eventType"]
    del event["Records"][0]["cf"]["request"]
    assert viewer_response(lambda response, context: response)(event) == response_of(event)
    with pytest.raises(WrongSourceError, match="the other direction"):
        viewer_request(lambda request, context: request)(event)
    with pytest.raises(MissingFieldError, match=r"cf\.request"):
        origin_response(lambda response, context: {"status": response.request.uri})(event)


def test_an_async_function_is_answered_alike() -> None:
    @viewer_request
    async def handler(request: CloudFrontRequest, context: Any) -> CloudFrontRequest:
        await asyncio.sleep(0)
        request.uri = "/b"
        return request

    @viewer_request
    async def wrong(request: CloudFrontRequest, context: Any) -> CloudFrontRequest:
        request.uri = "b"
        return request

    assert asyncio.run(handler(edge_event("viewer-request")))["uri"] == "/b"
    with pytest.raises(EdgeRuleError, match="uri-start"):
        asyncio.run(wrong(edge_event("viewer-request")))


def test_middleware_sees_typed_objects_on_both_sides() -> None:
    seen: list[str] = []

    def spy(request: Any, context: Any, call_next: Any) -> Any:
        answer = call_next(request, context)
        seen.extend((type(request).__name__, type(answer).__name__))
        return answer

    @viewer_request(middleware=[spy])
    def handler(request: CloudFrontRequest, context: Any) -> CloudFrontResponse:
        return CloudFrontResponse(403)

    assert handler(edge_event("viewer-request")) == {"status": "403", "statusDescription": "Forbidden"}
    assert seen == ["CloudFrontRequest", "CloudFrontResponse"]


def test_an_option_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'middleware'"):
        viewer_request(midleware=[])  # type: ignore[call-overload]


@pytest.mark.parametrize("result", [None, "x", 3])
def test_no_answer_is_refused(result: Any) -> None:
    with pytest.raises(EdgeRuleError, match=r"answer-kind.*return the request, or a response"):
        viewer_request(lambda request, context: result)(edge_event("viewer-request"))


def test_a_request_is_no_answer_to_a_response_event() -> None:
    with pytest.raises(EdgeRuleError, match=r"answer-kind.*return the response"):
        origin_response(lambda response, context: response.request)(edge_event("origin-response"))  # type: ignore[arg-type, return-value]


def test_the_error_tells_rule_stage_and_advice_and_travels() -> None:
    with pytest.raises(EventError) as raised:
        viewer_request(lambda request, context: {"uri": "x"})(edge_event("viewer-request"))
    error = raised.value
    assert isinstance(error, EdgeRuleError)
    assert (error.rule, error.stage) == ("uri-start", "viewer-request")
    assert str(error) == "viewer-request (uri-start): request.uri is 'x'; make it a text that begins with \"/\""
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_what_is_read_only_cannot_be_set() -> None:
    request = CloudFrontRequest(request_of(edge_event("viewer-request")), stage="viewer-request")
    assert (request.client_ip, request.method, request.url) == ("203.0.113.9", "GET", "/a%20b?size=L&color=red")
    for name in ("client_ip", "method", "url", "ulr"):
        with pytest.raises(AttributeError):
            setattr(request, name, "x")


def test_query_parameters_are_read_and_written() -> None:
    request = CloudFrontRequest({"uri": "/", "querystring": "b=2&a=x%20y&b=3&e="}, stage="viewer-request")
    query = request.query
    assert (query["b"], query.get_all("b"), query["a"], query["e"]) == ("2", ["2", "3"], "x y", "")
    assert (query.get("z"), "z" in query, "e" in query) == ("", False, True)
    with pytest.raises(KeyError):
        query["z"]
    query["b"] = "4&5"
    assert request.querystring == "b=4%265&a=x+y&e="
    query.sort()
    assert request.querystring == "a=x+y&b=4%265&e="
    del query["a"]
    query["new"] = "#"
    assert request.querystring == "b=4%265&e=&new=%23"


def test_cookies_are_read_and_written() -> None:
    request = CloudFrontRequest(request_of(edge_event("viewer-request")), stage="viewer-request")
    assert request.cookies.pairs() == [("a", "1"), ("b", "2"), ("c", "3")]
    assert (request.cookies["c"], request.cookies.get("z", "none"), "b" in request.cookies) == ("3", "none", True)
    with pytest.raises(KeyError):
        request.cookies["z"]
    request.cookies["a"] = "9"
    assert request.headers.get_all("cookie") == ["b=2; c=3; a=9"]
    for name in "abc":
        del request.cookies[name]
    assert "Cookie" not in request.headers


@pytest.mark.parametrize(
    ("encoding", "data", "text"), [("base64", "w6k=", "é"), ("text", "é", "é"), ("base64", "", "")]
)
def test_a_body_is_decoded(encoding: str, data: str, text: str) -> None:
    wire = {"inputTruncated": True, "action": "read-only", "encoding": encoding, "data": data}
    body = CloudFrontRequest({"uri": "/", "body": wire}, stage="viewer-request").body
    assert body is not None
    assert (body.data, body.text, body.input_truncated) == (text.encode(), text, True)


@pytest.mark.parametrize(("new", "encoding", "data"), [("x=1", "text", "x=1"), (b"\xff", "base64", "/w==")])
def test_a_replaced_body_says_so(new: str | bytes, encoding: str, data: str) -> None:
    wire = {"inputTruncated": False, "action": "read-only", "encoding": "base64", "data": "w6k="}

    @viewer_request
    def handler(request: CloudFrontRequest, context: Any) -> CloudFrontRequest:
        assert request.body is not None
        request.body.replace(new)
        return request

    answer = handler(edge_event("viewer-request", body=wire))
    assert answer["body"] == {"inputTruncated": False, "action": "replace", "encoding": encoding, "data": data}


def test_the_origin_is_switched_together_with_its_host() -> None:
    @origin_request
    def to_s3(request: CloudFrontRequest, context: Any) -> CloudFrontRequest:
        request.switch_origin(S3Origin("photos.s3.amazonaws.com", custom_headers={"X-Key": "k"}))
        return request

    @origin_request
    def to_custom(request: CloudFrontRequest, context: Any) -> CloudFrontRequest:
        request.switch_origin(CustomOrigin("old.example.com", protocol="http"))
        return request

    answer = to_s3(edge_event("origin-request"))
    assert answer["headers"]["host"] == [{"key": "Host", "value": "photos.s3.amazonaws.com"}]
    assert answer["origin"] == {
        "s3": {
            "customHeaders": {"x-key": [{"key": "X-Key", "value": "k"}]},
            "domainName": "photos.s3.amazonaws.com",
            "path": "",
            "authMethod": "none",
            "region": "",
        }
    }
    assert to_custom(edge_event("origin-request"))["origin"]["custom"]["port"] == 80


def test_an_origin_is_changed_in_place() -> None:
    @origin_request
    def handler(request: CloudFrontRequest, context: Any) -> CloudFrontRequest:
        assert isinstance(request.origin, CustomOrigin)
        request.origin.path = "/new"
        return request

    assert handler(edge_event("origin-request"))["origin"] == {"custom": {**CUSTOM, "path": "/new"}}


def test_a_made_up_response_is_put_into_cloudfronts_form() -> None:
    @viewer_request
    def handler(request: CloudFrontRequest, context: Any) -> CloudFrontResponse:
        response = CloudFrontResponse(200, b"\x00\x01", headers={"Content-Type": "image/x"})
        response.set_cookie("id", "7", max_age=60)
        response.delete_cookie("old")
        return response

    assert handler(edge_event("viewer-request")) == {
        "status": "200",
        "statusDescription": "OK",
        "headers": {
            "content-type": [{"key": "Content-Type", "value": "image/x"}],
            "set-cookie": [
                {"key": "Set-Cookie", "value": "id=7; Max-Age=60; Path=/; SameSite=Lax; Secure; HttpOnly"},
                {"key": "Set-Cookie", "value": "old=; Max-Age=0; Path=/; SameSite=Lax; Secure; HttpOnly"},
            ],
        },
        "body": "AAE=",
        "bodyEncoding": "base64",
    }


@pytest.mark.parametrize(("name", "value"), [("a=b", "1"), ("", "1"), ("a", "1;2"), ("a", "é"), ("a", "x\r\ny")])
def test_a_cookie_that_would_break_the_header_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="cookie"):
        CloudFrontResponse(200).set_cookie(name, value)


def test_a_redirect() -> None:
    wire = redirect("/new", status=308).to_wire()
    location = [{"key": "Location", "value": "/new"}]
    assert wire == {"status": "308", "statusDescription": "Permanent Redirect", "headers": {"location": location}}


def test_a_response_can_be_read_and_changed_at_origin_response() -> None:
    @origin_response
    def handler(response: CloudFrontResponse, context: Any) -> CloudFrontResponse:
        assert (response.status, response.status_description, response.body) == (200, "Fine", None)
        assert response.request.method == "GET"
        response.status = 404
        response.body = ""
        return response

    answer = handler(edge_event("origin-response"))
    assert (answer["status"], answer["statusDescription"], answer["body"]) == ("404", "Not Found", "")


@pytest.mark.parametrize("answer", [redirect("/new"), CloudFrontResponse(410, "Gone.")])
def test_a_made_up_response_takes_the_place_of_the_origins(answer: CloudFrontResponse) -> None:
    event = edge_event("origin-response")
    chunked = [{"key": "Transfer-Encoding", "value": "chunked"}]
    response_of(event)["headers"].update({"transfer-encoding": chunked, "etag": [{"key": "ETag", "value": '"1"'}]})
    wire = origin_response(lambda response, context: answer)(event)
    headers = {name: wire["headers"][name] for name in ("via", "transfer-encoding")}
    assert headers == {"via": response_of(event)["headers"]["via"], "transfer-encoding": chunked}
    assert set(wire["headers"]) == {"via", "transfer-encoding", *answer.headers}
    assert (wire["status"], wire["body"]) == (str(answer.status), answer.body or "")


def test_a_made_up_response_cannot_change_the_status_at_viewer_response() -> None:
    with pytest.raises(EdgeRuleError, match="status-unchanged"):
        viewer_response(lambda response, context: redirect("/new"))(edge_event("viewer-response"))


@pytest.mark.parametrize(
    ("true", "device"),
    [
        ({"Mobile"}, "mobile"),
        ({"Mobile", "Tablet"}, "tablet"),
        ({"SmartTV"}, "smarttv"),
        ({"Desktop"}, "desktop"),
        (set[str](), None),
    ],
)
def test_country_and_device_are_those_cloudfront_found(true: set[str], device: str | None) -> None:
    request = CloudFrontRequest({"uri": "/"}, stage="origin-request")
    assert (request.viewer_country, request.viewer_device) == ("", None)
    for kind in ("Mobile", "Tablet", "SmartTV", "Desktop"):
        request.headers[f"CloudFront-Is-{kind}-Viewer"] = "true" if kind in true else "false"
    request.headers["CloudFront-Viewer-Country"] = "FR"
    assert (request.viewer_country, request.viewer_device) == ("FR", device)


@pytest.mark.parametrize("stage", STAGES)
def test_the_event_as_a_model(stage: str) -> None:
    body = {"inputTruncated": False, "action": "read-only", "encoding": "text", "data": "x"}
    event = detect(edge_event(stage, body=body))
    assert isinstance(event, EdgeEvent)
    assert unmapped(event) == []
    record = event.record
    assert (record.config.event_type, record.config.distribution_id, record.config.request_id) == (
        stage,
        "EDIST",
        "r-1",
    )
    assert record.request is not None
    assert record.request.body is not None
    assert (record.request.headers["HOST"], record.request.body.data) == ("www.example.com", "x")
    assert (record.response is None) == stage.endswith("request")

"""Lambda@Edge: the event CloudFront sends, and the decorators of its four stages.

    @viewer_request
    def handler(request: CloudFrontRequest, context: Context) -> CloudFrontRequest | CloudFrontResponse:
        if not request.cookies.get("session"):
            return redirect("/login")
        return request

Source: Amazon CloudFront developer guide, "Lambda@Edge event structure". A request stage takes the request and returns
it to go on, or a response to answer the viewer; a response stage takes the response (with `.request` to read) and
returns it, or in an origin response event another in its place. A dictionary in CloudFront's form may be returned as
well. Every answer is checked (`edge_rules`): where CloudFront would show the viewer a bare 502, EdgeRuleError names the
rule. `EdgeEvent` is the event as a plain model.
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator, wrong_source
from lambdakit.events.edge_headers import EdgeHeaders
from lambdakit.events.edge_origin_rules import part
from lambdakit.events.edge_request import CloudFrontRequest, CustomOrigin, RequestBody, S3Origin
from lambdakit.events.edge_response import CloudFrontResponse, in_place_of, redirect
from lambdakit.events.edge_rules import READ_ONLY, check_request, check_response, is_response
from lambdakit.events.model import Model, field
from lambdakit.exceptions import EdgeRuleError, WrongSourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from typing import Any, Generic, TypeAlias, TypeVar, overload

    from lambdakit.context import LambdaContext
    from lambdakit.handlers import Handler, Middleware

    Wire: TypeAlias = dict[str, Any]
    SubjectT = TypeVar("SubjectT")
    AnswerT = TypeVar("AnswerT")

    class _StageBase(EventDecorator[Any], Generic[SubjectT, AnswerT]):
        pass

else:
    SubjectT = AnswerT = None
    _StageBase = EventDecorator

__all__ = (
    "CloudFrontRequest",
    "CloudFrontResponse",
    "CustomOrigin",
    "EdgeConfig",
    "EdgeEvent",
    "EdgeHeaders",
    "EdgeOrigin",
    "EdgeRecord",
    "EdgeRequest",
    "EdgeRequestBody",
    "EdgeResponse",
    "RequestBody",
    "S3Origin",
    "StageDecorator",
    "origin_request",
    "origin_response",
    "redirect",
    "viewer_request",
    "viewer_response",
)

# `type`, but Any to type checkers.
_type: Any = type


class EdgeConfig(Model, at="$.Records[0].cf.config"):
    """The distribution, and which of its events this is."""

    shown = ("event_type", "distribution_id")

    distribution_id: str = field("distributionId")
    distribution_domain_name: str | None = field("distributionDomainName", default=None)
    event_type: str | None = field("eventType", default=None, doc="Such as `viewer-request`.")
    request_id: str | None = field("requestId", default=None)


class EdgeRequestBody(Model, at="$.Records[0].cf.request.body"):
    """The body of a request, as the event carries it."""

    shown = ("action", "encoding")

    input_truncated: bool = field("inputTruncated")
    action: str = field("action")
    encoding: str = field("encoding")
    data: str = field("data")


class EdgeOrigin(Model, at="$.Records[0].cf.request.origin"):
    """Where the request goes: one of the two is there."""

    custom: dict[str, Any] | None = field("custom", default=None)
    s3: dict[str, Any] | None = field("s3", default=None)


class EdgeRequest(Model, at="$.Records[0].cf.request"):
    """The request, to read. The decorators' functions get a CloudFrontRequest."""

    shown = ("method", "uri")

    client_ip: str | None = field("clientIp", default=None)
    method: str = field("method")
    uri: str = field("uri")
    querystring: str = field("querystring", default="")
    headers: EdgeHeaders = field("headers", convert=EdgeHeaders)
    body: EdgeRequestBody | None = field("body", convert=EdgeRequestBody, default=None)
    origin: EdgeOrigin | None = field("origin", convert=EdgeOrigin, default=None)


class EdgeResponse(Model, at="$.Records[0].cf.response"):
    """The response, to read. The decorators' functions get a CloudFrontResponse."""

    shown = ("status",)

    status: int = field("status", convert=int)
    status_description: str = field("statusDescription", default="")
    headers: EdgeHeaders = field("headers", convert=EdgeHeaders)


class EdgeRecord(Model, at="$.Records[0]"):
    """The one record of an event."""

    shown = ("config", "request", "response")

    config: EdgeConfig = field("cf", "config", convert=EdgeConfig)
    request: EdgeRequest | None = field("cf", "request", convert=EdgeRequest, default=None)
    response: EdgeResponse | None = field("cf", "response", convert=EdgeResponse, default=None)


class EdgeEvent(Model):
    """A Lambda@Edge event: exactly one record."""

    shown = ("records",)

    records: list[EdgeRecord] = field("Records", each=EdgeRecord)

    @property
    def record(self) -> EdgeRecord:
        """The one record."""
        return self.records[0]


def _cf(event: Any) -> Wire:
    cf: Wire = event["Records"][0]["cf"]
    return cf


def _stage_fits(stage: str, cf: Wire) -> bool:
    """Whether an event is of the stage. Events that do not name theirs fit both stages of their direction."""
    named = part(cf, "config").get("eventType")
    return bool(named == stage) if named else ("response" in cf) == stage.endswith("response")


class StageDecorator(_StageBase[SubjectT, AnswerT]):
    """The decorator of one stage, usable bare and called; the answer is checked and made CloudFront's form."""

    def __init__(self, name: str, stage: str, subject: type[SubjectT]) -> None:
        super().__init__(name, EdgeEvent, "edge", answer=self._build)
        self.models = (subject,)
        self.stage = stage
        self._subject: Any = subject
        self._is_edge = self.accepts
        self.accepts = self._fits
        self.__doc__ = f"Make a function of a {subject.__name__} the Lambda@Edge handler of {stage}."

    if TYPE_CHECKING:

        @overload  # type: ignore[override]
        def __call__(  # type: ignore[overload-overlap]
            self, function: Callable[[SubjectT, LambdaContext[Any]], Awaitable[AnswerT]], /
        ) -> Handler[SubjectT, Coroutine[Any, Any, Wire]]: ...

        @overload
        def __call__(
            self, function: Callable[[SubjectT, LambdaContext[Any]], AnswerT], /
        ) -> Handler[SubjectT, Wire]: ...

        @overload
        def __call__(self, *, middleware: Sequence[Middleware] = ()) -> StageDecorator[SubjectT, AnswerT]: ...

        def __call__(  # pyright: ignore[reportIncompatibleMethodOverride]
            self, *function: Any, **options: Any
        ) -> Any: ...

    def _fits(self, event: Wire) -> bool:
        return self._is_edge(event) and _stage_fits(self.stage, _cf(event))

    def prepare(self, event: Any) -> Any:
        """The request or response of an event. Raises WrongSourceError, also for another stage's event."""
        if _type(event) is self._subject:
            return event
        raw = event.raw if _type(event) is EdgeEvent else event
        if _type(raw) is not dict or not self._is_edge(raw):
            raise wrong_source(self.__name__, "Lambda@Edge event", event)
        cf = _cf(raw)
        if not _stage_fits(self.stage, cf):
            found = part(cf, "config").get("eventType") or "one of the other direction"
            advice = "decorate with the stage of the association"
            raise WrongSourceError(f"@{self.__name__} takes {self.stage} events; the event is {found}; {advice}")
        request = self._request_of(cf)
        return request if self._subject is CloudFrontRequest else CloudFrontResponse.of(cf["response"], request)

    def _request_of(self, cf: Wire) -> CloudFrontRequest | None:
        if "request" not in cf:
            return None
        return CloudFrontRequest(cf["request"], stage=self.stage, config=cf.get("config"))

    def _build(self, subject: Any, result: Any) -> Wire:
        """The checked answer in CloudFront's form. Raises EdgeRuleError."""
        wire: Any = self._wire_of(subject, result)
        if _type(wire) is not dict:
            raise self._no_answer(f"the function returned {_type(result).__name__}")
        if not is_response(wire):
            self._check_request(subject, wire)
        elif _type(subject) is CloudFrontResponse:
            check_response(self.stage, wire, subject.original)
        else:
            check_response(self.stage, wire, None)
        return wire  # type: ignore[no-any-return]

    def _wire_of(self, subject: Any, result: Any) -> Any:
        if _type(result) is CloudFrontRequest:
            return result.to_wire()
        if _type(result) is not CloudFrontResponse:
            return result
        if self.stage == "origin-response" and not result.original:
            return in_place_of(subject.original, result.to_wire(), READ_ONLY[self.stage])
        return result.to_wire()

    def _check_request(self, subject: Any, wire: Wire) -> None:
        if _type(subject) is not CloudFrontRequest:
            raise self._no_answer("the function returned a request")
        check_request(self.stage, wire, subject.original)

    def _no_answer(self, what: str) -> EdgeRuleError:
        wanted = "the request, or a response" if self.stage.endswith("request") else "the response"
        return EdgeRuleError("answer-kind", self.stage, what, f"return {wanted}")


if TYPE_CHECKING:
    RequestAnswer: TypeAlias = CloudFrontRequest | CloudFrontResponse | Wire
    ResponseAnswer: TypeAlias = CloudFrontResponse | Wire
    RequestStage: TypeAlias = StageDecorator[CloudFrontRequest, RequestAnswer]
    ResponseStage: TypeAlias = StageDecorator[CloudFrontResponse, ResponseAnswer]

viewer_request: RequestStage = StageDecorator("viewer_request", "viewer-request", CloudFrontRequest)
origin_request: RequestStage = StageDecorator("origin_request", "origin-request", CloudFrontRequest)
origin_response: ResponseStage = StageDecorator("origin_response", "origin-response", CloudFrontResponse)
viewer_response: ResponseStage = StageDecorator("viewer_response", "viewer-response", CloudFrontResponse)

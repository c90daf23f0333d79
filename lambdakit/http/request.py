"""The request that a route answers: HTTP, whatever service sent it.

A request is lazy: making one reads method and path, and everything else is read out of the event when it is first asked
for. The event itself is there too, typed (`event`) and as it came (`raw`).

    @app.get("/users/{id}")
    def show(request: Request) -> dict[str, str]:
        return {"id": request.path_params["id"], "page": request.query.get("page", "1")}

Not here: how the dialects of the services are read (`front_doors`), and arguments by annotation (`arguments`).
"""

from __future__ import annotations

from urllib.parse import unquote

from lambdakit.http.multi_maps import Headers, MultiMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from functools import cached_property as lazy
    from typing import Any, TypeAlias

    from lambdakit.context import LambdaContext
    from lambdakit.events import (
        ALBEvent,
        APIGatewayProxyEvent,
        APIGatewayProxyEventV2,
        CloudFrontRequest,
        FunctionURLEvent,
        VPCLatticeEvent,
        VPCLatticeEventV2,
    )
    from lambdakit.http.forms import FormData
    from lambdakit.http.front_doors import FrontDoor

    HTTPRequestEvent: TypeAlias = (
        APIGatewayProxyEvent
        | APIGatewayProxyEventV2
        | FunctionURLEvent
        | ALBEvent
        | VPCLatticeEvent
        | VPCLatticeEventV2
        | CloudFrontRequest
    )
else:

    class lazy:  # noqa: N801
        """An attribute made when first asked for; `functools.cached_property` takes a lock on Python 3.10 and 3.11."""

        def __init__(self, make):
            self.make = make
            self.name = make.__name__
            self.__doc__ = make.__doc__

        def __get__(self, request, owner=None):
            if request is None:
                return self
            value = request.__dict__[self.name] = self.make(request)
            return value


__all__ = ("EVENTS", "Request")

# Dialect -> the model of its events, in `lambdakit.events`, or the decorator that makes it.
EVENTS = {
    "rest": "APIGatewayProxyEvent",
    "http": "APIGatewayProxyEventV2",
    "url": "FunctionURLEvent",
    "alb": "ALBEvent",
    "alb-multi": "ALBEvent",
    "lattice": "VPCLatticeEvent",
    "lattice-v2": "VPCLatticeEventV2",
    "viewer-request": "viewer_request",
    "origin-request": "origin_request",
}
_NOTHING: Mapping[str, Any] = {}


class Request:
    """One HTTP request.

    `method` is in upper case, `raw_path` as the service gave it (mostly percent-encoded), without stage and query.
    `path_params` are the values in the route's path, decoded and converted; `route` is its pattern, or None where no
    route fits, and `target` what the application found for it. `state` is for whatever middleware wants to hand on.
    `raw` is the event, `door` reads it.
    """

    context: LambdaContext[Any]
    route: str | None
    path_params: dict[str, Any]
    base_path: str

    def __init__(self, raw: Mapping[str, Any], door: FrontDoor, context: Any = None) -> None:
        # The second name is the one by which middleware finds the dict of a typed event.
        self.raw = self._raw = raw
        self.door = door
        self.context = context
        self.method, self.raw_path = door.line(raw)
        self.route = None
        self.target: Any = None
        self.path_params = {}
        self.base_path = ""

    @lazy
    def path(self) -> str:
        """The path, percent-decoded, without stage and query."""
        return unquote(self.raw_path) if "%" in self.raw_path else self.raw_path

    @lazy
    def query(self) -> MultiMap:
        """The query's values, decoded."""
        return MultiMap(self.door.query(self.raw))

    @lazy
    def headers(self) -> Headers:
        """The headers, names in any case. Where the service joins repeats by commas they stay joined."""
        return Headers(self.door.headers(self.raw))

    @lazy
    def cookies(self) -> dict[str, str]:
        """The cookies, not decoded; of a name that came repeatedly the first, which is the most specific."""
        cookies: dict[str, str] = {}
        for text in self.door.cookies(self.raw):
            name, equals, value = text.partition("=")
            if equals:
                cookies.setdefault(name.strip(), value.strip())
        return cookies

    @lazy
    def body(self) -> bytes:
        """The body, out of base64 where it is; empty where there is none."""
        return self.door.body(self.raw)

    @lazy
    def text(self) -> str:
        """The body as text, in the charset the content type names, else UTF-8. Raises BadRequestError."""
        charset = self._content_parameter("charset") or "utf-8"
        try:
            return self.body.decode(charset)
        except (LookupError, ValueError):
            from lambdakit.exceptions import BadRequestError

            raise BadRequestError(f"the body is not text in {charset[:40]}") from None

    def json(self) -> Any:
        """The body as JSON, which is decoded once. Raises RequestFaultsError, which answers 400."""
        return self._json

    @lazy
    def _json(self) -> Any:
        from lambdakit.codec import decode
        from lambdakit.exceptions import RequestFaultsError, UnmarshalFault

        try:
            return decode(self.body)
        except UnmarshalFault as fault:
            what = f"not JSON: {fault.message.partition(': ')[2]}" if self.body else "empty, expected JSON"
            raise RequestFaultsError(400, (("body", "$", what),)) from None

    @lazy
    def form(self) -> FormData:
        """The fields and files of a form, URL-encoded or multipart. Raises BadRequestError.

        Multipart needs the extra `http`.
        """
        from lambdakit.http.forms import read_form

        return read_form(self.headers.get("content-type", ""), self.body)

    @lazy
    def event(self) -> HTTPRequestEvent:
        """The event in the model of its service, such as APIGatewayProxyEventV2."""
        from lambdakit import events

        make: Any = getattr(events, EVENTS[self.door.name])
        typed: HTTPRequestEvent = make.prepare(self.raw) if hasattr(make, "prepare") else make(self.raw)
        return typed

    @lazy
    def state(self) -> dict[str, Any]:
        """What middleware hands on to the route and to other middleware."""
        return {}

    @lazy
    def mount(self) -> str:
        """What stands before the path in the URL that the client used, such as the stage: `/prod`, or nothing."""
        return self.door.mount(self.raw) + self.base_path

    @lazy
    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters; empty where the request names none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @lazy
    def client_ip(self) -> str | None:
        """The address of the client, as far as the service vouches for it."""
        return self.door.client(self.raw)

    @lazy
    def stage(self) -> str | None:
        """The stage of the API; None where the service has none."""
        stage: str | None = self._request_context.get("stage")
        return stage

    @lazy
    def host(self) -> str:
        """The host that the client asked, in lower case, with its port where it named one; empty if nobody says."""
        host: str = self.headers.get("host") or self._request_context.get("domainName") or ""
        return host.lower()

    @lazy
    def scheme(self) -> str:
        """`https`, or `http` behind a load balancer that listens so."""
        return self.headers.get("x-forwarded-proto", "https").partition(",")[0].strip().lower()

    @lazy
    def request_id(self) -> str | None:
        """The invocation's id, by which its log lines are found; None where there is no context."""
        found: str | None = getattr(self.context, "aws_request_id", None)
        return found

    @property
    def _request_context(self) -> Mapping[str, Any]:
        context: Mapping[str, Any] = self.raw.get("requestContext") or _NOTHING
        return context

    def _content_parameter(self, wanted: str) -> str | None:
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == wanted:
                return value.strip().strip('"')
        return None

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.raw_path}>"

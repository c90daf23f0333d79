"""The request of a Lambda@Edge event, to be changed and returned, with its body and its origin.

Source: Amazon CloudFront developer guide, "Lambda@Edge event structure" and "Work with requests and responses". The
objects are mutable where CloudFront reads changes back and fixed where it does not (`client_ip`, `method`, the ids).
Nothing is judged while a request is changed; the rules are checked when it is returned.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

from lambdakit.events.edge_headers import EdgeHeaders, QueryString, RequestCookies
from lambdakit.exceptions import MissingFieldError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal, TypeAlias

    from lambdakit.events.edge_headers import HeaderInit

    Device: TypeAlias = Literal["smarttv", "tablet", "mobile", "desktop"]
    Origin: TypeAlias = "S3Origin | CustomOrigin"

__all__ = ("CloudFrontRequest", "CustomOrigin", "RequestBody", "S3Origin")

# `type`, but Any to type checkers.
_type: Any = type

# "Add CloudFront request headers": a tablet may be called mobile, too, so the narrower kinds come first.
_DEVICES: tuple[Device, ...] = ("smarttv", "tablet", "mobile", "desktop")


class S3Origin:
    """An Amazon S3 bucket as origin. `domain_name` as in `photos.s3.eu-west-1.amazonaws.com`, lowercase."""

    __slots__ = ("_extra", "auth_method", "custom_headers", "domain_name", "path", "region")

    kind = "s3"

    def __init__(
        self,
        domain_name: str,
        *,
        region: str = "",
        auth_method: Literal["origin-access-identity", "none"] = "none",
        path: str = "",
        custom_headers: HeaderInit | None = None,
    ) -> None:
        self.domain_name = domain_name
        self.region = region
        self.auth_method = auth_method
        self.path = path
        self.custom_headers = EdgeHeaders.of(custom_headers)
        self._extra: dict[str, Any] = {}

    @classmethod
    def of(cls, wire: dict[str, Any]) -> S3Origin:
        """The origin of the `s3` object of an event."""
        origin = cls(
            wire["domainName"],
            region=wire.get("region", ""),
            auth_method=wire.get("authMethod", "none"),
            path=wire.get("path", ""),
        )
        origin.custom_headers = EdgeHeaders(wire.get("customHeaders"))
        origin._extra = dict(wire)
        return origin

    def to_wire(self) -> dict[str, Any]:
        """`{"s3": {...}}`."""
        fields = {
            "customHeaders": self.custom_headers.to_wire(),
            "domainName": self.domain_name,
            "path": self.path,
            "authMethod": self.auth_method,
            "region": self.region,
        }
        return {"s3": {**self._extra, **fields}}

    def __repr__(self) -> str:
        return f"S3Origin({self.domain_name!r}, path={self.path!r})"


class CustomOrigin:
    """Any other web server as origin. Timeouts are seconds."""

    __slots__ = (
        "_extra",
        "custom_headers",
        "domain_name",
        "keepalive_timeout",
        "path",
        "port",
        "protocol",
        "read_timeout",
        "ssl_protocols",
    )

    kind = "custom"

    def __init__(
        self,
        domain_name: str,
        *,
        protocol: Literal["http", "https"] = "https",
        port: int | None = None,
        path: str = "",
        read_timeout: int = 30,
        keepalive_timeout: int = 5,
        ssl_protocols: Iterable[str] = ("TLSv1.2",),
        custom_headers: HeaderInit | None = None,
    ) -> None:
        self.domain_name = domain_name
        self.protocol = protocol
        self.port = port if port is not None else {"http": 80}.get(protocol, 443)
        self.path = path
        self.read_timeout = read_timeout
        self.keepalive_timeout = keepalive_timeout
        self.ssl_protocols = list(ssl_protocols)
        self.custom_headers = EdgeHeaders.of(custom_headers)
        self._extra: dict[str, Any] = {}

    @classmethod
    def of(cls, wire: dict[str, Any]) -> CustomOrigin:
        """The origin of the `custom` object of an event."""
        origin = cls(
            wire["domainName"],
            protocol=wire.get("protocol", "https"),
            port=wire.get("port"),
            path=wire.get("path", ""),
            read_timeout=wire.get("readTimeout", 30),
            keepalive_timeout=wire.get("keepaliveTimeout", 5),
            ssl_protocols=wire.get("sslProtocols", ("TLSv1.2",)),
        )
        origin.custom_headers = EdgeHeaders(wire.get("customHeaders"))
        origin._extra = dict(wire)
        return origin

    def to_wire(self) -> dict[str, Any]:
        """`{"custom": {...}}`."""
        fields = {
            "customHeaders": self.custom_headers.to_wire(),
            "domainName": self.domain_name,
            "keepaliveTimeout": self.keepalive_timeout,
            "path": self.path,
            "port": self.port,
            "protocol": self.protocol,
            "readTimeout": self.read_timeout,
            "sslProtocols": list(self.ssl_protocols),
        }
        return {"custom": {**self._extra, **fields}}

    def __repr__(self) -> str:
        return f"CustomOrigin({self.domain_name!r}, path={self.path!r})"


def copied(value: Any) -> Any:
    """A copy of JSON through which the event, against which an answer is checked, cannot be changed."""
    if _type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if _type(value) is list else value


def origin_of(wire: dict[str, Any] | None) -> Origin | None:
    """The origin of a request's `origin` object; None where it names none."""
    if not wire:
        return None
    if "s3" in wire:
        return S3Origin.of(wire["s3"])
    return CustomOrigin.of(wire["custom"]) if "custom" in wire else None


class RequestBody:
    """The body of a request, there when the association includes it. Only `replace` changes what the origin gets."""

    __slots__ = ("_wire",)

    def __init__(self, wire: dict[str, Any]) -> None:
        self._wire = dict(wire)

    @property
    def data(self) -> bytes:
        """The bytes, decoded."""
        text = str(self._wire.get("data", ""))
        return a2b_base64(text) if self.encoding == "base64" else text.encode()

    @property
    def text(self) -> str:
        """The body as UTF-8 text. Raises UnicodeDecodeError for other bytes."""
        return self.data.decode()

    @property
    def encoding(self) -> str:
        """How the event carries the body: `base64` or `text`."""
        return str(self._wire.get("encoding", "base64"))

    @property
    def action(self) -> str:
        """`read-only`, or `replace` after `replace`."""
        return str(self._wire.get("action", "read-only"))

    @property
    def input_truncated(self) -> bool:
        """Whether CloudFront cut the body; unless replaced, the origin still gets all of it."""
        return bool(self._wire.get("inputTruncated", False))

    def replace(self, data: bytes | str) -> None:
        """Make this the body the origin gets: text goes as text, bytes as base64."""
        self._wire["action"] = "replace"
        if isinstance(data, str):
            self._wire.update(encoding="text", data=data)
        else:
            self._wire.update(encoding="base64", data=b2a_base64(data, newline=False).decode("ascii"))

    def to_wire(self) -> dict[str, Any]:
        """CloudFront's form, a copy."""
        return dict(self._wire)

    def __repr__(self) -> str:
        return f"RequestBody({self.action}, {self.encoding})"


class CloudFrontRequest:
    """The request of one Lambda@Edge invocation.

    Change `uri`, `querystring` (or `query`), `headers` (or `cookies`), `body` and, in origin request events, `origin`,
    then return it. `uri` is as the viewer wrote it, percent-encoded. `stage` is the event type, `origin-request`.
    """

    __slots__ = ("_config", "_origin_before", "_original", "body", "headers", "origin", "querystring", "stage", "uri")

    def __init__(self, wire: dict[str, Any], *, stage: str, config: dict[str, Any] | None = None) -> None:
        self._original = wire
        self._config = config or {}
        self.stage = stage
        self.uri: str = wire.get("uri", "")
        self.querystring: str = wire.get("querystring") or ""
        self.headers = EdgeHeaders(wire.get("headers"))
        self.body = RequestBody(wire["body"]) if wire.get("body") else None
        self.origin = origin_of(wire.get("origin"))
        self._origin_before = self.origin.to_wire() if self.origin else None

    @property
    def original(self) -> dict[str, Any]:
        """The request as it came, in CloudFront's form; not to be changed."""
        return self._original

    @property
    def client_ip(self) -> str:
        """The viewer's address, IPv4 or IPv6."""
        return str(self._required("clientIp", "client_ip"))

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self._required("method", "method"))

    @property
    def distribution_id(self) -> str:
        """The distribution's id."""
        return str(self._config.get("distributionId", ""))

    @property
    def distribution_domain_name(self) -> str:
        """The distribution's own domain name, `d111111abcdef8.cloudfront.net`."""
        return str(self._config.get("distributionDomainName", ""))

    @property
    def request_id(self) -> str:
        """CloudFront's id of the request, as in its logs."""
        return str(self._config.get("requestId", ""))

    @property
    def query(self) -> QueryString:
        """The parameters of the query string, to read and to write."""
        return QueryString(lambda: self.querystring, self._set_querystring)

    @property
    def cookies(self) -> RequestCookies:
        """The cookies of the request, to read and to write."""
        return RequestCookies(self.headers)

    @property
    def viewer_country(self) -> str:
        """The viewer's country, two capital letters; empty in viewer request events, which do not know it yet.

        Empty, too, unless the cache policy or origin request policy names CloudFront-Viewer-Country.
        """
        return self.headers.get("CloudFront-Viewer-Country")

    @property
    def viewer_device(self) -> Device | None:
        """What the viewer's device is; None in viewer request events, which do not know it yet.

        None, too, unless the policy names the CloudFront-Is-*-Viewer headers of the kinds that matter.
        """
        return next((kind for kind in _DEVICES if self.headers.get(f"cloudfront-is-{kind}-viewer") == "true"), None)

    @property
    def url(self) -> str:
        """Path and query: `/a/b?c=d`."""
        return f"{self.uri}?{self.querystring}" if self.querystring else self.uri

    def switch_origin(self, origin: Origin) -> None:
        """Send the request to another origin, with the Host header that it expects."""
        self.origin = origin
        self.headers["Host"] = origin.domain_name

    def to_wire(self) -> dict[str, Any]:
        """CloudFront's form. What was not changed is as it came."""
        wire: dict[str, Any] = {**copied(self._original), "uri": self.uri, "headers": self.headers.to_wire()}
        if self.querystring or "querystring" in self._original:
            wire["querystring"] = self.querystring
        if self.body is not None:
            wire["body"] = self.body.to_wire()
        origin = self.origin.to_wire() if self.origin else None
        if origin is not None and origin != self._origin_before:
            wire["origin"] = origin
        return wire

    def _set_querystring(self, text: str) -> None:
        self.querystring = text

    def _required(self, key: str, name: str) -> Any:
        if key not in self._original:
            raise MissingFieldError("CloudFrontRequest", name, f"$.Records[0].cf.request.{key}")
        return self._original[key]

    def __repr__(self) -> str:
        return f"CloudFrontRequest({self._original.get('method', '?')} {self.uri!r}, stage={self.stage!r})"

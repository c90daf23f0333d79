"""The front doors of a function: what HTTP services send it, and how each wants its answer written.

Six services speak eight dialects. They differ in where method and path stand, in whether a query string is decoded and
which of its values are there, in how headers and cookies are given, and in the form of the answer. Each dialect is one
row of FRONT_DOORS; everything above this module knows HTTP and none of them.

    dialect            service                                   path            query           answer
    rest               API Gateway REST, HTTP API format 1.0     as sent         decoded         two header maps
    http               API Gateway HTTP API format 2.0           decoded, staged raw string      headers, cookies
    url                function URL                              as sent         raw string      headers, cookies
    alb, alb-multi     load balancer, without and with lists     as sent         as sent         one header map
    lattice, -v2       VPC Lattice                               with the query  in the path     one header map

A path is percent-decoded once, by what reads it, in every dialect alike. HTTP APIs have been seen to decode it before,
and what imitates them not to, and an event does not tell: what looks like an escape is taken for one. That is right for
both, but for a percent sign that was itself sent as `%25`, before two hexadecimal digits, to an API that decodes.

Sources: API Gateway developer guide, "Lambda proxy integrations"; Lambda developer guide, "Invoking Lambda function
URLs"; Elastic Load Balancing user guide, "Lambda functions as targets"; VPC Lattice user guide, "Lambda functions as
targets".
"""

from __future__ import annotations

from binascii import b2a_base64
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode

from lambdakit.events.convert import base64_bytes
from lambdakit.exceptions import ResponseTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Literal, TypeAlias

    from lambdakit.exceptions import WrongSourceError

    Event: TypeAlias = Mapping[str, Any]
    Pairs: TypeAlias = list[tuple[str, str]]
    Dialect: TypeAlias = Literal["rest", "http", "url", "alb", "alb-multi", "lattice", "lattice-v2"]

__all__ = ("FRONT_DOORS", "FrontDoor", "front_door_of")

# Bytes of an answer that a service takes: what Lambda itself allows a synchronous invocation, and a load balancer.
LAMBDA_LIMIT = 6_291_556
ALB_LIMIT = 1_048_576

_NOTHING: Mapping[str, Any] = {}

# `type`, but Any to type checkers.
_type: Any = type


class FrontDoor:
    """One dialect: how its events are read and its answers written.

    `line` gives method and path (percent-encoded where the service leaves it so, without query and stage); `query`,
    `headers` and `cookies` give what the request has as pairs, all values, names in the service's own case; `mount` is
    what stands before the path in the URL the client used. `raw_query` is the query as it stands in a URL: what was
    sent, or for a service that decodes it, the same values coded again. `client` is the address of who asked, or None,
    `protocol` what they spoke. `write` makes the answer.
    """

    __slots__ = (
        "client",
        "cookies",
        "headers",
        "limit",
        "line",
        "mount",
        "name",
        "protocol",
        "query",
        "raw_query",
        "write",
    )

    def __init__(
        self,
        name: Dialect,
        *,
        line: Callable[[Event], tuple[str, str]],
        query: Callable[[Event], Pairs],
        raw_query: Callable[[Event], str],
        headers: Callable[[Event], Pairs],
        write: Callable[[int, Pairs, Sequence[str], str, bool], dict[str, Any]],
        client: Callable[[Event], str | None] | None = None,
        protocol: Callable[[Event], str | None] | None = None,
        cookies: Callable[[Event], list[str]] | None = None,
        mount: Callable[[Event], str] | None = None,
        limit: int = LAMBDA_LIMIT,
    ) -> None:
        self.name: Dialect = name
        self.line = line
        self.query = query
        self.raw_query = raw_query
        self.headers = headers
        self.cookies = cookies or self._cookie_headers
        self.mount = mount or _no_mount
        self.client = client or self._forwarded_for
        self.protocol = protocol or _no_protocol
        self.write = write
        self.limit = limit

    def _cookie_headers(self, event: Event) -> list[str]:
        """The cookies as `name=value`, from the headers."""
        texts = [value for name, value in self.headers(event) if name.lower() == "cookie"]
        return [part.strip() for text in texts for part in text.split(";") if part.strip()]

    def _forwarded_for(self, event: Event) -> str | None:
        """The address the service itself put last: those before it are the client's own word."""
        texts = [value for name, value in self.headers(event) if name.lower() == "x-forwarded-for"]
        return texts[-1].rpartition(",")[2].strip() or None if texts else None

    def body(self, event: Event) -> bytes:
        """The request's body, out of base64 where it is; empty where there is none.

        Test tools flag plain text as base64: what is flagged and is none is taken as text.
        """
        text = event.get("body")
        if not text:
            return b""
        if not event.get("isBase64Encoded", event.get("is_base64_encoded", False)):
            return str(text).encode("utf-8", "surrogatepass")
        try:
            return base64_bytes(text)
        except ValueError:
            return str(text).encode("utf-8", "surrogatepass")

    def answer(self, status: int, headers: Pairs, cookies: Sequence[str], body: bytes | str) -> dict[str, Any]:
        """The answer, its body as text where it is text (`str`), else base64. Raises ResponseTooLargeError.

        `cookies` are whole `Set-Cookie` values. What the service would cut off or refuse for its size is refused here,
        where the message can say why.
        """
        if isinstance(body, str):
            return self._checked(self.write(status, headers, cookies, body, False), len(body))
        text = b2a_base64(body, newline=False).decode()
        return self._checked(self.write(status, headers, cookies, text, True), len(text))

    def _checked(self, answer: dict[str, Any], size: int) -> dict[str, Any]:
        if size * 6 < self.limit:  # no character takes more than six bytes of JSON
            return answer
        from lambdakit.codec import encode

        size = len(encode(answer))
        if size > self.limit:
            raise ResponseTooLargeError(self.name, size, self.limit)
        return answer

    def __repr__(self) -> str:
        return f"<front door {self.name}>"


def _no_mount(_event: Event) -> str:
    return ""


def _no_protocol(_event: Event) -> str | None:
    return None


# How requests are read.


def _rest_line(event: Event) -> tuple[str, str]:
    if "path" in event:
        return event["httpMethod"], event["path"]
    # Local gateways have been seen to leave both to the context.
    context = event["requestContext"]
    return context["httpMethod"], context.get("path") or context["resourcePath"]


def _rest_mount(event: Event) -> str:
    """The stage, where the client had it in the URL: its own domain has none, or another path."""
    context = event.get("requestContext") or _NOTHING
    full, path = context.get("path") or "", event.get("path") or context.get("path") or ""
    return full[: -len(path)] if path and full.endswith(path) else ""


def _http_line(event: Event) -> tuple[str, str]:
    context, path = event["requestContext"], event["rawPath"]
    stage = context.get("stage", "$default")
    if stage != "$default" and (path == f"/{stage}" or path.startswith(f"/{stage}/")):
        path = path[len(stage) + 1 :] or "/"
    return context["http"]["method"], path


def _http_mount(event: Event) -> str:
    stage: str = event["requestContext"].get("stage", "$default")
    path: str = event["rawPath"]
    return f"/{stage}" if stage != "$default" and (path == f"/{stage}" or path.startswith(f"/{stage}/")) else ""


def _lattice_line(event: Event) -> tuple[str, str]:
    return event["method"], event["raw_path"].partition("?")[0]


def _lattice_v2_line(event: Event) -> tuple[str, str]:
    return event["method"], event["path"].partition("?")[0]


def _pairs(one: Mapping[str, Any] | None, several: Mapping[str, Any] | None = None) -> Pairs:
    """Names and values of a map with one value a name, or lists; of both, the one with lists if it is not empty.

    Test tools send an empty text, or "None", in the place of a map that is not there.
    """
    pairs: Pairs = []
    values: Any = several or one
    for name, value in values.items() if _type(values) is dict else ():
        if _type(value) is list:
            pairs.extend((name, item) for item in value)
        elif value is not None:
            pairs.append((name, value))
    return pairs


def _rest_query(event: Event) -> Pairs:
    return _pairs(event.get("queryStringParameters"), event.get("multiValueQueryStringParameters"))


def _alb_query(event: Event) -> Pairs:
    return [(unquote_plus(name), unquote_plus(value)) for name, value in _rest_query(event)]


def _raw_query(event: Event) -> Pairs:
    return parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)


def _lattice_query(event: Event) -> Pairs:
    return parse_qsl(event["raw_path"].partition("?")[2], keep_blank_values=True)


def _lattice_v2_query(event: Event) -> Pairs:
    query = event["path"].partition("?")[2]
    return parse_qsl(query, keep_blank_values=True) if query else _pairs(event.get("queryStringParameters"))


# A query of a URL takes these as they are; what else a service left there is coded.
_QUERY_CHARACTERS = "%!$&'()*+,;=:@/?-._~"


def _rest_raw_query(event: Event) -> str:
    return urlencode(_rest_query(event), errors="surrogatepass")


def _alb_raw_query(event: Event) -> str:
    query = "&".join(f"{name}={value}" for name, value in _rest_query(event))
    return quote(query, _QUERY_CHARACTERS, errors="surrogatepass")


def _sent_query(event: Event) -> str:
    return event.get("rawQueryString") or ""


def _lattice_raw_query(event: Event) -> str:
    query: str = event["raw_path"].partition("?")[2]
    return query


def _lattice_v2_raw_query(event: Event) -> str:
    query: str = event["path"].partition("?")[2]
    return query or urlencode(_lattice_v2_query(event), errors="surrogatepass")


def _rest_client(event: Event) -> str | None:
    identity = (event.get("requestContext") or _NOTHING).get("identity") or _NOTHING
    return identity.get("sourceIp")


def _http_client(event: Event) -> str | None:
    client: str | None = event["requestContext"]["http"].get("sourceIp")
    return client


def _rest_protocol(event: Event) -> str | None:
    return (event.get("requestContext") or _NOTHING).get("protocol")


def _http_protocol(event: Event) -> str | None:
    protocol: str | None = event["requestContext"]["http"].get("protocol")
    return protocol


def _both_headers(event: Event) -> Pairs:
    return _pairs(event.get("headers"), event.get("multiValueHeaders"))


def _headers(event: Event) -> Pairs:
    return _pairs(event.get("headers"))


def _http_cookies(event: Event) -> list[str]:
    return event.get("cookies") or []


# How answers are written.


def _write_two_maps(status: int, headers: Pairs, cookies: Sequence[str], body: str, coded: bool) -> dict[str, Any]:
    """One value in `headers`, several in `multiValueHeaders`: the service merges both."""
    one = dict(headers)
    answer: dict[str, Any] = {"statusCode": status, "headers": one, "body": body, "isBase64Encoded": coded}
    if len(one) < len(headers) or cookies:
        several = _listed(headers, cookies)
        answer["headers"] = {name: values[0] for name, values in several.items() if len(values) == 1}
        answer["multiValueHeaders"] = {name: values for name, values in several.items() if len(values) > 1}
    return answer


def _write_cookies(status: int, headers: Pairs, cookies: Sequence[str], body: str, coded: bool) -> dict[str, Any]:
    """Repeated headers joined by commas, cookies in a list of their own."""
    one = dict(headers)
    if len(one) < len(headers):
        one = {name: ", ".join(values) for name, values in _listed(headers, ()).items()}
    answer: dict[str, Any] = {"statusCode": status, "headers": one, "body": body, "isBase64Encoded": coded}
    if cookies:
        answer["cookies"] = list(cookies)
    return answer


def _write_one_map(status: int, headers: Pairs, cookies: Sequence[str], body: str, coded: bool) -> dict[str, Any]:
    """One map with one value a name: repeats are joined, and cookies, which cannot be, are told apart by case."""
    one = {name: ", ".join(values) for name, values in _listed(headers, ()).items()}
    one.update(zip(_spellings("set-cookie", len(cookies)), cookies, strict=True))
    return {
        "statusCode": status,
        "statusDescription": _described(status),
        "headers": one,
        "body": body,
        "isBase64Encoded": coded,
    }


def _write_lists(status: int, headers: Pairs, cookies: Sequence[str], body: str, coded: bool) -> dict[str, Any]:
    """One map with lists: a load balancer that sent lists reads no other."""
    return {
        "statusCode": status,
        "statusDescription": _described(status),
        "multiValueHeaders": _listed(headers, cookies),
        "body": body,
        "isBase64Encoded": coded,
    }


def _listed(headers: Pairs, cookies: Sequence[str]) -> dict[str, list[str]]:
    """All values by name, in the spelling that came first."""
    spelling: dict[str, str] = {}
    listed: dict[str, list[str]] = {}
    for name, value in headers:
        listed.setdefault(spelling.setdefault(name.lower(), name), []).append(value)
    if cookies:
        listed.setdefault(spelling.get("set-cookie", "set-cookie"), []).extend(cookies)
    return listed


def _spellings(name: str, count: int) -> list[str]:
    """So many spellings of a header's name, which differ in case alone."""
    letters = [index for index, letter in enumerate(name) if letter.isalpha()]
    spelt: list[str] = []
    for number in range(count):
        characters = list(name)
        for bit, index in enumerate(letters):
            if number >> bit & 1:
                characters[index] = characters[index].upper()
        spelt.append("".join(characters))
    return spelt


def _described(status: int) -> str:
    from http import HTTPStatus

    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


FRONT_DOORS: dict[Dialect, FrontDoor] = {
    door.name: door
    for door in (
        FrontDoor(
            "rest",
            line=_rest_line,
            query=_rest_query,
            raw_query=_rest_raw_query,
            headers=_both_headers,
            mount=_rest_mount,
            client=_rest_client,
            protocol=_rest_protocol,
            write=_write_two_maps,
        ),
        FrontDoor(
            "http",
            line=_http_line,
            query=_raw_query,
            raw_query=_sent_query,
            headers=_headers,
            cookies=_http_cookies,
            mount=_http_mount,
            client=_http_client,
            protocol=_http_protocol,
            write=_write_cookies,
        ),
        FrontDoor(
            "url",
            line=_http_line,
            query=_raw_query,
            raw_query=_sent_query,
            headers=_headers,
            cookies=_http_cookies,
            write=_write_cookies,
            client=_http_client,
            protocol=_http_protocol,
        ),
        FrontDoor(
            "alb",
            line=_rest_line,
            query=_alb_query,
            raw_query=_alb_raw_query,
            headers=_headers,
            write=_write_one_map,
            limit=ALB_LIMIT,
        ),
        FrontDoor(
            "alb-multi",
            line=_rest_line,
            query=_alb_query,
            raw_query=_alb_raw_query,
            headers=_both_headers,
            write=_write_lists,
            limit=ALB_LIMIT,
        ),
        FrontDoor(
            "lattice",
            line=_lattice_line,
            query=_lattice_query,
            raw_query=_lattice_raw_query,
            headers=_headers,
            write=_write_one_map,
        ),
        FrontDoor(
            "lattice-v2",
            line=_lattice_v2_line,
            query=_lattice_v2_query,
            raw_query=_lattice_v2_raw_query,
            headers=_headers,
            write=_write_one_map,
        ),
    )
}
_REST, _HTTP, _URL = FRONT_DOORS["rest"], FRONT_DOORS["http"], FRONT_DOORS["url"]


def front_door_of(event: Any, who: str = "HttpApp") -> FrontDoor:
    """The front door an event came by.

    Raises WrongSourceError for one that is no HTTP request, which `who` does not take.
    """
    if _type(event) is dict:
        if "rawPath" in event:
            domain = event["requestContext"].get("domainName") or ""
            return _URL if ".lambda-url." in domain else _HTTP
        context = event.get("requestContext") or _NOTHING
        if "httpMethod" in event and "path" in event:
            if "elb" not in context:
                return _REST
            return FRONT_DOORS["alb-multi" if "multiValueHeaders" in event else "alb"]
        if "raw_path" in event:
            return FRONT_DOORS["lattice"]
        if "serviceNetworkArn" in context:
            return FRONT_DOORS["lattice-v2"]
        if "httpMethod" in context and "resourcePath" in context:
            return _REST
    raise _no_front_door(event, who)


def _no_front_door(event: Any, who: str) -> WrongSourceError:
    from lambdakit.events.decorator import not_taken

    return not_taken(who, "request of an HTTP service", event, advice="use @{taker}")

"""CloudFront as a front door: Lambda@Edge requests answered by an application.

A viewer-request or origin-request event is read as a request; the answer is CloudFront's generated response, which
keeps the request from the origin. Headers that CloudFront lets no function generate are left out, where it would
show the viewer a bare 502. A generated response has at most 1 MB at an origin request, 40 KB at a viewer request.

Source: Amazon CloudFront developer guide, "Lambda@Edge event structure", "Generate HTTP responses in request
triggers", "Quotas on Lambda@Edge". Functions that only change requests are `lambdakit.events`' work.
"""

from __future__ import annotations

from lambdakit.http.front_doors import FrontDoor, front_door_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeAlias

    Pairs: TypeAlias = list[tuple[str, str]]
    Event: TypeAlias = Mapping[str, Any]

__all__ = ("EDGE_DOORS", "EdgeDoor", "any_front_door")

# `type`, but Any to type checkers.
_type: Any = type


def _request(event: Event) -> dict[str, Any]:
    request: dict[str, Any] = event["Records"][0]["cf"]["request"]
    return request


def _line(event: Event) -> tuple[str, str]:
    request = _request(event)
    return request["method"], request["uri"]


def _raw_query(event: Event) -> str:
    return _request(event).get("querystring") or ""


def _query(event: Event) -> Pairs:
    from urllib.parse import parse_qsl

    return parse_qsl(_raw_query(event), keep_blank_values=True)


def _headers(event: Event) -> Pairs:
    listed: dict[str, list[dict[str, str]]] = _request(event).get("headers") or {}
    return [(name, entry["value"]) for name, entries in listed.items() for entry in entries]


def _client(event: Event) -> str | None:
    return _request(event).get("clientIp")


def _write(status: int, headers: Pairs, cookies: Sequence[str], body: str, coded: bool) -> dict[str, Any]:
    from lambdakit.events.edge_response import phrase_of
    from lambdakit.events.edge_rules import DISALLOWED, DISALLOWED_PREFIXES, NOT_GENERATED, READ_ONLY

    refused = {*DISALLOWED, *NOT_GENERATED, *READ_ONLY["viewer-request"], *READ_ONLY["origin-request"]}
    listed: dict[str, list[dict[str, str]]] = {}
    for name, value in (*headers, *(("set-cookie", cookie) for cookie in cookies)):
        key = name.lower()
        if key not in refused and not key.startswith(DISALLOWED_PREFIXES):
            listed.setdefault(key, []).append({"key": name, "value": value})
    answer: dict[str, Any] = {"status": str(status), "statusDescription": phrase_of(status) or "", "headers": listed}
    if body:
        answer["body"] = body
        answer["bodyEncoding"] = "base64" if coded else "text"
    return answer


class EdgeDoor(FrontDoor):
    """CloudFront, at one of the two stages that can answer by themselves."""

    __slots__ = ()

    def __init__(self, stage: str, limit: int) -> None:
        name: Any = stage  # no dialect of the router's
        super().__init__(
            name, line=_line, query=_query, raw_query=_raw_query, headers=_headers, client=_client, write=_write,
            limit=limit,
        )  # fmt: skip

    def body(self, event: Event) -> bytes:
        """The request's body, where the trigger includes it."""
        from binascii import a2b_base64

        body: dict[str, str] = _request(event).get("body") or {}
        data = body.get("data") or ""
        return a2b_base64(data) if body.get("encoding") == "base64" else data.encode("utf-8", "surrogatepass")


# "Quotas on Lambda@Edge": the size of a generated response, headers included.
EDGE_DOORS = {
    stage: EdgeDoor(stage, limit) for stage, limit in (("viewer-request", 40_960), ("origin-request", 1_048_576))
}


def any_front_door(event: Any, who: str = "HttpApp") -> FrontDoor:
    """The front door an event came by, CloudFront's included.

    Raises WrongSourceError for one that is no request, which `who` does not take.
    """
    if _type(event) is not dict or "Records" not in event:
        return front_door_of(event, who)
    records: Any = event["Records"]
    first: Any = records[0] if _type(records) is list and records else None
    cf: Any = first.get("cf") if _type(first) is dict else None
    if _type(cf) is not dict or "request" not in cf or "response" in cf:
        return front_door_of(event, who)
    config: dict[str, Any] = cf.get("config") or {}
    stage = config.get("eventType")
    return EDGE_DOORS["viewer-request" if stage == "viewer-request" else "origin-request"]

"""What CloudFront refuses of a Lambda@Edge answer, checked when the answer is built, before the viewer sees a 502.

Sources: Amazon CloudFront developer guide, "Restrictions on edge functions", "Lambda@Edge event structure", "Generate
HTTP responses in request triggers", "Update HTTP responses in origin response triggers", "Quotas on Lambda@Edge". Every
check looks at the form that goes over the wire, so that typed answers and dictionaries are judged alike. An answer is
compared with what the event brought: what a function leaves as it came is never held against it.

Where the guide has an older and a newer word on a read-only header, the stricter one is here. Not here: what lies
outside the answer (timeouts, package size, region, environment variables). Origins are in `edge_origin_rules`.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64

from lambdakit.events.edge_origin_rules import check_origin, part
from lambdakit.exceptions import EdgeRuleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

    Wire = Mapping[str, Any]

__all__ = ("STAGES", "check_request", "check_response", "is_response")

# isinstance, without narrowing values of unknown type to containers of unknown types.
_is_a: Any = isinstance

STAGES = ("viewer-request", "origin-request", "origin-response", "viewer-response")

# "Restrictions on edge functions", disallowed headers: names, and how names begin.
DISALLOWED = frozenset(
    (
        *("connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("trailer", "upgrade", "x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect"),
        *("x-amzn-auth", "x-amzn-cf-billing", "x-amzn-cf-id", "x-amzn-cf-xff", "x-amzn-errortype"),
        *("x-amzn-fle-profile", "x-amzn-header-count", "x-amzn-header-order", "x-amzn-lambda-integration-tag"),
        *("x-amzn-requestid", "x-cache", "x-forwarded-proto", "x-real-ip"),
    )
)
DISALLOWED_PREFIXES = ("x-amz-cf-", "x-edge-")

# "Restrictions on edge functions", read-only headers of each event.
READ_ONLY = {
    "viewer-request": ("cdn-loop", "content-length", "host", "transfer-encoding", "via"),
    "origin-request": (
        *("accept-encoding", "cdn-loop", "content-length", "if-modified-since", "if-none-match"),
        *("if-range", "if-unmodified-since", "transfer-encoding", "via"),
    ),
    "origin-response": ("transfer-encoding", "via"),
    "viewer-response": ("content-encoding", "content-length", "transfer-encoding", "via", "warning"),
}
# What a response made up in a request event may not have: CloudFront writes these itself.
NOT_GENERATED = ("content-length", "transfer-encoding")
# Headers CloudFront adds only after the viewer request event; there a function may not add them.
NOT_YET_THERE = {"viewer-request": ("cloudfront-viewer-country",)}

# "Lambda@Edge event structure": fields of the request that are read-only in every event.
FIXED_FIELDS = ("clientIp", "method")

# "Quotas on Lambda@Edge", bytes: generated response with headers, replaced body as text, as base64.
KB, MB = 1024, 1024 * 1024
RESPONSE_LIMIT = {"viewer": 40 * KB, "origin": MB}
BODY_LIMIT = {
    "viewer": {"text": 40 * KB, "base64": int(53.2 * KB)},
    "origin": {"text": MB, "base64": int(1.33 * MB)},
}
# "Restrictions on edge functions": URI and query string together stay under this many characters.
URL_BELOW = 8192
BODY_ACTIONS = ("read-only", "replace")
ENCODINGS = ("text", "base64")
STATUS = range(200, 600)


def is_response(answer: Wire) -> bool:
    """Whether an answer is a response; else it is meant as a request."""
    return "status" in answer or not ("uri" in answer or "method" in answer)


def check_request(stage: str, answer: Wire, original: Wire) -> None:
    """Check a request that is returned to go on. Raises EdgeRuleError."""
    for field in FIXED_FIELDS:
        if field in answer and answer[field] != original.get(field):
            _refuse("read-only-field", stage, f"request.{field} was changed", "leave it as it came")
    _check_uri(stage, answer)
    _check_headers(stage, answer, original)
    if answer.get("body") is not None:
        _check_request_body(stage, answer["body"], original.get("body"))
    check_origin(stage, answer, original)


def check_response(stage: str, answer: Wire, original: Wire | None) -> None:
    """Check a response: `original` is the event's, or None where the response is made up. Raises EdgeRuleError."""
    _check_status(stage, answer, original)
    if original is None:
        _check_generated_headers(stage, answer)
    else:
        _check_headers(stage, answer, original)
    _check_response_body(stage, answer, original)


def _refuse(rule: str, stage: str, what: str, advice: str) -> NoReturn:
    raise EdgeRuleError(rule, stage, what, advice)


def _tier(stage: str) -> str:
    return stage.partition("-")[0]


def _check_uri(stage: str, answer: Wire) -> None:
    uri, query = answer.get("uri"), answer.get("querystring", "")
    if type(uri) is not str or not uri.startswith("/"):
        _refuse("uri-start", stage, f"request.uri is {uri!r}", 'make it a text that begins with "/"')
    if type(query) is not str:
        _refuse("query-characters", stage, f"request.querystring is {query!r}", 'make it a text, "" for none')
    bad = next((character for character in query if character in " #" or _is_control(character)), None)
    if bad is not None:
        _refuse("query-characters", stage, f"request.querystring has {bad!r}", "percent-encode it")
    length = len(uri) + len(query)
    if length >= URL_BELOW:
        what = f"request.uri and querystring have {length} characters"
        _refuse("url-length", stage, what, f"keep them under {URL_BELOW}")


def _is_control(character: str) -> bool:
    return character < " " or character == "\x7f"


def _values(headers: Any, name: str) -> list[Any]:
    return [entry.get("value") for entry in headers.get(name, ())]


def _check_headers(stage: str, answer: Wire, original: Wire) -> None:
    """Form, disallowed and read-only headers of an answer, against those the event brought."""
    now, before = part(answer, "headers"), part(original, "headers")
    _check_header_form(stage, now)
    for name in now:
        if _values(now, name) != _values(before, name):
            _check_disallowed(stage, name)
            _check_not_yet_there(stage, name)
    for name in READ_ONLY[stage]:
        if _values(now, name) != _values(before, name):
            verb = "added" if name not in before else "changed" if name in now else "deleted"
            _refuse("read-only-header", stage, f"header {name} was {verb}", "leave it as it came")


def _check_generated_headers(stage: str, answer: Wire) -> None:
    headers = part(answer, "headers")
    _check_header_form(stage, headers)
    for name in headers:
        _check_disallowed(stage, name)
        if name in NOT_GENERATED:
            _refuse("generated-header", stage, f"the response has {name}", "leave it out, CloudFront writes it")


def _check_disallowed(stage: str, name: str) -> None:
    if name in DISALLOWED or name.startswith(DISALLOWED_PREFIXES):
        _refuse("disallowed-header", stage, f"header {name} was added", "leave it out or use another name")


def _check_not_yet_there(stage: str, name: str) -> None:
    if name in NOT_YET_THERE.get(stage, ()):
        _refuse("cloudfront-header", stage, f"header {name} was added", "add it in origin-request, or use another name")


def _check_header_form(stage: str, headers: Any) -> None:
    if not _is_a(headers, dict):
        _refuse("header-form", stage, "headers is no object", 'write {"name": [{"key": "Name", "value": "..."}]}')
    for name, entries in headers.items():
        if type(name) is not str or name != name.lower() or not name:
            _refuse("header-name", stage, f"header name {name!r} in the map", "write it in lowercase; spell it in key")
        if not _is_a(entries, list):
            _refuse("header-form", stage, f"header {name} is no list", 'write [{"key": "Name", "value": "..."}]')
        for entry in entries:
            _check_entry(stage, name, entry)


def _check_entry(stage: str, name: str, entry: Any) -> None:
    if not _is_a(entry, dict) or type(entry.get("value")) is not str:
        what = f"header {name} has an entry without a text as value"
        _refuse("header-form", stage, what, 'write {"key": "Name", "value": "..."}')
    if str(entry.get("key", name)).lower() != name:
        _refuse("header-name", stage, f"header {name} has the key {entry['key']!r}", "make them the same name")
    if any(_is_control(character) and character != "\t" for character in entry["value"]):
        _refuse("header-value", stage, f"header {name} has a control character", "encode or remove it")


def _check_request_body(stage: str, body: Any, original: Any) -> None:
    action, encoding = body.get("action", "read-only"), body.get("encoding", "text")
    if action not in BODY_ACTIONS:
        _refuse("body-action", stage, f"body.action is {action!r}", f"write one of {', '.join(BODY_ACTIONS)}")
    if action == "read-only":
        if original is None or body.get("data") != original.get("data"):
            _refuse("body-action", stage, "the body was changed under action read-only", 'set action to "replace"')
        return
    data = body.get("data")
    size = _encoded_size(stage, "body.encoding", encoding, data)
    limit = BODY_LIMIT[_tier(stage)][encoding]
    if size > limit:
        _refuse("body-size", stage, f"the replaced body has {size} bytes as {encoding}", f"keep it within {limit}")


def _encoded_size(stage: str, field: str, encoding: Any, data: Any) -> int:
    """The bytes of a body as it is written. Raises EdgeRuleError where it is not of its encoding."""
    if encoding not in ENCODINGS:
        _refuse("body-encoding", stage, f"{field} is {encoding!r}", f"write one of {', '.join(ENCODINGS)}")
    if type(data) is not str:
        what = f"the body is {type(data).__name__}, not text"
        _refuse("body-encoding", stage, what, f"bytes go as base64 text with {field} base64")
    if encoding == "base64":
        _decoded(stage, data)
    return len(data.encode())


def _decoded(stage: str, data: str) -> bytes:
    try:
        decoded = a2b_base64(data)
    except (Base64Error, ValueError):
        decoded = None
    # The decoder skips characters outside the alphabet; CloudFront does not.
    if decoded is None or len(data) != (len(decoded) + 2) // 3 * 4:
        _refuse("body-encoding", stage, "the body is not valid base64", "encode the bytes, or send text")
    return decoded


def _check_status(stage: str, answer: Wire, original: Wire | None) -> None:
    status = answer.get("status")
    if type(status) is not str:
        what = "the answer has no status" if status is None else f"status is {status!r}, not text"
        _refuse("status-text", stage, what, 'return a request, or a response with a status such as "200"')
    if len(status) != 3 or not (status.isascii() and status.isdigit()) or int(status) not in STATUS:
        _refuse("status-range", stage, f"status is {status!r}", f'use "{STATUS[0]}" to "{STATUS[-1]}"')
    if stage == "viewer-response" and original is not None and status != str(original.get("status")):
        what = f"status was changed from {original.get('status')} to {status}"
        _refuse("status-unchanged", stage, what, "change it in origin-response")
    if type(answer.get("statusDescription", "")) is not str:
        _refuse("status-text", stage, "statusDescription is no text", "write text or leave it out")


def _check_response_body(stage: str, answer: Wire, original: Wire | None) -> None:
    if "isBase64Encoded" in answer:
        _refuse("body-encoding", stage, "the response has isBase64Encoded", 'write bodyEncoding: "base64" instead')
    body, encoding = answer.get("body"), answer.get("bodyEncoding", "text")
    size = 0
    if body is not None:
        size = _encoded_size(stage, "bodyEncoding", encoding, body)
        if encoding == "base64":
            size = len(_decoded(stage, body))
    if size and answer.get("status") == "204" and stage == "viewer-request":
        _refuse("no-content-body", stage, "a response with status 204 has a body", "leave the body out, or use 200")
    if original is None or body is not None:
        _check_response_size(stage, answer, size)


def _check_response_size(stage: str, answer: Wire, body_size: int) -> None:
    headers = part(answer, "headers")
    # `Name: value` and a line end each, as HTTP writes a header.
    lines = (len(name) + len(value.encode()) + 4 for name in headers for value in _values(headers, name))
    size, limit = body_size + sum(lines), RESPONSE_LIMIT[_tier(stage)]
    if size > limit:
        what = f"the response has {size} bytes with its headers"
        _refuse("response-size", stage, what, f"keep it within {limit}, or let the origin serve it")

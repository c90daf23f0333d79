"""What CloudFront refuses of the origin a Lambda@Edge function sends a request to.

Source: Amazon CloudFront developer guide, "Lambda@Edge event structure", fields of `origin`. The ranges of the timeouts
are those of the guide; a distribution with raised quotas brings its own values, and what comes is not held against the
function.
"""

from __future__ import annotations

from lambdakit.exceptions import EdgeRuleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

    Wire = Mapping[str, Any]

__all__ = ("check_origin", "part")

# isinstance, without narrowing values of unknown type to containers of unknown types.
_is_a: Any = isinstance

KINDS = ("custom", "s3")
DOMAIN_LENGTH = {"custom": 253, "s3": 128}
PATH_LENGTH = 255
PROTOCOLS = ("http", "https")
SSL_PROTOCOLS = ("TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3")
AUTH_METHODS = ("origin-access-identity", "none")
WELL_KNOWN_PORTS = (80, 443)
PORTS = range(1024, 65536)
# Seconds.
TIMEOUTS = {"readTimeout": range(4, 61), "keepaliveTimeout": range(1, 61)}


def part(wire: Any, key: str) -> dict[str, Any]:
    """The object at a key; an empty one where it is absent or null."""
    found: Any = wire.get(key)
    return found if found is not None else {}


def check_origin(stage: str, answer: Wire, original: Wire) -> None:
    """Check the origin of a returned request against the one it came with. Raises EdgeRuleError."""
    origin, before = answer.get("origin"), original.get("origin")
    if origin == before or origin is None:
        return
    if stage != "origin-request":
        _refuse("origin-stage", stage, "the request names an origin", "switch the origin in origin-request")
    kinds = [kind for kind in KINDS if _is_a(origin, dict) and origin.get(kind) is not None]
    if len(kinds) != 1:
        what = f"request.origin has {' and '.join(kinds) or 'neither s3 nor custom'}"
        _refuse("origin-kind", stage, what, "give exactly one of custom and s3")
    settings, old = origin[kinds[0]], part(before or {}, kinds[0])
    _check_domain(stage, kinds[0], settings)
    _check_path(stage, settings)
    (_check_custom if kinds[0] == "custom" else _check_s3)(stage, settings, old)
    _check_custom_headers(stage, settings, answer)
    _check_host(stage, settings, answer, original)


def _refuse(rule: str, stage: str, what: str, advice: str) -> NoReturn:
    raise EdgeRuleError(rule, stage, what, advice)


def _domain(origin: Any) -> Any:
    return next((part(origin, kind).get("domainName") for kind in KINDS if origin and kind in origin), None)


def _check_domain(stage: str, kind: str, settings: Wire) -> None:
    name = settings.get("domainName")
    if type(name) is not str or not name:
        _refuse("origin-domain", stage, f"domainName is {name!r}", "give the origin's host name")
    if ":" in name:
        _refuse("origin-domain", stage, f"domainName {name!r} has a colon", "give the host alone; the port is a field")
    if name.replace(".", "").isdigit() and name.count(".") == 3:
        _refuse("origin-domain", stage, f"domainName {name!r} is an address", "give a host name that resolves to it")
    if len(name) > DOMAIN_LENGTH[kind]:
        what = f"domainName has {len(name)} characters"
        _refuse("origin-domain", stage, what, f"a {kind} origin has at most {DOMAIN_LENGTH[kind]}")
    if kind == "s3" and name != name.lower():
        _refuse("origin-domain", stage, f"domainName {name!r} has capitals", "write an S3 origin in lowercase")


def _check_path(stage: str, settings: Wire) -> None:
    path = settings.get("path", "")
    if type(path) is not str or (path and not path.startswith("/")):
        _refuse("origin-path", stage, f"path is {path!r}", 'begin it with "/", or make it ""')
    if path.endswith("/"):
        _refuse("origin-path", stage, f"path is {path!r}", 'end it without "/"; uri brings its own')
    if len(path) > PATH_LENGTH:
        _refuse("origin-path", stage, f"path has {len(path)} characters", f"keep it within {PATH_LENGTH}")


def _check_custom(stage: str, settings: Wire, old: Wire) -> None:
    port, protocol = settings.get("port"), settings.get("protocol")
    if type(port) is not int or (port not in WELL_KNOWN_PORTS and port not in PORTS):
        _refuse("origin-port", stage, f"port is {port!r}", f"use 80, 443 or {PORTS[0]} to {PORTS[-1]}")
    if protocol not in PROTOCOLS:
        _refuse("origin-protocol", stage, f"protocol is {protocol!r}", f"use one of {', '.join(PROTOCOLS)}")
    tls = settings.get("sslProtocols")
    if not _is_a(tls, list) or not tls or not all(name in SSL_PROTOCOLS for name in tls):
        _refuse("origin-ssl", stage, f"sslProtocols is {tls!r}", f"list some of {', '.join(SSL_PROTOCOLS)}")
    for name, allowed in TIMEOUTS.items():
        _check_timeout(stage, name, settings.get(name), old.get(name), allowed)


def _check_timeout(stage: str, name: str, seconds: Any, old: Any, allowed: range) -> None:
    if (type(seconds) is not int or seconds not in allowed) and (seconds is None or seconds != old):
        _refuse("origin-timeout", stage, f"{name} is {seconds!r}", f"use {allowed[0]} to {allowed[-1]} seconds")


def _check_s3(stage: str, settings: Wire, old: Wire) -> None:
    method = settings.get("authMethod")
    if method not in AUTH_METHODS and (method is None or method != old.get("authMethod")):
        _refuse("origin-auth", stage, f"authMethod is {method!r}", f"use one of {', '.join(AUTH_METHODS)}")
    if method == "origin-access-identity" and not settings.get("region"):
        _refuse("origin-auth", stage, "an origin access identity needs the region", "give the bucket's region")


def _check_custom_headers(stage: str, settings: Wire, answer: Wire) -> None:
    headers = {name.lower() for name in part(answer, "headers")}
    for name in part(settings, "customHeaders"):
        if name.lower() in headers:
            what = f"customHeaders repeats the request's header {name}"
            _refuse("origin-header", stage, what, "keep it in one of the two")


def _check_host(stage: str, settings: Wire, answer: Wire, original: Wire) -> None:
    if settings["domainName"] == _domain(original.get("origin")):
        return
    now, before = part(answer, "headers").get("host"), part(original, "headers").get("host")
    if before and now == before and before[0].get("value") != settings["domainName"]:
        what = f"the origin is now {settings['domainName']}, the Host header still {before[0].get('value')}"
        _refuse("origin-host", stage, what, "use request.switch_origin(), or set the Host header")

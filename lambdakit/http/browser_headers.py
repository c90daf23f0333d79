"""The headers that tell browsers to be careful, as middleware of an HttpApp.

    app = HttpApp(middleware=[security_headers(csp={"default-src": ["'self'"], "img-src": ["*"]})])

Every answer gets them, but for those that its route has set itself. Sources: MDN, "HTTP headers", security; OWASP HTTP
Headers cheat sheet.
"""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    from lambdakit.handlers import Call
    from lambdakit.http.request import Request
    from lambdakit.http.response import Response

    Policy: TypeAlias = str | Mapping[str, Sequence[str]] | None

__all__ = ("SecurityHeaders", "security_headers")

HSTS = "max-age=63072000; includeSubDomains"
CSP: Mapping[str, Sequence[str]] = {
    "default-src": ("'self'",),
    "base-uri": ("'self'",),
    "frame-ancestors": ("'none'",),
    "object-src": ("'none'",),
}
PERMISSIONS: Mapping[str, Sequence[str]] = {"camera": (), "geolocation": (), "microphone": (), "payment": (), "usb": ()}


class SecurityHeaders:
    """The middleware that `security_headers` makes."""

    def __init__(self, headers: Mapping[str, str | None], hsts: str | None) -> None:
        self._headers = tuple((name, value) for name, value in headers.items() if value is not None)
        self._hsts = hsts

    def __call__(self, request: Request, context: Any, call_next: Call) -> Response:
        """Run around sync routes."""
        return self._secured(request, call_next(request, context))

    async def call_async(self, request: Request, context: Any, call_next: Call) -> Response:
        """Run around async routes."""
        return self._secured(request, await call_next(request, context))

    def _secured(self, request: Request, response: Response) -> Response:
        pairs = response.headers.pairs
        known = {name.lower() for name, _ in pairs}
        pairs.extend(pair for pair in self._headers if pair[0] not in known)
        if self._hsts is not None and "strict-transport-security" not in known and request.scheme == "https":
            pairs.append(("strict-transport-security", self._hsts))
        return response


def security_headers(
    *,
    hsts: str | None = HSTS,
    csp: Policy = CSP,
    permissions: Policy = PERMISSIONS,
    frame_options: str | None = "DENY",
    referrer: str | None = "strict-origin-when-cross-origin",
    content_type_options: str | None = "nosniff",
    opener: str | None = "same-origin",
    resource: str | None = "same-origin",
    extra: Mapping[str, str] | None = None,
) -> SecurityHeaders:
    """Middleware that adds the headers browsers are made careful by; None leaves one out.

    `csp` is Content-Security-Policy, as text or directive -> sources; `permissions` is Permissions-Policy, as text or
    feature -> origins that may use it (`self` and `*` stand as they are). `opener` and `resource` are the cross-origin
    policies of these names; with `cors` for pages that load images or scripts `resource` must be "cross-origin". `hsts`
    is only sent over https. `extra` are any others.
    """
    headers = {
        "content-security-policy": _directives(csp),
        "permissions-policy": _features(permissions),
        "x-frame-options": frame_options,
        "referrer-policy": referrer,
        "x-content-type-options": content_type_options,
        "cross-origin-opener-policy": opener,
        "cross-origin-resource-policy": resource,
        **{name.lower(): value for name, value in (extra or {}).items()},
    }
    return SecurityHeaders(headers, hsts)


def _directives(policy: Policy) -> str | None:
    if not isinstance(policy, Mapping):
        return policy
    return "; ".join(" ".join((name, *sources)) for name, sources in policy.items())


def _features(policy: Policy) -> str | None:
    if not isinstance(policy, Mapping):
        return policy
    return ", ".join(f"{name}=({' '.join(_allowed(origin) for origin in given)})" for name, given in policy.items())


def _allowed(origin: str) -> str:
    return origin if origin in ("self", "*", "src") else f'"{origin}"'

"""Viewer response: the headers that make browsers careful, on every answer, and none that tell what the origin runs.

Origins need not agree on them, and what is in the cache already goes out with them, too.

    lambdakit invoke examples/edge/security_headers/app.py:handler --event examples/edge/security_headers/event.json
"""

from lambdakit import Context
from lambdakit.events import CloudFrontResponse, viewer_response

HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@viewer_response
def handler(response: CloudFrontResponse, context: Context) -> CloudFrontResponse:
    """The response, hardened."""
    response.headers.update(HEADERS)
    for name in ("Server", "X-Powered-By"):
        response.headers.pop(name)
    return response

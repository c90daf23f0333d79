"""Viewer request: sends everyone to the one right address of a page, whatever host, old path or slash they came with.

A viewer request answer is not cached at the edge, but a permanent redirect is, by the browser.

    lambdakit invoke examples/edge/redirect/app.py:handler --event examples/edge/redirect/event.json
"""

from lambdakit import Context
from lambdakit.events import CloudFrontRequest, CloudFrontResponse, redirect, viewer_request

HOST = "www.example.com"
MOVED = {"/blog": "/news", "/contact.php": "/contact"}


@viewer_request
def handler(request: CloudFrontRequest, context: Context) -> CloudFrontRequest | CloudFrontResponse:
    """One permanent redirect, however much is wrong; the query string stays."""
    asked = request.uri
    path = asked.rstrip("/") or "/"
    request.uri = MOVED.get(path, path)
    if request.uri == asked and request.headers.get("Host") == HOST:
        return request
    return redirect(f"https://{HOST}{request.url}", status=301)

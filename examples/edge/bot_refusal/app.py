"""Viewer request: refuses robots that take too much, before they reach cache or origin. All may read /robots.txt.

Stops those that say who they are; for the others there is AWS WAF.

    lambdakit invoke examples/edge/bot_refusal/app.py:handler --event examples/edge/bot_refusal/event.json
"""

import re

from lambdakit import Context
from lambdakit.events import CloudFrontRequest, CloudFrontResponse, viewer_request

REFUSED = re.compile(r"^$|AhrefsBot|DotBot|MJ12bot|SemrushBot|scrapy|python-requests", re.IGNORECASE)
HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@viewer_request
def handler(request: CloudFrontRequest, context: Context) -> CloudFrontRequest | CloudFrontResponse:
    """403 for agents on the list, and for those without a name."""
    if request.uri == "/robots.txt" or not REFUSED.search(request.headers.get("User-Agent")):
        return request
    return CloudFrontResponse(403, "Robots: please keep to /robots.txt.\n", headers=HEADERS)

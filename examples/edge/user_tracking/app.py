"""Viewer response: gives every browser an id of its own, to count visits by.

Viewer responses come after CloudFront's cache: the page stays one cached object for all, and no id gets into it.

    lambdakit invoke examples/edge/user_tracking/app.py:handler --event examples/edge/user_tracking/event.json
"""

from secrets import token_hex

from lambdakit import Context
from lambdakit.events import CloudFrontResponse, viewer_response

COOKIE, DAYS = "visitor", 365


@viewer_response
def handler(response: CloudFrontResponse, context: Context) -> CloudFrontResponse:
    """A cookie with the first page; not with pictures, and not for those who ask not to be tracked."""
    viewer = response.request
    is_page = response.headers.get("Content-Type").startswith("text/html")
    if is_page and COOKIE not in viewer.cookies and viewer.headers.get("Sec-GPC") != "1":
        response.set_cookie(COOKIE, token_hex(16), max_age=DAYS * 86_400)
    return response

"""Viewer request and viewer response: shows half of the viewers another version of the site, each always the same one.

The group is part of the path, so both versions are cached and no cookie has to be in the cache key. What the viewer
sees in the address bar stays as it is.

    lambdakit invoke examples/edge/ab_test/app.py:assign --event examples/edge/ab_test/event.json
    lambdakit invoke examples/edge/ab_test/app.py:remember --event examples/edge/ab_test/response.json
"""

from zlib import crc32

from lambdakit import Context
from lambdakit.events import CloudFrontRequest, CloudFrontResponse, viewer_request, viewer_response

COOKIE, DAYS = "group", 90
GROUPS = ("a", "b")


def group_of(request: CloudFrontRequest) -> str:
    """What the cookie says; before there is one, the address decides, so that all first requests agree."""
    group = request.cookies.get(COOKIE)
    return group if group in GROUPS else GROUPS[crc32(request.client_ip.encode()) % len(GROUPS)]


@viewer_request
def assign(request: CloudFrontRequest, context: Context) -> CloudFrontRequest:
    """Ask for the group's version."""
    request.uri = f"/{group_of(request)}{request.uri}"
    return request


@viewer_response
def remember(response: CloudFrontResponse, context: Context) -> CloudFrontResponse:
    """Keep the viewer in the group."""
    if response.request.cookies.get(COOKIE) not in GROUPS:
        response.set_cookie(COOKIE, group_of(response.request), max_age=DAYS * 86_400)
    return response

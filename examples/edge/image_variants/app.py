"""Viewer request and origin response: each browser gets the picture in its best format and a width from the list.

Both become part of the path before the cache is asked, so that it holds one object a variant, whatever the spelling of
Accept and query string. A variant nobody has made yet is answered with a redirect to the original.

    lambdakit invoke examples/edge/image_variants/app.py:choose --event examples/edge/image_variants/event.json
    lambdakit invoke examples/edge/image_variants/app.py:fall_back --event examples/edge/image_variants/response.json
"""

from lambdakit import Context
from lambdakit.events import CloudFrontRequest, CloudFrontResponse, origin_response, redirect, viewer_request

FORMATS = ("avif", "webp")
WIDTHS = ("320", "640", "1280")


@viewer_request
def choose(request: CloudFrontRequest, context: Context) -> CloudFrontRequest:
    """`/cat.jpg?width=640` becomes `/variants/640/webp/cat.jpg`."""
    accept, width = request.headers.get("Accept"), request.query.get("width")
    form = next((name for name in FORMATS if f"image/{name}" in accept), "jpeg")
    request.uri = f"/variants/{width if width in WIDTHS else WIDTHS[-1]}/{form}{request.uri}"
    request.querystring = ""
    return request


@origin_response
def fall_back(response: CloudFrontResponse, context: Context) -> CloudFrontResponse:
    """The variant; where the bucket has none (403 without the right to list), the original, for a minute."""
    if response.status not in (403, 404):
        return response
    _, _, _, _, path = response.request.uri.split("/", 4)
    return redirect(f"/originals/{path}", headers={"Cache-Control": "max-age=60"})

"""Origin request: Europe is served by the European origin, phones get the small pages.

The cache policy of the behavior has to name CloudFront-Viewer-Country and CloudFront-Is-Mobile-Viewer (and its tablet,
TV and desktop kin), which also keeps the answers apart in the cache. Viewer requests do not have them yet.

    lambdakit invoke examples/edge/country_device/app.py:handler --event examples/edge/country_device/event.json
"""

from lambdakit import Context
from lambdakit.events import CloudFrontRequest, CustomOrigin, origin_request

EUROPE = {"AT", "BE", "CH", "DE", "DK", "ES", "FR", "GB", "IE", "IT", "NL", "PL", "PT", "SE"}


@origin_request
def handler(request: CloudFrontRequest, context: Context) -> CloudFrontRequest:
    """The request, on its way to the right place."""
    if request.viewer_country in EUROPE:
        request.switch_origin(CustomOrigin("eu.example.com", path="/shop"))
    if request.viewer_device == "mobile":
        request.uri = f"/m{request.uri}"
    return request

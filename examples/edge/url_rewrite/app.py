"""Origin request: a bucket serves a site: folders have an index, and every page of an application is its one file.

Only what is not in the cache gets here, so that rewriting costs nothing for most viewers.

    lambdakit invoke examples/edge/url_rewrite/app.py:handler --event examples/edge/url_rewrite/event.json
"""

from lambdakit import Context
from lambdakit.events import CloudFrontRequest, origin_request

APPLICATIONS = ("/app/", "/admin/")


@origin_request
def handler(request: CloudFrontRequest, context: Context) -> CloudFrontRequest:
    """Files as they are; what has no extension is a folder, or a route of an application."""
    if "." in request.uri.rpartition("/")[2]:
        return request
    application = next((path for path in APPLICATIONS if f"{request.uri}/".startswith(path)), None)
    request.uri = f"{application or request.uri.rstrip('/') + '/'}index.html"
    return request

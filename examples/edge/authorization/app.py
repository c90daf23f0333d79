"""Viewer request: lets in who has a signed session cookie, and sends the others to the login page.

The cookie is `<user>.<expiry, Unix time>.<HMAC-SHA256 of the two>`, as the login service sets it. Functions at the edge
have no environment variables: the key is a file of the package. `/login` belongs to a behavior without this function.

    lambdakit invoke examples/edge/authorization/app.py:handler --event examples/edge/authorization/event.json
"""

import hmac
import time
from pathlib import Path
from urllib.parse import quote

from lambdakit import Context
from lambdakit.events import CloudFrontRequest, CloudFrontResponse, redirect, viewer_request

KEY = Path(__file__).with_name("session.key").read_bytes()


@viewer_request
def handler(request: CloudFrontRequest, context: Context) -> CloudFrontRequest | CloudFrontResponse:
    """On to the page, or to the login page, which knows where to come back to."""
    if is_valid(request.cookies.get("session")):
        return request
    return redirect(f"/login?then={quote(request.url, safe='')}", headers={"Cache-Control": "no-store"})


def is_valid(session: str) -> bool:
    """Whether a session was signed with the key and has not expired."""
    signed, _, signature = session.rpartition(".")
    expected = hmac.new(KEY, signed.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return False
    return int(signed.rpartition(".")[2]) > time.time()

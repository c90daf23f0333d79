"""A management API of WebSocket connections on this machine, which takes only what is signed as AWS asks."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from types import TracebackType

KEY, SECRET, TOKEN, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI", "session-token", "eu-west-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": TOKEN,
    "AWS_REGION": REGION,
}
_AUTHORIZATION = re.compile(
    rf"AWS4-HMAC-SHA256 Credential={KEY}/\d{{8}}/(.+)/execute-api/aws4_request, SignedHeaders=(.+), Signature=(.+)"
)


class Gateway:
    """Serves while it is open. `answers` are (status, body) for the next requests, then 200; `seen` is what came."""

    def __init__(self, region: str = REGION) -> None:
        self.region = region
        self.answers: list[tuple[int, bytes]] = []
        self.seen: list[tuple[str, str, bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Gateway:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        fault = self._fault(method, target, headers, body)
        if fault:
            return 403, fault.encode()
        self.seen.append((method, target, body))
        return self.answers.pop(0) if self.answers else (200, b"")

    def _fault(self, method: str, target: str, headers: dict[str, str], body: bytes) -> str | None:
        """Why the signature is none of this request, by botocore's own reckoning."""
        found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if found is None:
            return f"no signature: {headers.get('authorization')}"
        region, names, signature = found.groups()
        if region != self.region:
            return f"not for {self.region}: {region}"
        signed = names.split(";")
        if not {"host", "x-amz-date", "x-amz-security-token"} <= set(signed):
            return f"not signed: {signed}"
        request = AWSRequest(
            method=method,
            url=f"http://{headers['host']}{target}",
            headers={name: headers[name] for name in signed},
            data=body,
        )
        request.context["timestamp"] = headers["x-amz-date"]
        auth: Any = SigV4Auth(Credentials(KEY, SECRET, TOKEN), "execute-api", region)
        wanted = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        return None if wanted == signature else "the signature does not match"


def _handler(gateway: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, content = gateway.answer(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are silent."""

    return Handler

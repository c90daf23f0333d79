"""Servers that play what moto does not: a throttled Parameter Store, AppConfig's data plane, and AWS's extensions.

    with serving(ThrottledStore(failures=2)) as (server, address): ...

A server answers `answer(method, path, headers, body)` with (status, content type, body) or (status, headers, body).
"""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = {"Content-Type": "application/json"}


@contextlib.contextmanager
def serving(player: Any) -> Iterator[str]:
    """Serve on a free port; the address. `player.calls` counts the requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with player.changed:
                player.calls += 1
                player.changed.notify_all()
            status, headers, answer = player.answer(self.path, self.headers, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Player:
    """What all servers have."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.calls = 0

    def wait_for_calls(self, count: int) -> None:
        """Wait until that many requests have come."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.calls >= count, timeout=20)


class ParameterStore(Player):
    """Parameter Store's GetParameters; `failing` is the error it answers with while `failures` are left."""

    def __init__(self, values: dict[str, str], *, failures: int = 0, failing: str = "ThrottlingException") -> None:
        super().__init__()
        self.values, self.failures, self.failing = values, failures, failing
        self.batches: list[list[str]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.may_answer.wait(20)
        names = json.loads(body)["Names"]
        self.batches.append(names)
        if self.failures:
            self.failures -= 1
            return 400, JSON, json.dumps({"__type": self.failing, "message": "Rate exceeded"}).encode()
        found = [{"Name": name, "Value": self.values[name]} for name in names if name in self.values]
        missing = [name for name in names if name not in self.values]
        return 200, JSON, json.dumps({"Parameters": found, "InvalidParameters": missing}).encode()


class AppConfigData(Player):
    """StartConfigurationSession and GetLatestConfiguration: tokens that serve once, nothing where nothing changed."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.content, self.interval = content, 0
        self.sessions: list[dict[str, Any]] = []
        self._tokens: dict[str, str | None] = {}

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if path == "/configurationsessions":
            self.sessions.append(json.loads(body))
            return 201, JSON, json.dumps({"InitialConfigurationToken": self._token(None)}).encode()
        (token,) = parse_qs(urlsplit(path).query)["configuration_token"]
        if token not in self._tokens:
            return 400, JSON, b'{"__type": "BadRequestException", "Message": "the token was used"}'
        seen = self._tokens.pop(token)
        answer = b"" if seen == self.content else self.content.encode()
        next_ones = {
            "Next-Poll-Configuration-Token": self._token(self.content),
            "Next-Poll-Interval-In-Seconds": str(self.interval),
            "Content-Type": "application/json",
        }
        return 200, next_ones, answer

    def _token(self, seen: str | None) -> str:
        token = f"token-{self.calls}"
        self._tokens[token] = seen
        return token


class Extension(Player):
    """The parameters and secrets extension and AppConfig's agent: `not_ready` until the first invocation."""

    def __init__(self, token: str, values: dict[str, Any]) -> None:
        super().__init__()
        self.token, self.values = token, values
        self.not_ready = False
        self.throttled = 0
        self.asked: list[str] = []

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if headers["X-Aws-Parameters-Secrets-Token"] != self.token:
            return 401, {}, b"wrong token"
        if self.not_ready:
            return 400, {}, b"not ready to serve traffic, please wait"
        if self.throttled:
            self.throttled -= 1
            return 400, {}, b"an unexpected error occurred: ThrottlingException: Rate exceeded"
        self.asked.append(unquote(path))
        query = {name: value for name, (value,) in parse_qs(urlsplit(path).query).items()}
        found = self.values.get(query.get("name") or query.get("secretId") or urlsplit(path).path)
        if found is None:
            return 400, {}, b"ParameterNotFound"
        if path.startswith("/systemsmanager"):
            found = json.dumps({"Parameter": {"Name": query["name"], "Value": found}})
        elif path.startswith("/secretsmanager"):
            found = json.dumps({"Name": query["secretId"], **found})
        return 200, JSON, found.encode()

"""An issuer of tokens on this machine: keys that rotate, and a key set served over HTTP."""

from __future__ import annotations

import json
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER = "https://issuer.example"


@cache
def key_of(name: str, kind: str = "ES256") -> Any:
    """A private key; always the same for a name."""
    return (
        rsa.generate_private_key(65537, 2048) if kind[:2] in ("RS", "PS") else ec.generate_private_key(ec.SECP256R1())
    )


def jwk_of(name: str, kind: str = "ES256", **members: Any) -> dict[str, Any]:
    """The public key as a JSON Web Key."""
    algorithm: Any = RSAAlgorithm if kind[:2] in ("RS", "PS") else ECAlgorithm
    known = json.loads(algorithm.to_jwk(key_of(name, kind).public_key()))
    return {**known, "kid": name, "use": "sig", "alg": kind, **members}


def token_for(
    subject: str = "user-1", *, name: str = "k1", kind: str = "ES256", headers: Any = None, **claims: Any
) -> str:
    """A token signed with a key; a claim that is None is left out."""
    now = int(time.time())
    given = {"iss": ISSUER, "aud": "web", "sub": subject, "exp": now + 86_400, "iat": now, **claims}
    payload = {claim: value for claim, value in given.items() if value is not None}
    return jwt.encode(payload, key_of(name, kind), kind, headers={"kid": name, **(headers or {})})


class Issuer:
    """Serves its key set, and where that is. `asked` counts, `gate` holds answers back until it is set."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.status = 200
        self.body: bytes | None = None
        self.asked = 0
        self.arrived = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def __enter__(self) -> Issuer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            issuer.arrived.set()
            assert issuer.gate.wait(10)
            found = {"jwks_uri": issuer.url} if self.path.endswith("openid-configuration") else {"keys": issuer.keys}
            body = json.dumps(found).encode() if issuer.body is None else issuer.body
            self.send_response(issuer.status)
            self.send_header("content-length", str(len(body)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are silent."""

    return Handler

"""Requests of this command line to a local service, signed with the shell's credentials where it has any.

A service that was started with --require-auth takes no others; one that was not does not look.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import httpx

from lambdakit.emulator.api.auth import service_of
from lambdakit.emulator.faces.message import FaceRequest
from lambdakit.emulator.faces.signature import sign
from lambdakit.emulator.function import DEFAULT_REGION

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("ShellSignature",)


class ShellSignature(httpx.Auth):
    """Signs (SigV4) with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers; none where there are no credentials."""
        key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        if key and secret:
            region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
            path, _, query = request.url.raw_path.decode().partition("?")
            host = (("host", request.headers["host"]),)
            said = FaceRequest(request.method, path, query, host, request.content, time=time.time())
            service = service_of(path, request.headers.get("x-amz-target", ""))
            request.headers.update(sign(said, key, secret, region, service))
        yield request

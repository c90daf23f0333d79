"""The other services, as pollers reach them: a boto3 client whose calls wait in threads.

AWS itself is never called by surprise: `leads_to_aws` tells whether a client's endpoint is AWS's own, and whoever makes
clients asks it first. A client with an endpoint elsewhere (a moto server, any emulator) has credentials made up where
there are none.
"""

from __future__ import annotations

import asyncio
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ("AwsClient", "aws_client", "has_credentials", "leads_to_aws")

# Domains of AWS's own endpoints.
_AWS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn")
_TIMEOUT_SECONDS = 20
_MOST_CONNECTIONS = 64
_LOCAL = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}


class AwsClient:
    """A client of one service; `call` awaits an operation, `close` ends its connections."""

    def __init__(self, client: Any, threads: Executor) -> None:
        self._client = client
        self._threads = threads

    @property
    def endpoint(self) -> str:
        """Where the client leads."""
        url: str = self._client.meta.endpoint_url
        return url

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer of an operation, by its Python name. Raises what boto3 raises."""
        loop = asyncio.get_running_loop()
        answer: dict[str, Any] = await loop.run_in_executor(self._threads, lambda: self._call(operation, arguments))
        return answer

    def _call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        return answer

    def close(self) -> None:
        """End the client's connections."""
        self._client.close()


def aws_client(service: str, region: str, threads: Executor) -> AwsClient:
    """A client with the endpoint and the credentials that boto3 finds. Raises UsageError where boto3 is missing."""
    try:
        boto3: Any = import_module("boto3")
        config: Any = import_module("botocore.config").Config(
            connect_timeout=_TIMEOUT_SECONDS,
            read_timeout=_TIMEOUT_SECONDS,
            retries={"max_attempts": 0},
            max_pool_connections=_MOST_CONNECTIONS,
        )
    except ImportError:
        raise UsageError('event sources are polled with boto3: pip install "lambdakit[aws]"') from None
    session = boto3.Session(region_name=region or None)
    client = session.client(service, config=config, **({} if has_credentials() else _LOCAL))
    if not has_credentials() and leads_to_aws(client.meta.endpoint_url):
        client.close()
        client = session.client(service, config=config)  # a role's, perhaps
    return AwsClient(client, threads)


def leads_to_aws(endpoint: str) -> bool:
    """Whether an endpoint is AWS's own."""
    host = urlsplit(endpoint).hostname or ""
    return any(host == domain or host.endswith(f".{domain}") for domain in _AWS)


def has_credentials() -> bool:
    """Whether the environment or a file of the user has credentials."""
    named = any(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"))
    return named or (Path.home() / ".aws" / "credentials").exists()

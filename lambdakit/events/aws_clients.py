"""The AWS clients that answer for a function where a source takes its answer by an API call.

boto3 is imported when the first answer needs it, never with a module: AWS's managed images bring it, other places
install it with `lambdakit[aws]`. A client is made once in a process, in the region and with the credentials of the
environment.
"""

from __future__ import annotations

from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("client_of",)

_clients: dict[str, Any] = {}


def client_of(service: str, wanted_by: str) -> Any:
    """The process's boto3 client of a service. Raises UsageError, naming `wanted_by`, where boto3 is missing."""
    if service not in _clients:
        _clients[service] = _boto3(wanted_by).client(service)
    return _clients[service]


def _boto3(wanted_by: str) -> Any:
    from importlib import import_module

    try:
        return import_module("boto3")
    except ImportError:
        raise UsageError(f"{wanted_by} answers over boto3, which is missing: pip install 'lambdakit[aws]'") from None

"""The control plane over HTTP: which request is which operation, and the archives that GetFunction points at.

A row of OPERATIONS names the operation, its method and path, the members its path and its query hold, and the status of
its answer; all else of a request's members is in its JSON body. Source: AWS Lambda API reference, "Request Syntax" of
each operation.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from lambdakit.emulator.api.invoke import as_refusal, signed_region
from lambdakit.emulator.code.store import hex_digest
from lambdakit.emulator.control.refusals import refuse
from lambdakit.emulator.control.registry import Caller
from lambdakit.emulator.refusals import refusal
from lambdakit.exceptions import CodeError, EmulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.api.routes import Operation
    from lambdakit.emulator.control.plane import ControlPlane

__all__ = ("CodeLinks", "ControlOperations")

_log = logging.getLogger(__name__)


class Row(NamedTuple):
    """One operation. `query` maps parameters to members; `only` is a parameter that tells it from another one."""

    name: str
    method: bytes
    path: bytes
    labels: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    status: int = 200
    only: str = ""


_F = ("FunctionName",)
_A = ("FunctionName", "Name")
_Q = ("Qualifier",)
_PAGES = ("Marker", "MaxItems")
_FUNCTIONS = b"/2015-03-31/functions"
_FUNCTION = b"/2015-03-31/functions/{}"
_ALIASES = _FUNCTION + b"/aliases"
_RESERVED = b"/2017-10-31/functions/{}/concurrency"
_PROVISIONED = b"/2019-09-30/functions/{}/provisioned-concurrency"
_EVENTS = b"/2019-09-25/functions/{}/event-invoke-config"
_URL = b"/2021-10-31/functions/{}/url"

OPERATIONS: tuple[Row, ...] = (
    Row("CreateFunction", b"POST", _FUNCTIONS, status=201),
    Row("ListFunctions", b"GET", _FUNCTIONS, query=("FunctionVersion", *_PAGES)),
    Row("GetFunction", b"GET", _FUNCTION, _F, _Q),
    Row("DeleteFunction", b"DELETE", _FUNCTION, _F, _Q, 204),
    Row("GetFunctionConfiguration", b"GET", _FUNCTION + b"/configuration", _F, _Q),
    Row("UpdateFunctionConfiguration", b"PUT", _FUNCTION + b"/configuration", _F),
    Row("UpdateFunctionCode", b"PUT", _FUNCTION + b"/code", _F),
    Row("PublishVersion", b"POST", _FUNCTION + b"/versions", _F, status=201),
    Row("ListVersionsByFunction", b"GET", _FUNCTION + b"/versions", _F, _PAGES),
    Row("CreateAlias", b"POST", _ALIASES, _F, status=201),
    Row("ListAliases", b"GET", _ALIASES, _F, ("FunctionVersion", *_PAGES)),
    Row("GetAlias", b"GET", _ALIASES + b"/{}", _A),
    Row("UpdateAlias", b"PUT", _ALIASES + b"/{}", _A),
    Row("DeleteAlias", b"DELETE", _ALIASES + b"/{}", _A, status=204),
    Row("PutFunctionConcurrency", b"PUT", _RESERVED, _F),
    Row("DeleteFunctionConcurrency", b"DELETE", _RESERVED, _F, status=204),
    Row("GetFunctionConcurrency", b"GET", b"/2019-09-30/functions/{}/concurrency", _F),
    Row("ListProvisionedConcurrencyConfigs", b"GET", _PROVISIONED, _F, _PAGES, only="List"),
    Row("GetProvisionedConcurrencyConfig", b"GET", _PROVISIONED, _F, _Q),
    Row("PutProvisionedConcurrencyConfig", b"PUT", _PROVISIONED, _F, _Q, 202),
    Row("DeleteProvisionedConcurrencyConfig", b"DELETE", _PROVISIONED, _F, _Q, 204),
    Row("PutFunctionEventInvokeConfig", b"PUT", _EVENTS, _F, _Q),
    Row("UpdateFunctionEventInvokeConfig", b"POST", _EVENTS, _F, _Q),
    Row("GetFunctionEventInvokeConfig", b"GET", _EVENTS, _F, _Q),
    Row("DeleteFunctionEventInvokeConfig", b"DELETE", _EVENTS, _F, _Q, 204),
    Row("ListFunctionEventInvokeConfigs", b"GET", _EVENTS + b"/list", _F, _PAGES),
    Row("CreateFunctionUrlConfig", b"POST", _URL, _F, _Q, 201),
    Row("UpdateFunctionUrlConfig", b"PUT", _URL, _F, _Q),
    Row("GetFunctionUrlConfig", b"GET", _URL, _F, _Q),
    Row("DeleteFunctionUrlConfig", b"DELETE", _URL, _F, _Q, 204),
    Row("ListFunctionUrlConfigs", b"GET", _URL + b"s", _F, _PAGES),
    Row("GetAccountSettings", b"GET", b"/2016-08-19/account-settings"),
)
# Members that are numbers, and in a query text as everything there.
_NUMBERS = frozenset({"MaxItems"})


class ControlOperations:
    """The operations that a control plane has, as routes."""

    def __init__(self, plane: ControlPlane, links: CodeLinks) -> None:
        self._plane = plane
        self._links = links
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> dict[tuple[bytes, bytes], Operation]:
        """The table of paths."""
        there = [row for row in OPERATIONS if row.name in self._plane.operations]
        by_path: dict[tuple[bytes, bytes], list[Row]] = {}
        for row in there:
            by_path.setdefault((row.method, row.path), []).append(row)
        table: dict[tuple[bytes, bytes], Operation] = {
            key: partial(self._begin, tuple(rows)) for key, rows in by_path.items()
        }
        return {**table, (b"GET", CodeLinks.path.encode() + b"{}"): self._archive}

    def _begin(self, rows: tuple[Row, ...], exchange: Exchange) -> None:
        row = next(row for row in rows if not row.only or row.only in exchange.query)
        inputs = _inputs(row, exchange)
        task = asyncio.get_running_loop().create_task(self._answer(row, inputs, exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, row: Row, inputs: Mapping[str, Any], exchange: Exchange) -> None:
        caller = Caller(signed_region(exchange), f"http://{exchange.header(b'host') or ''}")
        try:
            answer = await self._plane.call(row.name, inputs, caller)
        except EmulatorError as error:
            exchange.refuse(as_refusal(error))
        except Exception as error:
            _log.exception("%s failed", row.name)
            exchange.refuse(refusal("service", problem=f"{type(error).__name__}: {error}"))
        else:
            if answer is None:
                exchange.reply(row.status)
            else:
                exchange.reply_json(row.status, answer)

    def _archive(self, exchange: Exchange) -> None:
        """Give out an archive to whoever has the link to it."""
        task = asyncio.get_running_loop().create_task(self._send_archive(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_archive(self, exchange: Exchange) -> None:
        name = exchange.labels[0]
        try:
            if not self._links.is_valid(name, exchange.query):
                raise CodeError("The link is not, or no longer, valid.")
            data = await asyncio.to_thread((self._plane.store.root / name).read_bytes)
        except (CodeError, OSError) as error:
            exchange.reply_json(403, {"message": str(error)})
        else:
            exchange.reply(200, data, content_type=b"application/zip")


def _inputs(row: Row, exchange: Exchange) -> dict[str, Any]:
    """All members of a request."""
    try:
        body: Any = orjson.loads(exchange.body or b"{}")
    except ValueError:
        raise refuse("serialization", problem="The body of the request is not JSON.") from None
    if not isinstance(body, dict):
        raise refuse("serialization", problem="The body of the request is not a JSON object.")
    inputs: dict[str, Any] = {**body}
    for member in row.query:
        inputs.pop(member, None)
        if member in exchange.query:
            inputs[member] = _parameter(member, exchange.query[member])
    return {**inputs, **dict(zip(row.labels, exchange.labels, strict=True))}


def _parameter(member: str, text: str) -> Any:
    if member not in _NUMBERS:
        return text
    try:
        return int(text)
    except ValueError:
        raise refuse("serialization", problem=f"{member}: an integer was expected.") from None


class CodeLinks:
    """Addresses at which archives can be fetched for a while, by whoever was given one.

    As with the presigned addresses of AWS, the signature in the address is all that is asked for. The key is this
    process's, so no link outlives it.
    """

    path = "/_lambdakit/code/"
    seconds = 600

    def __init__(self) -> None:
        self._key = os.urandom(32)

    def link(self, address: str, sha256: str) -> str:
        """The address of the archive with that digest (base64)."""
        name = f"{hex_digest(sha256)}.zip"
        until = str(int(time.time()) + self.seconds)
        return f"{address}{self.path}{name}?Expires={until}&Signature={self._signature(name, until)}"

    def is_valid(self, name: str, query: Mapping[str, str]) -> bool:
        """Whether a link to an archive of that name is in order."""
        until, given = query.get("Expires", ""), query.get("Signature", "")
        signed = hmac.compare_digest(self._signature(name, until).encode(), given.encode("utf-8", "replace"))
        return signed and int(until) >= time.time()

    def _signature(self, name: str, until: str) -> str:
        return hmac.digest(self._key, f"{name}\n{until}".encode(), "sha256").hex()

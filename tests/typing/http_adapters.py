"""What checkers know of adapted applications."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from typing_extensions import assert_type

from lambdakit.http import ASGIHandler, HttpApp, ServedApp, WSGIHandler, asgi, served, wsgi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lambdakit import Context


async def stamp(event: Any, context: Any, call_next: Callable[[Any, Any], Any]) -> Any:
    return await call_next(event, context)


async def bare(scope: dict[str, Any], receive: Callable[[], Any], send: Callable[[dict[str, Any]], Any]) -> None:
    await send(await receive())


def plain(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b""]


assert_type(asgi(FastAPI()), ASGIHandler)
asgi(Starlette(), lifespan="on", stream="off", base_path="/v1", middleware=[stamp], text_types=["application/own"])
asgi(bare, exclude_headers=("server",))
assert_type(wsgi(Flask(__name__)), WSGIHandler)
wsgi(plain, stream="on", base_path="/v1")
assert_type(served(HttpApp(), timeout=30), ServedApp)
asgi(served(HttpApp()), websocket_path="/chat")


async def use(handler: ASGIHandler, context: Context) -> None:
    assert_type(await handler({}, context), Any)
    assert_type(await handler.start(), bool)
    await handler.stop()


def use_plain(handler: WSGIHandler, context: Context) -> dict[str, Any]:
    answer: dict[str, Any] = handler({"version": "2.0"}, context)
    return answer


def use_both() -> None:
    asyncio.run(asgi(bare)({}))

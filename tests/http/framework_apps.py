"""One small site, once in each framework: what every adapter has to get through.

GET  /hello/{name}?n=     JSON of what was asked: name, n, the URL, the client, a header, a cookie
POST /upload              a form with a file: its name, size and first bytes, as JSON
GET  /binary              256 bytes
GET  /cookies             two cookies
GET  /redirect            303 to /hello/you
GET  /stream              three pieces
GET  /fail                raises
GET  /background          answers, and notes work done afterwards
"""

# ruff: noqa: TC002 - FastAPI reads the annotations
from __future__ import annotations

from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path
from fastapi import BackgroundTasks, FastAPI, Request, UploadFile
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from flask import Flask, jsonify, redirect, request
from flask import Response as FlaskResponse
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.responses import RedirectResponse as StarletteRedirect
from starlette.responses import Response as StarletteResponse
from starlette.responses import StreamingResponse as StarletteStream
from starlette.routing import Route

BINARY = bytes(range(256))
PIECES = [b"one ", b"two ", b"three"]
done: list[str] = []

# FastAPI, its views sync and async.

fastapi_app = FastAPI()


@fastapi_app.get("/hello/{name}")
def fastapi_hello(name: str, n: int, request: Request) -> dict[str, Any]:
    return {
        "name": name,
        "n": n,
        "url": str(request.url_for("fastapi_hello", name=name)),
        "client": request.client.host if request.client else None,
        "header": request.headers["x-name"],
        "cookie": request.cookies["b"],
    }


@fastapi_app.post("/upload")
async def fastapi_upload(file: UploadFile) -> dict[str, Any]:
    data = await file.read()
    return {"name": file.filename, "size": len(data), "first": list(data[:4])}


@fastapi_app.get("/binary")
async def fastapi_binary() -> Response:
    return Response(BINARY, media_type="application/octet-stream")


@fastapi_app.get("/cookies")
def fastapi_cookies(response: Response) -> str:
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    return "ok"


@fastapi_app.get("/redirect")
async def fastapi_redirect() -> Response:
    return RedirectResponse("/hello/you", 303)


@fastapi_app.get("/stream")
async def fastapi_stream() -> Response:
    return StreamingResponse(iter(PIECES), media_type="text/plain")


@fastapi_app.get("/fail")
def fastapi_fail() -> None:
    raise ValueError("secret")


@fastapi_app.get("/background")
async def fastapi_background(tasks: BackgroundTasks) -> str:
    tasks.add_task(done.append, "fastapi")
    return "ok"


# Starlette, behind a middleware that runs the rest of the application in a task.


async def starlette_hello(request: StarletteRequest) -> JSONResponse:
    return JSONResponse({
        "name": request.path_params["name"],
        "n": int(request.query_params["n"]),
        "url": str(request.url_for("hello", name=request.path_params["name"])),
        "client": request.client.host if request.client else None,
        "header": request.headers["x-name"],
        "cookie": request.cookies["b"],
    })  # fmt: skip


async def starlette_upload(request: StarletteRequest) -> JSONResponse:
    async with request.form() as form:
        file: Any = form["file"]
        data = await file.read()
        return JSONResponse({"name": file.filename, "size": len(data), "first": list(data[:4])})


async def starlette_binary(request: StarletteRequest) -> StarletteResponse:
    return StarletteResponse(BINARY, media_type="application/octet-stream")


def starlette_cookies(request: StarletteRequest) -> StarletteResponse:
    response = PlainTextResponse("ok")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    return response


async def starlette_redirect(request: StarletteRequest) -> StarletteResponse:
    return StarletteRedirect("/hello/you", 303)


async def starlette_stream(request: StarletteRequest) -> StarletteResponse:
    async def pieces() -> Any:
        for piece in PIECES:
            yield piece

    return StarletteStream(pieces(), media_type="text/plain")


def starlette_fail(request: StarletteRequest) -> StarletteResponse:
    raise ValueError("secret")


async def starlette_background(request: StarletteRequest) -> StarletteResponse:
    return PlainTextResponse("ok", background=BackgroundTask(done.append, "starlette"))


async def passing(request: StarletteRequest, call_next: Any) -> StarletteResponse:
    response: StarletteResponse = await call_next(request)
    return response


starlette_app = Starlette(
    routes=[
        Route("/hello/{name}", starlette_hello, name="hello"),
        Route("/upload", starlette_upload, methods=["POST"]),
        Route("/binary", starlette_binary),
        Route("/cookies", starlette_cookies),
        Route("/redirect", starlette_redirect),
        Route("/stream", starlette_stream),
        Route("/fail", starlette_fail),
        Route("/background", starlette_background),
    ],
    middleware=[Middleware(BaseHTTPMiddleware, dispatch=passing)],
)

# Flask.

flask_app = Flask("site")


@flask_app.get("/hello/<name>")
def flask_hello(name: str) -> FlaskResponse:
    return jsonify(
        name=name,
        n=int(request.args["n"]),
        url=f"{request.url_root.rstrip('/')}/hello/{name}",
        client=request.remote_addr,
        header=request.headers["x-name"],
        cookie=request.cookies["b"],
    )


@flask_app.post("/upload")
def flask_upload() -> FlaskResponse:
    file = request.files["file"]
    data = file.read()
    return jsonify(name=file.filename, size=len(data), first=list(data[:4]))


@flask_app.get("/binary")
def flask_binary() -> FlaskResponse:
    return FlaskResponse(BINARY, mimetype="application/octet-stream")


@flask_app.get("/cookies")
def flask_cookies() -> FlaskResponse:
    response = FlaskResponse("ok")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    return response


@flask_app.get("/redirect")
def flask_redirect() -> Any:
    return redirect("/hello/you", 303)


@flask_app.get("/stream")
def flask_stream() -> FlaskResponse:
    return FlaskResponse(iter(PIECES), mimetype="text/plain")


@flask_app.get("/fail")
def flask_fail() -> None:
    raise ValueError("secret")


@flask_app.get("/background")
def flask_background() -> FlaskResponse:
    response = FlaskResponse("ok")
    response.call_on_close(lambda: done.append("flask"))
    return response


# Django, through both of its doors.


def django_hello(request: HttpRequest, name: str) -> HttpResponse:
    return JsonResponse({
        "name": name,
        "n": int(request.GET["n"]),
        "url": request.build_absolute_uri(f"{request.META.get('SCRIPT_NAME', '')}/hello/{name}"),
        "client": request.META["REMOTE_ADDR"],
        "header": request.headers["x-name"],
        "cookie": request.COOKIES["b"],
    })  # fmt: skip


def django_upload(request: HttpRequest) -> HttpResponse:
    file: Any = request.FILES["file"]
    data = file.read()
    return JsonResponse({"name": file.name, "size": len(data), "first": list(data[:4])})


def django_binary(request: HttpRequest) -> HttpResponse:
    return HttpResponse(BINARY, content_type="application/octet-stream")


def django_cookies(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("ok")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    return response


def django_redirect(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect("/hello/you")
    response.status_code = 303
    return response


def django_stream(request: HttpRequest) -> Any:
    async def pieces() -> Any:
        for piece in PIECES:
            yield piece

    body = pieces() if hasattr(request, "scope") else iter(PIECES)
    return StreamingHttpResponse(body, content_type="text/plain")


def django_fail(request: HttpRequest) -> HttpResponse:
    raise ValueError("secret")


class Closing(HttpResponse):
    """A response that notes its end."""

    def close(self) -> None:
        super().close()
        done.append("django")


def django_background(request: HttpRequest) -> HttpResponse:
    return Closing("ok")


urlpatterns = [
    path("hello/<name>", django_hello),
    path("upload", django_upload),
    path("binary", django_binary),
    path("cookies", django_cookies),
    path("redirect", django_redirect),
    path("stream", django_stream),
    path("fail", django_fail),
    path("background", django_background),
]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", USE_TZ=True, LOGGING_CONFIG=None)
django.setup(set_prefix=False)
django_asgi, django_wsgi = get_asgi_application(), get_wsgi_application()

"""HTTP for functions: one router for every front door, any ASGI or WSGI application, streaming.

Importing this package imports nothing of it: a public name is resolved, and its module imported, when it is first used
(PEP 562), while type checkers see every name exactly. No module here has the name of a function, which the import
system would put in the function's place. `tests/http/test_face.py` freezes the list.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambdakit.http.app import HttpApp as HttpApp
    from lambdakit.http.asgi_adapter import ASGIHandler as ASGIHandler
    from lambdakit.http.asgi_adapter import asgi as asgi
    from lambdakit.http.authorizers import Grant as Grant
    from lambdakit.http.authorizers import authorizer as authorizer
    from lambdakit.http.bearer import BearerTokens as BearerTokens
    from lambdakit.http.bearer import Token as Token
    from lambdakit.http.browser_headers import security_headers as security_headers
    from lambdakit.http.compress import compression as compression
    from lambdakit.http.connections import Connection as Connection
    from lambdakit.http.connections import ConnectionInfo as ConnectionInfo
    from lambdakit.http.connections import Connections as Connections
    from lambdakit.http.cookies import SetCookie as SetCookie
    from lambdakit.http.cross_origin import cors as cors
    from lambdakit.http.file_response import FileResponse as FileResponse
    from lambdakit.http.forms import FormData as FormData
    from lambdakit.http.forms import UploadedFile as UploadedFile
    from lambdakit.http.markers import Body as Body
    from lambdakit.http.markers import Cookie as Cookie
    from lambdakit.http.markers import Form as Form
    from lambdakit.http.markers import Header as Header
    from lambdakit.http.markers import Path as Path
    from lambdakit.http.markers import Query as Query
    from lambdakit.http.multi_maps import Headers as Headers
    from lambdakit.http.multi_maps import MultiMap as MultiMap
    from lambdakit.http.multi_maps import MutableHeaders as MutableHeaders
    from lambdakit.http.negotiation import best_type as best_type
    from lambdakit.http.path_patterns import Converter as Converter
    from lambdakit.http.problems import ProblemResponse as ProblemResponse
    from lambdakit.http.request import Request as Request
    from lambdakit.http.response import HTMLResponse as HTMLResponse
    from lambdakit.http.response import JSONResponse as JSONResponse
    from lambdakit.http.response import RedirectResponse as RedirectResponse
    from lambdakit.http.response import Response as Response
    from lambdakit.http.response import TextResponse as TextResponse
    from lambdakit.http.router import Router as Router
    from lambdakit.http.serve import ServedApp as ServedApp
    from lambdakit.http.serve import served as served
    from lambdakit.http.server_events import ServerEvent as ServerEvent
    from lambdakit.http.server_events import sse as sse
    from lambdakit.http.websocket import WebSocketApp as WebSocketApp
    from lambdakit.http.wsgi_adapter import WSGIHandler as WSGIHandler
    from lambdakit.http.wsgi_adapter import wsgi as wsgi

# Module -> the public names it has.
_PUBLIC = {
    "app": ("HttpApp",),
    "asgi_adapter": ("ASGIHandler", "asgi"),
    "authorizers": ("Grant", "authorizer"),
    "bearer": ("BearerTokens", "Token"),
    "browser_headers": ("security_headers",),
    "compress": ("compression",),
    "connections": ("Connection", "ConnectionInfo", "Connections"),
    "cookies": ("SetCookie",),
    "cross_origin": ("cors",),
    "file_response": ("FileResponse",),
    "forms": ("FormData", "UploadedFile"),
    "markers": ("Body", "Cookie", "Form", "Header", "Path", "Query"),
    "multi_maps": ("Headers", "MultiMap", "MutableHeaders"),
    "negotiation": ("best_type",),
    "path_patterns": ("Converter",),
    "problems": ("ProblemResponse",),
    "request": ("Request",),
    "response": ("HTMLResponse", "JSONResponse", "RedirectResponse", "Response", "TextResponse"),
    "router": ("Router",),
    "serve": ("ServedApp", "served"),
    "server_events": ("ServerEvent", "sse"),
    "websocket": ("WebSocketApp",),
    "wsgi_adapter": ("WSGIHandler", "wsgi"),
}

__all__ = (
    "ASGIHandler",
    "BearerTokens",
    "Body",
    "Connection",
    "ConnectionInfo",
    "Connections",
    "Converter",
    "Cookie",
    "FileResponse",
    "Form",
    "FormData",
    "Grant",
    "HTMLResponse",
    "Header",
    "Headers",
    "HttpApp",
    "JSONResponse",
    "MultiMap",
    "MutableHeaders",
    "Path",
    "ProblemResponse",
    "Query",
    "RedirectResponse",
    "Request",
    "Response",
    "Router",
    "ServedApp",
    "ServerEvent",
    "SetCookie",
    "TextResponse",
    "Token",
    "UploadedFile",
    "WSGIHandler",
    "WebSocketApp",
    "asgi",
    "authorizer",
    "best_type",
    "compression",
    "cors",
    "security_headers",
    "served",
    "sse",
    "wsgi",
)


def __getattr__(name: str) -> object:
    module = next((module for module, names in _PUBLIC.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module 'lambdakit.http' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"lambdakit.http.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

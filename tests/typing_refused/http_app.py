"""Mistakes in an HTTP API that both checkers find; each line they must complain about says so."""

from __future__ import annotations

from lambdakit.http import HttpApp, Response, SetCookie

app = HttpApp()

HttpApp(trailing_slash="maybe")  # refused
HttpApp(prefix="/v1")  # refused
app.get(5)  # refused
app.get("/x")("no function")  # refused
app.route("/x")  # refused
app.include("users")  # refused
app.exception_handler(KeyError("x"))  # refused
Response("x", "200")  # refused
SetCookie("a", same_site="lax")  # refused

"""A WebSocket function as users write it: registered functions stay what they are."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import WebSocketEvent
from lambdakit.http import Connection, ConnectionInfo, Connections, WebSocketApp


@dataclass
class Say:
    text: str


ws = WebSocketApp(subprotocols=["chat.v1"], replies="push")


@ws.connect
def joined(event: WebSocketEvent, context: Context) -> int | None:
    return None if event.query("token") else 401


@ws.route("say")
async def say(message: Say, connection: Connection) -> None:
    await connection.send_async({"heard": message.text})


@ws.default
def other(body: str) -> str:
    return body


reveal_type(other("x"))  # str
known: ConnectionInfo = Connections("https://x.example", region="eu-west-1")["id"].info()

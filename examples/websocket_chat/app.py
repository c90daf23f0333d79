"""A chat room behind a WebSocket API: who is there is kept in SQLite, and everybody hears what is said.

The database is the file CHAT_DATABASE names: on a shared file system, where the function has one, or a table of another
database in its place. A client that has gone without a word is forgotten when it is next sent to.

    lambdakit invoke examples/websocket_chat/app.py:handler --event examples/websocket_chat/event.json
"""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdakit.events import WebSocketEvent
from lambdakit.exceptions import ConnectionGoneError
from lambdakit.http import Connection, WebSocketApp

DATABASE = os.environ.get("CHAT_DATABASE", str(Path(tempfile.gettempdir()) / "chat.sqlite"))

ws = WebSocketApp(subprotocols=["chat.v1"], replies="push")
handler = ws


@dataclass
class Say:
    """What a client sends: `{"action": "say", "text": "..."}`."""

    text: str


@ws.connect
def join(event: WebSocketEvent, connection: Connection) -> int | None:
    """Let in whoever says a name (`wss://...?name=ann`)."""
    name = event.query("name")
    if not name:
        return 400
    query("INSERT OR REPLACE INTO present VALUES (?, ?)", connection.id, name)
    return None


@ws.disconnect
def leave(connection: Connection) -> None:
    """Forget who has gone."""
    forget([connection.id])


@ws.route("say")
async def say(message: Say, connection: Connection) -> None:
    """Tell everybody else, all at once."""
    present = dict(query("SELECT id, name FROM present"))
    heard = {"from": present.get(connection.id, "somebody"), "text": message.text}
    others = [connection.connections[other] for other in present if other != connection.id]
    reached = await asyncio.gather(*(tell(other, heard) for other in others))
    forget(other.id for other, is_there in zip(others, reached, strict=True) if not is_there)


@ws.route("who")
def who() -> list[str]:
    """Answer with the names of all who are there."""
    return [name for (name,) in query("SELECT name FROM present ORDER BY name")]


@ws.default
def unknown(message: str) -> dict[str, str]:
    """Answer what is neither."""
    return {"error": 'send {"action": "say", "text": "..."} or {"action": "who"}'}


async def tell(connection: Connection, message: dict[str, str]) -> bool:
    """Send to one; whether it is still there."""
    try:
        await connection.send_async(message)
    except ConnectionGoneError:
        return False
    return True


def forget(ids: Iterable[str]) -> None:
    """Take them out of those who are there."""
    for gone in ids:
        query("DELETE FROM present WHERE id = ?", gone)


def query(statement: str, *values: str) -> list[Any]:
    """The rows of a statement, which is committed."""
    with closing(sqlite3.connect(DATABASE, timeout=5)) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS present (id TEXT PRIMARY KEY, name TEXT NOT NULL)")
        return database.execute(statement, values).fetchall()

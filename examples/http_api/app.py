"""A small REST API: notes with tags and attachments, in SQLite. The same function serves every HTTP front door.

curl $URL/notes?tag=work             the notes, newest first, in pages
curl $URL/notes --json '{"title": "milk", "tags": ["home"]}'
curl -X PATCH $URL/notes/1 --json '{"done": true}'
curl $URL/notes/1/files -F file=@list.txt
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from lambdakit.exceptions import ConflictError, NotFoundError
from lambdakit.http import Converter, HttpApp, ProblemResponse, Query, Response, Router

if TYPE_CHECKING:
    from lambdakit.http import Request, UploadedFile

DATABASE = os.environ.get("DATABASE", "/tmp/notes.db")
SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, title TEXT UNIQUE, done INTEGER, tags TEXT);
CREATE TABLE IF NOT EXISTS files (note INTEGER, name TEXT, kind TEXT, content BLOB, PRIMARY KEY (note, name));
"""


@dataclass
class NewNote:
    title: str
    done: bool = False
    tags: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ValueError("the title is empty")


@dataclass
class Note(NewNote):
    id: int = 0


class Changes(TypedDict, total=False):
    title: str
    done: bool
    tags: list[str]


@dataclass
class Page:
    limit: int = 20
    after: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= 100:
            raise ValueError("limit is 1 to 100")


class Store:
    """The notes in a database that is opened for each request."""

    def __enter__(self) -> Store:
        self._closing = closing(sqlite3.connect(DATABASE))
        self._database = self._closing.__enter__()
        self._database.executescript(SCHEMA)
        return self

    def __exit__(self, *raised: Any) -> None:
        if raised[0] is None:
            self._database.commit()
        self._closing.__exit__(*raised)

    def ask(self, statement: str, *values: Any) -> list[Any]:
        """The rows of a statement. Raises ConflictError where a title is taken."""
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.IntegrityError:
            raise ConflictError("there is a note of that title") from None

    def note(self, id: int) -> Note:
        """A note. Raises NotFoundError."""
        found = self.ask("SELECT title, done, tags, id FROM notes WHERE id = ?", id)
        if not found:
            raise NotFoundError("no such note", id=id)
        return note_of(found[0])

    def save(self, note: Note) -> Note:
        """The note as it is kept, with its id."""
        row = (note.id or None, note.title, note.done, "\n".join(note.tags))
        rows = self.ask("INSERT INTO notes VALUES (?, ?, ?, ?) RETURNING id", *row)
        return Note(note.title, note.done, note.tags, rows[0][0])


def note_of(row: tuple[str, int, str, int]) -> Note:
    title, done, tags, id = row
    return Note(title, bool(done), tags.split("\n") if tags else [], id)


# An id that the database can hold.
notes = Router(converters={"id": Converter("[0-9]{1,18}", int)})


@notes.get("/")
def index(page: Annotated[Page, Query()], tag: Annotated[list[str], Query()] = []) -> list[Note]:  # noqa: B006
    with Store() as store:
        rows = store.ask(
            "SELECT title, done, tags, id FROM notes WHERE id < ? ORDER BY id DESC LIMIT ?",
            page.after or 1 << 62,
            page.limit,
        )
    return [note for note in map(note_of, rows) if set(tag) <= set(note.tags)]


@notes.post("/")
def add(new: NewNote, request: Request) -> tuple[int, Note, dict[str, str]]:
    with Store() as store:
        note = store.save(Note(**asdict(new)))
    return 201, note, {"location": f"{request.mount}/notes/{note.id}"}


@notes.get("/{id:id}")
def show(id: int) -> Note:
    with Store() as store:
        return store.note(id)


@notes.patch("/{id:id}")
def change(id: int, changes: Changes) -> Note:
    with Store() as store:
        note = replace(store.note(id), **changes)
        store.ask("DELETE FROM notes WHERE id = ?", id)
        return store.save(note)


@notes.delete("/{id:id}")
def remove(id: int) -> None:
    with Store() as store:
        store.note(id)
        store.ask("DELETE FROM files WHERE note = ?", id)
        store.ask("DELETE FROM notes WHERE id = ?", id)


@notes.post("/{id:id}/files")
def attach(id: int, file: UploadedFile) -> tuple[int, dict[str, Any]]:
    with Store() as store:
        store.note(id)
        values = (id, file.filename, file.content_type, file.content)
        store.ask("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", *values)
    return 201, {"name": file.filename, "size": len(file.content)}


@notes.get("/{id:id}/files/{name}")
def download(id: int, name: str) -> Response:
    with Store() as store:
        found = store.ask("SELECT kind, content FROM files WHERE note = ? AND name = ?", id, name)
    if not found:
        raise NotFoundError("no such file")
    kind, content = found[0]
    return Response(content, content_type=kind, headers={"content-disposition": "attachment"})


def with_request_id(request: Request, context: Any, call_next: Any) -> Response:
    response: Response = call_next(request, context)
    response.headers["x-request-id"] = request.request_id or "none"
    return response


app = HttpApp(middleware=[with_request_id])
app.include(notes, "/notes")


@app.exception_handler(sqlite3.OperationalError)
def out_of_order(request: Request, error: sqlite3.OperationalError) -> ProblemResponse:
    return ProblemResponse(503, "the notes cannot be reached", headers={"retry-after": "5"})


handler = app

"""A FastAPI application as a function: the application is an ordinary one, the last line makes the handler.

It keeps a guest book in memory: its lifespan opens the book once for an execution environment, at INIT, and every
request finds it in `request.state`. `uvicorn app:app` serves the same application on a laptop.

    lambdakit invoke examples/fastapi_app/app.py:handler --event examples/fastapi_app/event.json
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, TypedDict

from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from lambdakit.http import asgi


class Entry(BaseModel):
    """What a guest writes."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    text: str = ""


class State(TypedDict):
    """What the application keeps for its requests."""

    book: list[Entry]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncGenerator[State, None]:
    """Open the book, and close it with the environment."""
    yield {"book": [Entry(name="Ada", text="first!")]}
    print("the book is closed")


app = FastAPI(title="Guest book", lifespan=lifespan)


@app.exception_handler(RequestValidationError)
async def refuse(_request: Request, error: RequestValidationError) -> JSONResponse:
    """Say what is wrong. FastAPI's own answer has the input in it too, and fails where that is no UTF-8."""
    faults = [{"loc": fault["loc"], "msg": fault["msg"]} for fault in error.errors()]
    return JSONResponse({"detail": faults}, 422)


@app.get("/entries")
async def entries(request: Request) -> list[Entry]:
    """Every entry."""
    book: list[Entry] = request.state.book
    return book


@app.get("/entries/{number}", name="entry")
async def entry(request: Request, number: Annotated[int, Path(ge=1)]) -> Entry:
    """One entry, counted from 1."""
    book: list[Entry] = request.state.book
    if number > len(book):
        raise HTTPException(404, "no such entry")
    return book[number - 1]


@app.post("/entries", status_code=201)
async def write(request: Request, new: Entry) -> dict[str, str]:
    """Add an entry; the answer says where it is."""
    request.state.book.append(new)
    return {"at": str(request.url_for("entry", number=len(request.state.book)))}


handler = asgi(app)

"""Sells tickets over HTTP, and has another function print them: it answers at once, the ticket comes a moment later.

    cd examples/ticket_office && lambdakit start
    curl -X POST http://127.0.0.1:3000/tickets -d '{"show": "Tosca", "seats": 2}'
    curl http://127.0.0.1:3000/tickets/...

`lambdakit invoke printer --data ...` runs the other one by itself.
"""

import json
import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from lambdakit.exceptions import NotFoundError
from lambdakit.http import HttpApp, JSONResponse

TICKETS = Path(os.environ.get("TICKETS", "/tmp/tickets"))

app = HttpApp()
functions: Any = import_module("boto3").client("lambda")


@dataclass
class Order:
    """What somebody wants to see, and with how many others."""

    show: str
    seats: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.seats <= 8:
            raise ValueError("seats is 1 to 8")


@app.post("/tickets")
def sell(order: Order) -> JSONResponse:
    """Give the ticket a number and hand it over to be printed."""
    number = str(uuid4())
    ticket = {"number": number, "show": order.show, "seats": order.seats}
    functions.invoke(FunctionName=os.environ["PRINTER"], InvocationType="Event", Payload=json.dumps(ticket))
    return JSONResponse({"number": number}, 202, {"location": f"/tickets/{number}"})


@app.get("/tickets/{number}")
def show(number: UUID) -> str:
    """The ticket, once it is printed."""
    try:
        return (TICKETS / f"{number}.txt").read_text()
    except FileNotFoundError:
        raise NotFoundError(f"ticket {number} is not printed yet") from None

"""Prints a ticket into a file. Invoked asynchronously: what fails is tried again by the service."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdakit import Context

TICKETS = Path(os.environ.get("TICKETS", "/tmp/tickets"))


@dataclass
class Ticket:
    """What is printed."""

    number: str
    show: str
    seats: int


def handler(event: dict[str, Any], context: Context) -> str:
    """Write the ticket under its number, so that printing it twice changes nothing."""
    ticket = Ticket(**event)
    TICKETS.mkdir(parents=True, exist_ok=True)
    text = f"{ticket.show}\nadmits {ticket.seats}\n"
    (TICKETS / f"{ticket.number}.txt").write_text(text)
    print(f"printed {ticket.number}")
    return text

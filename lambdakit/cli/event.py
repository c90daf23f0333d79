"""`lambdakit event`: what can be done with events without a function; one module a verb, imported when it is run."""

from __future__ import annotations

import click

from lambdakit.cli.group import LazyGroup, Verb

VERBS: dict[str, Verb] = {
    "check": Verb("lambdakit.cli.event_check", "Show what events are, and what no typed attribute covers."),
}


@click.group("event", cls=LazyGroup, verbs=VERBS)
def command() -> None:
    """Look at events."""

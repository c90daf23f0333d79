"""Passes orders from the event bus on to the warehouse's API.

What differs between stages is described by `Settings`: all of it is checked before the first event, and the API's key
is kept in Parameter Store and shows in no log. On a laptop, `laptop.env` stands in for both:

    lambdakit invoke examples/order_relay/app.py:handler --event examples/order_relay/event.json
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.request import Request, urlopen

from lambdakit import Context
from lambdakit.codec import encode
from lambdakit.events import EventBridgeEvent, eventbridge_event
from lambdakit.middleware import URL, Secret, env, json_logging, ssm

LOG = logging.getLogger("relay")


@dataclass(frozen=True)
class Settings:
    """What a stage must give: `python -c "import app; app.env.describe(app.Settings)"` prints it."""

    warehouse_url: URL
    warehouse_key: Annotated[Secret[str], ssm("/{STAGE}/warehouse/key")]
    countries: frozenset[str] = frozenset({"NL", "BE"})
    timeout: timedelta = timedelta(seconds=3)
    dry_run: bool = False


@dataclass
class Order:
    """What the warehouse needs of an order."""

    number: str
    country: str
    lines: list[dict[str, Any]]


@eventbridge_event(middleware=[json_logging(), env(Settings, dotenv="laptop.env")])
def handler(event: EventBridgeEvent[Order], context: Context[Settings]) -> str:
    """What became of the order: "sent", or "skipped" where another warehouse serves its country."""
    order, config = event.payload, context.config
    LOG.debug("settings are %s", config)
    if order.country not in config.countries:
        return "skipped"
    if not config.dry_run:
        send(order, config)
    LOG.info("sent", extra={"order": order.number})
    return "sent"


def send(order: Order, config: Settings) -> None:
    """Put the order to the warehouse. Raises urllib.error.URLError, so that the bus tries again."""
    headers = {"Authorization": f"Bearer {config.warehouse_key.reveal()}", "Content-Type": "application/json"}
    body = encode({"order": order.number, "lines": order.lines})
    request = Request(f"{config.warehouse_url}/orders/{order.number}", body, headers, method="PUT")
    urlopen(request, timeout=config.timeout.total_seconds()).close()

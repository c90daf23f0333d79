"""Quotes a price in another currency, with the rate of the day from a service; the trace shows where the time goes.

A request that X-Ray samples has a subsegment for the handler, one for each part of the work, and one for the call of
the rates' service, which is told to go on in the same trace. RATES_URL is that service; without it a table is used:

    lambdakit invoke examples/price_quote/app.py:handler --event examples/price_quote/event.json

`provider="otel"` instead sends the same spans to an OpenTelemetry collector.
"""

import asyncio
import json
import os
from decimal import Decimal

import httpx

from lambdakit import Context
from lambdakit.events import FunctionURLEvent, function_url
from lambdakit.middleware import capture, current_span, tracing

PRICES = {"pen": Decimal("1.20"), "paper": Decimal("4.80")}
KNOWN_RATES = {"USD": Decimal("1.08"), "SEK": Decimal("11.30")}


@function_url(middleware=[tracing(service="quotes", patch=("httpx",))])
async def handler(event: FunctionURLEvent, context: Context) -> dict[str, object]:
    """The price of `item` in `currency`, as JSON; 404 for an item that is not sold."""
    item, currency = event.query("item") or "", event.query("currency") or "USD"
    current_span().annotate("Currency", currency)
    if item not in PRICES:
        return {"statusCode": 404, "body": json.dumps({"unknown": item})}
    euros, rate = await asyncio.gather(price_of(item), rate_of(currency))
    return {"statusCode": 200, "body": json.dumps({"item": item, currency: str(round(euros * rate, 2))})}


@capture("price")
async def price_of(item: str) -> Decimal:
    """What an item costs, in euros."""
    return PRICES[item]


@capture("rate")
async def rate_of(currency: str) -> Decimal:
    """How much of a currency one euro is."""
    url = os.environ.get("RATES_URL")
    if url is None:
        return KNOWN_RATES[currency]
    async with httpx.AsyncClient(timeout=3) as client:
        response = await client.get(url, params={"to": currency})
    current_span().metadata("rates", response.json(), namespace="quotes")
    return Decimal(response.json()[currency])

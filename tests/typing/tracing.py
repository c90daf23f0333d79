"""What type checkers make of tracing: captured functions keep their types, options are literal."""

from typing_extensions import assert_type

from lambdakit import Context, lambda_handler
from lambdakit.events import SQSEvent, sqs_event
from lambdakit.handlers import Handler
from lambdakit.middleware import Span, capture, current_span, tracing


@capture
def price(amount: int, *, currency: str = "EUR") -> float:
    return amount * 1.5


@capture("stock")
async def stock(item: str) -> list[str]:
    return [item]


@lambda_handler(middleware=[tracing(service="orders", patch=("boto3", "httpx"), response="metadata")])
def handler(event: dict[str, int], context: Context) -> float:
    with capture("look up") as span:
        assert_type(span, Span)
        span.annotate("Left", 4)
    assert_type(current_span().propagation(), dict[str, str])
    return price(event["amount"], currency="USD")


@sqs_event(middleware=[tracing(provider="otel", sampling="always")])
async def receive(event: SQSEvent, context: Context) -> list[str]:
    async with capture("look up") as span:
        assert_type(span, Span)
    return await stock("pen")


assert_type(handler, Handler[dict[str, int], float])
assert_type(price(2), float)

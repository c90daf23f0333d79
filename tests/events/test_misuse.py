"""Mistakes in decorating: each is met when the function is decorated, with words that say what to write instead."""

# ruff: noqa: TC001 - the decorators look at the annotations

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol

import pytest

from lambdakit.events import (
    APIGatewayProxyEvent,
    APIGatewayProxyEventV2,
    CloudFrontRequest,
    CloudFrontResponse,
    Model,
    S3Event,
    SQSEvent,
    api_gateway,
    custom_resource,
    s3_event,
    sqs_event,
    viewer_request,
)
from lambdakit.exceptions import UsageError, WrongSourceError

S3 = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "a+b"}}}]}
REST = {"httpMethod": "GET", "path": "/", "resource": "/", "body": '{"sku": 7}', "requestContext": {}}


class Mine(S3Event):
    """An event with something of the user's own."""

    @property
    def first_key(self) -> str:
        return self.records[0].object.key


class HasRecords(Protocol):
    """What any event of records is."""

    records: list[Any]


class Order:
    """No event at all."""


def message(decorate: Any, function: Any) -> str:
    with pytest.raises(UsageError) as caught:
        decorate(function)
    return str(caught.value).replace(f"{function.__qualname__} ", "NAME ")


def test_the_event_of_another_decorator():
    def handler(event: SQSEvent, context): ...

    assert message(s3_event, handler) == (
        "@s3_event calls NAME with an S3Event, but its first parameter is annotated SQSEvent; "
        "annotate it S3Event, or use the decorator for SQSEvent"
    )
    assert message(s3_event(middleware=[]), handler) == message(s3_event, handler)


@pytest.mark.parametrize("wrong", [dict, "dict", dict[str, Any], "dict[str, Any]", Mapping[str, Any], str, Order])
@pytest.mark.parametrize("decorate", [s3_event, sqs_event, api_gateway, viewer_request, custom_resource])
def test_what_is_no_event_at_all(decorate, wrong):
    def handler(event, context): ...

    handler.__annotations__["event"] = wrong
    name = wrong.partition("[")[0] if isinstance(wrong, str) else getattr(wrong, "__origin__", wrong).__name__
    assert f"its first parameter is annotated {name};" in message(decorate, handler)


def test_one_of_several_forms_is_right_and_another_event_names_them_all():
    def wrong(event: S3Event, context): ...

    assert "with an APIGatewayProxyEventV2 or APIGatewayProxyEvent, but" in message(api_gateway, wrong)
    for right in (APIGatewayProxyEvent, APIGatewayProxyEventV2, APIGatewayProxyEvent | APIGatewayProxyEventV2):

        def handler(event, context):
            return type(event)

        handler.__annotations__["event"] = right
        assert api_gateway(handler)(REST) is APIGatewayProxyEvent


def test_each_stage_of_the_edge_has_its_own():
    def handler(event: CloudFrontResponse, context): ...

    assert "with a CloudFrontRequest, but its first parameter is annotated CloudFrontResponse" in message(
        viewer_request, handler
    )

    def right(event: CloudFrontRequest, context): ...

    assert viewer_request(right).__wrapped__ is right


def test_async_functions_methods_and_instances_are_looked_at():
    async def handler(event: SQSEvent, context): ...

    class Service:
        def handle(self, event: SQSEvent, context): ...

        def __call__(self, event: SQSEvent, context): ...

    for function in (handler, Service().handle, Service()):
        with pytest.raises(UsageError, match="annotated SQSEvent"):
            s3_event(function)


@pytest.mark.parametrize(
    "right",
    [
        S3Event,
        "S3Event",
        "S3TestEvent",
        "Nowhere",
        Model,
        object,
        Any,
        "Any",
        None,
        Annotated[S3Event, "x"],
        HasRecords,
    ],
)
def test_what_a_function_may_say(right):
    def handler(event, context):
        return type(event)

    if right is not None:
        handler.__annotations__["event"] = right
    assert s3_event(handler)(S3) is S3Event


def test_a_subclass_of_the_users_own_is_made():
    @s3_event
    def handler(event: Mine, context):
        return event.first_key

    assert handler(S3) == "a b"
    assert handler(S3Event(S3)) == "a b"


def test_the_payload_type_of_every_form_is_kept():
    @api_gateway
    def handler(event: APIGatewayProxyEvent[dict[str, int]], context):
        return event.payload

    assert handler(REST) == {"sku": 7}
    with pytest.raises(ValueError, match=r"\$\.body\.sku: expected int, got str"):
        handler({**REST, "body": '{"sku": "7"}'})


def no_context(event): ...


def three(event, context, table): ...


def named(event, *, context): ...


def nothing(): ...


@pytest.mark.parametrize("function", [no_context, three, named, nothing])
def test_a_function_that_cannot_take_event_and_context(function):
    assert message(s3_event, function) == (
        "@s3_event calls NAME with two arguments, which it cannot take; "
        f"write it as: def {function.__name__}(event: S3Event, context: Context)"
    )


def test_a_method_without_a_context():
    class Service:
        def handle(self, event): ...

    assert "write it as: def handle(event: S3Event, context: Context)" in message(s3_event, Service().handle)


@pytest.mark.parametrize(
    "function",
    [
        lambda event, context: 1,
        lambda *both: 1,
        lambda event, context=None, table="t": 1,
        lambda event, *rest, table="t": 1,
        functools.partial(lambda table, event, context: 1, "t"),
    ],
)
def test_a_function_that_can(function):
    assert s3_event(function)(S3) == 1


def test_what_another_decorator_adds_is_its_own_matter():
    def with_table(function):
        @functools.wraps(function)
        def call(event, context):
            return function(event, context, "orders")

        return call

    @s3_event
    @with_table
    def handler(event: S3Event, context, table):
        return table

    assert handler(S3) == "orders"


def test_an_unknown_option_is_told_the_nearest():
    with pytest.raises(UsageError, match=r"^@s3_event has no option 'midleware'; did you mean 'middleware'\?$"):
        s3_event(midleware=[])
    with pytest.raises(UsageError, match=r"^@s3_event has no option 'timeout'; it has middleware$"):
        s3_event(timeout=3)
    with pytest.raises(
        UsageError, match=r"^@custom_resource has no option 'answer_befre'; did you mean 'answer_before'\?$"
    ):
        custom_resource(answer_befre=3)


def test_options_in_place_of_the_function():
    with pytest.raises(
        UsageError, match=r"^@s3_event decorates a function, not list; options are named: @s3_event\(middleware="
    ):
        s3_event([])


def test_an_event_of_another_source():
    @s3_event
    def handler(event: S3Event, context): ...

    with pytest.raises(WrongSourceError, match=r"^@s3_event takes an S3Event; this event comes from sqs \(use @sqs_"):
        handler({"Records": [{"eventSource": "aws:sqs"}]})
    with pytest.raises(WrongSourceError, match=r"comes from no known source, its keys are \['order'\]$"):
        handler({"order": 1})
    with pytest.raises(WrongSourceError, match=r"it got list$"):
        handler([])


def test_looking_at_functions_imports_nothing_heavy():
    script = (
        "import sys; before = set(sys.modules)\n"
        "from lambdakit.events import s3_event, S3Event\n"
        "@s3_event\n"
        "def handler(event: S3Event, context): ...\n"
        "print('lambdakit.events.annotations' in sys.modules)\n"
        "@s3_event\n"
        "def other(event: 'S3Event', context, *, more=1): ...\n"
        "print('lambdakit.events.annotations' in sys.modules, {'typing', 'inspect'} & (set(sys.modules) - before))\n"
    )
    root = Path(__file__).resolve().parent.parent.parent
    run = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["False", "True set()"]

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events.app import FILTERS, App
from lambdakit.events.edge import origin_request, redirect, viewer_request
from lambdakit.events.s3 import s3_event
from lambdakit.events.sqs import sqs_batch
from lambdakit.exceptions import UsageError, WrongSourceError
from tests.events.samples import EVENTS, STAGES

if TYPE_CHECKING:
    from lambdakit.events.s3 import S3Event
    from lambdakit.events.sqs import SQSMessage


def notification(bucket: str = "photos", key: str = "in/a+b.jpg", name: str = "ObjectCreated:Put") -> dict[str, Any]:
    s3 = {"bucket": {"name": bucket}, "object": {"key": key}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": name, "s3": s3}]}


def app_of(**filters: str) -> App:
    app = App()

    @app.on(s3_event, **filters)
    def matched(event: S3Event, context: Any) -> str:
        return event.records[0].object.key

    @app.default
    def other(event: dict[str, Any], context: Any) -> str:
        return "default"

    return app


@pytest.mark.parametrize(
    ("filters", "event", "fits"),
    [
        ({}, notification(), True),
        ({"bucket": "photos"}, notification(), True),
        ({"bucket": "photo"}, notification(), False),
        ({"bucket": "pho*"}, notification(), True),
        ({"prefix": "in/"}, notification(), True),
        ({"prefix": "out/"}, notification(), False),
        ({"prefix": "in/a b"}, notification(), True),
        ({"suffix": ".jpg", "bucket": "photos"}, notification(), True),
        ({"suffix": ".jpg", "bucket": "films"}, notification(), False),
        ({"event_name": "ObjectCreated:*"}, notification(), True),
        ({"event_name": "ObjectRemoved:*"}, notification(), False),
    ],
)
def test_an_event_goes_to_the_first_handler_whose_filters_fit(
    filters: dict[str, str], event: dict[str, Any], fits: bool
) -> None:
    assert app_of(**filters)(event) == ("in/a b.jpg" if fits else "default")


def test_registrations_are_tried_in_their_order() -> None:
    app = App()
    app.on(s3_event, bucket="films")(lambda event, context: "films")
    app.on(s3_event)(lambda event, context: "any")
    assert [app(notification("films")), app(notification("photos"))] == ["films", "any"]


def test_the_options_of_the_decorator_are_taken() -> None:
    app = App()
    steps: list[str] = []

    def noted(event: Any, context: Any, call_next: Any) -> Any:
        steps.append("middleware")
        return call_next(event, context)

    @app.on(s3_event, bucket="photos")(middleware=[noted])
    def handler(event: S3Event, context: Any) -> int:
        return len(event.records)

    @app.on(sqs_batch)(concurrency=2)
    def message(record: SQSMessage, context: Any) -> None:
        steps.append(record.message_id)

    assert (app(notification()), steps) == (1, ["middleware"])
    app(EVENTS["sqs"])
    assert steps == ["middleware", "m-1"]
    assert app.on(s3_event).__name__ == "s3_event"
    with pytest.raises(UsageError, match="did you mean 'middleware'"):
        app.on(s3_event)(middlewares=[])  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="@s3_event decorates a function, not int"):
        app.on(s3_event)(3)  # type: ignore[call-overload]


def test_a_registration_leaves_the_decorator_as_it_was() -> None:
    app = App()
    app.on(s3_event)
    assert s3_event(lambda event, context: "alone")(notification()) == "alone"
    with pytest.raises(WrongSourceError):
        app(notification())


def test_stages_of_an_edge_function_are_told_apart() -> None:
    app = App()
    app.on(viewer_request)(lambda request, context: redirect("/viewer"))
    app.on(origin_request)(lambda request, context: redirect("/origin"))
    answers = [app(STAGES[stage])["headers"]["location"][0]["value"] for stage in ("origin-request", "viewer-request")]
    assert answers == ["/origin", "/viewer"]


def test_without_a_default_an_event_that_fits_none_is_named() -> None:
    with pytest.raises(
        WrongSourceError, match=r"takes an event .* comes from s3 \(app\.on\(s3_event\) or app\.default takes it\)"
    ):
        App()(notification())
    with pytest.raises(WrongSourceError, match="it got list"):
        App()([])


def test_misuse_is_met_with_help() -> None:
    app = App()
    with pytest.raises(UsageError, match=r"app\.on\(s3_event\) has no option 'buckets'; did you mean 'bucket'\?"):
        app.on(s3_event, buckets="photos")
    with pytest.raises(UsageError, match="has no option 'queue'; it has bucket, prefix, suffix, event_name"):
        app.on(s3_event, queue="orders")
    with pytest.raises(UsageError, match=r"takes a text, not int"):
        app.on(s3_event, bucket=3)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="takes a source's decorator, such as s3_event"):
        app.on(print)
    app.default(print)
    with pytest.raises(UsageError, match="there is one already"):
        app.default(print)


def test_every_filter_names_decorators_and_looks_at_an_empty_event_without_failing() -> None:
    for sources, test in FILTERS.values():
        assert sources
        assert test({}, "something") is False

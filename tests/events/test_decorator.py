"""The words of the decorators' errors."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.events.decorator import with_article, wrong_source


@pytest.mark.parametrize(
    "words",
    [
        *("an S3Event", "an SQSEvent", "an APIGatewayProxyEvent", "an EventBridgeEvent", "an IoTButtonEvent"),
        *(
            "an ActiveMQEvent",
            "an ALBEvent",
            "an event",
            "a VPCLatticeEvent",
            "a DynamoDBEvent",
            "a SecretRotationEvent",
        ),
        *("a CloudWatchLogsEvent", "a UserMigrationEvent", "a KafkaEvent", "a FirehoseEvent", "a Lambda@Edge event"),
    ],
)
def test_a_name_has_its_article(words: str) -> None:
    assert with_article(words.partition(" ")[2]) == words


@pytest.mark.parametrize(
    ("event", "end"),
    [
        ([], ", a JSON object; it got list"),
        (None, ", a JSON object; it got NoneType"),
        ({"b": 1, "a": 2}, "; this event comes from no known source, its keys are ['a', 'b']"),
        ({"Records": [{"eventSource": "aws:ses"}]}, "; this event comes from ses (use @ses_event or App)"),
        ({"httpMethod": "GET", "path": "/"}, "; this event comes from api-gateway (use @api_gateway or App)"),
        ({"triggerSource": "x", "userPoolId": "p"}, "; this event comes from cognito (use @cognito_trigger or App)"),
        (
            {"Records": [{"cf": {"config": {"eventType": "viewer-response"}}}]},
            "; this event comes from edge (use @viewer_response or App)",
        ),
        # The message S3 sends to try a notification out: no decorator is for it.
        ({"Event": "s3:TestEvent"}, "; this event comes from s3-test"),
    ],
)
def test_the_message_names_the_source_and_who_takes_its_events(event: Any, end: str) -> None:
    assert str(wrong_source("alb_target", "ALBEvent", event)) == f"@alb_target takes an ALBEvent{end}"

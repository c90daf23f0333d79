"""The recognition table: the smallest event each rule must know, and events that only look like another."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lambdakit.events import detection
from lambdakit.events.coverage import leaves, unmapped
from lambdakit.events.model import Model
from tests.runtime_process import ROOT


def records(**first: Any) -> dict[str, Any]:
    return {"Records": [first]}


SMALLEST: list[tuple[str, Any]] = [
    ("edge", records(cf={"config": {}, "request": {}})),
    ("s3", records(eventSource="aws:s3")),
    ("sns", records(EventSource="aws:sns")),
    ("sqs", records(eventSource="aws:sqs")),
    ("kinesis", {**records(eventSource="aws:kinesis"), "window": {}}),
    ("dynamodb", records(eventSource="aws:dynamodb")),
    ("ses", records(eventSource="aws:ses")),
    ("codecommit", records(eventSource="aws:codecommit")),
    ("kafka", {"eventSource": "aws:kafka"}),
    ("kafka", {"eventSource": "SelfManagedKafka"}),
    ("activemq", {"eventSource": "aws:mq"}),
    ("activemq", {"eventSource": "aws:amq"}),
    ("rabbitmq", {"eventSource": "aws:rmq"}),
    ("docdb", {"eventSource": "aws:docdb"}),
    ("s3-test", {"Service": "Amazon S3", "Event": "s3:TestEvent"}),
    ("alb", {"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/"}),
    ("vpc-lattice-v2", {"requestContext": {"serviceNetworkArn": "a"}, "path": "/", "version": "2.0"}),
    ("vpc-lattice", {"raw_path": "/", "method": "GET"}),
    ("authorizer-token", {"type": "TOKEN", "methodArn": "a", "authorizationToken": "t"}),
    ("authorizer-v2", {"type": "REQUEST", "routeArn": "a", "rawPath": "/"}),
    ("authorizer-request", {"type": "REQUEST", "methodArn": "a", "httpMethod": "GET", "path": "/"}),
    ("websocket", {"requestContext": {"connectionId": "c"}}),
    ("lambda-destination", {"requestContext": {"functionArn": "f", "condition": "Success"}}),
    ("appsync-authorizer", {"authorizationToken": "t", "requestContext": {"queryString": "q"}}),
    ("function-url", {"rawPath": "/", "requestContext": {"domainName": "x.lambda-url.eu-west-1.on.aws", "http": {}}}),
    ("api-gateway-v2", {"rawPath": "/", "requestContext": {"domainName": "x.execute-api.eu-west-1.amazonaws.com"}}),
    ("api-gateway", {"httpMethod": "GET", "path": "/", "headers": None}),
    ("scheduled", {"source": "aws.events", "detail-type": "Scheduled Event"}),
    ("scheduler", {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"}),
    ("eventbridge", {"source": "my.shop", "detail-type": "Order placed", "detail": {}}),
    ("cloudwatch-logs", {"awslogs": {"data": ""}}),
    ("cloudwatch-alarm", {"alarmData": {}, "alarmArn": "a"}),
    ("cloudwatch-widget", {"widgetContext": {}}),
    ("firehose", {"deliveryStreamArn": "a", "records": []}),
    ("firehose", {"invocationId": "i", "records": [{"recordId": "1"}]}),
    ("kinesis-analytics", {"applicationArn": "a", "invocationId": "i", "records": [{"recordId": "1"}]}),
    ("s3-batch", {"invocationSchemaVersion": "1.0", "tasks": []}),
    ("s3-object-lambda", {"xAmzRequestId": "r", "userRequest": {}}),
    ("cognito", {"triggerSource": "PreSignUp_SignUp", "userPoolId": "p"}),
    ("cognito-sync", {"datasetRecords": {}}),
    ("cloudformation", {"RequestType": "Create", "StackId": "s"}),
    ("cloudformation-macro", {"fragment": {}, "templateParameterValues": {}}),
    ("codepipeline", {"CodePipeline.job": {}}),
    ("config", {"invokingEvent": "{}", "resultToken": "t"}),
    ("secretsmanager", {"Step": "createSecret", "SecretId": "s"}),
    ("codedeploy", {"DeploymentId": "d", "LifecycleEventHookExecutionId": "h"}),
    ("lex-v2", {"sessionState": {}, "bot": {}}),
    ("lex-v1", {"currentIntent": {}, "bot": {}, "messageVersion": "1.0"}),
    ("bedrock-function", {"agent": {}, "actionGroup": "g", "function": "f"}),
    ("bedrock-api", {"agent": {}, "actionGroup": "g", "httpMethod": "GET", "messageVersion": "1.0"}),
    ("connect", {"Details": {"ContactData": {}}}),
    ("durable", {"DurableExecutionArn": "a", "CheckpointToken": "t"}),
    ("appsync-events", {"info": {"channelNamespace": {}}}),
    ("appsync", {"info": {"fieldName": "f"}}),
    ("amplify", {"typeName": "Query", "fieldName": "f"}),
    ("iot-authorizer", {"signatureVerified": True, "protocols": []}),
    ("iot-provisioning", {"claimCertificateId": "c"}),
    ("iot-1-click", {"deviceEvent": {}}),
    ("iot-button", {"clickType": "SINGLE"}),
    ("iot-registry", {"eventType": "THING_EVENT", "operation": "CREATED"}),
    ("transfer", {"serverId": "s", "protocol": "SFTP", "username": "u"}),
    ("client-vpn", {"connection-id": "c", "endpoint-id": "e"}),
    ("appsync-authorizer", {"authorizationToken": "t", "requestContext": {"apiId": "a", "operation": "EVENT_PUBLISH"}}),
    ("alexa", {"request": {"type": "LaunchRequest", "requestId": "r"}, "session": {"application": {}}}),
    ("alexa", {"request": {"type": "AudioPlayer.PlaybackStarted", "requestId": "r"}, "context": {"System": {}}}),
    ("alexa-smart-home", {"directive": {"header": {}, "payload": {}}}),
    ("alexa-smart-home-v2", {"header": {"namespace": "n", "payloadVersion": "2"}, "payload": {}}),
    ("workmail", {"summaryVersion": "2018-10-10", "envelope": {}, "flowDirection": "INBOUND"}),
    ("appsync-batch", [{"info": {"fieldName": "f"}}]),
]

EVERY_RULE = (*detection.RULES, *detection.LIST_RULES)

UNKNOWN: list[Any] = [
    {},
    {"key1": "value1"},
    {"Records": []},
    {"Records": None},
    {"Records": ["text"]},
    {"requestContext": None},
    {"requestContext": "text"},
    {"detail-type": "x"},
    None,
    "text",
    3,
    [],
    ["text"],
    [{"eventSource": "aws:sqs"}],
    # A queue's message may hold another source's event; it is not looked into.
    {"body": json.dumps(records(eventSource="aws:s3"))},
]


@pytest.mark.parametrize(("source", "event"), SMALLEST, ids=[source for source, _ in SMALLEST])
def test_the_smallest_event_of_each_source_is_known(source: str, event: Any) -> None:
    assert detection.source_of(event) == source


@pytest.mark.parametrize("event", UNKNOWN)
def test_what_has_no_shape_has_no_source(event: Any) -> None:
    assert detection.source_of(event) is None


def test_every_rule_has_an_event_here() -> None:
    assert {source for source, _ in SMALLEST} >= {source for source, _, _ in EVERY_RULE}


@pytest.mark.parametrize("source", [source for source, _, _ in EVERY_RULE])
def test_every_model_the_table_names_is_there(source: str) -> None:
    assert issubclass(detection.model_of(source), Model)


def test_a_list_of_resolver_calls_is_one_event() -> None:
    event = detection.detect([{"info": {"fieldName": "f"}}, {"info": {"fieldName": "f"}}])
    assert type(event).__name__ == "AppSyncBatchEvent"


def test_a_name_that_is_no_source_has_no_model() -> None:
    with pytest.raises(KeyError):
        detection.model_of("lex")


# `payload` decodes what a sender wrote, which need not be JSON.
NOT_READ = ("raw", "payload")


def read_everything(value: Any) -> None:
    """Read every public attribute of a model, and of the models it leads to."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            read_everything(item)
    elif isinstance(value, Model):
        for name in dir(type(value)):
            if not name.startswith("_") and isinstance(getattr(type(value), name), property) and name not in NOT_READ:
                read_everything(getattr(value, name))


# The examples' events, and a folder of others, one a file; broken on purpose where the name begins with "invalid".
FOLDER = os.environ.get("LAMBDAKIT_EVENT_SAMPLES")
SAMPLES = [*(ROOT / "examples").rglob("*.json"), *(Path(FOLDER).glob("*.json") if FOLDER else ())]


def test_every_attribute_of_every_sample_can_be_read_and_its_leaves_are_covered() -> None:
    failures: list[str] = []
    total = missed = 0
    for path in SAMPLES:
        raw = json.loads(path.read_bytes())
        event = None if path.name.startswith("invalid") else detection.detect(raw)
        if event is None:
            continue
        try:
            read_everything(event)
        except Exception as error:
            failures.append(f"{path.name}: {type(error).__name__}: {error}")
        total += len(list(leaves(raw)))
        missed += len(unmapped(event))
    assert failures == []
    assert total
    assert missed <= total * 0.01

"""Which source an event comes from: the recognition table.

The rules are tried from top to bottom and the first that holds decides, because later ones are less specific. They look
at the shape alone, never into bodies: a queue's message may itself be another source's event. Payloads a caller makes
up (direct invocation, Step Functions, a Scheduler target's own input) have no shape to recognise.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from lambdakit.events.model import Model

    Test: TypeAlias = Callable[[Any], bool]

__all__ = ("LIST_RULES", "RULES", "detect", "model_of", "source_of", "test_of")


# `type`, but Any to type checkers.
_type: Any = type


def _records_of(source: str) -> Test:
    def test(event: dict[str, Any]) -> bool:
        # As `_first` would, but every event of a decorated function comes through here.
        records = event.get("Records")
        first: Any = records[0] if _type(records) is list and records else None
        return _type(first) is dict and (first.get("eventSource") == source or first.get("EventSource") == source)

    return test


def _first(event: dict[str, Any], key: str) -> dict[str, Any]:
    """The first object of a list in the event, or an empty one."""
    items = event.get(key)
    first: Any = items[0] if _type(items) is list and items else None
    found: dict[str, Any] = first if _type(first) is dict else {}
    return found


def _keys(*names: str) -> Test:
    """All of these keys are there."""
    return lambda event: all(name in event for name in names)


def _within(outer: str, *names: str) -> Test:
    """All of these keys are in the object at `outer`."""
    wanted = frozenset(names)

    def test(event: dict[str, Any]) -> bool:
        inner: Any = event.get(outer)
        return _type(inner) is dict and inner.keys() >= wanted

    return test


def _is(key: str, *values: str) -> Test:
    """The value at `key` is one of these."""
    return lambda event: event.get(key) in values


def _all(*tests: Test) -> Test:
    return lambda event: all(test(event) for test in tests)


def _any(*tests: Test) -> Test:
    return lambda event: any(test(event) for test in tests)


def _not(test: Test) -> Test:
    return lambda event: not test(event)


def _first_item(test: Test) -> Test:
    """The event is a list, whose first item passes."""
    return lambda event: _type(event) is list and bool(event) and _type(event[0]) is dict and test(event[0])


def _text(*keys: str) -> Test:
    """The values at these keys are text."""
    return lambda event: all(type(event.get(key)) is str for key in keys)


def _lists(key: str) -> Test:
    return lambda event: type(event.get(key)) is list


def _starts(key: str, prefix: str) -> Test:
    return lambda event: str(event.get(key, "")).startswith(prefix)


def _url_domain(event: dict[str, Any]) -> bool:
    context: Any = event.get("requestContext")
    return ".lambda-url." in str(context and context.get("domainName"))


def _contact(event: dict[str, Any]) -> bool:
    return "ContactData" in (event.get("Details") or {})


def _asks_for_documentation(event: dict[str, Any]) -> bool:
    """Whether a dashboard asks a widget's function how it is used: nothing else is in such an event."""
    return event == {"describe": True}


_HTTP_V2 = _any(_keys("rawPath"), _within("requestContext", "http"))
_RESOLVER = _within("info", "fieldName")
_ROTATION = ("createSecret", "setSecret", "testSecret", "finishSecret")

# Source, the test, and the model as "module:class" of lambdakit.events.
RULES: tuple[tuple[str, Test, str], ...] = (
    ("edge", lambda event: "cf" in _first(event, "Records"), "edge:EdgeEvent"),
    ("s3", _records_of("aws:s3"), "s3:S3Event"),
    ("sns", _records_of("aws:sns"), "sns:SNSEvent"),
    ("sqs", _records_of("aws:sqs"), "sqs:SQSEvent"),
    ("kinesis", _records_of("aws:kinesis"), "kinesis:KinesisEvent"),
    ("dynamodb", _records_of("aws:dynamodb"), "dynamodb:DynamoDBEvent"),
    ("ses", _records_of("aws:ses"), "ses:SESEvent"),
    ("codecommit", _records_of("aws:codecommit"), "codecommit:CodeCommitEvent"),
    ("kafka", _is("eventSource", "aws:kafka", "SelfManagedKafka", "aws:SelfManagedKafka"), "kafka:KafkaEvent"),
    ("activemq", _is("eventSource", "aws:amq", "aws:mq"), "mq:ActiveMQEvent"),
    ("rabbitmq", _any(_is("eventSource", "aws:rmq"), _keys("rmqMessagesByQueue")), "mq:RabbitMQEvent"),
    ("docdb", _is("eventSource", "aws:docdb"), "docdb:DocumentDBEvent"),
    ("s3-test", _is("Event", "s3:TestEvent"), "s3:S3TestEvent"),
    ("alb", _within("requestContext", "elb"), "alb:ALBEvent"),
    ("vpc-lattice-v2", _within("requestContext", "serviceNetworkArn"), "lattice:VPCLatticeEventV2"),
    ("vpc-lattice", _keys("raw_path"), "lattice:VPCLatticeEvent"),
    ("authorizer-token", _all(_is("type", "TOKEN"), _keys("methodArn")), "authorizers:TokenAuthorizerEvent"),
    ("authorizer-v2", _all(_is("type", "REQUEST"), _keys("routeArn")), "authorizers:RequestAuthorizerEventV2"),
    ("authorizer-request", _all(_is("type", "REQUEST"), _keys("methodArn")), "authorizers:RequestAuthorizerEvent"),
    ("websocket", _within("requestContext", "connectionId"), "websocket:WebSocketEvent"),
    ("lambda-destination", _within("requestContext", "functionArn", "condition"), "destination:DestinationRecord"),
    (
        "appsync-authorizer",
        _all(
            _keys("authorizationToken"),
            _any(_within("requestContext", "queryString"), _within("requestContext", "apiId", "operation")),
        ),
        "appsync_authorization:AppSyncAuthorizerEvent",
    ),
    ("function-url", _all(_HTTP_V2, _url_domain), "function_urls:FunctionURLEvent"),
    ("api-gateway-v2", _HTTP_V2, "apigateway:APIGatewayProxyEventV2"),
    (
        "api-gateway",
        _all(_keys("httpMethod"), _any(_keys("path"), _keys("resource")), _not(_keys("messageVersion"))),
        "apigateway:APIGatewayProxyEvent",
    ),
    (
        "scheduled",
        _all(_is("source", "aws.events"), _is("detail-type", "Scheduled Event")),
        "eventbridge:ScheduledEvent",
    ),
    ("scheduler", _all(_is("source", "aws.scheduler"), _text("detail-type")), "eventbridge:ScheduledEvent"),
    ("eventbridge", _text("detail-type", "source"), "eventbridge:EventBridgeEvent"),
    ("cloudwatch-logs", _within("awslogs"), "cloudwatch:CloudWatchLogsEvent"),
    ("cloudwatch-alarm", _keys("alarmData", "alarmArn"), "cloudwatch:CloudWatchAlarmEvent"),
    ("cloudwatch-widget", _any(_keys("widgetContext"), _asks_for_documentation), "cloudwatch:CustomWidgetEvent"),
    (
        "firehose",
        _all(
            _lists("records"),
            _any(
                _keys("deliveryStreamArn"),
                _all(
                    _keys("invocationId"),
                    _not(_keys("applicationArn")),
                    lambda event: "recordId" in _first(event, "records"),
                ),
            ),
        ),
        "firehose:FirehoseEvent",
    ),
    ("kinesis-analytics", _all(_lists("records"), _keys("applicationArn")), "kinesis_analytics:KinesisAnalyticsEvent"),
    ("s3-batch", _keys("invocationSchemaVersion", "tasks"), "s3_batch_operations:S3BatchEvent"),
    ("s3-object-lambda", _keys("xAmzRequestId", "userRequest"), "object_lambda:S3ObjectLambdaEvent"),
    ("cognito", _keys("triggerSource", "userPoolId"), "cognito:CognitoEvent"),
    ("cognito-sync", _keys("datasetRecords"), "cognito:CognitoSyncEvent"),
    ("cloudformation", _keys("RequestType", "StackId"), "cloudformation:CustomResourceEvent"),
    ("cloudformation-macro", _keys("fragment", "templateParameterValues"), "cloudformation:MacroEvent"),
    ("codepipeline", _keys("CodePipeline.job"), "codepipeline:CodePipelineEvent"),
    ("config", _keys("invokingEvent", "resultToken"), "config:ConfigEvent"),
    ("secretsmanager", _all(_is("Step", *_ROTATION), _keys("SecretId")), "secretsmanager:SecretRotationEvent"),
    ("codedeploy", _keys("DeploymentId", "LifecycleEventHookExecutionId"), "codedeploy:CodeDeployEvent"),
    ("lex-v2", _any(_keys("sessionState", "bot"), _keys("proposedNextState")), "lex_v2:LexV2Event"),
    ("lex-v1", _keys("currentIntent", "bot"), "lex:LexV1Event"),
    ("bedrock-function", _keys("agent", "actionGroup", "function"), "bedrock:BedrockFunctionEvent"),
    ("bedrock-api", _keys("agent", "actionGroup"), "bedrock:BedrockAPIEvent"),
    ("connect", _contact, "connect:ConnectEvent"),
    ("durable", _keys("DurableExecutionArn", "CheckpointToken"), "durable:DurableEvent"),
    ("appsync-events", _within("info", "channelNamespace"), "appsync_events:AppSyncEventsEvent"),
    ("appsync", _RESOLVER, "appsync:AppSyncResolverEvent"),
    ("amplify", _keys("typeName", "fieldName"), "appsync:AmplifyResolverEvent"),
    ("iot-authorizer", _keys("signatureVerified", "protocols"), "iot:IoTAuthorizerEvent"),
    ("iot-provisioning", _keys("claimCertificateId"), "iot:IoTProvisioningEvent"),
    ("iot-1-click", _keys("deviceEvent"), "iot:IoTOneClickEvent"),
    ("iot-button", _keys("clickType"), "iot:IoTButtonEvent"),
    ("iot-registry", _all(_starts("eventType", "THING_"), _keys("operation")), "iot:IoTRegistryEvent"),
    ("transfer", _keys("serverId", "protocol", "username"), "transfer:TransferEvent"),
    ("client-vpn", _keys("connection-id", "endpoint-id"), "vpn:ClientVPNEvent"),
    (
        "alexa",
        _all(
            _within("request", "type", "requestId"),
            _any(_within("context", "System"), _within("session", "application")),
        ),
        "alexa:AlexaSkillEvent",
    ),
    ("alexa-smart-home", _within("directive", "header"), "alexa_home:SmartHomeEvent"),
    ("alexa-smart-home-v2", _within("header", "namespace", "payloadVersion"), "alexa_home:SmartHomeEventV2"),
    ("workmail", _keys("summaryVersion", "envelope", "flowDirection"), "workmail:WorkMailEvent"),
)

# The sources whose event is a list: their tests are given the list, those above objects only.
LIST_RULES: tuple[tuple[str, Test, str], ...] = (
    ("appsync-batch", _first_item(_RESOLVER), "appsync:AppSyncBatchEvent"),
)


def test_of(*sources: str) -> Test:
    """The test that holds for the events of these sources, as their own rules say it."""
    tests = tuple(test for source, test, _ in (*RULES, *LIST_RULES) if source in sources)
    return tests[0] if len(tests) == 1 else _any(*tests)


def source_of(event: object) -> str | None:
    """The name of the source an event comes from, or None where its shape does not tell."""
    rule = _rule(event)
    return None if rule is None else rule[0]


def model_of(source: str) -> type[Model]:
    """The model of a source's events, imported now. Raises KeyError for a name that is no source."""
    from importlib import import_module

    module, _, name = _MODELS[source].partition(":")
    model: type[Model] = getattr(import_module(f"lambdakit.events.{module}"), name)
    return model


def detect(event: dict[str, Any] | list[Any]) -> Model | None:
    """The typed event of a raw one, or None where its shape does not tell what it is.

    An AppSync batch, the one event that is a list, becomes an AppSyncBatchEvent.
    """
    rule = _rule(event)
    make: Any = None if rule is None else model_of(rule[0])
    return None if make is None else make(event)


def _rule(event: Any) -> tuple[str, Test, str] | None:
    kind = _type(event)
    if kind is not dict and kind is not list:
        return None
    for rule in RULES if kind is dict else LIST_RULES:
        if rule[1](event):
            return rule
    return None


_MODELS = {source: model for source, _, model in (*RULES, *LIST_RULES)}

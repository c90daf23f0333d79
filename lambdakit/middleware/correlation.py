"""The id that ties a function's log to what called it, by source.

It is the id that the caller has too: a gateway's request id, a load balancer's trace id, a message's id. Where an event
holds several records there is no one id; `correlation_id(record)` gives that of each.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Path: TypeAlias = tuple[Any, ...]

__all__ = ("PATHS", "correlation_id")

_REQUEST: Path = ("requestContext", "requestId")
_TRACE: Path = ("headers", "x-amzn-trace-id")

# Class of lambdakit.events (and all that derive from it) -> where in its JSON the id stands; the first that is there.
PATHS: dict[str, tuple[Path, ...]] = {
    "ALBEvent": (_TRACE, ("multiValueHeaders", "x-amzn-trace-id", 0)),
    "APIGatewayProxyEvent": (_REQUEST,),
    "AlexaSkillEvent": (("request", "requestId"),),
    "AppSyncAuthorizerEvent": (_REQUEST,),
    "AppSyncEventsEvent": (("request", *_TRACE),),
    "AppSyncRequestEvent": (("request", *_TRACE),),
    "BedrockEvent": (("sessionId",),),
    "ClientVPNEvent": (("connection-id",),),
    "CodeDeployEvent": (("DeploymentId",),),
    "CodePipelineEvent": (("CodePipeline.job", "id"),),
    "ConnectEvent": (("Details", "ContactData", "ContactId"),),
    "CustomResourceEvent": (("RequestId",),),
    "DestinationRecord": (_REQUEST,),
    "DurableEvent": (("DurableExecutionArn",),),
    "DynamoDBRecord": (("eventID",),),
    "EdgeEvent": (("Records", 0, "cf", "config", "requestId"),),
    "EventBridgeEvent": (("id",),),
    "FirehoseEvent": (("invocationId",),),
    "HTTPEventV2": (_REQUEST,),
    "IoTAuthorizerEvent": (("connectionMetadata", "id"),),
    "KinesisAnalyticsEvent": (("invocationId",),),
    "KinesisRecord": (("eventID",),),
    "LexV2Event": (("sessionId",),),
    "MacroEvent": (("requestId",),),
    "RequestAuthorizerEvent": (_REQUEST,),
    "S3BatchEvent": (("invocationId",),),
    "S3ObjectLambdaEvent": (("xAmzRequestId",),),
    "S3Record": (("responseElements", "x-amz-request-id"),),
    "SESRecord": (("ses", "mail", "messageId"),),
    "SNSRecord": (("Sns", "MessageId"),),
    "SQSMessage": (("messageId",),),
    "SecretRotationEvent": (("ClientRequestToken",),),
    "SmartHomeEvent": (("directive", "header", "messageId"),),
    "SmartHomeEventV2": (("header", "messageId"),),
    "WebSocketEvent": (_REQUEST,),
    "WorkMailEvent": (("messageId",),),
}

# Class of an event of records -> class of a record; the event's id is that of its record, where it has one only.
_RECORDS = {
    "DynamoDBEvent": "DynamoDBRecord",
    "KinesisEvent": "KinesisRecord",
    "S3Event": "S3Record",
    "SESEvent": "SESRecord",
    "SNSEvent": "SNSRecord",
    "SQSEvent": "SQSMessage",
}

# As it is, but Any to type checkers.
_isinstance: Any = isinstance

# An event that has none of these keys has no id; to find out what kind of event it is not would take far longer.
_FIRST_KEYS = frozenset({"Records", *(path[0] for paths in PATHS.values() for path in paths)})

# Class -> its paths (none: not in the table); filled as classes are seen.
_seen: dict[type, tuple[Path, ...]] = {}


def correlation_id(event: Any) -> str | None:
    """The id of an event or of a record of one, typed or raw; None where its source has none or it has several."""
    kind: type = event.__class__
    raw = event
    if kind is dict:
        if _FIRST_KEYS.isdisjoint(event):
            return None
        kind = _class_of(event)
    else:
        raw = getattr(event, "raw", None)
    paths = _seen.get(kind)
    if paths is None:
        paths = _seen[kind] = _paths_of(kind)
    for path in paths:
        found = _at(raw, path)
        if found is not None:
            return found
    return None


def _class_of(event: Any) -> type:
    """The class of a raw event; that of a raw record, or of an event a caller made up, is not known: `dict`."""
    from lambdakit.events.detection import model_of, source_of

    source = source_of(event)
    return dict if source is None else model_of(source)


def _paths_of(kind: type) -> tuple[Path, ...]:
    names = [base.__name__ for base in kind.__mro__]
    for name in names:
        if name in PATHS:
            return PATHS[name]
        if name in _RECORDS:
            return tuple(("Records", None, *path) for path in PATHS[_RECORDS[name]])
    return ()


def _at(value: Any, path: Path) -> str | None:
    """The text at a path; None stands for the only item of a list."""
    for step in path:
        if step is None and (not _isinstance(value, list) or len(value) != 1):
            return None
        try:
            value = value[step or 0]
        except (KeyError, IndexError, TypeError):
            return None
    found: str | None = value if _isinstance(value, str) and value else None
    return found

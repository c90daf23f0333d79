"""The smallest event of every source, by the source's name in the recognition table: what tests of all sources use.

Each is recognised and can be handed to its decorators; what a source always sends is left out where none looks at it.
"""

from __future__ import annotations

from typing import Any

__all__ = ("EVENTS", "STAGES", "TRIGGERS", "every")


def _records(**first: Any) -> dict[str, Any]:
    return {"Records": [first]}


_HTTP = {"method": "GET", "path": "/a", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x"}

EVENTS: dict[str, Any] = {
    "edge": _records(cf={"config": {"eventType": "viewer-request"}, "request": {"method": "GET", "uri": "/"}}),
    "s3": _records(eventSource="aws:s3", s3={"bucket": {"name": "b"}, "object": {"key": "a+b.txt"}}),
    "sns": _records(EventSource="aws:sns", Sns={"MessageId": "m-1", "TopicArn": "arn:t:orders", "Message": "{}"}),
    "sqs": _records(eventSource="aws:sqs", messageId="m-1", body="{}"),
    "kinesis": _records(eventSource="aws:kinesis", kinesis={"sequenceNumber": "1", "data": "e30="}),
    "dynamodb": _records(eventSource="aws:dynamodb", eventName="INSERT", dynamodb={"Keys": {"Id": {"N": "1"}}}),
    "ses": _records(eventSource="aws:ses", ses={"mail": {"messageId": "m-1", "source": "a@example.com"}}),
    "codecommit": _records(eventSource="aws:codecommit", codecommit={"references": []}),
    "kafka": {
        "eventSource": "aws:kafka",
        "records": {"t-0": [{"topic": "t", "partition": 0, "offset": 7, "value": "e30="}]},
    },
    "activemq": {"eventSource": "aws:mq", "messages": [{"messageID": "m-1", "data": "e30="}]},
    "rabbitmq": {
        "eventSource": "aws:rmq",
        "rmqMessagesByQueue": {"q::/": [{"basicProperties": {"messageId": "m-1"}, "data": "e30="}]},
    },
    "docdb": {"eventSource": "aws:docdb", "events": [{"event": {"_id": {"_data": "t"}, "operationType": "drop"}}]},
    "s3-test": {"Service": "Amazon S3", "Event": "s3:TestEvent"},
    "alb": {"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/"},
    "vpc-lattice-v2": {"requestContext": {"serviceNetworkArn": "a"}, "path": "/", "method": "GET", "version": "2.0"},
    "vpc-lattice": {"raw_path": "/", "method": "GET"},
    "authorizer-token": {"type": "TOKEN", "methodArn": "a", "authorizationToken": "t"},
    "authorizer-v2": {"type": "REQUEST", "routeArn": "a", "rawPath": "/"},
    "authorizer-request": {"type": "REQUEST", "methodArn": "a", "httpMethod": "GET", "path": "/"},
    "websocket": {"requestContext": {"connectionId": "c"}},
    "lambda-destination": {"requestContext": {"functionArn": "f", "condition": "Success"}},
    "appsync-authorizer": {"authorizationToken": "t", "requestContext": {"queryString": "q"}},
    "function-url": {
        "rawPath": "/a",
        "requestContext": {"domainName": "x.lambda-url.eu-west-1.on.aws", "http": _HTTP},
    },
    "api-gateway-v2": {
        "rawPath": "/a",
        "requestContext": {"domainName": "x.execute-api.eu-west-1.amazonaws.com", "http": _HTTP},
    },
    "api-gateway": {"httpMethod": "GET", "path": "/a", "headers": None},
    "scheduled": {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
    "scheduler": {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"},
    "eventbridge": {"source": "my.shop", "detail-type": "Order placed", "detail": {}},
    "cloudwatch-logs": {"awslogs": {"data": ""}},
    "cloudwatch-alarm": {"alarmData": {}, "alarmArn": "a"},
    "cloudwatch-widget": {"widgetContext": {}},
    "firehose": {"deliveryStreamArn": "a", "invocationId": "i", "records": [{"recordId": "1", "data": "e30="}]},
    "kinesis-analytics": {"applicationArn": "a", "invocationId": "i", "records": [{"recordId": "1"}]},
    "s3-batch": {"invocationSchemaVersion": "1.0", "invocationId": "i", "tasks": [{"taskId": "t"}]},
    "s3-object-lambda": {"xAmzRequestId": "r", "userRequest": {}},
    "cognito": {"triggerSource": "PreSignUp_SignUp", "userPoolId": "p", "request": {}, "response": {}},
    "cognito-sync": {"datasetRecords": {}},
    "cloudformation": {"RequestType": "Create", "StackId": "s", "RequestId": "r", "LogicalResourceId": "l"},
    "cloudformation-macro": {"fragment": {}, "requestId": "r", "templateParameterValues": {}},
    "codepipeline": {"CodePipeline.job": {"id": "j"}},
    "config": {"invokingEvent": "{}", "resultToken": "t"},
    "secretsmanager": {"Step": "createSecret", "SecretId": "s"},
    "codedeploy": {"DeploymentId": "d", "LifecycleEventHookExecutionId": "h"},
    "lex-v2": {"sessionState": {"intent": {"name": "i"}}, "bot": {"name": "b"}},
    "lex-v1": {"currentIntent": {"name": "i"}, "bot": {"name": "b"}, "messageVersion": "1.0"},
    "bedrock-function": {"agent": {}, "actionGroup": "g", "function": "f"},
    "bedrock-api": {"agent": {}, "actionGroup": "g", "httpMethod": "GET", "messageVersion": "1.0"},
    "connect": {"Details": {"ContactData": {}}},
    "durable": {"DurableExecutionArn": "a", "CheckpointToken": "t"},
    "appsync-events": {"info": {"channelNamespace": {"name": "n"}, "operation": "PUBLISH"}},
    "appsync": {"info": {"fieldName": "f", "parentTypeName": "Query"}, "arguments": {}},
    "amplify": {"typeName": "Query", "fieldName": "f"},
    "iot-authorizer": {"signatureVerified": True, "protocols": []},
    "iot-provisioning": {"claimCertificateId": "c"},
    "iot-1-click": {"deviceEvent": {}},
    "iot-button": {"clickType": "SINGLE"},
    "iot-registry": {"eventType": "THING_EVENT", "operation": "CREATED"},
    "transfer": {"serverId": "s", "protocol": "SFTP", "username": "u"},
    "client-vpn": {"connection-id": "c", "endpoint-id": "e"},
    "alexa": {
        "request": {"type": "LaunchRequest", "requestId": "r"},
        "session": {"application": {"applicationId": "a"}},
    },
    "alexa-smart-home": {"directive": {"header": {"namespace": "Alexa", "name": "ReportState"}, "payload": {}}},
    "alexa-smart-home-v2": {"header": {"namespace": "n", "name": "r", "payloadVersion": "2"}, "payload": {}},
    "workmail": {"summaryVersion": "2018-10-10", "envelope": {"recipients": []}, "flowDirection": "INBOUND"},
    "appsync-batch": [{"info": {"fieldName": "f", "parentTypeName": "Post"}, "arguments": {}}],
}

# The same source, another stage: a Lambda@Edge decorator takes one of them alone.
STAGES: dict[str, dict[str, Any]] = {
    stage: _records(cf={"config": {"eventType": stage}, "request": {"method": "GET", "uri": "/"}, **response})
    for stage, response in (
        ("viewer-request", {}),
        ("origin-request", {}),
        ("origin-response", {"response": {"status": "200", "headers": {}}}),
        ("viewer-response", {"response": {"status": "200", "headers": {}}}),
    )
}

# The same source, another trigger: a decorator of Cognito's takes those of one beginning.
TRIGGERS: dict[str, dict[str, Any]] = {
    trigger: {**EVENTS["cognito"], "triggerSource": trigger}
    for trigger in (
        *("PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp", "PreAuthentication_Authentication"),
        *("PostAuthentication_Authentication", "TokenGeneration_Authentication", "UserMigration_Authentication"),
        *("CustomMessage_SignUp", "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication"),
        *("VerifyAuthChallengeResponse_Authentication", "CustomEmailSender_SignUp", "CustomSMSSender_SignUp"),
        "InboundFederation_ExternalProvider",
    )
}


def every() -> list[tuple[str, Any]]:
    """Source and event of them all, stages and triggers too."""
    return [
        *EVENTS.items(),
        *(("edge", event) for event in STAGES.values()),
        *(("cognito", event) for event in TRIGGERS.values()),
    ]

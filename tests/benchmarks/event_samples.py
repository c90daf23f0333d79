"""The events that the measures of typed events read: small ones, of the shape the services send."""

from __future__ import annotations

import json
from typing import Any

S3: dict[str, Any] = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "eu-central-1",
            "eventTime": "2026-03-01T10:20:30.123Z",
            "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "AWS:AROAEXAMPLE:uploader"},
            "requestParameters": {"sourceIPAddress": "192.0.2.17"},
            "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8+IgAtTv8xRjskZ"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "thumbnails",
                "bucket": {
                    "name": "holiday-photos",
                    "ownerIdentity": {"principalId": "A3NL1KOZZKEXAMPLE"},
                    "arn": "arn:aws:s3:::holiday-photos",
                },
                "object": {
                    "key": "2026/summer+trip/beach.jpg",
                    "size": 1305107,
                    "eTag": "b21b84d653bb07b05b1e6b33684dc11b",
                    "sequencer": "0055AED6DCD90281E5",
                },
            },
        }
    ]
}


def _message(number: int) -> dict[str, Any]:
    order = {"order_id": f"A-{number:05}", "customer": "Zoë", "quantity": number + 1, "price": 12.5, "express": True}
    return {
        "messageId": f"19dd0b57-b21e-4ac1-bd88-01bbb068cb{number:02}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a" * 5,
        "body": json.dumps(order, ensure_ascii=False),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(1_767_225_600_000 + number),
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": str(1_767_225_600_012 + number),
        },
        "messageAttributes": {"source": {"stringValue": "shop", "dataType": "String"}},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders",
        "awsRegion": "eu-central-1",
    }


SQS: dict[str, Any] = {"Records": [_message(number) for number in range(10)]}


def _image(total: str) -> dict[str, Any]:
    return {
        "OrderId": {"S": "A-00017"},
        "Line": {"N": "3"},
        "Total": {"N": total},
        "Express": {"BOOL": True},
        "Address": {"M": {"City": {"S": "Graz"}, "Floor": {"N": "2"}}},
        "Tags": {"L": [{"S": "fragile"}, {"S": "gift"}]},
    }


def _change(number: int) -> dict[str, Any]:
    return {
        "eventID": f"c81e728d9d4c2f636f067f89cc14862{number}",
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_767_225_600.0,
            "Keys": {"OrderId": {"S": "A-00017"}, "Line": {"N": "3"}},
            "NewImage": _image("37.5"),
            "OldImage": _image("25"),
            "SequenceNumber": f"50542010000000000298454130{number}",
            "SizeBytes": 112,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000",
    }


DYNAMODB: dict[str, Any] = {"Records": [_change(1), _change(2)]}

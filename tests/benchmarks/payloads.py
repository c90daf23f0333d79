"""The payloads the benchmarks carry: a tiny event, and a batch of queue messages of about 1.5 MB.

The batch looks like what a FIFO queue delivers: identifiers, a long receipt handle, digits inside strings, a
body that is JSON in a string (so full of escaped quotes), nested attributes, nulls, numbers, some text beyond
ASCII. The same bytes on every run.
"""

from __future__ import annotations

import json
import random
import string
from typing import Any

SMALL_EVENT = b'{"key":"value1"}'  # 16 bytes
LARGE = 1_500_000

NAMES = ("Zoë Müller", "Jane Doe", "李雷", "Renée Ångström", "Sam O'Neil", "Ana María Núñez")
RANDOM_TEXT = string.ascii_letters + string.digits + "+/"


def large_event() -> bytes:
    """About 1.5 MB of queue messages, UTF-8 and compact, as the service delivers it."""
    source = random.Random(20260101)
    records: list[dict[str, Any]] = []
    size = 0
    while size < LARGE:
        records.append(_record(source, len(records)))
        size += len(_dump(records[-1])) + 1
    return _dump({"Records": records})


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _record(source: random.Random, number: int) -> dict[str, Any]:
    sent = 1_767_225_600_000 + 137 * number
    return {
        "messageId": _uuid(source),
        "receiptHandle": "".join(source.choices(RANDOM_TEXT, k=180)) + "==",
        "body": json.dumps(_order(source, number), ensure_ascii=False),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(sent),
            "SequenceNumber": str(18_849_496_460_467_696_128 + 256 * number),
            "MessageGroupId": f"customer-{number % 97}",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "MessageDeduplicationId": f"{source.getrandbits(256):064x}",
            "ApproximateFirstReceiveTimestamp": str(sent + 12),
        },
        "messageAttributes": {
            "weight": {
                "stringValue": f"{source.random() * 40:.3f}",
                "dataType": "Number",
                "binaryValue": None,
            },
            "source": {"stringValue": "shop", "dataType": "String", "stringListValues": []},
        },
        "md5OfBody": f"{source.getrandbits(128):032x}",
        "order": _order(source, number),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders.fifo",
        "awsRegion": "eu-central-1",
    }


def _order(source: random.Random, number: int) -> dict[str, Any]:
    return {
        "orderId": 100_000_000 + number,
        "customer": {"name": source.choice(NAMES), "email": None, "vip": number % 7 == 0},
        "note": 'said "leave at the door"\nsecond line' if number % 5 == 0 else None,
        "lines": [
            {
                "sku": "".join(source.choices(string.ascii_uppercase, k=8)),
                "quantity": source.randint(1, 12),
                "price": round(source.random() * 300, 2),
                "ratio": source.random(),
                "tags": ["fragile", "gift"] if number % 3 == 0 else [],
            }
            for _ in range(source.randint(1, 4))
        ],
    }


def _uuid(source: random.Random) -> str:
    digits = f"{source.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

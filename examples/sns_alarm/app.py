"""Tells a chat room when a CloudWatch alarm goes off, and when it is over.

The alarm is the JSON inside the notification; `SNSEvent[Alarm]` decodes and checks it. Without CHAT_WEBHOOK the text is
only returned, and logged:

    lambdakit invoke examples/sns_alarm/app.py:handler --event examples/sns_alarm/event.json
"""

import json
import os
from typing import Literal, TypedDict
from urllib.request import Request, urlopen

from lambdakit import Context
from lambdakit.events import SNSEvent, sns_event

WORDS = {"ALARM": "went off", "OK": "is over", "INSUFFICIENT_DATA": "has no data"}


class Alarm(TypedDict):
    """What is needed of an alarm's notification."""

    AlarmName: str
    NewStateValue: Literal["ALARM", "OK", "INSUFFICIENT_DATA"]
    NewStateReason: str
    Region: str


@sns_event
def handler(event: SNSEvent[Alarm], context: Context) -> list[str]:
    """The lines that were posted."""
    return [post(line_of(record.sns.payload)) for record in event.records]


def line_of(alarm: Alarm) -> str:
    """What people read."""
    return f"{alarm['AlarmName']} ({alarm['Region']}) {WORDS[alarm['NewStateValue']]}: {alarm['NewStateReason']}"


def post(line: str) -> str:
    """Post a line to the room that CHAT_WEBHOOK leads to."""
    print(line)
    if webhook := os.environ.get("CHAT_WEBHOOK"):
        body = json.dumps({"text": line}).encode()
        urlopen(Request(webhook, body, {"Content-Type": "application/json"}), timeout=3).close()
    return line

"""Amazon SES receiving: a mail a receipt rule handed to the function, without its body.

Source: Amazon SES developer guide, "Lambda action" and "Contents of notifications for Amazon SES email receiving". In
`RequestResponse` mode the answer says how the rule set goes on; see `disposition`. `to` can be missing (blind copies).
"""

from __future__ import annotations

from lambdakit.events.convert import iso_time
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any, Literal

__all__ = (
    "DISPOSITIONS",
    "SESAction",
    "SESCommonHeaders",
    "SESEvent",
    "SESHeader",
    "SESMail",
    "SESReceipt",
    "SESRecord",
    "disposition",
    "ses_event",
)

# isinstance, without narrowing JSON of unknown type to containers of unknown types.
_is_a: Callable[[Any, Any], bool] = isinstance

# How a rule set may go on after the function.
DISPOSITIONS = ("CONTINUE", "STOP_RULE", "STOP_RULE_SET")


class SESHeader(Model, at="$.Records[*].ses.mail.headers[*]"):
    """One header line, as received."""

    shown = ("name",)

    name: str = field("name")
    value: str = field("value")


class SESCommonHeaders(Model, at="$.Records[*].ses.mail.commonHeaders"):
    """The headers most asked for."""

    shown = ("message_id",)

    return_path: str | None = field("returnPath", default=None)
    from_: list[str] | None = field("from", default=None)
    sender: str | None = field("sender", default=None)
    to: list[str] | None = field("to", default=None)
    cc: list[str] | None = field("cc", default=None)
    bcc: list[str] | None = field("bcc", default=None)
    reply_to: list[str] | None = field("replyTo", default=None)
    date: str | None = field("date", default=None, doc="As the sender wrote it.")
    message_id: str | None = field("messageId", default=None)
    subject: str | None = field("subject", default=None)


class SESMail(Model, at="$.Records[*].ses.mail"):
    """The mail, without its body."""

    shown = ("message_id", "source")

    timestamp: datetime = field("timestamp", convert=iso_time)
    source: str = field("source")
    message_id: str = field("messageId")
    destination: list[str] = field("destination")
    headers_truncated: bool = field("headersTruncated", default=False)
    headers: list[SESHeader] | None = field("headers", each=SESHeader, default=None)
    common_headers: SESCommonHeaders = field("commonHeaders", convert=SESCommonHeaders)


class SESAction(Model, at="$.Records[*].ses.receipt.action"):
    """The rule's action: which of the fields are there depends on its type."""

    shown = ("type",)

    type: str = field("type", doc="Lambda, S3, SNS, Bounce, ...")
    function_arn: str | None = field("functionArn", default=None)
    invocation_type: str | None = field("invocationType", default=None)
    bucket_name: str | None = field("bucketName", default=None)
    object_key_prefix: str | None = field("objectKeyPrefix", default=None)
    object_key: str | None = field("objectKey", default=None)
    topic_arn: str | None = field("topicArn", default=None)
    encoding: str | None = field("encoding", default=None)
    smtp_reply_code: str | None = field("smtpReplyCode", default=None)
    status_code: str | None = field("statusCode", default=None)
    message: str | None = field("message", default=None)
    sender: str | None = field("sender", default=None)


class SESReceipt(Model, at="$.Records[*].ses.receipt"):
    """What SES found out; a verdict is PASS, FAIL, GRAY, PROCESSING_FAILED or DISABLED."""

    shown = ("recipients",)

    timestamp: datetime = field("timestamp", convert=iso_time)
    processing_time_millis: int = field("processingTimeMillis")
    recipients: list[str] = field("recipients")
    spam_verdict: str | None = field("spamVerdict", "status", default=None)
    virus_verdict: str | None = field("virusVerdict", "status", default=None)
    spf_verdict: str | None = field("spfVerdict", "status", default=None)
    dkim_verdict: str | None = field("dkimVerdict", "status", default=None)
    dmarc_verdict: str | None = field("dmarcVerdict", "status", default=None)
    dmarc_policy: str | None = field("dmarcPolicy", default=None)
    action: SESAction = field("action", convert=SESAction)


class SESRecord(Model, at="$.Records[*]"):
    """One mail received."""

    shown = ("mail",)

    event_source: str = field("eventSource")
    event_version: str = field("eventVersion")
    mail: SESMail = field("ses", "mail", convert=SESMail)
    receipt: SESReceipt = field("ses", "receipt", convert=SESReceipt)


class SESEvent(Model):
    """A mail received: `records`, one in practice."""

    shown = ("records",)

    records: list[SESRecord] = field("Records", each=SESRecord)


def disposition(decision: Literal["CONTINUE", "STOP_RULE", "STOP_RULE_SET"]) -> dict[str, str]:
    """The answer in `RequestResponse` mode. Raises ResponseError for another decision."""
    if decision not in DISPOSITIONS:
        raise ResponseError(f"disposition must be one of {', '.join(DISPOSITIONS)}, not {decision!r}")
    return {"disposition": decision}


def _checked(result: Any) -> Any:
    """The function's result; a disposition SES does not know is refused."""
    if _is_a(result, dict) and "disposition" in result:
        disposition(result["disposition"])
    return result


ses_event: EventDecorator[SESEvent] = EventDecorator("ses_event", SESEvent, "ses", finish=_checked)

"""Notices the managed runtime writes to the log, word for word, so that alarms on them keep working.

The carriage return at the end keeps what follows in the same CloudWatch event.
"""

from __future__ import annotations

__all__ = ("PREVIEW_ENVIRONMENTS", "UNHANDLED_EXCEPTION", "preview_notice")

UNHANDLED_EXCEPTION = (
    "LAMBDA_WARNING: Unhandled exception. "
    "The most likely cause is an issue in the function code. "
    "However, in rare cases, a Lambda runtime update can cause unexpected function behavior. "
    "For functions using managed runtimes, runtime updates can be triggered by a function change, "
    "or can be applied automatically. "
    "To determine if the runtime has been updated, check the runtime version in the INIT_START log entry. "
    "If this error correlates with a change in the runtime version, you may be able to mitigate this error by "
    "temporarily rolling back to the previous runtime version. "
    "For more information, see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)

# Values of AWS_EXECUTION_ENV whose interpreter AWS calls a preview.
PREVIEW_ENVIRONMENTS = frozenset(("AWS_Lambda_python3.15",))

_PREVIEW = (
    "LAMBDA_WARNING: This is a preview runtime version and should not be used for production workloads. "
    "For further information and to provide feedback, see https://docs.{domain}/lambda/latest/dg/lambda-runtimes.html\r"
)


def preview_notice(region: str) -> str:
    """The notice for a preview interpreter, with the documentation's address for `region`."""
    return _PREVIEW.format(domain="amazonaws.cn" if region.startswith("cn-") else "aws.amazon.com")

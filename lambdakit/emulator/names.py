"""How a caller names a function: its name, a partial or a whole ARN, each with or without a qualifier.

Only the text is judged here; whether there is such a function is the service's to say. Source: AWS Lambda API
reference, the `FunctionName` and `Qualifier` parameters of Invoke, and recorded replies of the service.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lambdakit.emulator.refusals import refusal

# Quoted in the service's own messages, so not to be tidied up.
NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
QUALIFIER_PATTERN = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
NAME_LENGTH = 256
QUALIFIER_LENGTH = 128

_NAME = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9\-_.]+)(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9\-_]+))?",
    re.ASCII,
)
_QUALIFIER = re.compile(QUALIFIER_PATTERN, re.ASCII)


class FunctionName(NamedTuple):
    """What a caller's text says; None where it says nothing."""

    name: str
    qualifier: str | None
    region: str | None
    account: str | None


def parse_name(text: str, qualifier: str | None = None) -> FunctionName:
    """Take apart a function's name and the qualifier given beside it. Raises ServiceError."""
    if len(text) > NAME_LENGTH:
        raise refusal("length", value=text, member="functionName", most=NAME_LENGTH)
    match = _NAME.fullmatch(text)
    if match is None:
        raise refusal("pattern", value=text, member="functionName", pattern=NAME_PATTERN)
    if qualifier is not None:
        _check_qualifier(qualifier)
    within = match["qualifier"]
    if within is not None and qualifier is not None and within != qualifier:
        raise refusal("two qualifiers")
    return FunctionName(match["name"], qualifier or within, match["region"], match["account"])


def _check_qualifier(qualifier: str) -> None:
    if len(qualifier) > QUALIFIER_LENGTH:
        raise refusal("length", value=qualifier, member="qualifier", most=QUALIFIER_LENGTH)
    if not _QUALIFIER.fullmatch(qualifier):
        raise refusal("pattern", value=qualifier, member="qualifier", pattern=QUALIFIER_PATTERN)

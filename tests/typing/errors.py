"""The public errors and what they carry."""

from __future__ import annotations

from typing_extensions import reveal_type

import lambdakit
from lambdakit import Fault, LambdakitError, UsageError

try:
    raise UsageError("no such target")
except LambdakitError as error:
    reveal_type(error)  # LambdakitError

fault = Fault("Runtime.HandlerNotFound", "missing", hint="Did you mean 'handler'?")
reveal_type(fault.error_type)  # str
reveal_type(fault.stack_trace)  # tuple[str, ...]
reveal_type(fault.hint)  # str | None
reveal_type(lambdakit.__version__)  # str

"""The errors themselves: they travel between processes whole, and are also the built-in errors the drawing promises."""

from __future__ import annotations

import builtins
import copy
import inspect
import pickle
import re

import pytest

from lambdakit import exceptions
from lambdakit.exceptions import (
    InitFailedError,
    PayloadTooLargeError,
    RuntimeApiStatusError,
    UnmarshalFault,
)

# A value for each type that a constructor asks for.
SAMPLES = {
    "str": "text",
    "int": 7,
    "bytes": b"{}",
    "tuple[tuple[str, str], ...]": (("$.a", "is not a number"),),
    "tuple[tuple[str, str, str], ...]": (("query", "$.page", "expected int, got text"),),
    "tuple[tuple[str, str, str, str], ...]": (("TABLE", "table", "not set", "set it"),),
}


def make(name: str) -> exceptions.LambdakitError:
    """An error of that class, made with arguments of the types its constructor names."""
    kind = getattr(exceptions, name)
    if not inspect.isfunction(kind.__init__):  # Exception's own
        return kind("text")  # type: ignore[no-any-return]
    wanted = [
        parameter.annotation
        for parameter in list(inspect.signature(kind.__init__).parameters.values())[1:]
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty
    ]
    return kind(*(SAMPLES[annotation] for annotation in wanted))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", exceptions.__all__)
def test_an_error_survives_pickling_and_copying(name):
    error = make(name)
    for twin in (*(pickle.loads(pickle.dumps(error, n)) for n in range(pickle.HIGHEST_PROTOCOL + 1)), copy.copy(error)):
        assert type(twin) is type(error)
        assert (str(twin), twin.args) == (str(error), error.args)
        assert vars(twin) == vars(error)


@pytest.mark.parametrize("name", exceptions.__all__)
def test_every_error_is_documented_and_says_something(name):
    assert getattr(exceptions, name).__doc__
    assert str(make(name))


PROMISED = re.findall(r"── (\w+) .*\((\w*Error)\)$", exceptions.__doc__ or "", re.MULTILINE)


def test_the_drawing_promises_built_in_errors():
    assert dict(PROMISED)["RuntimeApiUnreachable"] == "ConnectionError"
    assert len(PROMISED) > 5


@pytest.mark.parametrize("name", exceptions.__all__)
def test_an_error_is_the_built_in_error_that_the_drawing_promises(name):
    bases = [base for base in getattr(exceptions, name).__bases__ if base.__module__ == "builtins"]
    promised = getattr(builtins, dict(PROMISED).get(name, "Exception"))
    assert issubclass(getattr(exceptions, name), promised)
    if name != "LambdakitError":
        assert bases in ([], [promised])


def test_a_fault_keeps_all_it_was_given():
    fault = UnmarshalFault("Runtime.UnmarshalError", "text", stack_trace=("line",), hint="do this")
    twin = pickle.loads(pickle.dumps(fault))
    assert (twin.error_type, twin.message, twin.stack_trace, twin.hint) == (
        "Runtime.UnmarshalError",
        "text",
        ("line",),
        "do this",
    )


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (RuntimeApiStatusError("next", 403), "Runtime API call 'next' answered 403"),
        (RuntimeApiStatusError("next", 403, b" no \n"), "Runtime API call 'next' answered 403: no"),
        (RuntimeApiStatusError("next", 500, b"\xff" * 600), "Runtime API call 'next' answered 500: " + "\ufffd" * 500),
        (PayloadTooLargeError(7, 6), "The event is 7 bytes; a synchronous invocation takes at most 6 bytes."),
        (InitFailedError("T", b"{}"), "The execution environment could not be initialised (T): {}"),
    ],
)
def test_what_an_error_says(error, says):
    assert str(error) == says

# pyright: reportPrivateUsage=false
"""What a handler's first parameter is annotated with: how `SQSMessage[Order]` reaches the decorator.

Only that one annotation is read, when the function is decorated, so that a mistake is met while the function loads and
not by the first event. Text (`from __future__ import annotations`) is evaluated where the function stands.
"""

from __future__ import annotations

from sys import _getframe

from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("first_annotation", "takes_two")

_CO_VARARGS = 0x04


def first_annotation(decorator: str, function: Any) -> Any:
    """The annotation of the first parameter, resolved; None where there is none that could name a payload type.

    Raises UsageError where it names what the module does not have at run time.
    """
    plain = _innermost(function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return None
    is_bound = hasattr(plain, "__self__")
    if code.co_argcount <= is_bound:
        return None
    annotation: Any = None
    try:
        annotation = getattr(plain, "__annotations__", {}).get(code.co_varnames[is_bound])
        return _evaluated(annotation, plain) if isinstance(annotation, str) else annotation
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        if isinstance(annotation, str) and "[" not in annotation:
            return None  # no payload type is lost: the name may well be there for type checkers only
        raise UsageError(
            f"@{decorator}: the annotation of the first parameter of {plain.__qualname__} cannot be resolved: {error}; "
            "define or import what it names above the function, and not only under TYPE_CHECKING"
        ) from None


def takes_two(function: Any) -> bool:
    """Whether the function can be called with two arguments, as far as it can be told."""
    plain = _innermost(function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return True
    given = 2 + hasattr(plain, "__self__")
    required = code.co_argcount - len(plain.__defaults__ or ())
    most = given if code.co_flags & _CO_VARARGS else code.co_argcount
    optional_names = len(plain.__kwdefaults__ or ())
    return bool(required <= given <= most and code.co_kwonlyargcount == optional_names)


def _innermost(function: Any) -> Any:
    """The function with the annotations: within decorators that keep it, or the `__call__` of an instance."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    if not hasattr(function, "__code__") and not isinstance(function, type):
        return getattr(function, "__call__", function)  # noqa: B004
    return function


def _evaluated(annotation: str, function: Any) -> Any:
    """The value of an annotation given as text, in the function's module and in the functions around it."""
    names: dict[str, Any] = {}
    for cell, name in zip(function.__closure__ or (), function.__code__.co_freevars, strict=True):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    try:
        return eval(annotation, function.__globals__, names)
    except NameError:
        around = _frame_of_definition(function)
        if around is None:
            raise
        return eval(annotation, function.__globals__, {**around, **names})


def _frame_of_definition(function: Any) -> dict[str, Any] | None:
    """The local names of the function within which this one is being defined, if it still runs."""
    frame: Any = _getframe(1)
    while frame is not None:
        if frame.f_globals is function.__globals__ and frame.f_code.co_name != "<module>":
            names: dict[str, Any] = dict(frame.f_locals)
            return names
        frame = frame.f_back
    return None

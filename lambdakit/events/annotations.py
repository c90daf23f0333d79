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

__all__ = ("Unresolved", "check_function", "first_annotation", "parameters_of", "takes")

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


class Unresolved(str):
    """The text of an annotation whose names the module does not have at run time, but may have for type checkers."""

    __slots__ = ()


def parameters_of(function: Any) -> dict[str, Any]:
    """The parameters that a call must or may give by name, with their annotations resolved.

    None stands for no annotation. One that cannot be resolved is Unresolved: the caller knows what it may mean.
    """
    plain = _innermost(function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return {}
    names = code.co_varnames[hasattr(plain, "__self__") : code.co_argcount + code.co_kwonlyargcount]
    annotations = getattr(plain, "__annotations__", {})
    return {name: _resolved(annotations.get(name), plain) for name in names}


def _resolved(annotation: Any, function: Any) -> Any:
    if not isinstance(annotation, str):
        return annotation
    try:
        return _evaluated(annotation, function)
    except (NameError, AttributeError, TypeError, SyntaxError):
        return Unresolved(annotation)


def check_function(decorator: str, function: Any, models: tuple[Any, ...]) -> Any:
    """The class that the first parameter is annotated with; None where it names none of the models.

    Raises UsageError for a function that cannot take (event, context), or whose first parameter is annotated with
    something that no event of the models is.
    """
    from lambdakit.events.decorator import with_article

    names = " or ".join(model.__name__ for model in models)
    told = getattr(_innermost(function), "__qualname__", repr(function))
    if not takes(function, 2):
        raise UsageError(
            f"@{decorator} calls {told} with two arguments, which it cannot take; "
            f"write it as: def {told.rpartition('.')[2]}(event: {names}, context: Context)"
        )
    declared = _declared_class(decorator, function, models)
    if declared is None or any(issubclass(model, declared) for model in models):
        return None
    if not issubclass(declared, models):
        raise UsageError(
            f"@{decorator} calls {told} with {with_article(names)}, but its first parameter is annotated "
            f"{declared.__name__}; annotate it {names}, or use the decorator for {declared.__name__}"
        )
    return declared


def _declared_class(decorator: str, function: Any, models: tuple[Any, ...]) -> Any:
    """The class behind the first annotation; None for what is no class of its own, as a union or a protocol."""
    try:
        declared = first_annotation(decorator, function)
    except UsageError:
        if hasattr(models[0], "payload_type"):
            raise
        return None
    declared = getattr(declared, "__origin__", declared)
    is_own = isinstance(declared, type) and declared.__module__ not in ("typing", "types", "typing_extensions")
    return None if not is_own or getattr(declared, "_is_protocol", False) else declared


def takes(function: Any, count: int) -> bool:
    """Whether the function can be called with so many arguments, as far as it can be told.

    Of a decorated function only the outermost counts: a decorator may well hand on more than it is given.
    """
    called = _with_code(function)
    code = getattr(called, "__code__", None)
    if code is None:
        return True
    given = count + hasattr(called, "__self__")
    required = code.co_argcount - len(called.__defaults__ or ())
    most = given if code.co_flags & _CO_VARARGS else code.co_argcount
    optional_names = len(called.__kwdefaults__ or ())
    return bool(required <= given <= most and code.co_kwonlyargcount == optional_names)


def _innermost(function: Any) -> Any:
    """The function with the annotations: within decorators that keep it."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return _with_code(function)


def _with_code(function: Any) -> Any:
    """The function, or the `__call__` of an instance."""
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

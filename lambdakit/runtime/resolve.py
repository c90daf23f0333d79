"""From the handler's name to the callable.

`package.module.function` or `package/module.function`, as everywhere in Lambda. Beyond the managed runtime: what
stands before the last dot may also be an object within a module (`app.service.handle`), and a class there is
instantiated once. A handler that cannot be called with `(event, context)` is refused now, at initialisation, rather
than at the first event.

Every failure is a HandlerLoadFault under the managed runtime's own error type, or the exception the module raised.
"""

from __future__ import annotations

import sys
from importlib import import_module

from lambdakit.exceptions import HandlerLoadFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ("is_async", "load_handler", "may_be_async")

BAD_NAME = "Runtime.MalformedHandlerName"
BUILT_IN = "Runtime.BuiltInModuleConflict"
BAD_IMPORT = "Runtime.ImportModuleError"
BAD_SYNTAX = "Runtime.UserCodeSyntaxError"
NOT_FOUND = "Runtime.HandlerNotFound"
NOT_CALLABLE = "Runtime.HandlerNotCallable"

_CO_VARARGS = 0x04
_CO_ASYNC = 0x80 | 0x200  # coroutine, async generator


def load_handler(name: str) -> Callable[[Any, Any], Any]:
    """Import the module that `name` names and return its handler.

    Raises HandlerLoadFault, or whatever the module raised while it was imported.
    """
    module_name, attribute = _split(name)
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise HandlerLoadFault(BUILT_IN, f"Cannot use built-in module {module_name} as a handler module")
    try:
        owner = _import(module_name.replace("/", "."))
    except ImportError as error:
        raise _import_fault(module_name, error) from None
    except SyntaxError as error:
        trace = (f'  File "{error.filename}" Line {error.lineno}\n    {error.text}',)
        message = f"Syntax error in module '{module_name}': {error}"
        raise HandlerLoadFault(BAD_SYNTAX, message, stack_trace=trace) from None
    handler = _attribute(owner, module_name, attribute)
    _check_callable(handler, attribute, module_name)
    return handler  # type: ignore[no-any-return]


def is_async(handler: object) -> bool:
    """Whether calling `handler` gives something to be awaited, as far as its code tells."""
    code, _ = _code_of(getattr(handler, "__wrapped__", handler))
    return code is not None and bool(code.co_flags & _CO_ASYNC)


def may_be_async(handler: object) -> bool:
    """Whether calling `handler` may give something to be awaited: by its code, or by its own word.

    An object that finds out only from the event, such as one that routes, says so by a true `__lambda_async__`.
    """
    return is_async(handler) or getattr(handler, "__lambda_async__", False) is True


def _split(name: str) -> tuple[str, str]:
    module_name, dot, attribute = name.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"  # the managed runtime's own words
        hint = f"A handler is named module.function; is it {name}.handler?"
        raise HandlerLoadFault(BAD_NAME, f"Bad handler '{name}': {reason}", hint=hint)
    return module_name, attribute


def _import(dotted: str) -> Any:
    """The module `dotted`, or the object of that path within a module that has it."""
    try:
        return import_module(dotted)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        # An attribute may stand where a submodule is missing. A missing top module or dependency stays an error.
        if "." not in missing or not f"{dotted}.".startswith(f"{missing}."):
            raise
        parent, _, last = dotted.rpartition(".")
        owner = _import(parent)
        if not hasattr(owner, last):
            raise
        return getattr(owner, last)


def _attribute(owner: Any, module_name: str, attribute: str) -> Any:
    try:
        if isinstance(owner, type) and _needs_instance(owner, attribute):
            return getattr(owner(), attribute)
        return getattr(owner, attribute)
    except AttributeError:
        from lambdakit.runtime.hints import hint_for_missing_attribute

        message = f"Handler '{attribute}' missing on module '{module_name}'"
        raise HandlerLoadFault(NOT_FOUND, message, hint=hint_for_missing_attribute(owner, attribute)) from None


def _needs_instance(owner: type, attribute: str) -> bool:
    for base in owner.__mro__:
        if attribute in vars(base):
            return hasattr(vars(base)[attribute], "__code__")  # neither a classmethod nor a staticmethod
    return False


def _import_fault(module_name: str, error: ImportError) -> HandlerLoadFault:
    from lambdakit.runtime.faults import import_frames
    from lambdakit.runtime.hints import hint_for_import_error

    return HandlerLoadFault(
        BAD_IMPORT,
        f"Unable to import module '{module_name}': {error}",
        stack_trace=tuple(import_frames(error)),
        hint=hint_for_import_error(module_name, error),
    )


def _check_callable(handler: object, attribute: str, module_name: str) -> None:
    where = f"Handler '{attribute}' of module '{module_name}'"
    if not callable(handler):
        kind = type(handler).__name__
        hint = "Name a function, or an object with a __call__ method."
        raise HandlerLoadFault(NOT_CALLABLE, f"{where} is not callable: it is of type {kind}", hint=hint)
    code, bound = _code_of(handler)
    if code is None:
        return
    hint = "Define it as: def handler(event, context)"
    function = _function_of(handler)
    needed = _required_keywords(function, code)
    if needed:
        message = f"{where} needs the keyword arguments {', '.join(needed)}, but is called with (event, context)"
        raise HandlerLoadFault(NOT_CALLABLE, message, hint=hint)
    required, most = _positional_arguments(function, code, bound)
    if required <= 2 <= most:
        return
    wants = f"{required}" if most == required else f"at least {required}" if required > 2 else f"at most {most:.0f}"
    message = f"{where} takes {wants} positional arguments, but is called with 2: (event, context)"
    raise HandlerLoadFault(NOT_CALLABLE, message, hint=hint)


def _code_of(handler: Any) -> tuple[Any, int]:
    """The code object behind a plain function, method or callable instance, and how many arguments are bound to it."""
    bound = 0
    if not hasattr(handler, "__code__") and not hasattr(handler, "__func__"):
        handler = getattr(handler, "__call__", None)  # noqa: B004 - the method itself is wanted
    if hasattr(handler, "__func__"):
        handler, bound = handler.__func__, 1
    return getattr(handler, "__code__", None), bound


def _function_of(handler: Any) -> Any:
    """The function that holds the defaults of a handler with a code object."""
    function = handler if hasattr(handler, "__code__") else getattr(handler, "__call__", handler)  # noqa: B004
    return getattr(function, "__func__", function)


def _positional_arguments(function: Any, code: Any, bound: int) -> tuple[int, float]:
    """How many positional arguments must and may be given."""
    defaults = len(getattr(function, "__defaults__", None) or ())
    most = float("inf") if code.co_flags & _CO_VARARGS else code.co_argcount - bound
    return max(0, code.co_argcount - bound - defaults), most


def _required_keywords(function: Any, code: Any) -> list[str]:
    """The keyword-only arguments without a default: nobody would give them."""
    if not code.co_kwonlyargcount:
        return []
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    given: Any = getattr(function, "__kwdefaults__", None) or {}
    return [name for name in names if name not in given]

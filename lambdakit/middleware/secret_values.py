"""A value that does not show: `Secret[str]`.

What it holds leaves it in one way, `reveal()`. Text made of it in any way (repr, str, format, logging's `%s`) is stars;
JSON and pickle refuse it; a copy of it is itself. It keeps a value out of logs and error messages by accident: it is
no protection from code that wants to read it.

This module is imported where settings are declared, so it imports nothing.
"""

from __future__ import annotations

from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Generic, NoReturn, TypeVar

    ValueT_co = TypeVar("ValueT_co", covariant=True)

    class _SecretBase(Generic[ValueT_co]):
        __slots__ = ()

else:
    from types import GenericAlias

    ValueT_co = None

    class _SecretBase:
        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)


__all__ = ("Secret",)

_is_a: Any = isinstance
_STARS = "**********"


class Secret(_SecretBase[ValueT_co]):
    """A value that no repr, log line, JSON text or pickle shows; `reveal()` gives it.

    >>> token = Secret("s3cr3t")
    >>> print(token, f"{token}", [token])
    ********** ********** [Secret(**********)]
    >>> token.reveal()
    's3cr3t'
    """

    __slots__ = ("_held",)

    _held: Callable[[], ValueT_co]

    def __init__(self, value: ValueT_co) -> None:
        # Behind a function: vars(), slots and debuggers that list attributes do not come upon it.
        self._held = lambda: value

    def reveal(self) -> ValueT_co:
        """The value itself."""
        return self._held()

    def __repr__(self) -> str:
        return f"Secret({_STARS})"

    def __str__(self) -> str:
        return _STARS

    def __format__(self, specification: str) -> str:
        return _STARS

    def __eq__(self, other: Any) -> bool:
        if not _is_a(other, Secret):
            return NotImplemented
        return bool(self.reveal() == other.reveal())

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __copy__(self) -> Secret[ValueT_co]:
        return self

    def __deepcopy__(self, memo: Any) -> Secret[ValueT_co]:
        return self

    def __reduce__(self) -> NoReturn:
        raise UsageError("a Secret is not pickled; pass on what reveal() gives, if it may leave the process")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        inner = handler.generate_schema((getattr(source, "__args__", None) or (str,))[0])
        plain = core_schema.no_info_after_validator_function(cls, inner)
        shown = core_schema.plain_serializer_function_ser_schema(str, when_used="json")
        return core_schema.union_schema([core_schema.is_instance_schema(cls), plain], serialization=shown)

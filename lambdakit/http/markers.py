"""Markers that say where an argument comes from, where its type and name do not.

    def search(
        words: Annotated[list[str], Query("q")],            # ?q=a&q=b
        key: Annotated[str, Header("x-api-key")],
        login: Annotated[Login, Form()],                    # fields of a form as a dataclass
        session: Annotated[str | None, Cookie()] = None,    # the cookie `session`
    ) -> list[str]: ...

Without a name it is the parameter's; a header's has hyphens for underscores. `Query`, `Form`, `Header` and `Cookie` of
a dataclass, a TypedDict, a NamedTuple or a model read all its fields. `Body` is for what would not be taken for a body:
text, or the JSON of a number.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

__all__ = ("Body", "Cookie", "Form", "Header", "Marker", "Path", "Query")


class Marker:
    """Where an argument comes from, and under which name."""

    __slots__ = ("name",)

    place: ClassVar[str]

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.name is None else repr(self.name)})"


class Path(Marker):
    """A value of the route's path, under another name than the parameter's."""

    __slots__ = ()
    place = "path"


class Query(Marker):
    """A parameter of the query; lists take every value."""

    __slots__ = ()
    place = "query"


class Header(Marker):
    """A header of the request; lists take every value."""

    __slots__ = ()
    place = "header"


class Cookie(Marker):
    """A cookie that came with the request."""

    __slots__ = ()
    place = "cookie"


class Form(Marker):
    """A field of a form, URL-encoded or multipart; lists take every value."""

    __slots__ = ()
    place = "form"


class Body(Marker):
    """The body: as JSON; as text for `str`, as it is for `bytes`."""

    __slots__ = ()
    place = "body"

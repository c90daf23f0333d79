"""Maps with several values a name: what queries, forms and headers are.

Read as a mapping they give one value a name, the last: `query["page"]`, `headers.get("accept")`. `all(name)` gives
every value, `pairs` everything in its order. Headers do not tell upper from lower case; what a response is given keeps
its spelling.
"""

from __future__ import annotations

from _collections_abc import Mapping, MutableMapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeAlias

    Pairs: TypeAlias = list[tuple[str, str]]
    HeadersLike: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"

# `isinstance`, but Any to type checkers.
_is_a: Any = isinstance

__all__ = ("Headers", "MultiMap", "MutableHeaders")


class MultiMap(Mapping[str, str]):
    """Names with their values, made of pairs.

    >>> query = MultiMap([("tag", "a"), ("tag", "b")])
    >>> query["tag"], query.all("tag"), query.all("other")
    ('b', ['a', 'b'], [])
    """

    __slots__ = ("_values", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs: Pairs = list(pairs)
        self._values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            self._values.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        """Every value of a name, in their order; empty where there is none."""
        return self._values.get(name) or []

    def __getitem__(self, name: str) -> str:
        return self._values[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pairs!r})"


class Headers(MultiMap):
    """The headers of a request: names in lower case, and looked up in any.

    >>> Headers([("Accept", "text/html")])["ACCEPT"]
    'text/html'
    """

    __slots__ = ()

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__([(name.lower(), value) for name, value in pairs])

    def all(self, name: str) -> list[str]:
        """Every value of a header, in their order; empty where there is none."""
        return self._values.get(name.lower()) or []

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][-1]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values


class MutableHeaders(MutableMapping[str, str]):
    """The headers of a response: setting one replaces it, `add` gives it another value.

    >>> headers = MutableHeaders({"Vary": "Accept"})
    >>> headers.add("vary", "Origin")
    >>> headers.all("VARY"), headers.pairs
    (['Accept', 'Origin'], [('Vary', 'Accept'), ('vary', 'Origin')])
    """

    __slots__ = ("pairs",)

    def __init__(self, headers: HeadersLike = ()) -> None:
        self.pairs: Pairs = []
        if headers:
            pairs: Any = getattr(headers, "pairs", headers)
            self.pairs.extend(pairs.items() if _is_a(pairs, Mapping) else pairs)

    def all(self, name: str) -> list[str]:
        """Every value of a header, in their order; empty where there is none."""
        wanted = name.lower()
        return [value for key, value in self.pairs if key.lower() == wanted]

    def add(self, name: str, value: str) -> None:
        """Give a header one more value."""
        self.pairs.append((name, value))

    def vary(self, name: str) -> None:
        """Say that the answer depends on a header of the request; once is enough."""
        known = {part.strip().lower() for value in self.all("vary") for part in value.split(",")}
        if not known & {name.lower(), "*"}:
            self.add("vary", name)

    def __getitem__(self, name: str) -> str:
        wanted = name.lower()
        for key, value in reversed(self.pairs):
            if key.lower() == wanted:
                return value
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        wanted = name.lower()
        self.pairs = [pair for pair in self.pairs if pair[0].lower() != wanted]
        self.pairs.append((name, value))

    def __delitem__(self, name: str) -> None:
        self[name]
        wanted = name.lower()
        self.pairs = [pair for pair in self.pairs if pair[0].lower() != wanted]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.pairs})

    def __repr__(self) -> str:
        return f"MutableHeaders({self.pairs!r})"

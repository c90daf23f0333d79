"""The header map of CloudFront's objects, and the views of query strings and cookies that hang on it.

CloudFront writes headers as `{"set-cookie": [{"key": "Set-Cookie", "value": "a=1"}, ...]}`: names in lowercase, one
entry an occurrence, the spelling of the name in `key`, which may be left out. `EdgeHeaders` keeps exactly these
entries, so that what is not touched is given back as it came, and reads and writes them under any spelling.

Not here: which headers a stage may change. That is judged once, when the answer is built, by
`lambdakit.events.edge_rules`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any, TypeAlias

    HeaderInit: TypeAlias = "Mapping[str, str | Iterable[str]]"

__all__ = ("EdgeHeaders", "QueryString", "RequestCookies", "set_cookie_text")

# Names whose occurrences are one list are joined by a comma; a cookie is not (RFC 9110 5.3, RFC 6265 5.4).
_JOINED_BY = {"cookie": "; "}


class EdgeHeaders:
    """Headers under case-insensitive names, each with its occurrences in their order; mutable.

    `headers["Accept"]` is the text of all occurrences (joined by `, `; `; ` for Cookie), `get_all` the list of them;
    assigning replaces them all, `add` appends one. Iterating gives the lowercase names.
    """

    __slots__ = ("_entries",)

    def __init__(self, wire: Mapping[str, Any] | None = None) -> None:
        self._entries: dict[str, list[dict[str, Any]]] = {}
        for name, entries in (wire or {}).items():
            self._entries.setdefault(name.lower(), []).extend(dict(entry) for entry in entries)

    @classmethod
    def of(cls, headers: HeaderInit | EdgeHeaders | None) -> EdgeHeaders:
        """Headers from plain values: `{"Content-Type": "text/html", "Set-Cookie": ["a=1", "b=2"]}`."""
        if isinstance(headers, EdgeHeaders):
            return cls(headers.to_wire())
        made = cls()
        for name, value in (headers or {}).items():
            made.set_all(name, (value,) if isinstance(value, str) else value)
        return made

    def to_wire(self) -> dict[str, list[dict[str, Any]]]:
        """CloudFront's form, a copy."""
        return {name: [dict(entry) for entry in entries] for name, entries in self._entries.items()}

    def get_all(self, name: str) -> list[str]:
        """The values of a header, one for each occurrence; empty where it is absent."""
        return [entry["value"] for entry in self._entries.get(name.lower(), ())]

    def set_all(self, name: str, values: Iterable[str]) -> None:
        """Replace all occurrences; without values the header is removed."""
        entries = [{"key": name, "value": value} for value in values]
        if entries:
            self._entries[name.lower()] = entries
        else:
            self._entries.pop(name.lower(), None)

    def add(self, name: str, value: str) -> None:
        """Add one occurrence, after those there are."""
        self._entries.setdefault(name.lower(), []).append({"key": name, "value": value})

    def get(self, name: str, default: str = "") -> str:
        """The text of a header, or the default."""
        try:
            return self[name]
        except KeyError:
            return default

    def pop(self, name: str, default: str = "") -> str:
        """Remove a header that may be absent; its text, or the default."""
        text = self.get(name, default)
        self._entries.pop(name.lower(), None)
        return text

    def setdefault(self, name: str, value: str) -> str:
        """Set a header where it is absent; its text."""
        if name not in self:
            self[name] = value
        return self[name]

    def update(self, headers: HeaderInit) -> None:
        """Replace these headers, leaving the others."""
        for name, value in headers.items():
            self.set_all(name, (value,) if isinstance(value, str) else value)

    def items(self) -> Iterator[tuple[str, str]]:
        """Lowercase name and value of every occurrence."""
        return ((name, entry["value"]) for name, entries in self._entries.items() for entry in entries)

    def __getitem__(self, name: str) -> str:
        low = name.lower()
        return _JOINED_BY.get(low, ", ").join(entry["value"] for entry in self._entries[low])

    def __setitem__(self, name: str, value: str) -> None:
        self._entries[name.lower()] = [{"key": name, "value": value}]

    def __delitem__(self, name: str) -> None:
        del self._entries[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        return self._entries == other._entries if isinstance(other, EdgeHeaders) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"EdgeHeaders({', '.join(self._entries)})"


class QueryString:
    """The parameters of a query string, decoded; what is assigned is written back, encoded, to its owner.

    `query["size"]` is the first value (KeyError where there is none), `get_all` all of them. The text as it came stands
    untouched until something is assigned or deleted.
    """

    __slots__ = ("_read", "_write")

    def __init__(self, read: Callable[[], str], write: Callable[[str], None]) -> None:
        self._read = read
        self._write = write

    def pairs(self) -> list[tuple[str, str]]:
        """Every name with its value, in their order."""
        from urllib.parse import parse_qsl

        return parse_qsl(self._read(), keep_blank_values=True)

    def replace(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Make these the parameters."""
        from urllib.parse import urlencode

        self._write(urlencode(list(pairs)))

    def sort(self) -> None:
        """Put the parameters into the order of their names, so that one cached object serves every order."""
        self.replace(sorted(self.pairs(), key=lambda pair: pair[0]))

    def get(self, name: str, default: str = "") -> str:
        """The first value of a parameter, or the default."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> list[str]:
        """The values of a parameter."""
        return [value for key, value in self.pairs() if key == name]

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __setitem__(self, name: str, value: str) -> None:
        pairs = self.pairs()
        first = next((index for index, (key, _) in enumerate(pairs) if key == name), len(pairs))
        others = [pair for pair in pairs[first:] if pair[0] != name]
        self.replace([*pairs[:first], (name, value), *others])

    def __delitem__(self, name: str) -> None:
        self.replace([pair for pair in self.pairs() if pair[0] != name])

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.pairs())

    def __repr__(self) -> str:
        return f"QueryString({self._read()!r})"


class RequestCookies:
    """The cookies a viewer sent, read from and written to the Cookie header of the request."""

    __slots__ = ("_headers",)

    def __init__(self, headers: EdgeHeaders) -> None:
        self._headers = headers

    def pairs(self) -> list[tuple[str, str]]:
        """Every name with its value as sent (quotes and percent signs are the application's own)."""
        crumbs = (crumb.partition("=") for crumb in self._headers.get("Cookie").split(";"))
        return [(name.strip(), value.strip()) for name, equals, value in crumbs if equals]

    def get(self, name: str, default: str = "") -> str:
        """The first value of a cookie, or the default."""
        return next((value for key, value in self.pairs() if key == name), default)

    def __getitem__(self, name: str) -> str:
        if name not in self:
            raise KeyError(name)
        return self.get(name)

    def __setitem__(self, name: str, value: str) -> None:
        others = [pair for pair in self.pairs() if pair[0] != name]
        self._write([*others, (name, value)])

    def __delitem__(self, name: str) -> None:
        self._write([pair for pair in self.pairs() if pair[0] != name])

    def _write(self, pairs: list[tuple[str, str]]) -> None:
        text = "; ".join(f"{name}={value}" for name, value in pairs)
        self._headers.set_all("Cookie", (text,) if text else ())

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.pairs())

    def __repr__(self) -> str:
        return f"RequestCookies({', '.join(name for name, _ in self.pairs())})"


def set_cookie_text(name: str, value: str, attributes: Mapping[str, str | int | bool | None]) -> str:
    """The text of a Set-Cookie header. Raises ValueError for characters that would end the name or the value."""
    if not name or any(character in name for character in '=;, \t\r\n"') or not name.isascii():
        raise ValueError(f"{name!r} is no cookie name: letters, digits and !#$%&'*+-.^_`|~ are allowed")
    if any(character in value for character in ";, \t\r\n") or not value.isascii():
        raise ValueError(f"the value of cookie {name!r} has a character cookies cannot hold; quote or base64 it")
    parts = [f"{name}={value}"]
    for attribute, setting in attributes.items():
        if setting is True:
            parts.append(attribute)
        elif setting is not None and setting is not False:
            parts.append(f"{attribute}={setting}")
    return "; ".join(parts)

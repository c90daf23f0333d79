"""The patterns of paths and hosts: what stands in braces, and what it matches.

    /users/{id}                 one segment, any text but the empty one
    /users/{id:int}             int, float, uuid: converted, and no match for other text
    /files/{name}.{kind}        several values in a segment, and text around them
    /static/{rest:path}         the rest of the path, slashes and all, even if it is empty
    /tags/{tag:slug}            a converter of one's own: Router(converters={"slug": Converter("[a-z-]+")})
    {tenant}.example.com        the same in hosts; *.example.com for any one label

A pattern is parsed once, when its route is registered; a mistake in it is a UsageError there. Values are matched after
percent-decoding, segment by segment: an encoded slash is a part of its segment.
"""

from __future__ import annotations

import re

from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeAlias

    Convert: TypeAlias = Callable[[str], Any]
    Converters: TypeAlias = Mapping[str, "Converter"]

__all__ = ("CONVERTERS", "Converter", "Pattern", "Segment", "parse_host", "parse_path")

# A value in braces, or a brace that is none of one.
_FIELD = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}|[{}]")
_ENCODED = re.compile("%[0-9a-fA-F]{2}")


class Converter:
    """What a value matches (a regular expression, for the whole value) and what it becomes.

    `convert` may raise ValueError for text that is no match after all.

    >>> Converter("[0-9]{4}", int).value("2024")
    2024
    """

    __slots__ = ("convert", "pattern", "value")

    def __init__(self, pattern: str, convert: Convert = str) -> None:
        try:
            fits = re.compile(pattern).fullmatch
        except re.error as error:
            raise UsageError(f"the converter's pattern {pattern!r} is no regular expression: {error}") from None
        self.pattern = pattern
        self.convert = convert

        def value(text: str) -> Any:
            """The value of a text. Raises ValueError where it does not match."""
            if fits(text) is None:
                raise ValueError(text)
            return convert(text)

        self.value: Convert = value


def _uuid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


_STR = Converter("[^/]+")
_PATH = Converter(".*")
CONVERTERS: dict[str, Converter] = {
    "str": _STR,
    "int": Converter("-?[0-9]+", int),
    "float": Converter(r"-?[0-9]+(?:\.[0-9]+)?", float),
    "uuid": Converter("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", _uuid),
    "path": _PATH,
}


class Segment:
    """One segment of a pattern: text, one value (`convert` is None for any text), or several values in text (`fits`).

    `rank` orders those at one place, the most particular first; two with the same `key` match the same.
    """

    __slots__ = ("convert", "fits", "key", "names", "rank", "text")

    def __init__(
        self,
        key: tuple[Any, ...],
        rank: int,
        names: tuple[str, ...] = (),
        *,
        text: str | None = None,
        convert: Convert | None = None,
        fits: Callable[[str], tuple[Any, ...] | None] | None = None,
    ) -> None:
        self.key = key
        self.rank = rank
        self.names = names
        self.text = text
        self.convert = convert
        self.fits = fits


class Pattern:
    """A parsed pattern: its segments, the names of its values, and whether the last segments are matched as one text.

    `rest` matches what follows the segments of a pattern with a `path` value.
    """

    __slots__ = ("names", "rest", "segments", "text")

    def __init__(self, text: str, segments: Sequence[Segment], rest: Segment | None) -> None:
        self.text = text
        self.segments = tuple(segments)
        self.rest = rest
        self.names = tuple(name for segment in (*segments, *((rest,) if rest else ())) for name in segment.names)
        for name in self.names:
            if self.names.count(name) > 1:
                raise UsageError(f"the pattern {text!r} has two values named {name!r}")

    def joined(self, other: Pattern) -> Pattern:
        """This pattern as a prefix of another; of the root alone nothing is added. Raises UsageError."""
        if other.text == "/":
            return self
        return Pattern(self.text + other.text, (*self.segments, *other.segments), other.rest)

    @property
    def is_static(self) -> bool:
        """Whether the pattern is text alone."""
        return not self.names


def parse_path(text: str, converters: Converters) -> Pattern:
    """The pattern of a path. Raises UsageError, which says what is wrong where."""
    if not text.startswith("/"):
        raise UsageError(f"the pattern {text!r} must start with a slash")
    if "?" in text:
        raise UsageError(f"the pattern {text!r} has a query; queries are no part of routes, declare a Query() argument")
    if _ENCODED.search(text):
        raise UsageError(
            f"the pattern {text!r} is percent-encoded; write it decoded, as paths are before they are matched"
        )
    parts = _split(text[1:], "/")
    segments: list[Segment] = []
    for index, part in enumerate(parts):
        if _has_path(part, converters):
            return Pattern(text, segments, _mixed("/".join(parts[index:]), text, converters, _STR.pattern))
        segments.append(_segment(part, text, converters))
    return Pattern(text, segments, None)


def parse_host(text: str, converters: Converters) -> Pattern:
    """The pattern of a host, its labels as segments. Raises UsageError."""
    if not text or "/" in text:
        raise UsageError(f"{text!r} is no host: a host has neither slashes nor a scheme")
    labels = ["{_}" if label == "*" else label for label in _split(text.lower(), ".")]
    pattern = ".".join(labels).replace("{_}", "*")
    named = [label.replace("{_}", f"{{_{index}}}") for index, label in enumerate(labels)]
    return Pattern(pattern, [_segment(label, text, converters) for label in named], None)


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand outside of braces."""
    parts = [""]
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _has_path(part: str, converters: Converters) -> bool:
    return any(converters.get(match[2] or "") is _PATH for match in _FIELD.finditer(part))


def _segment(part: str, pattern: str, converters: Converters) -> Segment:
    if "{" not in part and "}" not in part:
        return Segment((part,), 0, text=part)
    match = _FIELD.fullmatch(part)
    if match is None:
        return _mixed(part, pattern, converters, ".+")
    name, converter = _field(match, pattern, converters)
    if converter is _STR:
        return Segment(("{}",), 3, (name,))
    return Segment(("{}", converter), 2, (name,), convert=converter.value)


def _field(match: re.Match[str], pattern: str, converters: Converters) -> tuple[str, Converter]:
    name, kind = match[1], match[2] or "str"
    if name is None or not (name.isidentifier()):
        raise UsageError(f"the pattern {pattern!r} has {match[0]!r}: a value is {{name}} or {{name:converter}}")
    if kind not in converters:
        from difflib import get_close_matches

        near = get_close_matches(kind, converters, n=1) or [", ".join(converters)]
        raise UsageError(
            f"the pattern {pattern!r} has no converter {kind!r}; there is {near[0]}, or converters={{...}}"
        )
    return name, converters[kind]


def _mixed(part: str, pattern: str, converters: Converters, any_text: str) -> Segment:
    """Values and text in one, as a regular expression; `any_text` is what a value without a converter matches."""
    names: list[str] = []
    converts: list[Convert] = []
    expression = ""
    end = 0
    for match in _FIELD.finditer(part):
        name, converter = _field(match, pattern, converters)
        names.append(name)
        converts.append(converter.convert)
        expression += (
            re.escape(part[end : match.start()])
            + f"(?P<v{len(names)}>{any_text if converter is _STR else converter.pattern})"
        )
        end = match.end()
    expression += re.escape(part[end:])
    find = re.compile(expression, re.DOTALL).fullmatch
    groups = [f"v{number + 1}" for number in range(len(names))]

    def fits(text: str) -> tuple[Any, ...] | None:
        found = find(text)
        if found is None:
            return None
        try:
            return tuple(convert(found[group]) for group, convert in zip(groups, converts, strict=True))
        except ValueError:
            return None

    return Segment(("{}", expression, *converts), 1, tuple(names), fits=fits)

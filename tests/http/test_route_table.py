"""The route table against a naive matcher, which tries every route and compares all that match."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import UsageError
from lambdakit.http.path_patterns import CONVERTERS, Converter, parse_host, parse_path
from lambdakit.http.route_table import RouteTable

OWN = {**CONVERTERS, "word": Converter("[ab]+", str.upper)}
# Part of a pattern -> its rank, the expression that matches one decoded segment, and what its value becomes.
PARTS: dict[str, tuple[int, str, Any]] = {
    "a": (0, "a", None),
    "b": (0, "b", None),
    "7": (0, "7", None),
    "": (0, "", None),
    "é x": (0, "é x", None),
    "{%}.t": (1, r"(.+)\.t", str),
    "v{%:int}": (1, r"v(-?[0-9]+)", int),
    "{%:int}": (2, r"(-?[0-9]+)", int),
    "{%:word}": (2, r"([ab]+)", str.upper),
    "{%}": (3, r"(.+)", str),
}
SEGMENTS = st.lists(st.sampled_from(list(PARTS)), min_size=1, max_size=4)
ROUTES = st.lists(st.tuples(SEGMENTS, st.booleans()), min_size=1, max_size=9)
PATHS = st.lists(
    st.sampled_from(["a", "b", "ab", "7", "", "-12", "x.t", "v3", "v", "é x", "a/b", "%", "a\nb.t"]),
    min_size=1,
    max_size=5,
)


def text_of(parts: list[str], has_rest: bool) -> str:
    numbered = [part.replace("%", f"v{index}") for index, part in enumerate(parts)]
    return "/" + "/".join([*numbered, "{rest:path}"] if has_rest else numbered)


def naive(parts: list[str], has_rest: bool, segments: list[str]) -> tuple[list[int], dict[str, Any]] | None:
    """Rank by segment and values, or None where the route does not match."""
    if len(segments) < len(parts) + has_rest or (len(segments) > len(parts) and not has_rest):
        return None
    ranks: list[int] = []
    values: dict[str, Any] = {}
    for index, (part, segment) in enumerate(zip(parts, segments, strict=False)):
        rank, expression, convert = PARTS[part]
        found = re.fullmatch(expression, segment, re.DOTALL)
        if found is None:
            return None
        ranks.append(rank)
        if convert is not None:
            values[f"v{index}"] = convert(found[1])
    if has_rest:
        ranks.append(4)
        values["rest"] = "/".join(segments[len(parts) :])
    return ranks, values


@given(ROUTES, PATHS)
def test_the_table_finds_what_trying_every_route_finds(routes, segments):
    table = RouteTable()
    kept: list[tuple[list[str], bool]] = []
    for parts, has_rest in routes:
        try:
            table.add(("GET",), parse_path(text_of(parts, has_rest), OWN), (parts, has_rest))
        except UsageError:
            assert (parts, has_rest) in kept
        else:
            kept.append((parts, has_rest))
    path = "/" + "/".join(quote(segment, safe="") for segment in segments)
    decoded = [unquote(segment) for segment in path.split("/")[1:]]
    fitting = {id(route): found for route in kept if (found := naive(*route, decoded)) is not None}
    found = table.find("GET", path)
    if found is None:
        assert fitting == {}
    else:
        target, values = found
        [matched] = [naive(*route, decoded) for route in kept if route == target]
        assert matched is not None
        assert values == matched[1]
        assert matched[0] == min(ranks for ranks, _ in fitting.values())
    assert table.methods(path) == ({"GET"} if fitting else set())
    assert table.find("POST", path) is None


@pytest.mark.parametrize(
    ("pattern", "path", "values"),
    [
        ("/café", "/caf%C3%A9", {}),
        ("/a b", "/a%20b", {}),
        ("/{x}", "/a%2Fb", {"x": "a/b"}),
        ("/{x}", "/%252F", {"x": "%2F"}),
        ("/{x}", "/50%", {"x": "50%"}),
        ("/{x:path}", "/a//b/", {"x": "a//b/"}),
        ("/{x:path}", "/", {"x": ""}),
        ("/f/{x:path}/edit/{id:int}", "/f/a/edit/b/edit/3", {"x": "a/edit/b", "id": 3}),
        ("/{x:float}", "/-1.50", {"x": -1.5}),
        ("/{year:year}-{month}", "/2024-05", {"year": 2024, "month": "05"}),
        ("/a{b}c{d}e", "/a1c2e", {"b": "1", "d": "2"}),
    ],
)
def test_values_are_decoded_once_and_converted(pattern, path, values):
    table = RouteTable()
    table.add(("GET",), parse_path(pattern, {**CONVERTERS, "year": Converter("[0-9]{4}", int)}), "t")
    assert table.find("GET", path) == ("t", values)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/{x}", "/"),
        ("/{x:int}", "/1_0"),
        ("/{x:int}", "/٣"),
        ("/{x:int}", "/" + "9" * 5000),
        ("/{x:uuid}", "/123"),
        ("/f/{x:path}", "/f"),
        ("/a", "/a/"),
        ("/{x:odd}", "/2"),
        ("/{x:odd}.t", "/2.t"),
        ("/{x:path}/end", "/a"),
    ],
)
def test_what_does_not_match(pattern, path):
    def odd(text: str) -> int:
        if int(text) % 2 == 0:
            raise ValueError(text)
        return int(text)

    table = RouteTable()
    table.add(("GET",), parse_path(pattern, {**CONVERTERS, "odd": Converter("[0-9]+", odd)}), "t")
    assert table.find("GET", path) is None


def test_a_uuid_is_one():
    table = RouteTable()
    table.add(("GET",), parse_path("/{x:uuid}", CONVERTERS), "t")
    found = table.find("GET", "/6B29FC40-CA47-1067-B31D-00DD010662DA")
    assert found is not None
    assert str(found[1]["x"]) == "6b29fc40-ca47-1067-b31d-00dd010662da"


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("users", "must start with a slash"),
        ("/a?b", "has a query"),
        ("/a%20b", "is percent-encoded"),
        ("/{x}/{x}", "two values named 'x'"),
        ("/{}", "a value is {name} or {name:converter}"),
        ("/{a b}", "a value is {name}"),
        ("/{a", "a value is {name}"),
        ("/a}", "a value is {name}"),
        ("/{x:itn}", "no converter 'itn'; there is int"),
        ("/{x:path}/{y:nothing}", "no converter 'nothing'; there is"),
    ],
)
def test_a_mistake_in_a_pattern_is_told(pattern, what):
    with pytest.raises(UsageError, match=re.escape(what)):
        parse_path(pattern, CONVERTERS)


def test_a_mistake_in_a_converter_is_told():
    with pytest.raises(UsageError, match="is no regular expression"):
        Converter("[")


def test_a_second_route_for_the_same_is_told():
    table = RouteTable()
    for pattern in ("/a/{x}", "/a/{x:path}", "/b"):
        table.add(("GET",), parse_path(pattern, CONVERTERS), 1)
        table.add(("POST",), parse_path(pattern, CONVERTERS), 1)
        with pytest.raises(UsageError, match=f"there is a route for GET {re.escape(pattern)}"):
            table.add(("GET",), parse_path(pattern, CONVERTERS), 2)


@pytest.mark.parametrize("host", ["", "https://a.b", "a/b"])
def test_what_is_no_host_is_told(host):
    with pytest.raises(UsageError, match="is no host"):
        parse_host(host, CONVERTERS)

"""The header map: nothing is lost between CloudFront's form and back, under any spelling of a name."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.events.edge_headers import EdgeHeaders

NAMES = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=12)
VALUES = st.text(max_size=20)


@st.composite
def wire_headers(draw: st.DrawFn) -> dict[str, list[dict[str, str]]]:
    """CloudFront's form: a name has its entries, each spelled in some way or not at all."""
    wire: dict[str, list[dict[str, str]]] = {}
    for name in draw(st.lists(NAMES, unique=True, max_size=6)):
        spellings = st.sampled_from([name, name.upper(), name.title()])
        with_key = st.fixed_dictionaries({"key": spellings, "value": VALUES})
        without = st.fixed_dictionaries({"value": VALUES})
        wire[name] = draw(st.lists(with_key | without, min_size=1, max_size=3))
    return wire


@given(wire_headers())
def test_the_round_trip_loses_nothing(wire: dict[str, Any]) -> None:
    headers = EdgeHeaders(wire)
    assert headers.to_wire() == wire
    assert list(headers.to_wire()) == list(wire)
    assert EdgeHeaders(headers.to_wire()) == headers == EdgeHeaders.of(headers)


@given(wire_headers(), NAMES, st.lists(VALUES, max_size=3))
def test_setting_one_header_touches_no_other(wire: dict[str, Any], name: str, values: list[str]) -> None:
    headers = EdgeHeaders(wire)
    headers.set_all(name.upper(), values)
    expected = [{"key": name.upper(), "value": value} for value in values]
    others = {key: entries for key, entries in wire.items() if key != name}
    assert headers.to_wire() == ({**others, name: expected} if values else others)
    assert headers.get_all(name) == values


@given(wire_headers())
def test_a_copy_shares_nothing(wire: dict[str, Any]) -> None:
    headers = EdgeHeaders(wire)
    for entries in headers.to_wire().values():
        entries[0]["value"] = entries[0]["value"] + "changed"
    assert headers.to_wire() == wire


def test_the_occurrences_of_a_header_are_one_text() -> None:
    headers = EdgeHeaders.of({"Accept": ["a", "b"], "Cookie": ["x=1", "y=2"]})
    assert (headers["ACCEPT"], headers["cookie"], headers.get_all("accept")) == ("a, b", "x=1; y=2", ["a", "b"])
    assert list(headers.items()) == [("accept", "a"), ("accept", "b"), ("cookie", "x=1"), ("cookie", "y=2")]


def test_reading_and_writing_under_any_spelling() -> None:
    headers = EdgeHeaders.of({"X-One": "1"})
    headers.add("x-one", "2")
    headers["X-TWO"] = "2"
    assert headers.setdefault("x-two", "3") == "2"
    assert headers.setdefault("X-Three", "3") == "3"
    headers.update({"X-Three": "4", "X-Four": ["5", "6"]})
    assert [*headers] == ["x-one", "x-two", "x-three", "x-four"]
    assert (headers.pop("X-four"), headers.pop("X-four", "none"), len(headers)) == ("5, 6", "none", 3)
    del headers["X-ONE"]
    assert ("x-one" in headers, headers.get("x-one"), headers.get("x-one", "d")) == (False, "", "d")
    with pytest.raises(KeyError):
        headers["X-One"]
    assert repr(headers) == "EdgeHeaders(x-two, x-three)"

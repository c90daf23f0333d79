"""The documents of the embedded metric format: valid by its schema, split at its limits, refused beyond them."""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdakit.exceptions import MetricError
from lambdakit.middleware import emf
from lambdakit.middleware.emf import Collected, checked_dimensions, checked_namespace, checked_timestamp, documents
from tests.middleware.emf_schema import UNITS, assert_valid, metrics_of


def lines(collected: Collected) -> list[str]:
    return list(documents("Shop", collected))


def test_a_document(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_123_456_789)
    collected = Collected({"service": "orders"})
    collected.add("Parcels", 2, "Count", 60)
    collected.add("Parcels", 3, "Count", 60)
    collected.add("Latency", 1.5, "Milliseconds", 1)
    collected.add_dimensions({"stage": "prod"})
    collected.add_properties({"order": {"id": "A-1"}})
    (line,) = lines(collected)
    assert assert_valid(line) == {
        "_aws": {
            "Timestamp": 1_700_000_000_123,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Shop",
                    "Dimensions": [["service", "stage"]],
                    "Metrics": [
                        {"Name": "Parcels", "Unit": "Count"},
                        {"Name": "Latency", "Unit": "Milliseconds", "StorageResolution": 1},
                    ],
                }
            ],
        },
        "service": "orders",
        "stage": "prod",
        "order": {"id": "A-1"},
        "Parcels": [2, 3],
        "Latency": 1.5,
    }


def test_no_metrics_are_no_document():
    collected = Collected({"service": "orders"})
    collected.add_properties({"order": 1})
    assert lines(collected) == []


def test_the_units_are_those_of_the_schema():
    assert set(UNITS.replace("\\/", "/").split("|")) == emf.UNITS


def test_the_type_of_a_unit_lists_the_same():
    namespace: dict[str, Any] = {}
    source = Path(emf.__file__).read_text()
    literal = source[source.index("    Unit: TypeAlias = ") : source.index("    Resolution: TypeAlias")]
    exec("from typing import Literal\nUnit = " + literal.split("=", 1)[1], namespace)
    assert set(get_args(namespace["Unit"])) == emf.UNITS


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda name: name.strip() and name.isprintable() and name != "_aws"
)
ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=10).filter(
    lambda name: name[0] != ":" and name != "_aws"
)
VALUES = st.integers(-(2**70), 2**70) | st.floats(
    allow_nan=False, allow_infinity=False, max_value=1e60, min_value=-1e60
)


@given(
    metrics=st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=3), min_size=1, max_size=5),
    sets=st.lists(st.dictionaries(ASCII, ASCII, max_size=3), max_size=4),
    properties=st.dictionaries(NAMES, NAMES | st.floats(), max_size=2),
)
def test_whatever_is_collected_is_valid_and_complete(metrics, sets, properties):
    collected = Collected({"service": "orders"})
    for dimensions in sets:
        collected.add_set(dimensions)
    names = {"service", *(name for one in sets for name in one)}
    collected.add_properties({name: value for name, value in properties.items() if name not in names})
    metrics = {name: values for name, values in metrics.items() if name not in {*names, *properties}}
    for name, values in metrics.items():
        for value in values:
            collected.add(name, value, "Count", 60)
    assume(metrics)
    wanted = {(("service", "orders"),), *(tuple(sorted({"service": "orders", **one}.items())) for one in sets)}
    found: Counter[Any] = Counter()
    for line in lines(collected):
        document = assert_valid(line)
        assert {name: _values(value) for name, value in metrics_of(line).items()} == metrics
        for names in document["_aws"]["CloudWatchMetrics"][0]["Dimensions"]:
            found[tuple(sorted((name, document[name]) for name in names))] += 1
    assert set(found) == wanted
    assert set(found.values()) == {1}  # under one set CloudWatch must not count twice


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("count", "expected"), [(100, 1), (101, 2), (250, 3)])
def test_more_than_a_hundred_metrics_are_several_documents(count, expected):
    collected = Collected({})
    for number in range(count):
        collected.add(f"m{number}", number, "None", 60)
    made = lines(collected)
    assert len(made) == expected
    assert [value for line in made for value in metrics_of(line).values()] == list(range(count))


@pytest.mark.parametrize(("count", "expected"), [(100, 1), (101, 2), (250, 3)])
def test_more_than_a_hundred_values_are_several_documents(count, expected):
    collected = Collected({})
    for number in range(count):
        collected.add("many", number, "None", 60)
        collected.add(f"few{number % 2}", 1, "None", 60) if number < 2 else None
    made = lines(collected)
    assert len(made) == expected
    assert [value for line in made for value in _values(metrics_of(line)["many"])] == list(range(count))
    assert sum("few0" in metrics_of(line) for line in made) == 1


def test_a_document_too_long_is_split_between_metrics():
    collected = Collected({})
    for number in range(100):
        for value in range(100):
            collected.add(f"{number:0>250}", 10**30 + value, "None", 60)
    made = lines(collected)
    assert len(made) == 2
    assert sum(len(_values(value)) for line in made for value in metrics_of(line).values()) == 10_000


def test_properties_too_long_are_left_out_rather_than_metrics():
    collected = Collected({})
    collected.add("one", 1, "None", 60)
    collected.add("two", 2, "None", 60)
    collected.add_properties({"text": "é" * 100_000})
    made = lines(collected)
    assert [metrics_of(line) for line in made] == [{"one": 1}, {"two": 2}]
    assert all("text" not in line for line in made)


def test_a_dimension_of_two_values_is_two_documents():
    collected = Collected({"service": "orders"})
    collected.add("n", 1, "Count", 60)
    collected.add_set({"stage": "a"})
    collected.add_set({"region": "x"})
    collected.add_set({"stage": "b"})
    first, second = map(assert_valid, lines(collected))
    assert first["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [
        ["service"],
        ["service", "stage"],
        ["service", "region"],
    ]
    assert second["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service", "stage"]]
    assert (first["stage"], second["stage"]) == ("a", "b")


@pytest.mark.parametrize("value", [Decimal("1.5"), Fraction(3, 2), 1.5])
def test_other_kinds_of_numbers_are_taken(value):
    collected = Collected({})
    collected.add("n", value, "None", 60)
    assert metrics_of(lines(collected)[0]) == {"n": 1.5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("n", float("nan"), "Count", 60), "metric 'n': nan is no value CloudWatch takes"),
        (("n", float("inf"), "Count", 60), "inf is no value"),
        (("n", Decimal("NaN"), "Count", 60), "nan is no value"),
        (("n", 2**361, "Count", 60), "it must be within ±2\\*\\*360"),
        (("n", True, "Count", 60), "True is bool, not a number"),
        (("n", "5", "Count", 60), "'5' is str, not a number"),
        (("n", None, "Count", 60), "None is NoneType, not a number"),
        (("n", 1, "count", 60), "no unit 'count'; did you mean 'Count'?"),
        (("n", 1, "parsecs?!", 60), "it can be Bits, Bits/Second"),
        (("n", 1, "Count", 30), "resolution 30 is neither 1"),
        (("", 1, "Count", 60), "metric name ''"),
        ((" ", 1, "Count", 60), "metric name ' '"),
        (("x" * 256, 1, "Count", 60), "1 to 255 characters"),
        (("_aws", 1, "Count", 60), "metric name '_aws'"),
        ((5, 1, "Count", 60), "metric name 5"),
        (("a\nb", 1, "Count", 60), "it must not have control characters"),
        (("service", 1, "Count", 60), "metric 'service': a metric, dimension or property has this name"),
        (("in_set", 1, "Count", 60), "'in_set'"),
        (("prop", 1, "Count", 60), "'prop'"),
        (("known", 1, "Bytes", 60), r"was added in Count \(resolution 60\), now in Bytes"),
    ],
)
def test_what_cloudwatch_would_not_take_is_refused(arguments, message):
    collected = Collected({"service": "orders"})
    collected.add_set({"in_set": 1})
    collected.add_properties({"prop": 1})
    collected.add("known", 1, "Count", 60)
    with pytest.raises(MetricError, match=message):
        collected.add(*arguments)
    assert list(collected.metrics) == ["known"]


@pytest.mark.parametrize(
    ("dimensions", "message"),
    [
        ({"a": ""}, "its value '' must be 1 to 1024 ASCII characters"),
        ({"a": " "}, "not all blank"),
        ({"a": "é"}, "ASCII"),
        ({"a": "a\nb"}, "without control characters"),
        ({"a": "x" * 1025}, "1 to 1024"),
        ({":a": "x"}, "not begin with ':'"),
        ({"é": "x"}, "must be ASCII"),
        ({"x" * 251: "x"}, "1 to 250 characters"),
        ({"": "x"}, "dimension name ''"),
        ({str(n): n for n in range(31)}, "31 dimensions; CloudWatch takes 30"),
    ],
)
def test_dimensions_cloudwatch_would_not_take_are_refused(dimensions, message):
    with pytest.raises(MetricError, match=message):
        checked_dimensions(dimensions)
    with pytest.raises(MetricError, match=message):
        Collected({}).add_set(dimensions)


def test_a_name_stands_for_one_thing():
    collected = Collected({"service": "orders"})
    collected.add("n", 1, "Count", 60)
    collected.add_properties({"prop": 1})
    for call, names in (
        (collected.add_dimensions, ("n", "prop", "_aws")),
        (collected.add_set, ("n", "prop", "_aws")),
        (collected.add_properties, ("n", "service", "_aws")),
    ):
        for name in names:
            with pytest.raises(MetricError, match=name):
                call({name: "x"})


def test_thirty_dimensions_are_the_most_in_all():
    collected = Collected({"service": "orders"})
    collected.add_dimensions({str(n): n for n in range(29)})
    with pytest.raises(MetricError, match="31 dimensions"):
        collected.add_dimensions({"more": 1})
    collected.add("n", 1, "Count", 60)
    assert len(assert_valid(lines(collected)[0])["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == 30


@pytest.mark.parametrize("namespace", ["", " ", "x" * 256, ":x", "AWS/Lambda", "é", "a\nb", None])
def test_a_namespace_cloudwatch_would_not_take_is_refused(namespace):
    with pytest.raises(MetricError, match="namespace"):
        checked_namespace(namespace)


def test_a_timestamp_far_from_now_is_refused():
    now = int(time.time() * 1000)
    assert checked_timestamp(now - 86_400_000) == now - 86_400_000
    for wrong in (now - 15 * 86_400_000, now + 3 * 3_600_000):
        with pytest.raises(MetricError, match="two weeks back to two hours ahead"):
            checked_timestamp(wrong)

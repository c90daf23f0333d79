"""Event patterns: what matches, what does not, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.polling.pattern import compile_pattern
from lambdakit.exceptions import UsageError

# Pattern, events that match it, events that do not.
VERDICTS: list[tuple[Any, list[Any], list[Any]]] = [
    ({"a": ["x"]}, [{"a": "x"}, {"a": ["q", "x"]}], [{"a": "X"}, {}, {"A": "x"}]),
    ({"a": [300]}, [{"a": 300.0}], [{"a": "300"}, {"a": True}]),
    ({"a": [1]}, [{"a": 1}], [{"a": True}]),
    ({"a": [None]}, [{"a": None}], [{"a": "null"}, {}, {"a": []}]),
    ({"a": [""]}, [{"a": ""}], [{"a": None}]),
    ({"a": [False]}, [{"a": False}], [{"a": 0}]),
    ({"a": {"b": ["x"]}}, [{"a": {"b": "x", "c": 1}}], [{"a": '{"b":"x"}'}, {"a": {"b": {"c": "x"}}}]),
    ({"a": {"b": ["x"]}}, [{"a": [{"b": "q"}, {"b": "x"}]}, {"a.b": "x"}], [{"a.b": {"b": "x"}}]),
    ({"a.b": ["x"]}, [{"a": {"b": "x"}}, {"a.b": "x"}], [{"a": {"b": {"c": "x"}}}]),
    ({"a": {"b": [1], "c": [2]}}, [{"a": [{"b": 1, "c": 2}]}], [{"a": [{"b": 1}, {"c": 2}]}]),
    ({"a": {"b": [1]}, "a.c": [2]}, [{"a": {"b": 1, "c": 2}}], [{"a": {"b": 1}}]),
    ({"a": [{"exists": True}]}, [{"a": "v"}, {"a": None}], [{"a": {"S": "v"}}, {"a": []}, {}]),
    ({"a": [{"exists": False}]}, [{}, {"a": []}], [{"a": 1}]),
    ({"a": {"b": [{"exists": False}]}}, [{}, {"a": 1}, {"a": {"c": 1}}], [{"a": {"b": 1}}]),
    ({"a": [{"prefix": "ab"}]}, [{"a": "abc"}], [{"a": "xab"}, {"a": 5}]),
    ({"a": [{"prefix": ""}]}, [{"a": "any"}], [{"a": 5}]),
    ({"a": [{"suffix": ""}]}, [{"a": "any"}], []),
    ({"a": [{"prefix": {"equals-ignore-case": "EvEn"}}]}, [{"a": "EVENTS"}], [{"a": "Odd"}]),
    ({"a": [{"suffix": {"equals-ignore-case": ".PNG"}}]}, [{"a": "a.png"}], [{"a": "a.jpg"}]),
    ({"a": [{"suffix": ".png"}]}, [{"a": "x.png"}], [{"a": "x.PNG"}]),
    ({"a": [{"equals-ignore-case": "Foo"}]}, [{"a": "fOO"}], [{"a": "bar"}]),
    ({"a": [{"anything-but": "x"}]}, [{"a": "y"}, {"a": None}], [{"a": "x"}, {}]),
    ({"a": [{"anything-but": [100, 200]}]}, [{"a": 999}], [{"a": 100}]),
    ({"a": [{"anything-but": {"prefix": "t-"}}]}, [{"a": "p-1"}, {"a": 12}, {"a": None}], [{"a": "t-1"}, {}]),
    ({"a": [{"anything-but": {"suffix": ["1", "2"]}}]}, [{"a": "x3"}], [{"a": "x1"}, {"a": "x2"}]),
    (
        {"a": [{"anything-but": {"equals-ignore-case": ["one", "two"]}}]},
        [{"a": "three"}, {"a": None}],
        [{"a": "TWO"}, {}],
    ),
    (
        {"a": [{"anything-but": {"wildcard": "*/init/*"}}]},
        [{"a": "dir/x"}, {"a": 5}, {"a": None}],
        [{"a": "dir/init/f"}, {}],
    ),
    (
        {"n": {"$or": [{"a": [{"numeric": [">", 0]}]}, {"b": [{"numeric": ["<", 10]}]}]}},
        [{"n": {"a": 0, "b": 0}}, {"n": {"a": 1}}],
        [{"n": {"a": 0, "b": 10}}],
    ),
    ({"a": [{"anything-but": "x"}, {"exists": False}]}, [{}], [{"a": "x"}]),
    ({"a": [{"numeric": [">", 0, "<=", 5]}]}, [{"a": 3}], [{"a": 42}, {"a": "3"}, {"a": None}, {"a": True}]),
    ({"a": [{"numeric": ["=", 3.018e2]}]}, [{"a": 301.8}], []),
    (
        {"a": [{"cidr": "10.0.0.0/24"}]},
        [{"a": "10.0.0.255"}],
        [{"a": "10.0.1.0"}, {"a": 123}, {"a": "10.0.0.256"}, {"a": "::1"}],
    ),
    ({"a": [{"cidr": "2001:db8:1:1a00::/64"}]}, [{"a": "2001:0db8:0001:1a00:0000:0000:0000:0001"}], []),
    ({"a": [{"wildcard": "/u/*/d.txt"}]}, [{"a": "/u/x/y/d.txt"}], [{"a": "/u/x/y/dxtxt"}]),
    ({"a": [{"wildcard": "1\\*2"}]}, [{"a": "1*2"}], [{"a": "1-2"}]),
    ({"a": [{"wildcard": ""}]}, [{"a": ""}], [{"a": "x"}]),
    ({"a": [{"exists": True}, {"prefix": "no"}]}, [{"a": "v"}], []),
    (
        {"dynamodb": {"Keys": {"PK": {"S": [{"prefix": "CO"}]}}}},
        [{"dynamodb": {"Keys": {"PK": {"S": "COMPANY"}}}}],
        [{"dynamodb": {"Keys": {"PK": {"S": "X"}}}}],
    ),
]


@pytest.mark.parametrize(("pattern", "matching", "others"), VERDICTS, ids=lambda value: json.dumps(value)[:40])
def test_verdicts(pattern: Any, matching: list[Any], others: list[Any]) -> None:
    matches = compile_pattern(json.dumps(pattern))
    assert [event for event in matching if not matches(event)] == []
    assert [event for event in others if matches(event)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        *("{", '"a"', "[]", "5", "{}", '{"a": {}}', '{"a": "x"}', '{"a": 5}', '{"a": []}', '{"a": [[1]]}'),
        *('{"a": [{}]}', '{"a": [{"prefix": "a", "suffix": "b"}]}', '{"a": [1], "a.b": [1]}'),
        *('{"$or": []}', '{"$or": [1]}', '{"$or": {}}', '{"a": [{"EXISTS": true}]}', '{"a": [{"exists": "x"}]}'),
        *('{"a": [{"prefix": 5}]}', '{"a": [{"prefix": ["x"]}]}', '{"a": [{"suffix": null}]}'),
        *('{"a": [{"equals-ignore-case": ["x"]}]}', '{"a": [{"equals-ignore-case": {"prefix": "x"}}]}'),
        *('{"a": [{"anything-but": ["x", null]}]}', '{"a": [{"anything-but": null}]}'),
        *('{"a": [{"anything-but": {"prefix": ""}}]}', '{"a": [{"anything-but": {"prefix": 5}}]}'),
        *('{"a": [{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]}', '{"a": [{"anything-but": []}]}'),
        *('{"a": [{"anything-but": {"wildcard": 5}}]}', '{"a": [{"anything-but": {"numeric": [">", 1]}}]}'),
        *('{"a": [{"numeric": [">", 0, ">", 0]}]}', '{"a": [{"numeric": [">", 0, "<"]}]}', '{"a": [{"numeric": 5}]}'),
        *('{"a": [{"NUMERIC": ["=", 5]}]}', '{"a": [{"numeric": ["=", "5"]}]}', '{"a": [{"numeric": []}]}'),
        *('{"a": [{"cidr": "xx.1/8"}]}', '{"a": [{"cidr": "10.0.0.0/33"}]}', '{"a": [{"cidr": ["10.0.0.0/8"]}]}'),
        *('{"a": [{"wildcard": "a:**:b"}]}', '{"a": [{"wildcard": "*:*:*:*:*:x/*"}]}', '{"a": [{"wildcard": 5}]}'),
        '{"a": ["' + "x" * 4096 + '"]}',
    ],
)
def test_what_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"^Invalid filter pattern definition\. "):
        compile_pattern(pattern)


plain = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab*", max_size=3)
objects = st.recursive(
    st.dictionaries(st.sampled_from("abc"), plain, min_size=1, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), plain | inner, min_size=1, max_size=3),
    max_leaves=6,
)


def as_pattern(value: Any) -> Any:
    """The pattern that asks for exactly the values of an event."""
    return {key: as_pattern(item) if isinstance(item, dict) else [item] for key, item in value.items()}


@given(objects, objects)
def test_an_event_matches_the_pattern_made_of_it_whatever_else_it_has(event: Any, more: Any) -> None:
    matches = compile_pattern(json.dumps(as_pattern(event)))
    assert matches(event)
    assert matches({**event, "z": more})
    assert matches({key: [more, item] for key, item in event.items()})


@given(st.lists(plain, min_size=1, max_size=4), plain)
def test_anything_but_is_the_opposite_of_equal(excluded: list[Any], value: Any) -> None:
    texts = [item for item in excluded if isinstance(item, str)] or ["x"]
    equal = compile_pattern(json.dumps({"a": texts}))
    other = compile_pattern(json.dumps({"a": [{"anything-but": texts}]}))
    assert other({"a": value}) is not equal({"a": value})

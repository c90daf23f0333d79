from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from lambdakit.events.model import Model, field
from lambdakit.exceptions import MissingFieldError


class Leaf(Model, at="$.items[*]"):
    shown = ("name",)

    name: str = field("name")
    note: str | None = field("note", default=None)


class Root(Model):
    shown = ("items", "size")

    items: list[Leaf] = field("items", each=Leaf)
    named: dict[str, Leaf] = field("named", values=Leaf, default={})
    grouped: dict[str, list[Leaf]] = field("grouped", groups=Leaf, default={})
    size: int = field("meta", "size-in-bytes", convert=int)
    colour: str = field("meta", "colour", default="red")
    plain: Any = field("plain")


RAW: dict[str, Any] = {
    "items": [{"name": "a"}, {"name": "b", "note": "n", "unknown": 1}],
    "named": {"x": {"name": "c"}},
    "grouped": {"g": [{"name": "d"}, {"name": "e", "odd": 1}], "none": []},
    "meta": {"size-in-bytes": "12"},
    "plain": [1],
}


def test_fields_read_convert_and_nest() -> None:
    root = Root(RAW)
    assert [leaf.name for leaf in root.items] == ["a", "b"]
    assert {name: [leaf.name for leaf in leaves] for name, leaves in root.grouped.items()} == {
        "g": ["d", "e"],
        "none": [],
    }
    assert root.items[0].note is None
    assert root.items[1].note == "n"
    assert root.named["x"] == Leaf({"name": "c"})
    assert (root.size, root.colour, root.plain) == (12, "red", [1])


def test_null_is_absent_where_a_field_has_a_default() -> None:
    assert Leaf({"name": "a", "note": None}).note is None
    assert Root({"meta": {"colour": None}}).colour == "red"
    assert Root({"meta": None}).colour == "red"


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: Leaf({}).name, "Leaf.name: the event has no $.items[*].name"),
        (lambda: Root({}).items, "Root.items: the event has no $.items"),
        (lambda: Root({"meta": {}}).size, 'Root.size: the event has no $.meta["size-in-bytes"]'),
        (lambda: Root({"meta": None}).size, 'Root.size: the event has no $.meta["size-in-bytes"]'),
        (lambda: Leaf(None).name, "Leaf.name: the event has no $.items[*].name"),  # type: ignore[arg-type]
    ],
)
def test_a_missing_field_names_class_field_and_path(read: Any, message: str) -> None:
    with pytest.raises(MissingFieldError) as caught:
        read()
    assert str(caught.value) == message
    assert str(pickle.loads(pickle.dumps(caught.value))) == message


def test_the_raw_json_is_always_there() -> None:
    leaf = Leaf(RAW["items"][1])
    assert leaf.raw is RAW["items"][1]
    assert (leaf["unknown"], "unknown" in leaf, "nothing" in leaf, leaf.get("nothing", 0)) == (1, True, False, 0)
    assert dict(leaf.raw) == RAW["items"][1]


@pytest.mark.parametrize("use", [dict, list, lambda model: {**model}, len, set, lambda model: [*model]])
def test_a_model_is_no_mapping_and_says_so(use: Any) -> None:
    with pytest.raises(TypeError):
        use(Leaf({"ab": 1}))
    for copying in (dict, list):
        with pytest.raises(TypeError, match=r"Leaf is no mapping: .*dict\(event\.raw\)"):
            copying(Leaf({"ab": 1}))


def test_a_model_is_true_whatever_it_holds() -> None:
    assert Leaf({})


def test_objects_are_immutable_and_equal_by_content() -> None:
    leaf = Leaf({"name": "a"})
    with pytest.raises(AttributeError, match=r"immutable; make a new one from a changed copy of \.raw"):
        leaf.name = "b"
    with pytest.raises(AttributeError, match="immutable"):
        del leaf.name
    with pytest.raises(AttributeError):
        leaf.other = "b"
    assert leaf == Leaf({"name": "a"})
    assert leaf != Leaf({"name": "b"})
    assert leaf != {"name": "a"}
    assert not hasattr(leaf, "__dict__")
    with pytest.raises(TypeError):
        hash(leaf)


def test_objects_pickle_and_copy() -> None:
    root = Root(RAW)
    assert pickle.loads(pickle.dumps(root)) == root
    copied = copy.deepcopy(root)
    assert copied == root
    assert copied.raw is not root.raw


def test_repr_is_short_and_survives_a_broken_event() -> None:
    assert repr(Root(RAW)) == "Root(items=[Leaf(name='a'), Leaf(name='b')], size=12)"
    assert repr(Root({})) == "Root(items=?, size=?)"


def test_a_subclass_inherits_and_replaces_fields() -> None:
    class More(Leaf):
        name: str = field("other")

        @property
        def note(self) -> str:
            return "computed"

    assert (More({"other": "o"}).name, More({}).note) == ("o", "computed")
    assert set(More.fields) == {"name"}
    assert More.at == "$.items[*]"

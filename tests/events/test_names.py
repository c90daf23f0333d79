"""No field hides what every model has, and none is hidden by it: every model of every module, found by walking."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.events.dynamodb import DynamoDBRecord
from lambdakit.events.model import Field, Model, ModelType
from tests.events.walk import modules

# What Model and its metaclass give every model, and what of it a model sets for itself, though never by a field.
GIVEN = {name for kind in (Model, ModelType) for name in vars(kind)} | {"fields", "at"}
SETTABLE = {"at", "fields", "shown"}
# Names of fields that are the same as one of those: none.
PERMITTED: frozenset[tuple[str, str]] = frozenset()


def models() -> list[ModelType]:
    modules()  # imports them all
    found: list[ModelType] = [Model]
    for model in found:
        found += [below for below in type.__subclasses__(model) if below not in found]
    return [model for model in found if model.__module__.startswith("lambdakit.")]


def test_no_field_has_the_name_of_what_a_model_has() -> None:
    found = models()
    assert len(found) > 100
    hiding = {(model.__name__, name) for model in found for name in model.fields if name in GIVEN}
    assert hiding == PERMITTED


def test_no_model_replaces_what_every_model_has() -> None:
    for model in models()[1:]:
        assert {name for name in vars(model) if name in GIVEN and not name.startswith("__")} <= SETTABLE, model


def test_every_field_is_what_its_name_reads() -> None:
    for model in models():
        for name, declared in model.fields.items():
            assert isinstance(declared, Field)
            assert isinstance(getattr(model, name), property), f"{model.__name__}.{name} is hidden"


def test_the_keys_of_a_changed_item_are_a_field() -> None:
    raw: dict[str, Any] = {"eventName": "REMOVE", "dynamodb": {"Keys": {"Id": {"S": "a"}}}}
    record = DynamoDBRecord(raw)
    assert record.keys == {"Id": "a"}
    assert dict(record.raw) == raw
    assert ("dynamodb" in record, record["eventName"], bool(record)) == (True, "REMOVE", True)
    for use in (dict, list, lambda model: {**model}):
        with pytest.raises(TypeError):
            use(record)

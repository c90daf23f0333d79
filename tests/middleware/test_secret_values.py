"""A secret shows nowhere but through `reveal()`."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from lambdakit.codec import encode
from lambdakit.exceptions import MarshalFault, UsageError
from lambdakit.middleware import Secret

HIDDEN = "hunter2"


@dataclass
class Holder:
    name: str
    secret: Secret[str]


class Model(BaseModel):
    secret: Secret[str]
    number: Secret[int] = Secret(1)


@given(st.text(alphabet="abcdef", min_size=5))
def test_no_text_made_of_it_has_it(value: str) -> None:
    secret = Secret(value)
    for text in (repr(secret), str(secret), f"{secret}", f"{secret!r:>30}", "%s %r" % (secret, secret), str([secret])):  # noqa: UP031
        assert value not in text
    assert secret.reveal() == value


def test_a_log_line_does_not_have_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.info("got %s and %r", Secret(HIDDEN), Holder("a", Secret(HIDDEN)))
    assert HIDDEN not in caplog.text
    assert "**********" in caplog.text


@pytest.mark.parametrize("dumps", [json.dumps, orjson.dumps])
def test_json_refuses_it(dumps: Any) -> None:
    with pytest.raises(TypeError) as caught:
        dumps({"a": Secret(HIDDEN)})
    assert HIDDEN not in "".join(traceback.format_exception(caught.value))


def test_a_result_with_it_is_refused_too() -> None:
    with pytest.raises(MarshalFault) as caught:
        encode({"a": Secret(HIDDEN)})
    assert HIDDEN not in str(caught.value)


def test_pickle_refuses_it() -> None:
    with pytest.raises(UsageError, match=r"a Secret is not pickled; pass on what reveal\(\) gives"):
        pickle.dumps(Holder("a", Secret(HIDDEN)))


def test_a_copy_is_itself_so_that_asdict_works() -> None:
    secret = Secret(HIDDEN)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    assert asdict(Holder("a", secret)) == {"name": "a", "secret": secret}


def test_its_attributes_do_not_show_it() -> None:
    secret = Secret(HIDDEN)
    shown = [repr(getattr(secret, name)) for name in dir(secret) if name != "reveal"]
    assert not any(HIDDEN in text for text in shown)


def test_it_compares_by_what_it_holds() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert (bool(Secret("")), bool(Secret("a"))) == (False, True)


def test_pydantic_checks_what_it_holds_and_never_shows_it() -> None:
    model = Model.model_validate({"secret": HIDDEN, "number": "5"})
    assert (model.secret.reveal(), model.number.reveal()) == (HIDDEN, 5)
    assert HIDDEN not in repr(model)
    assert HIDDEN not in model.model_dump_json()
    assert Model(secret=Secret(HIDDEN)).model_dump()["secret"] == Secret(HIDDEN)
    with pytest.raises(ValidationError):
        Model.model_validate({"secret": HIDDEN, "number": "x"})

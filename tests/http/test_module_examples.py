"""The examples in the modules' texts: what they register is registered, as it stands there."""

from __future__ import annotations

import doctest
import re
from dataclasses import dataclass
from textwrap import dedent
from typing import Annotated, Any, TypeAlias

import pytest

from lambdakit import exceptions, http
from lambdakit.http import (
    app,
    cookies,
    file_response,
    forms,
    markers,
    multi_maps,
    path_patterns,
    problems,
    request,
    response,
    router,
)


@dataclass
class User:
    name: str


class StockError(Exception):
    pass


Login: TypeAlias = User
NewUser: TypeAlias = User


def middleware(event: Any, context: Any, call_next: Any) -> Any:
    return call_next(event, context)


def code_of(text: str) -> str:
    """The indented blocks that are code."""
    blocks = re.findall(r"(?:^    .*\n|^\n)+", text, re.MULTILINE)
    return "\n".join(dedent(block) for block in blocks if re.search(r"^    (@|def |app = )", block, re.MULTILINE))


@pytest.mark.parametrize(
    ("module", "routes"), [(app, 2), (router, 1), (request, 1), (forms, 1), (file_response, 1), (markers, 0)]
)
def test_the_example_runs(module, routes):
    names: dict[str, Any] = {name: getattr(http, name) for name in http.__all__}
    names |= {"User": User, "Login": Login, "NewUser": NewUser, "StockError": StockError, "Annotated": Annotated}
    names |= {"signed_in": middleware, "admin": http.Router(), "app": http.HttpApp()}
    exec(code_of(module.__doc__), names)
    assert len(names["app"].routes) == routes
    if module is markers:
        names["app"].post("/")(names["search"])


@pytest.mark.parametrize("module", [cookies, exceptions, multi_maps, path_patterns, problems, response])
def test_the_examples_in_docstrings_hold(module):
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0

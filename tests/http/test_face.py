"""The public names of `lambdakit.http`, frozen against what its modules export, and what using one imports."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from lambdakit import http

ROOT = Path(http.__file__).parent
MODULES = sorted(info.name for info in pkgutil.iter_modules([str(ROOT)]))


def imported(statement: str) -> set[str]:
    """The modules that a fresh interpreter imports for a statement."""
    script = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT.parent.parent, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_the_face_is_of_what_the_modules_export():
    for module, names in http._PUBLIC.items():
        assert set(names) <= set(import_module(f"lambdakit.http.{module}").__all__)
    assert list(http.__all__) == sorted(http.__all__)
    assert list(http._PUBLIC) == sorted(http._PUBLIC)
    assert sorted(http.__all__) == sorted(name for names in http._PUBLIC.values() for name in names)
    assert set(http.__all__) <= set(dir(http))


@pytest.mark.parametrize("name", http.__all__)
def test_every_name_resolves(name):
    module = next(module for module, names in http._PUBLIC.items() if name in names)
    assert getattr(http, name) is getattr(import_module(f"lambdakit.http.{module}"), name)


def test_every_name_has_its_static_type():
    text = (ROOT / "__init__.py").read_text()
    for module, names in http._PUBLIC.items():
        for name in names:
            assert f"    from lambdakit.http.{module} import {name} as {name}\n" in text


def test_no_module_takes_the_place_of_a_name():
    assert not set(MODULES) & set(http.__all__)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'lambdakit\.http' has no attribute 'nothing'"):
        http.nothing  # noqa: B018


def test_importing_the_package_imports_nothing_of_it():
    assert imported("import lambdakit.http") <= {"__future__", "lambdakit", "lambdakit.http"}


def test_a_websocket_function_imports_no_client_and_no_event_loop():
    found = imported("from lambdakit.http import Connection, WebSocketApp")
    assert not found & {"asyncio", "httpx", "botocore", "typing", "dataclasses", "inspect", "datetime", "re", "random"}


def test_tokens_import_no_pyjwt_before_the_first():
    found = imported("from lambdakit.http import BearerTokens; BearerTokens(issuer='https://a', audience=None)")
    assert not found & {"jwt", "cryptography", "httpx", "asyncio", "typing", "dataclasses"}


def test_the_router_imports_nothing_heavy():
    routes = "app = HttpApp(); app.get('/{id:int}')(lambda id: {'id': id}); app.post('/')(lambda request: None)"
    event = {"httpMethod": "GET", "path": "/7", "requestContext": {}}
    found = imported(f"from lambdakit.http import HttpApp; {routes}; assert app({event})['statusCode'] == 200")
    heavy = {"typing", "dataclasses", "inspect", "json", "asyncio", "datetime", "decimal", "uuid", "logging", "email"}
    assert not found & (heavy | {"orjson", "http.client", "lambdakit.runtime", "python_multipart"})

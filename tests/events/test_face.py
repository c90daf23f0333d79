"""The public names of `lambdakit.events`, frozen against what its modules export, and what using one imports."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from lambdakit import events

ROOT = Path(events.__file__).parent
# Modules that others of the package are made of; nothing of theirs is public under their own name.
INTERNAL_MODULES = frozenset(
    [
        "alexa_answer",
        "annotations",
        "attribute_values",
        "authorizer_answer",
        "aws_clients",
        "batch",
        "batch_run",
        "batch_sources",
        "batch_workers",
        "cloudformation_answer",
        "cognito_requests",
        "convert",
        "decorator",
        "edge_headers",
        "edge_origin_rules",
        "edge_request",
        "edge_response",
        "edge_rules",
        "getters",
        "lex_answer",
        "lex_v2_answer",
        "payload",
        "payload_foreign",
        "payload_objects",
        "payload_plans",
        "reporting",
        "rules",
        "s3_test",
    ]
)
# Names that only the package's own modules use.
INTERNAL_NAMES = frozenset(
    [
        "DISPOSITIONS",
        "EMPTY",
        "FILTERS",
        "LIST_RULES",
        "RULES",
        "STATE_LIMIT",
        "CustomResourceDecorator",
        "Field",
        "ModelType",
        "StageDecorator",
        "StreamEvent",
        "TriggerDecorator",
        "field",
        "identity_of",
        "identity_of",
        "leaves",
        "test_of",
        "window_answer",
    ]
)
MODULES = sorted(info.name for info in pkgutil.iter_modules([str(ROOT)]))
# What the decorator of S3's events is made of: importing it imports these modules of the package and no other.
S3_NEEDS = {"convert", "decorator", "detection", "getters", "model", "s3"}


def imported(statement: str) -> set[str]:
    """The modules of lambdakit and all others that a fresh interpreter imports for a statement."""
    script = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT.parent.parent, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def exported() -> dict[str, set[str]]:
    """Module -> what it exports and is not internal."""
    public = [name for name in MODULES if name not in INTERNAL_MODULES]
    found = {name: set(import_module(f"lambdakit.events.{name}").__all__) - INTERNAL_NAMES for name in public}
    return {name: names for name, names in found.items() if names}


def test_the_face_is_what_the_modules_export():
    assert {module: set(names) for module, names in events._PUBLIC.items()} == exported()
    assert sorted(events.__all__) == sorted(name for names in events._PUBLIC.values() for name in names)
    assert set(events.__all__) <= set(dir(events))


def test_what_is_internal_is_there():
    assert set(MODULES) >= INTERNAL_MODULES
    everything = {name for module in MODULES for name in import_module(f"lambdakit.events.{module}").__all__}
    assert everything >= INTERNAL_NAMES


@pytest.mark.parametrize("name", events.__all__)
def test_every_name_resolves(name):
    module = next(module for module, names in events._PUBLIC.items() if name in names)
    assert getattr(events, name) is getattr(import_module(f"lambdakit.events.{module}"), name)


def test_every_name_has_its_static_type():
    text = (ROOT / "__init__.py").read_text()
    for module, names in events._PUBLIC.items():
        for name in names:
            assert f"    from lambdakit.events.{module} import {name} as {name}\n" in text


def test_no_module_takes_the_place_of_a_name():
    assert not set(MODULES) & set(events.__all__)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'lambdakit\.events' has no attribute 'nothing'"):
        events.nothing  # noqa: B018


def test_importing_the_package_imports_no_source():
    assert imported("import lambdakit.events") <= {"__future__", "lambdakit", "lambdakit.events"}


def test_one_source_imports_what_it_needs():
    found = imported("from lambdakit.events import S3Event, s3_event")
    prefix = "lambdakit.events."
    assert {name.removeprefix(prefix) for name in found if name.startswith(prefix)} == S3_NEEDS
    assert not found & {"typing", "dataclasses", "inspect", "json", "datetime", "re", "enum", "decimal", "base64"}

"""Whatever a request says, the control plane does it or refuses it in the service's words; it never breaks."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.emulator import LocalService
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.control import constraints
from lambdakit.emulator.control.inputs import INPUTS
from lambdakit.emulator.control.plane import ControlPlane
from lambdakit.emulator.control.registry import Caller
from lambdakit.exceptions import ServiceError
from tests.emulator.api.control_support import ARN, ROLE, code

NAMES = st.sampled_from(["f", "f:1", "f:live", "gone", ARN + "f", ARN + "f:$LATEST", "a.b", "f:", "\n", "x" * 65])
WORDS = st.sampled_from(["", "1", "9", "$LATEST", "live", "$LATEST.PUBLISHED", "é", "arn:aws:sqs:us-east-1:1:q", ROLE])
CODE = {"ZipFile": base64.b64encode(code("1")).decode()}
CODES = st.sampled_from([{"ZipFile": "x"}, {}, CODE])
HERE = Caller("us-east-1", "http://localhost")
JUNK = st.one_of(st.none(), st.booleans(), st.integers(-2, 2**40), st.floats(0, 2), st.text(max_size=3), st.just([]))


def values(wanted: constraints.Constraint) -> st.SearchStrategy[Any]:
    """Values of a member, mostly of its type."""
    return st.one_of(_proper(wanted), _proper(wanted), _proper(wanted), JUNK)


def _proper(wanted: constraints.Constraint) -> st.SearchStrategy[Any]:
    if isinstance(wanted, constraints.Struct):
        members = {name: values(member) for name, member in wanted.members.items()}
        return st.fixed_dictionaries({}, optional=members)
    if isinstance(wanted, constraints.Choice):
        return st.sampled_from(wanted.values)
    if isinstance(wanted, constraints.Number):
        return st.integers(int(wanted.least), int(wanted.most or 1000))
    if isinstance(wanted, constraints.ListOf):
        return st.lists(values(wanted.member), max_size=3)
    if isinstance(wanted, constraints.MapOf):
        return st.dictionaries(WORDS, values(wanted.value), max_size=2)
    return st.booleans() if isinstance(wanted, constraints.Flag) else WORDS


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An operation with inputs for it."""
    operation = draw(st.sampled_from([name for name in INPUTS if "Url" not in name]))
    inputs = draw(_proper(INPUTS[operation]))
    if "FunctionName" in INPUTS[operation].members:
        inputs["FunctionName"] = draw(NAMES)
    if operation == "CreateFunction":
        inputs |= {"Role": ROLE, "Handler": "app.handler", "Runtime": "provided.al2023", "Code": draw(CODES)}
    return operation, inputs


async def answered(plane: ControlPlane, operation: str, inputs: dict[str, Any]) -> int:
    """The status of an answer."""
    try:
        await plane.call(operation, inputs, HERE)
    except ServiceError as error:
        return error.status
    return 200


@given(st.lists(requests(), min_size=1, max_size=12))
@settings(max_examples=40)
def test_every_request_is_done_or_refused(given: list[tuple[str, dict[str, Any]]]) -> None:
    async def go() -> None:
        backstage = Backstage()
        service = LocalService()
        plane = ControlPlane(service, backstage, location=lambda address, digest: f"{address}/{digest}")
        async with service, backstage.behind(service), plane:
            await plane.start()
            created = {"Role": ROLE, "Handler": "a.b", "Runtime": "provided.al2", "Code": CODE, "Publish": True}
            await plane.call("CreateFunction", {"FunctionName": "f", **created}, HERE)
            for operation, inputs in given:
                status = await answered(plane, operation, inputs)
                assert 200 <= status < 500, (operation, inputs)
            await plane.reset()
            assert service.functions == {}

    asyncio.run(go())

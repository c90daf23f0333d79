"""Versions and aliases in the engine: which code a qualifier runs, and whose concurrency it takes."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lambdakit.emulator import LocalService
from lambdakit.emulator.ledger import Ledger
from lambdakit.emulator.service import InvokeRequest
from lambdakit.emulator.versions import Alias
from lambdakit.exceptions import ServiceError, ThrottledError
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from pathlib import Path

APP = """
    import os
    def handler(event, context):
        kind = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
        return [os.environ["N"], context.function_version, context.invoked_function_arn.rpartition(":")[2], kind]
"""


def test_a_qualifier_runs_its_version(tmp_path: Path) -> None:
    async def go() -> None:
        config = app_config(tmp_path, APP, environment={"N": "latest"})
        async with LocalService() as service:
            service.add(config)
            service.publish(replace(config, version="1", environment={"N": "one"}))
            service.point("engine-test", "live", Alias("1"))

            async def ask(qualifier: str | None) -> list[str]:
                result = await service.invoke(InvokeRequest("engine-test", qualifier=qualifier))
                answer: list[str] = json.loads(result.payload)
                assert result.executed_version == answer[1]
                return answer[:3]

            assert await ask(None) == ["latest", "$LATEST", "engine-test"]
            assert await ask("$LATEST") == ["latest", "$LATEST", "$LATEST"]
            assert await ask("1") == ["one", "1", "1"]
            assert await ask("live") == ["one", "1", "live"]
            service.point("engine-test", "live", Alias("$LATEST"))
            assert await ask("live") == ["latest", "$LATEST", "live"]
            service.withdraw("engine-test", "1")
            service.point("engine-test", "live", None)
            for gone in ("1", "live"):
                with pytest.raises(ServiceError, match=f"not found: .*:engine-test:{gone}"):
                    await ask(gone)

    run(go())


def test_weights_are_drawn_for_each_invocation() -> None:
    alias = Alias("1", (("2", 0.3),))
    drawn = Counter(alias.draw() for _ in range(4000))
    assert set(drawn) == {"1", "2"}
    assert 1000 < drawn["2"] < 1400
    assert {Alias("1", (("2", 1.0),)).draw() for _ in range(100)} == {"2"}
    assert {Alias("1", (("2", 0.0),)).draw() for _ in range(100)} == {"1"}


def test_a_version_has_provisioned_environments_of_its_own(tmp_path: Path) -> None:
    async def go() -> None:
        config = app_config(tmp_path, APP, environment={"N": "x"})
        async with LocalService(concurrency=200) as service:
            service.add(config)
            service.publish(replace(config, version="1"))
            service.reserve("engine-test", 1)
            assert await service.provision("engine-test:1", 1) == 1
            assert service.provisioned("engine-test:1") == 1
            assert service.provisioned("engine-test") == 0
            one = await service.invoke(InvokeRequest("engine-test:1"))
            assert json.loads(one.payload)[3] == "provisioned-concurrency"
            # All that is reserved is provisioned for the version: nothing is left for the function itself.
            with pytest.raises(ThrottledError):
                await service.invoke(InvokeRequest("engine-test"))
            service.remove("engine-test")
            assert service.ledger.unreserved == 200

    run(go())


def test_versions_share_their_functions_concurrency() -> None:
    ledger = Ledger(300)
    whole = ledger.open_share()
    first, second = ledger.open_share(whole), ledger.open_share(whole)
    ledger.reserve(whole, 3)
    ledger.request(first, 1)
    with pytest.raises(ServiceError, match="not be greater than the reserved"):
        ledger.request(second, 3)
    ledger.request(second, 1)
    with pytest.raises(ServiceError, match=r"total provisioned concurrency \[2\]"):
        ledger.reserve(whole, 1)
    first.provisioned = 1
    assert [ledger.lease(first), ledger.lease(first)] == ["provisioned", "reserved"]
    assert whole.running == 2
    with pytest.raises(ThrottledError):
        ledger.lease(second)
    ledger.give_back(first, "reserved")
    assert ledger.lease(second) == "reserved"
    ledger.close_share(first)
    assert whole.promised == 1
    assert ledger.unreserved == 297


def test_what_is_absent_may_be_on_its_way(tmp_path: Path) -> None:
    async def go() -> None:
        async with LocalService() as service:
            service.on_absent = lambda name: ServiceError(409, "Pending", name.name) if name.name == "soon" else None
            with pytest.raises(ServiceError, match="Pending: soon"):
                await service.invoke(InvokeRequest("soon"))
            with pytest.raises(ServiceError, match="ResourceNotFound"):
                await service.invoke(InvokeRequest("never"))

    run(go())

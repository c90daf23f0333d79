from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from lambdakit.events.transfer import TransferEvent, transfer_answer, transfer_identity
from lambdakit.exceptions import ResponseError, WrongSourceError

RAW = {"username": "ada", "protocol": "SFTP", "serverId": "s-1", "sourceIp": "10.0.0.1"}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def test_a_key_user_has_no_password() -> None:
    assert TransferEvent(RAW).password is None


def test_answers() -> None:
    assert transfer_answer("arn:r", logical_directories={"/": "/bucket/ada"}) == {
        "Role": "arn:r",
        "HomeDirectoryType": "LOGICAL",
        "HomeDirectoryDetails": '[{"Entry": "/", "Target": "/bucket/ada"}]',
    }
    with pytest.raises(ResponseError, match="one kind of home"):
        transfer_answer("arn:r", home_directory="/a", logical_directories={})
    with pytest.raises(ResponseError, match="PosixProfile needs Gid"):
        transfer_answer("arn:r", posix_profile={"Uid": 1})


def test_none_refuses_and_the_rest_is_checked() -> None:
    @transfer_identity
    async def refusing(event: TransferEvent, context: Any) -> None: ...

    @transfer_identity
    def wrong(event: TransferEvent, context: Any) -> dict[str, Any]:
        return {"HomeDirectory": "/a"}

    assert asyncio.run(refusing(RAW)) == {}  # type: ignore[arg-type, comparison-overlap]
    with pytest.raises(ResponseError, match="needs Role"):
        wrong(RAW)
    with pytest.raises(WrongSourceError):
        wrong({})

"""A root logger of one's own for a test, and the lines that come out of it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.middleware import log_lines
from lambdakit.middleware.logs import LEVEL_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator


class FakeContext:
    """What a middleware asks a context for."""

    def __init__(self, aws_request_id: str = "r-1", tenant_id: str | None = None) -> None:
        self.aws_request_id = aws_request_id
        self.tenant_id = tenant_id
        self.function_name = "orders"


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """The root logger without handlers, as a fresh process has it; put back afterwards."""
    kept, level = logging.root.handlers[:], logging.root.level
    monkeypatch.setattr(log_lines, "_gate", None)
    monkeypatch.setattr(log_lines, "_lowest", logging.CRITICAL)
    monkeypatch.delenv(LEVEL_VARIABLE, raising=False)
    logging.root.handlers[:] = []
    logging.root.setLevel(logging.WARNING)
    yield logging.root
    logging.root.handlers[:] = kept
    logging.root.setLevel(level)


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines on stdout since the last look, each as the JSON it must be."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def ones_own(root: logging.Logger) -> list[logging.Handler]:
    """The handlers but those of pytest."""
    return [handler for handler in root.handlers if not type(handler).__module__.startswith("_pytest")]

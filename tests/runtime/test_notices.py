"""Notices are the managed runtime's own, word for word."""

from __future__ import annotations

import pytest
from awslambdaric import lambda_literals
from awslambdaric.bootstrap import PREVIEW_RUNTIME_ENVS

from lambdakit.runtime.notices import PREVIEW_ENVIRONMENTS, UNHANDLED_EXCEPTION, preview_notice


def test_the_notice_of_an_unhandled_exception() -> None:
    assert lambda_literals.lambda_unhandled_exception_warning_message == UNHANDLED_EXCEPTION


@pytest.mark.parametrize("region", ["", "eu-west-1", "us-gov-west-1", "cn-north-1", "cn-northwest-1"])
def test_the_notice_of_a_preview(region, monkeypatch) -> None:
    monkeypatch.setenv("AWS_REGION", region)
    assert preview_notice(region) == lambda_literals.get_lambda_preview_runtime_warning_message()


def test_the_previews() -> None:
    assert PREVIEW_RUNTIME_ENVS == PREVIEW_ENVIRONMENTS

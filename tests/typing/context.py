"""The context as a user types it."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from typing_extensions import reveal_type

from lambdakit import ClientContext, Context


@dataclass
class Settings:
    table_name: str


def plain(event: dict[str, Any], context: Context) -> str:
    reveal_type(context.config)  # Any
    reveal_type(context.aws_request_id)  # str
    reveal_type(context.deadline)  # datetime
    reveal_type(context.get_remaining_time_in_millis())  # int
    reveal_type(context.identity.cognito_identity_id)  # str | None
    reveal_type(context.w3c())  # dict[str, str]
    return context.function_name


def configured(event: dict[str, Any], context: Context[Settings]) -> str:
    reveal_type(context.config)  # Settings
    reveal_type(context.config.table_name)  # str
    return context.config.table_name


def mobile(context: Context[Settings]) -> str | None:
    client_context: ClientContext | None = context.client_context
    if client_context is None or client_context.client is None:
        return None
    reveal_type(client_context.client.app_title)  # str | None
    return client_context.client.app_title


reveal_type(Context[Settings]("id", deadline_ms=1))  # LambdaContext[Settings]
reveal_type(configured)  # (event: dict[str, Any], context: LambdaContext[Settings]) -> str

"""Typed configuration as a user writes it."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from typing_extensions import reveal_type

from lambdakit import Context, lambda_handler
from lambdakit.events import S3Event, s3_event
from lambdakit.middleware import URL, Secret, appconfig, env, kms, prefix, secret, ssm, variable


@dataclass(frozen=True)
class Database:
    host: str
    password: Annotated[Secret[str], secret("db", key="password")]


@dataclass(frozen=True)
class Settings:
    table_name: str
    api_key: Annotated[Secret[str], ssm("/{STAGE}/key")]
    pin: Annotated[Secret[int], kms()]
    limits: Annotated[dict[str, int], appconfig("app", "prod", "limits")]
    database: Annotated[Database, prefix("DB_")]
    endpoint: URL
    region: Annotated[str, variable("AWS_REGION")]
    timeout: timedelta = timedelta(seconds=3)


@s3_event(middleware=[env(Settings)])
def stored(event: S3Event, context: Context[Settings]) -> str:
    reveal_type(context.config)  # Settings
    reveal_type(context.config.table_name)  # str
    reveal_type(context.config.api_key)  # Secret[str]
    reveal_type(context.config.api_key.reveal())  # str
    reveal_type(context.config.pin.reveal())  # int
    reveal_type(context.config.limits)  # dict[str, int]
    reveal_type(context.config.database.password.reveal())  # str
    reveal_type(context.config.endpoint.parts.hostname)  # str | None
    reveal_type(context.config.timeout)  # timedelta
    return context.config.table_name


@lambda_handler(middleware=[env(Settings, prefix="APP_", ttl=60, dotenv=None)])
async def raw(event: dict[str, Any], context: Context[Settings]) -> str:
    reveal_type(context.config.region)  # str
    return context.config.region


reveal_type(env.load(Settings))  # Settings
reveal_type(env.load(Settings, prefix="APP_").table_name)  # str
reveal_type(Secret("a").reveal())  # str

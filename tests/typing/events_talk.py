"""The decorators of conversation and mail events, bare over a function and called over an async one."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from typing import Any

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import (
    AlexaSkillEvent,
    BedrockAPIEvent,
    BedrockFunctionEvent,
    ConnectEvent,
    LexV1Event,
    LexV2Event,
    SmartHomeEvent,
    SmartHomeEventV2,
    WorkMailEvent,
    alexa_skill,
    alexa_smart_home,
    alexa_smart_home_v2,
    bedrock_agent,
    bedrock_api,
    bedrock_function,
    connect_flow,
    lex_v1_hook,
    lex_v2_hook,
    workmail_flow,
)
from lambdakit.handlers import Call


def timing(event: Any, context: Any, call_next: Call) -> Any:
    return call_next(event, context)


@alexa_skill
def plain_alexa_skill(event: AlexaSkillEvent, context: Context) -> str:
    return str(event)


@alexa_skill(middleware=[timing])
async def async_alexa_skill(event: AlexaSkillEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_alexa_skill)  # Handler[AlexaSkillEvent, str]
reveal_type(async_alexa_skill)  # Handler[AlexaSkillEvent, Coroutine[Any, Any, str]]


@alexa_smart_home
def plain_alexa_smart_home(event: SmartHomeEvent, context: Context) -> str:
    return str(event)


@alexa_smart_home(middleware=[timing])
async def async_alexa_smart_home(event: SmartHomeEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_alexa_smart_home)  # Handler[SmartHomeEvent, str]
reveal_type(async_alexa_smart_home)  # Handler[SmartHomeEvent, Coroutine[Any, Any, str]]


@alexa_smart_home_v2
def plain_alexa_smart_home_v2(event: SmartHomeEventV2, context: Context) -> str:
    return str(event)


@alexa_smart_home_v2(middleware=[timing])
async def async_alexa_smart_home_v2(event: SmartHomeEventV2, context: Context) -> str:
    return str(event)


reveal_type(plain_alexa_smart_home_v2)  # Handler[SmartHomeEventV2, str]
reveal_type(async_alexa_smart_home_v2)  # Handler[SmartHomeEventV2, Coroutine[Any, Any, str]]


@bedrock_agent
def plain_bedrock_agent(event: BedrockFunctionEvent, context: Context) -> str:
    return str(event)


@bedrock_agent(middleware=[timing])
async def async_bedrock_agent(event: BedrockFunctionEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_bedrock_agent)  # Handler[BedrockFunctionEvent, str]
reveal_type(async_bedrock_agent)  # Handler[BedrockFunctionEvent, Coroutine[Any, Any, str]]


@bedrock_api
def plain_bedrock_api(event: BedrockAPIEvent, context: Context) -> str:
    return str(event)


@bedrock_api(middleware=[timing])
async def async_bedrock_api(event: BedrockAPIEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_bedrock_api)  # Handler[BedrockAPIEvent, str]
reveal_type(async_bedrock_api)  # Handler[BedrockAPIEvent, Coroutine[Any, Any, str]]


@bedrock_function
def plain_bedrock_function(event: BedrockFunctionEvent, context: Context) -> str:
    return str(event)


@bedrock_function(middleware=[timing])
async def async_bedrock_function(event: BedrockFunctionEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_bedrock_function)  # Handler[BedrockFunctionEvent, str]
reveal_type(async_bedrock_function)  # Handler[BedrockFunctionEvent, Coroutine[Any, Any, str]]


@connect_flow
def plain_connect_flow(event: ConnectEvent, context: Context) -> str:
    return str(event)


@connect_flow(middleware=[timing])
async def async_connect_flow(event: ConnectEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_connect_flow)  # Handler[ConnectEvent, str]
reveal_type(async_connect_flow)  # Handler[ConnectEvent, Coroutine[Any, Any, str]]


@lex_v1_hook
def plain_lex_v1_hook(event: LexV1Event, context: Context) -> str:
    return str(event)


@lex_v1_hook(middleware=[timing])
async def async_lex_v1_hook(event: LexV1Event, context: Context) -> str:
    return str(event)


reveal_type(plain_lex_v1_hook)  # Handler[LexV1Event, str]
reveal_type(async_lex_v1_hook)  # Handler[LexV1Event, Coroutine[Any, Any, str]]


@lex_v2_hook
def plain_lex_v2_hook(event: LexV2Event, context: Context) -> str:
    return str(event)


@lex_v2_hook(middleware=[timing])
async def async_lex_v2_hook(event: LexV2Event, context: Context) -> str:
    return str(event)


reveal_type(plain_lex_v2_hook)  # Handler[LexV2Event, str]
reveal_type(async_lex_v2_hook)  # Handler[LexV2Event, Coroutine[Any, Any, str]]


@workmail_flow
def plain_workmail_flow(event: WorkMailEvent, context: Context) -> str:
    return str(event)


@workmail_flow(middleware=[timing])
async def async_workmail_flow(event: WorkMailEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_workmail_flow)  # Handler[WorkMailEvent, str]
reveal_type(async_workmail_flow)  # Handler[WorkMailEvent, Coroutine[Any, Any, str]]

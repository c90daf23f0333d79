"""The decorators of delivery and account events, bare over a function and called over an async one."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from typing import Any

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import (
    ClientVPNEvent,
    CodeCommitEvent,
    CodeDeployEvent,
    CodePipelineEvent,
    ConfigEvent,
    CustomResourceEvent,
    MacroEvent,
    SecretRotationEvent,
    TransferEvent,
    client_vpn,
    cloudformation_macro,
    codecommit_event,
    codedeploy_hook,
    codepipeline_job,
    config_rule,
    custom_resource,
    secret_rotation,
    transfer_identity,
)
from lambdakit.handlers import Call


def timing(event: Any, context: Any, call_next: Call) -> Any:
    return call_next(event, context)


@cloudformation_macro
def plain_cloudformation_macro(event: MacroEvent, context: Context) -> str:
    return str(event)


@cloudformation_macro(middleware=[timing])
async def async_cloudformation_macro(event: MacroEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_cloudformation_macro)  # Handler[MacroEvent, str]
reveal_type(async_cloudformation_macro)  # Handler[MacroEvent, Coroutine[Any, Any, str]]


@custom_resource
def plain_custom_resource(event: CustomResourceEvent, context: Context) -> str:
    return str(event)


@custom_resource(middleware=[timing])
async def async_custom_resource(event: CustomResourceEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_custom_resource)  # Handler[CustomResourceEvent, str]
reveal_type(async_custom_resource)  # Handler[CustomResourceEvent, Coroutine[Any, Any, str]]


@codecommit_event
def plain_codecommit_event(event: CodeCommitEvent, context: Context) -> str:
    return str(event)


@codecommit_event(middleware=[timing])
async def async_codecommit_event(event: CodeCommitEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_codecommit_event)  # Handler[CodeCommitEvent, str]
reveal_type(async_codecommit_event)  # Handler[CodeCommitEvent, Coroutine[Any, Any, str]]


@codedeploy_hook
def plain_codedeploy_hook(event: CodeDeployEvent, context: Context) -> str:
    return str(event)


@codedeploy_hook(middleware=[timing])
async def async_codedeploy_hook(event: CodeDeployEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_codedeploy_hook)  # Handler[CodeDeployEvent, str]
reveal_type(async_codedeploy_hook)  # Handler[CodeDeployEvent, Coroutine[Any, Any, str]]


@codepipeline_job
def plain_codepipeline_job(event: CodePipelineEvent, context: Context) -> str:
    return str(event)


@codepipeline_job(middleware=[timing])
async def async_codepipeline_job(event: CodePipelineEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_codepipeline_job)  # Handler[CodePipelineEvent, str]
reveal_type(async_codepipeline_job)  # Handler[CodePipelineEvent, Coroutine[Any, Any, str]]


@config_rule
def plain_config_rule(event: ConfigEvent, context: Context) -> str:
    return str(event)


@config_rule(middleware=[timing])
async def async_config_rule(event: ConfigEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_config_rule)  # Handler[ConfigEvent, str]
reveal_type(async_config_rule)  # Handler[ConfigEvent, Coroutine[Any, Any, str]]


@secret_rotation
def plain_secret_rotation(event: SecretRotationEvent, context: Context) -> str:
    return str(event)


@secret_rotation(middleware=[timing])
async def async_secret_rotation(event: SecretRotationEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_secret_rotation)  # Handler[SecretRotationEvent, str]
reveal_type(async_secret_rotation)  # Handler[SecretRotationEvent, Coroutine[Any, Any, str]]


@transfer_identity
def plain_transfer_identity(event: TransferEvent, context: Context) -> str:
    return str(event)


@transfer_identity(middleware=[timing])
async def async_transfer_identity(event: TransferEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_transfer_identity)  # Handler[TransferEvent, str]
reveal_type(async_transfer_identity)  # Handler[TransferEvent, Coroutine[Any, Any, str]]


@client_vpn
def plain_client_vpn(event: ClientVPNEvent, context: Context) -> str:
    return str(event)


@client_vpn(middleware=[timing])
async def async_client_vpn(event: ClientVPNEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_client_vpn)  # Handler[ClientVPNEvent, str]
reveal_type(async_client_vpn)  # Handler[ClientVPNEvent, Coroutine[Any, Any, str]]

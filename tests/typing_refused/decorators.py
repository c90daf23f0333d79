"""What both checkers refuse of every decorator: a function of something else, and an option there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.events import (
    activemq_batch,
    activemq_event,
    alb_target,
    alexa_skill,
    alexa_smart_home,
    alexa_smart_home_v2,
    amplify_resolver,
    api_gateway,
    appsync_authorizer,
    appsync_batch,
    appsync_channel,
    appsync_resolver,
    bedrock_agent,
    bedrock_api,
    bedrock_function,
    client_vpn,
    cloudformation_macro,
    cloudwatch_alarm,
    cloudwatch_logs,
    codecommit_event,
    codedeploy_hook,
    codepipeline_job,
    cognito_sync,
    cognito_trigger,
    config_rule,
    connect_flow,
    create_auth_challenge,
    custom_email_sender,
    custom_message,
    custom_resource,
    custom_sms_sender,
    custom_widget,
    define_auth_challenge,
    docdb_event,
    durable_event,
    dynamodb_batch,
    dynamodb_event,
    eventbridge_event,
    firehose_transform,
    function_url,
    inbound_federation,
    iot_authorizer,
    iot_button,
    iot_one_click,
    iot_provisioning,
    iot_registry,
    kafka_batch,
    kafka_event,
    kinesis_analytics_event,
    kinesis_batch,
    kinesis_event,
    lambda_destination,
    lex_v1_hook,
    lex_v2_hook,
    origin_request,
    origin_response,
    post_authentication,
    post_confirmation,
    pre_authentication,
    pre_sign_up,
    rabbitmq_batch,
    rabbitmq_event,
    request_authorizer,
    s3_batch,
    s3_event,
    s3_object_lambda,
    scheduled_event,
    secret_rotation,
    ses_event,
    sns_event,
    sqs_batch,
    sqs_event,
    token_authorizer,
    token_generation,
    transfer_identity,
    user_migration,
    verify_auth_challenge,
    viewer_request,
    viewer_response,
    vpc_lattice,
    websocket_event,
    workmail_flow,
)

if TYPE_CHECKING:
    from lambdakit import Context


class NoEvent:
    """Nothing that any decorator makes."""


def wrong(event: NoEvent, context: Context) -> str:
    return str(event)


activemq_batch(wrong)  # refused
activemq_batch(middelware=[])  # refused
activemq_event(wrong)  # refused
activemq_event(middelware=[])  # refused
alb_target(wrong)  # refused
alb_target(middelware=[])  # refused
alexa_skill(wrong)  # refused
alexa_skill(middelware=[])  # refused
alexa_smart_home(wrong)  # refused
alexa_smart_home(middelware=[])  # refused
alexa_smart_home_v2(wrong)  # refused
alexa_smart_home_v2(middelware=[])  # refused
amplify_resolver(wrong)  # refused
amplify_resolver(middelware=[])  # refused
api_gateway(wrong)  # refused
api_gateway(middelware=[])  # refused
appsync_authorizer(wrong)  # refused
appsync_authorizer(middelware=[])  # refused
appsync_batch(wrong)  # refused
appsync_batch(middelware=[])  # refused
appsync_channel(wrong)  # refused
appsync_channel(middelware=[])  # refused
appsync_resolver(wrong)  # refused
appsync_resolver(middelware=[])  # refused
bedrock_agent(wrong)  # refused
bedrock_agent(middelware=[])  # refused
bedrock_api(wrong)  # refused
bedrock_api(middelware=[])  # refused
bedrock_function(wrong)  # refused
bedrock_function(middelware=[])  # refused
client_vpn(wrong)  # refused
client_vpn(middelware=[])  # refused
cloudformation_macro(wrong)  # refused
cloudformation_macro(middelware=[])  # refused
cloudwatch_alarm(wrong)  # refused
cloudwatch_alarm(middelware=[])  # refused
cloudwatch_logs(wrong)  # refused
cloudwatch_logs(middelware=[])  # refused
codecommit_event(wrong)  # refused
codecommit_event(middelware=[])  # refused
codedeploy_hook(wrong)  # refused
codedeploy_hook(middelware=[])  # refused
codepipeline_job(wrong)  # refused
codepipeline_job(middelware=[])  # refused
cognito_sync(wrong)  # refused
cognito_sync(middelware=[])  # refused
cognito_trigger(wrong)  # refused
cognito_trigger(middelware=[])  # refused
config_rule(wrong)  # refused
config_rule(middelware=[])  # refused
connect_flow(wrong)  # refused
connect_flow(middelware=[])  # refused
create_auth_challenge(wrong)  # refused
create_auth_challenge(middelware=[])  # refused
custom_email_sender(wrong)  # refused
custom_email_sender(middelware=[])  # refused
custom_message(wrong)  # refused
custom_message(middelware=[])  # refused
custom_resource(wrong)  # refused
custom_resource(middelware=[])  # refused
custom_sms_sender(wrong)  # refused
custom_sms_sender(middelware=[])  # refused
custom_widget(wrong)  # refused
custom_widget(middelware=[])  # refused
define_auth_challenge(wrong)  # refused
define_auth_challenge(middelware=[])  # refused
docdb_event(wrong)  # refused
docdb_event(middelware=[])  # refused
durable_event(wrong)  # refused
durable_event(middelware=[])  # refused
dynamodb_batch(wrong)  # refused
dynamodb_batch(middelware=[])  # refused
dynamodb_event(wrong)  # refused
dynamodb_event(middelware=[])  # refused
eventbridge_event(wrong)  # refused
eventbridge_event(middelware=[])  # refused
firehose_transform(wrong)  # refused
firehose_transform(middelware=[])  # refused
function_url(wrong)  # refused
function_url(middelware=[])  # refused
inbound_federation(wrong)  # refused
inbound_federation(middelware=[])  # refused
iot_authorizer(wrong)  # refused
iot_authorizer(middelware=[])  # refused
iot_button(wrong)  # refused
iot_button(middelware=[])  # refused
iot_one_click(wrong)  # refused
iot_one_click(middelware=[])  # refused
iot_provisioning(wrong)  # refused
iot_provisioning(middelware=[])  # refused
iot_registry(wrong)  # refused
iot_registry(middelware=[])  # refused
kafka_batch(wrong)  # refused
kafka_batch(middelware=[])  # refused
kafka_event(wrong)  # refused
kafka_event(middelware=[])  # refused
kinesis_analytics_event(wrong)  # refused
kinesis_analytics_event(middelware=[])  # refused
kinesis_batch(wrong)  # refused
kinesis_batch(middelware=[])  # refused
kinesis_event(wrong)  # refused
kinesis_event(middelware=[])  # refused
lambda_destination(wrong)  # refused
lambda_destination(middelware=[])  # refused
lex_v1_hook(wrong)  # refused
lex_v1_hook(middelware=[])  # refused
lex_v2_hook(wrong)  # refused
lex_v2_hook(middelware=[])  # refused
origin_request(wrong)  # refused
origin_request(middelware=[])  # refused
origin_response(wrong)  # refused
origin_response(middelware=[])  # refused
post_authentication(wrong)  # refused
post_authentication(middelware=[])  # refused
post_confirmation(wrong)  # refused
post_confirmation(middelware=[])  # refused
pre_authentication(wrong)  # refused
pre_authentication(middelware=[])  # refused
pre_sign_up(wrong)  # refused
pre_sign_up(middelware=[])  # refused
rabbitmq_batch(wrong)  # refused
rabbitmq_batch(middelware=[])  # refused
rabbitmq_event(wrong)  # refused
rabbitmq_event(middelware=[])  # refused
request_authorizer(wrong)  # refused
request_authorizer(middelware=[])  # refused
s3_batch(wrong)  # refused
s3_batch(middelware=[])  # refused
s3_event(wrong)  # refused
s3_event(middelware=[])  # refused
s3_object_lambda(wrong)  # refused
s3_object_lambda(middelware=[])  # refused
scheduled_event(wrong)  # refused
scheduled_event(middelware=[])  # refused
secret_rotation(wrong)  # refused
secret_rotation(middelware=[])  # refused
ses_event(wrong)  # refused
ses_event(middelware=[])  # refused
sns_event(wrong)  # refused
sns_event(middelware=[])  # refused
sqs_batch(wrong)  # refused
sqs_batch(middelware=[])  # refused
sqs_event(wrong)  # refused
sqs_event(middelware=[])  # refused
token_authorizer(wrong)  # refused
token_authorizer(middelware=[])  # refused
token_generation(wrong)  # refused
token_generation(middelware=[])  # refused
transfer_identity(wrong)  # refused
transfer_identity(middelware=[])  # refused
user_migration(wrong)  # refused
user_migration(middelware=[])  # refused
verify_auth_challenge(wrong)  # refused
verify_auth_challenge(middelware=[])  # refused
viewer_request(wrong)  # refused
viewer_request(middelware=[])  # refused
viewer_response(wrong)  # refused
viewer_response(middelware=[])  # refused
vpc_lattice(wrong)  # refused
vpc_lattice(middelware=[])  # refused
websocket_event(wrong)  # refused
websocket_event(middelware=[])  # refused
workmail_flow(wrong)  # refused
workmail_flow(middelware=[])  # refused

"""Typed events, a decorator for every source, and the answers the sources expect.

    from lambdakit.events import S3Event, s3_event

Importing this package imports no source: a public name is resolved, and the module of its source imported, when it is
first used (PEP 562), while type checkers see every name exactly. No module here has the name of a decorator, which the
import system would put in the decorator's place. `tests/events/test_face.py` freezes the list.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambdakit.events.alb import ALBEvent as ALBEvent
    from lambdakit.events.alb import alb_target as alb_target
    from lambdakit.events.alexa import AlexaIntent as AlexaIntent
    from lambdakit.events.alexa import AlexaRequest as AlexaRequest
    from lambdakit.events.alexa import AlexaSession as AlexaSession
    from lambdakit.events.alexa import AlexaSkillEvent as AlexaSkillEvent
    from lambdakit.events.alexa import AlexaSlot as AlexaSlot
    from lambdakit.events.alexa import AlexaSystem as AlexaSystem
    from lambdakit.events.alexa import AlexaUser as AlexaUser
    from lambdakit.events.alexa import alexa_skill as alexa_skill
    from lambdakit.events.alexa_home import SmartHomeEndpoint as SmartHomeEndpoint
    from lambdakit.events.alexa_home import SmartHomeEvent as SmartHomeEvent
    from lambdakit.events.alexa_home import SmartHomeEventV2 as SmartHomeEventV2
    from lambdakit.events.alexa_home import SmartHomeHeader as SmartHomeHeader
    from lambdakit.events.alexa_home import alexa_smart_home as alexa_smart_home
    from lambdakit.events.alexa_home import alexa_smart_home_v2 as alexa_smart_home_v2
    from lambdakit.events.apigateway import APIGatewayIdentity as APIGatewayIdentity
    from lambdakit.events.apigateway import APIGatewayProxyEvent as APIGatewayProxyEvent
    from lambdakit.events.apigateway import APIGatewayProxyEventV2 as APIGatewayProxyEventV2
    from lambdakit.events.apigateway import APIGatewayRequestContext as APIGatewayRequestContext
    from lambdakit.events.apigateway import APIGatewayRequestContextV2 as APIGatewayRequestContextV2
    from lambdakit.events.apigateway import HTTPDescription as HTTPDescription
    from lambdakit.events.apigateway import HTTPEventV2 as HTTPEventV2
    from lambdakit.events.apigateway import IAMAuthorizer as IAMAuthorizer
    from lambdakit.events.apigateway import IAMCognitoIdentity as IAMCognitoIdentity
    from lambdakit.events.apigateway import JWTAuthorizer as JWTAuthorizer
    from lambdakit.events.apigateway import api_gateway as api_gateway
    from lambdakit.events.app import App as App
    from lambdakit.events.appsync import AmplifyResolverEvent as AmplifyResolverEvent
    from lambdakit.events.appsync import AppSyncBatchEvent as AppSyncBatchEvent
    from lambdakit.events.appsync import AppSyncInfo as AppSyncInfo
    from lambdakit.events.appsync import AppSyncRequestEvent as AppSyncRequestEvent
    from lambdakit.events.appsync import AppSyncResolverEvent as AppSyncResolverEvent
    from lambdakit.events.appsync import amplify_resolver as amplify_resolver
    from lambdakit.events.appsync import appsync_batch as appsync_batch
    from lambdakit.events.appsync import appsync_resolver as appsync_resolver
    from lambdakit.events.appsync_authorization import AppSyncAuthorizerContext as AppSyncAuthorizerContext
    from lambdakit.events.appsync_authorization import AppSyncAuthorizerEvent as AppSyncAuthorizerEvent
    from lambdakit.events.appsync_authorization import appsync_authorizer as appsync_authorizer
    from lambdakit.events.appsync_events import AppSyncEventsEvent as AppSyncEventsEvent
    from lambdakit.events.appsync_events import AppSyncMessage as AppSyncMessage
    from lambdakit.events.appsync_events import appsync_channel as appsync_channel
    from lambdakit.events.appsync_identity import AppSyncCognitoIdentity as AppSyncCognitoIdentity
    from lambdakit.events.appsync_identity import AppSyncIAMIdentity as AppSyncIAMIdentity
    from lambdakit.events.appsync_identity import AppSyncIdentity as AppSyncIdentity
    from lambdakit.events.appsync_identity import AppSyncLambdaIdentity as AppSyncLambdaIdentity
    from lambdakit.events.appsync_identity import AppSyncOIDCIdentity as AppSyncOIDCIdentity
    from lambdakit.events.appsync_routing import AppSyncChannels as AppSyncChannels
    from lambdakit.events.appsync_routing import AppSyncResolver as AppSyncResolver
    from lambdakit.events.authorizers import AuthorizerEvent as AuthorizerEvent
    from lambdakit.events.authorizers import AuthorizerPolicy as AuthorizerPolicy
    from lambdakit.events.authorizers import AuthorizerRequestContext as AuthorizerRequestContext
    from lambdakit.events.authorizers import MethodARN as MethodARN
    from lambdakit.events.authorizers import RequestAuthorizerEvent as RequestAuthorizerEvent
    from lambdakit.events.authorizers import RequestAuthorizerEventV2 as RequestAuthorizerEventV2
    from lambdakit.events.authorizers import TokenAuthorizerEvent as TokenAuthorizerEvent
    from lambdakit.events.authorizers import request_authorizer as request_authorizer
    from lambdakit.events.authorizers import token_authorizer as token_authorizer
    from lambdakit.events.batch_result import BatchResult as BatchResult
    from lambdakit.events.bedrock import BedrockAgent as BedrockAgent
    from lambdakit.events.bedrock import BedrockAPIEvent as BedrockAPIEvent
    from lambdakit.events.bedrock import BedrockContent as BedrockContent
    from lambdakit.events.bedrock import BedrockEvent as BedrockEvent
    from lambdakit.events.bedrock import BedrockFunctionEvent as BedrockFunctionEvent
    from lambdakit.events.bedrock import BedrockParameter as BedrockParameter
    from lambdakit.events.bedrock import bedrock_agent as bedrock_agent
    from lambdakit.events.bedrock import bedrock_api as bedrock_api
    from lambdakit.events.bedrock import bedrock_function as bedrock_function
    from lambdakit.events.cloudformation import CustomResourceEvent as CustomResourceEvent
    from lambdakit.events.cloudformation import MacroEvent as MacroEvent
    from lambdakit.events.cloudformation import cloudformation_macro as cloudformation_macro
    from lambdakit.events.cloudformation import custom_resource as custom_resource
    from lambdakit.events.cloudwatch import AlarmConfiguration as AlarmConfiguration
    from lambdakit.events.cloudwatch import AlarmData as AlarmData
    from lambdakit.events.cloudwatch import AlarmMetric as AlarmMetric
    from lambdakit.events.cloudwatch import AlarmState as AlarmState
    from lambdakit.events.cloudwatch import CloudWatchAlarmEvent as CloudWatchAlarmEvent
    from lambdakit.events.cloudwatch import CloudWatchLogsEvent as CloudWatchLogsEvent
    from lambdakit.events.cloudwatch import CustomWidgetEvent as CustomWidgetEvent
    from lambdakit.events.cloudwatch import LogDocument as LogDocument
    from lambdakit.events.cloudwatch import LogEvent as LogEvent
    from lambdakit.events.cloudwatch import MetricStatistic as MetricStatistic
    from lambdakit.events.cloudwatch import WidgetContext as WidgetContext
    from lambdakit.events.cloudwatch import WidgetTimeRange as WidgetTimeRange
    from lambdakit.events.cloudwatch import cloudwatch_alarm as cloudwatch_alarm
    from lambdakit.events.cloudwatch import cloudwatch_logs as cloudwatch_logs
    from lambdakit.events.cloudwatch import custom_widget as custom_widget
    from lambdakit.events.codecommit import CodeCommitEvent as CodeCommitEvent
    from lambdakit.events.codecommit import CodeCommitRecord as CodeCommitRecord
    from lambdakit.events.codecommit import CodeCommitReference as CodeCommitReference
    from lambdakit.events.codecommit import codecommit_event as codecommit_event
    from lambdakit.events.codedeploy import CodeDeployEvent as CodeDeployEvent
    from lambdakit.events.codedeploy import codedeploy_hook as codedeploy_hook
    from lambdakit.events.codepipeline import ArtifactCredentials as ArtifactCredentials
    from lambdakit.events.codepipeline import CodePipelineEvent as CodePipelineEvent
    from lambdakit.events.codepipeline import EncryptionKey as EncryptionKey
    from lambdakit.events.codepipeline import JobFailure as JobFailure
    from lambdakit.events.codepipeline import JobSuccess as JobSuccess
    from lambdakit.events.codepipeline import PipelineArtifact as PipelineArtifact
    from lambdakit.events.codepipeline import codepipeline_job as codepipeline_job
    from lambdakit.events.cognito import CallerContext as CallerContext
    from lambdakit.events.cognito import Challenge as Challenge
    from lambdakit.events.cognito import ChallengeRequest as ChallengeRequest
    from lambdakit.events.cognito import CodeSenderRequest as CodeSenderRequest
    from lambdakit.events.cognito import CognitoEvent as CognitoEvent
    from lambdakit.events.cognito import CognitoRequest as CognitoRequest
    from lambdakit.events.cognito import CognitoSyncEvent as CognitoSyncEvent
    from lambdakit.events.cognito import CreateAuthChallengeEvent as CreateAuthChallengeEvent
    from lambdakit.events.cognito import CustomEmailSenderEvent as CustomEmailSenderEvent
    from lambdakit.events.cognito import CustomMessageEvent as CustomMessageEvent
    from lambdakit.events.cognito import CustomMessageRequest as CustomMessageRequest
    from lambdakit.events.cognito import CustomSMSSenderEvent as CustomSMSSenderEvent
    from lambdakit.events.cognito import DatasetRecord as DatasetRecord
    from lambdakit.events.cognito import DefineAuthChallengeEvent as DefineAuthChallengeEvent
    from lambdakit.events.cognito import FederationRequest as FederationRequest
    from lambdakit.events.cognito import GroupConfiguration as GroupConfiguration
    from lambdakit.events.cognito import InboundFederationEvent as InboundFederationEvent
    from lambdakit.events.cognito import PostAuthenticationEvent as PostAuthenticationEvent
    from lambdakit.events.cognito import PostConfirmationEvent as PostConfirmationEvent
    from lambdakit.events.cognito import PreAuthenticationEvent as PreAuthenticationEvent
    from lambdakit.events.cognito import PreSignUpEvent as PreSignUpEvent
    from lambdakit.events.cognito import TokenGenerationEvent as TokenGenerationEvent
    from lambdakit.events.cognito import TokenGenerationRequest as TokenGenerationRequest
    from lambdakit.events.cognito import UserMigrationEvent as UserMigrationEvent
    from lambdakit.events.cognito import UserMigrationRequest as UserMigrationRequest
    from lambdakit.events.cognito import VerifyAuthChallengeEvent as VerifyAuthChallengeEvent
    from lambdakit.events.cognito import VerifyRequest as VerifyRequest
    from lambdakit.events.cognito import cognito_sync as cognito_sync
    from lambdakit.events.cognito import cognito_trigger as cognito_trigger
    from lambdakit.events.cognito import create_auth_challenge as create_auth_challenge
    from lambdakit.events.cognito import custom_email_sender as custom_email_sender
    from lambdakit.events.cognito import custom_message as custom_message
    from lambdakit.events.cognito import custom_sms_sender as custom_sms_sender
    from lambdakit.events.cognito import define_auth_challenge as define_auth_challenge
    from lambdakit.events.cognito import inbound_federation as inbound_federation
    from lambdakit.events.cognito import post_authentication as post_authentication
    from lambdakit.events.cognito import post_confirmation as post_confirmation
    from lambdakit.events.cognito import pre_authentication as pre_authentication
    from lambdakit.events.cognito import pre_sign_up as pre_sign_up
    from lambdakit.events.cognito import token_generation as token_generation
    from lambdakit.events.cognito import user_migration as user_migration
    from lambdakit.events.cognito import verify_auth_challenge as verify_auth_challenge
    from lambdakit.events.config import ConfigEvent as ConfigEvent
    from lambdakit.events.config import ConfigItem as ConfigItem
    from lambdakit.events.config import ConfigRelationship as ConfigRelationship
    from lambdakit.events.config import InvokingEvent as InvokingEvent
    from lambdakit.events.config import config_rule as config_rule
    from lambdakit.events.config import evaluation as evaluation
    from lambdakit.events.connect import ConnectContact as ConnectContact
    from lambdakit.events.connect import ConnectEndpoint as ConnectEndpoint
    from lambdakit.events.connect import ConnectEvent as ConnectEvent
    from lambdakit.events.connect import ConnectQueue as ConnectQueue
    from lambdakit.events.connect import CustomerAudio as CustomerAudio
    from lambdakit.events.connect import connect_flow as connect_flow
    from lambdakit.events.coverage import unmapped as unmapped
    from lambdakit.events.destination import DestinationRecord as DestinationRecord
    from lambdakit.events.destination import StreamBatchInfo as StreamBatchInfo
    from lambdakit.events.destination import lambda_destination as lambda_destination
    from lambdakit.events.detection import detect as detect
    from lambdakit.events.detection import model_of as model_of
    from lambdakit.events.detection import source_of as source_of
    from lambdakit.events.docdb import DocumentDBChange as DocumentDBChange
    from lambdakit.events.docdb import DocumentDBEvent as DocumentDBEvent
    from lambdakit.events.docdb import Namespace as Namespace
    from lambdakit.events.docdb import docdb_event as docdb_event
    from lambdakit.events.durable import DurableEvent as DurableEvent
    from lambdakit.events.durable import DurableOperation as DurableOperation
    from lambdakit.events.durable import durable_event as durable_event
    from lambdakit.events.dynamodb import DynamoDBChange as DynamoDBChange
    from lambdakit.events.dynamodb import DynamoDBEvent as DynamoDBEvent
    from lambdakit.events.dynamodb import DynamoDBRecord as DynamoDBRecord
    from lambdakit.events.dynamodb import UserIdentity as UserIdentity
    from lambdakit.events.dynamodb import dynamodb_batch as dynamodb_batch
    from lambdakit.events.dynamodb import dynamodb_event as dynamodb_event
    from lambdakit.events.edge import CloudFrontRequest as CloudFrontRequest
    from lambdakit.events.edge import CloudFrontResponse as CloudFrontResponse
    from lambdakit.events.edge import CustomOrigin as CustomOrigin
    from lambdakit.events.edge import EdgeConfig as EdgeConfig
    from lambdakit.events.edge import EdgeEvent as EdgeEvent
    from lambdakit.events.edge import EdgeHeaders as EdgeHeaders
    from lambdakit.events.edge import EdgeOrigin as EdgeOrigin
    from lambdakit.events.edge import EdgeRecord as EdgeRecord
    from lambdakit.events.edge import EdgeRequest as EdgeRequest
    from lambdakit.events.edge import EdgeRequestBody as EdgeRequestBody
    from lambdakit.events.edge import EdgeResponse as EdgeResponse
    from lambdakit.events.edge import RequestBody as RequestBody
    from lambdakit.events.edge import S3Origin as S3Origin
    from lambdakit.events.edge import origin_request as origin_request
    from lambdakit.events.edge import origin_response as origin_response
    from lambdakit.events.edge import redirect as redirect
    from lambdakit.events.edge import viewer_request as viewer_request
    from lambdakit.events.edge import viewer_response as viewer_response
    from lambdakit.events.eventbridge import EventBridgeEvent as EventBridgeEvent
    from lambdakit.events.eventbridge import S3EventBridgeDetail as S3EventBridgeDetail
    from lambdakit.events.eventbridge import S3EventObject as S3EventObject
    from lambdakit.events.eventbridge import ScheduledEvent as ScheduledEvent
    from lambdakit.events.eventbridge import eventbridge_event as eventbridge_event
    from lambdakit.events.eventbridge import scheduled_event as scheduled_event
    from lambdakit.events.firehose import FirehoseEvent as FirehoseEvent
    from lambdakit.events.firehose import FirehoseKafkaMetadata as FirehoseKafkaMetadata
    from lambdakit.events.firehose import FirehoseKinesisMetadata as FirehoseKinesisMetadata
    from lambdakit.events.firehose import FirehoseRecord as FirehoseRecord
    from lambdakit.events.firehose import FirehoseResult as FirehoseResult
    from lambdakit.events.firehose import firehose_transform as firehose_transform
    from lambdakit.events.function_urls import FunctionURLEvent as FunctionURLEvent
    from lambdakit.events.function_urls import function_url as function_url
    from lambdakit.events.http_message import CertificateValidity as CertificateValidity
    from lambdakit.events.http_message import ClientCertificate as ClientCertificate
    from lambdakit.events.http_message import HTTPEvent as HTTPEvent
    from lambdakit.events.http_message import MultiValueHTTPEvent as MultiValueHTTPEvent
    from lambdakit.events.iot import IoTAuthorizerEvent as IoTAuthorizerEvent
    from lambdakit.events.iot import IoTButtonEvent as IoTButtonEvent
    from lambdakit.events.iot import IoTGroupReference as IoTGroupReference
    from lambdakit.events.iot import IoTHttpData as IoTHttpData
    from lambdakit.events.iot import IoTMqttData as IoTMqttData
    from lambdakit.events.iot import IoTOneClickEvent as IoTOneClickEvent
    from lambdakit.events.iot import IoTPropagatingAttribute as IoTPropagatingAttribute
    from lambdakit.events.iot import IoTProvisioningEvent as IoTProvisioningEvent
    from lambdakit.events.iot import IoTRegistryEvent as IoTRegistryEvent
    from lambdakit.events.iot import iot_authorizer as iot_authorizer
    from lambdakit.events.iot import iot_button as iot_button
    from lambdakit.events.iot import iot_one_click as iot_one_click
    from lambdakit.events.iot import iot_provisioning as iot_provisioning
    from lambdakit.events.iot import iot_registry as iot_registry
    from lambdakit.events.kafka import KafkaEvent as KafkaEvent
    from lambdakit.events.kafka import KafkaRecord as KafkaRecord
    from lambdakit.events.kafka import KafkaSchema as KafkaSchema
    from lambdakit.events.kafka import kafka_batch as kafka_batch
    from lambdakit.events.kafka import kafka_event as kafka_event
    from lambdakit.events.kinesis import KinesisEvent as KinesisEvent
    from lambdakit.events.kinesis import KinesisRecord as KinesisRecord
    from lambdakit.events.kinesis import kinesis_batch as kinesis_batch
    from lambdakit.events.kinesis import kinesis_event as kinesis_event
    from lambdakit.events.kinesis_analytics import AnalyticsSource as AnalyticsSource
    from lambdakit.events.kinesis_analytics import KinesisAnalyticsEvent as KinesisAnalyticsEvent
    from lambdakit.events.kinesis_analytics import KinesisAnalyticsRecord as KinesisAnalyticsRecord
    from lambdakit.events.kinesis_analytics import kinesis_analytics_event as kinesis_analytics_event
    from lambdakit.events.lattice import VPCLatticeEvent as VPCLatticeEvent
    from lambdakit.events.lattice import VPCLatticeEventV2 as VPCLatticeEventV2
    from lambdakit.events.lattice import VPCLatticeIdentity as VPCLatticeIdentity
    from lambdakit.events.lattice import VPCLatticeRequestContext as VPCLatticeRequestContext
    from lambdakit.events.lattice import vpc_lattice as vpc_lattice
    from lambdakit.events.lex import LexV1Bot as LexV1Bot
    from lambdakit.events.lex import LexV1Event as LexV1Event
    from lambdakit.events.lex import LexV1Intent as LexV1Intent
    from lambdakit.events.lex import LexV1SlotDetail as LexV1SlotDetail
    from lambdakit.events.lex import lex_v1_hook as lex_v1_hook
    from lambdakit.events.lex_v2 import LexV2Bot as LexV2Bot
    from lambdakit.events.lex_v2 import LexV2DialogAction as LexV2DialogAction
    from lambdakit.events.lex_v2 import LexV2Event as LexV2Event
    from lambdakit.events.lex_v2 import LexV2Intent as LexV2Intent
    from lambdakit.events.lex_v2 import LexV2Interpretation as LexV2Interpretation
    from lambdakit.events.lex_v2 import LexV2ProposedState as LexV2ProposedState
    from lambdakit.events.lex_v2 import LexV2SessionState as LexV2SessionState
    from lambdakit.events.lex_v2 import LexV2Slot as LexV2Slot
    from lambdakit.events.lex_v2 import LexV2Transcription as LexV2Transcription
    from lambdakit.events.lex_v2 import lex_v2_hook as lex_v2_hook
    from lambdakit.events.model import Model as Model
    from lambdakit.events.mq import ActiveMQEvent as ActiveMQEvent
    from lambdakit.events.mq import ActiveMQMessage as ActiveMQMessage
    from lambdakit.events.mq import RabbitMQEvent as RabbitMQEvent
    from lambdakit.events.mq import RabbitMQMessage as RabbitMQMessage
    from lambdakit.events.mq import RabbitMQProperties as RabbitMQProperties
    from lambdakit.events.mq import activemq_batch as activemq_batch
    from lambdakit.events.mq import activemq_event as activemq_event
    from lambdakit.events.mq import rabbitmq_batch as rabbitmq_batch
    from lambdakit.events.mq import rabbitmq_event as rabbitmq_event
    from lambdakit.events.object_lambda import ObjectContext as ObjectContext
    from lambdakit.events.object_lambda import ObjectUserIdentity as ObjectUserIdentity
    from lambdakit.events.object_lambda import S3ObjectLambdaEvent as S3ObjectLambdaEvent
    from lambdakit.events.object_lambda import s3_object_lambda as s3_object_lambda
    from lambdakit.events.s3 import GlacierRestore as GlacierRestore
    from lambdakit.events.s3 import Lifecycle as Lifecycle
    from lambdakit.events.s3 import Replication as Replication
    from lambdakit.events.s3 import S3Bucket as S3Bucket
    from lambdakit.events.s3 import S3Event as S3Event
    from lambdakit.events.s3 import S3Object as S3Object
    from lambdakit.events.s3 import S3Record as S3Record
    from lambdakit.events.s3 import S3TestEvent as S3TestEvent
    from lambdakit.events.s3 import s3_event as s3_event
    from lambdakit.events.s3_batch_operations import S3BatchEvent as S3BatchEvent
    from lambdakit.events.s3_batch_operations import S3BatchResults as S3BatchResults
    from lambdakit.events.s3_batch_operations import S3BatchTask as S3BatchTask
    from lambdakit.events.s3_batch_operations import s3_batch as s3_batch
    from lambdakit.events.secretsmanager import SecretRotationEvent as SecretRotationEvent
    from lambdakit.events.secretsmanager import secret_rotation as secret_rotation
    from lambdakit.events.ses import SESAction as SESAction
    from lambdakit.events.ses import SESCommonHeaders as SESCommonHeaders
    from lambdakit.events.ses import SESEvent as SESEvent
    from lambdakit.events.ses import SESHeader as SESHeader
    from lambdakit.events.ses import SESMail as SESMail
    from lambdakit.events.ses import SESReceipt as SESReceipt
    from lambdakit.events.ses import SESRecord as SESRecord
    from lambdakit.events.ses import disposition as disposition
    from lambdakit.events.ses import ses_event as ses_event
    from lambdakit.events.sns import SNSEvent as SNSEvent
    from lambdakit.events.sns import SNSMessage as SNSMessage
    from lambdakit.events.sns import SNSMessageAttribute as SNSMessageAttribute
    from lambdakit.events.sns import SNSRecord as SNSRecord
    from lambdakit.events.sns import sns_event as sns_event
    from lambdakit.events.sqs import SQSEvent as SQSEvent
    from lambdakit.events.sqs import SQSMessage as SQSMessage
    from lambdakit.events.sqs import SQSMessageAttribute as SQSMessageAttribute
    from lambdakit.events.sqs import sqs_batch as sqs_batch
    from lambdakit.events.sqs import sqs_event as sqs_event
    from lambdakit.events.streams import TimeWindow as TimeWindow
    from lambdakit.events.streams import window_result as window_result
    from lambdakit.events.transfer import TransferEvent as TransferEvent
    from lambdakit.events.transfer import transfer_answer as transfer_answer
    from lambdakit.events.transfer import transfer_identity as transfer_identity
    from lambdakit.events.vpn import ClientVPNEvent as ClientVPNEvent
    from lambdakit.events.vpn import client_vpn as client_vpn
    from lambdakit.events.vpn import client_vpn_answer as client_vpn_answer
    from lambdakit.events.websocket import WebSocketEvent as WebSocketEvent
    from lambdakit.events.websocket import WebSocketRequestContext as WebSocketRequestContext
    from lambdakit.events.websocket import websocket_event as websocket_event
    from lambdakit.events.workmail import WorkMailAddress as WorkMailAddress
    from lambdakit.events.workmail import WorkMailEvent as WorkMailEvent
    from lambdakit.events.workmail import workmail_flow as workmail_flow

# Module -> the public names it has. Packed, as a name a line would make hundreds of lines.
# fmt: off
_PUBLIC = {
    "alb": ("ALBEvent", "alb_target"),
    "alexa": (
        "AlexaIntent", "AlexaRequest", "AlexaSession", "AlexaSkillEvent", "AlexaSlot", "AlexaSystem", "AlexaUser",
        "alexa_skill",
    ),
    "alexa_home": (
        "SmartHomeEndpoint", "SmartHomeEvent", "SmartHomeEventV2", "SmartHomeHeader", "alexa_smart_home",
        "alexa_smart_home_v2",
    ),
    "apigateway": (
        "APIGatewayIdentity", "APIGatewayProxyEvent", "APIGatewayProxyEventV2", "APIGatewayRequestContext",
        "APIGatewayRequestContextV2", "HTTPDescription", "HTTPEventV2", "IAMAuthorizer", "IAMCognitoIdentity",
        "JWTAuthorizer", "api_gateway",
    ),
    "app": ("App",),
    "appsync": (
        "AmplifyResolverEvent", "AppSyncBatchEvent", "AppSyncInfo", "AppSyncRequestEvent", "AppSyncResolverEvent",
        "amplify_resolver", "appsync_batch", "appsync_resolver",
    ),
    "appsync_authorization": ("AppSyncAuthorizerContext", "AppSyncAuthorizerEvent", "appsync_authorizer"),
    "appsync_events": ("AppSyncEventsEvent", "AppSyncMessage", "appsync_channel"),
    "appsync_identity": (
        "AppSyncCognitoIdentity", "AppSyncIAMIdentity", "AppSyncIdentity", "AppSyncLambdaIdentity",
        "AppSyncOIDCIdentity",
    ),
    "appsync_routing": ("AppSyncChannels", "AppSyncResolver"),
    "authorizers": (
        "AuthorizerEvent", "AuthorizerPolicy", "AuthorizerRequestContext", "MethodARN", "RequestAuthorizerEvent",
        "RequestAuthorizerEventV2", "TokenAuthorizerEvent", "request_authorizer", "token_authorizer",
    ),
    "batch_result": ("BatchResult",),
    "bedrock": (
        "BedrockAPIEvent", "BedrockAgent", "BedrockContent", "BedrockEvent", "BedrockFunctionEvent",
        "BedrockParameter", "bedrock_agent", "bedrock_api", "bedrock_function",
    ),
    "cloudformation": ("CustomResourceEvent", "MacroEvent", "cloudformation_macro", "custom_resource"),
    "cloudwatch": (
        "AlarmConfiguration", "AlarmData", "AlarmMetric", "AlarmState", "CloudWatchAlarmEvent", "CloudWatchLogsEvent",
        "CustomWidgetEvent", "LogDocument", "LogEvent", "MetricStatistic", "WidgetContext", "WidgetTimeRange",
        "cloudwatch_alarm", "cloudwatch_logs", "custom_widget",
    ),
    "codecommit": ("CodeCommitEvent", "CodeCommitRecord", "CodeCommitReference", "codecommit_event"),
    "codedeploy": ("CodeDeployEvent", "codedeploy_hook"),
    "codepipeline": (
        "ArtifactCredentials", "CodePipelineEvent", "EncryptionKey", "JobFailure", "JobSuccess", "PipelineArtifact",
        "codepipeline_job",
    ),
    "cognito": (
        "CallerContext", "Challenge", "ChallengeRequest", "CodeSenderRequest", "CognitoEvent", "CognitoRequest",
        "CognitoSyncEvent", "CreateAuthChallengeEvent", "CustomEmailSenderEvent", "CustomMessageEvent",
        "CustomMessageRequest", "CustomSMSSenderEvent", "DatasetRecord", "DefineAuthChallengeEvent",
        "FederationRequest", "GroupConfiguration", "InboundFederationEvent", "PostAuthenticationEvent",
        "PostConfirmationEvent", "PreAuthenticationEvent", "PreSignUpEvent", "TokenGenerationEvent",
        "TokenGenerationRequest", "UserMigrationEvent", "UserMigrationRequest", "VerifyAuthChallengeEvent",
        "VerifyRequest", "cognito_sync", "cognito_trigger", "create_auth_challenge", "custom_email_sender",
        "custom_message", "custom_sms_sender", "define_auth_challenge", "inbound_federation", "post_authentication",
        "post_confirmation", "pre_authentication", "pre_sign_up", "token_generation", "user_migration",
        "verify_auth_challenge",
    ),
    "config": ("ConfigEvent", "ConfigItem", "ConfigRelationship", "InvokingEvent", "config_rule", "evaluation"),
    "connect": ("ConnectContact", "ConnectEndpoint", "ConnectEvent", "ConnectQueue", "CustomerAudio", "connect_flow"),
    "coverage": ("unmapped",),
    "destination": ("DestinationRecord", "StreamBatchInfo", "lambda_destination"),
    "detection": ("detect", "model_of", "source_of"),
    "docdb": ("DocumentDBChange", "DocumentDBEvent", "Namespace", "docdb_event"),
    "durable": ("DurableEvent", "DurableOperation", "durable_event"),
    "dynamodb": (
        "DynamoDBChange", "DynamoDBEvent", "DynamoDBRecord", "UserIdentity", "dynamodb_batch", "dynamodb_event",
    ),
    "edge": (
        "CloudFrontRequest", "CloudFrontResponse", "CustomOrigin", "EdgeConfig", "EdgeEvent", "EdgeHeaders",
        "EdgeOrigin", "EdgeRecord", "EdgeRequest", "EdgeRequestBody", "EdgeResponse", "RequestBody", "S3Origin",
        "origin_request", "origin_response", "redirect", "viewer_request", "viewer_response",
    ),
    "eventbridge": (
        "EventBridgeEvent", "S3EventBridgeDetail", "S3EventObject", "ScheduledEvent", "eventbridge_event",
        "scheduled_event",
    ),
    "firehose": (
        "FirehoseEvent", "FirehoseKafkaMetadata", "FirehoseKinesisMetadata", "FirehoseRecord", "FirehoseResult",
        "firehose_transform",
    ),
    "function_urls": ("FunctionURLEvent", "function_url"),
    "http_message": ("CertificateValidity", "ClientCertificate", "HTTPEvent", "MultiValueHTTPEvent"),
    "iot": (
        "IoTAuthorizerEvent", "IoTButtonEvent", "IoTGroupReference", "IoTHttpData", "IoTMqttData", "IoTOneClickEvent",
        "IoTPropagatingAttribute", "IoTProvisioningEvent", "IoTRegistryEvent", "iot_authorizer", "iot_button",
        "iot_one_click", "iot_provisioning", "iot_registry",
    ),
    "kafka": ("KafkaEvent", "KafkaRecord", "KafkaSchema", "kafka_batch", "kafka_event"),
    "kinesis": ("KinesisEvent", "KinesisRecord", "kinesis_batch", "kinesis_event"),
    "kinesis_analytics": (
        "AnalyticsSource", "KinesisAnalyticsEvent", "KinesisAnalyticsRecord", "kinesis_analytics_event",
    ),
    "lattice": (
        "VPCLatticeEvent", "VPCLatticeEventV2", "VPCLatticeIdentity", "VPCLatticeRequestContext", "vpc_lattice",
    ),
    "lex": ("LexV1Bot", "LexV1Event", "LexV1Intent", "LexV1SlotDetail", "lex_v1_hook"),
    "lex_v2": (
        "LexV2Bot", "LexV2DialogAction", "LexV2Event", "LexV2Intent", "LexV2Interpretation", "LexV2ProposedState",
        "LexV2SessionState", "LexV2Slot", "LexV2Transcription", "lex_v2_hook",
    ),
    "model": ("Model",),
    "mq": (
        "ActiveMQEvent", "ActiveMQMessage", "RabbitMQEvent", "RabbitMQMessage", "RabbitMQProperties", "activemq_batch",
        "activemq_event", "rabbitmq_batch", "rabbitmq_event",
    ),
    "object_lambda": ("ObjectContext", "ObjectUserIdentity", "S3ObjectLambdaEvent", "s3_object_lambda"),
    "s3": (
        "GlacierRestore", "Lifecycle", "Replication", "S3Bucket", "S3Event", "S3Object", "S3Record", "S3TestEvent",
        "s3_event",
    ),
    "s3_batch_operations": ("S3BatchEvent", "S3BatchResults", "S3BatchTask", "s3_batch"),
    "secretsmanager": ("SecretRotationEvent", "secret_rotation"),
    "ses": (
        "SESAction", "SESCommonHeaders", "SESEvent", "SESHeader", "SESMail", "SESReceipt", "SESRecord", "disposition",
        "ses_event",
    ),
    "sns": ("SNSEvent", "SNSMessage", "SNSMessageAttribute", "SNSRecord", "sns_event"),
    "sqs": ("SQSEvent", "SQSMessage", "SQSMessageAttribute", "sqs_batch", "sqs_event"),
    "streams": ("TimeWindow", "window_result"),
    "transfer": ("TransferEvent", "transfer_answer", "transfer_identity"),
    "vpn": ("ClientVPNEvent", "client_vpn", "client_vpn_answer"),
    "websocket": ("WebSocketEvent", "WebSocketRequestContext", "websocket_event"),
    "workmail": ("WorkMailAddress", "WorkMailEvent", "workmail_flow"),
}

__all__: tuple[str, ...] = (
    "ALBEvent", "APIGatewayIdentity", "APIGatewayProxyEvent", "APIGatewayProxyEventV2", "APIGatewayRequestContext",
    "APIGatewayRequestContextV2", "ActiveMQEvent", "ActiveMQMessage", "AlarmConfiguration", "AlarmData", "AlarmMetric",
    "AlarmState", "AlexaIntent", "AlexaRequest", "AlexaSession", "AlexaSkillEvent", "AlexaSlot", "AlexaSystem",
    "AlexaUser", "AmplifyResolverEvent", "AnalyticsSource", "App", "AppSyncAuthorizerContext",
    "AppSyncAuthorizerEvent", "AppSyncBatchEvent", "AppSyncChannels", "AppSyncCognitoIdentity", "AppSyncEventsEvent",
    "AppSyncIAMIdentity", "AppSyncIdentity", "AppSyncInfo", "AppSyncLambdaIdentity", "AppSyncMessage",
    "AppSyncOIDCIdentity", "AppSyncRequestEvent", "AppSyncResolver", "AppSyncResolverEvent", "ArtifactCredentials",
    "AuthorizerEvent", "AuthorizerPolicy", "AuthorizerRequestContext", "BatchResult", "BedrockAPIEvent",
    "BedrockAgent", "BedrockContent", "BedrockEvent", "BedrockFunctionEvent", "BedrockParameter", "CallerContext",
    "CertificateValidity", "Challenge", "ChallengeRequest", "ClientCertificate", "ClientVPNEvent", "CloudFrontRequest",
    "CloudFrontResponse", "CloudWatchAlarmEvent", "CloudWatchLogsEvent", "CodeCommitEvent", "CodeCommitRecord",
    "CodeCommitReference", "CodeDeployEvent", "CodePipelineEvent", "CodeSenderRequest", "CognitoEvent",
    "CognitoRequest", "CognitoSyncEvent", "ConfigEvent", "ConfigItem", "ConfigRelationship", "ConnectContact",
    "ConnectEndpoint", "ConnectEvent", "ConnectQueue", "CreateAuthChallengeEvent", "CustomEmailSenderEvent",
    "CustomMessageEvent", "CustomMessageRequest", "CustomOrigin", "CustomResourceEvent", "CustomSMSSenderEvent",
    "CustomWidgetEvent", "CustomerAudio", "DatasetRecord", "DefineAuthChallengeEvent", "DestinationRecord",
    "DocumentDBChange", "DocumentDBEvent", "DurableEvent", "DurableOperation", "DynamoDBChange", "DynamoDBEvent",
    "DynamoDBRecord", "EdgeConfig", "EdgeEvent", "EdgeHeaders", "EdgeOrigin", "EdgeRecord", "EdgeRequest",
    "EdgeRequestBody", "EdgeResponse", "EncryptionKey", "EventBridgeEvent", "FederationRequest", "FirehoseEvent",
    "FirehoseKafkaMetadata", "FirehoseKinesisMetadata", "FirehoseRecord", "FirehoseResult", "FunctionURLEvent",
    "GlacierRestore", "GroupConfiguration", "HTTPDescription", "HTTPEvent", "HTTPEventV2", "IAMAuthorizer",
    "IAMCognitoIdentity", "InboundFederationEvent", "InvokingEvent", "IoTAuthorizerEvent", "IoTButtonEvent",
    "IoTGroupReference", "IoTHttpData", "IoTMqttData", "IoTOneClickEvent", "IoTPropagatingAttribute",
    "IoTProvisioningEvent", "IoTRegistryEvent", "JWTAuthorizer", "JobFailure", "JobSuccess", "KafkaEvent",
    "KafkaRecord", "KafkaSchema", "KinesisAnalyticsEvent", "KinesisAnalyticsRecord", "KinesisEvent", "KinesisRecord",
    "LexV1Bot", "LexV1Event", "LexV1Intent", "LexV1SlotDetail", "LexV2Bot", "LexV2DialogAction", "LexV2Event",
    "LexV2Intent", "LexV2Interpretation", "LexV2ProposedState", "LexV2SessionState", "LexV2Slot", "LexV2Transcription",
    "Lifecycle", "LogDocument", "LogEvent", "MacroEvent", "MethodARN", "MetricStatistic", "Model",
    "MultiValueHTTPEvent", "Namespace", "ObjectContext", "ObjectUserIdentity", "PipelineArtifact",
    "PostAuthenticationEvent", "PostConfirmationEvent", "PreAuthenticationEvent", "PreSignUpEvent", "RabbitMQEvent",
    "RabbitMQMessage", "RabbitMQProperties", "Replication", "RequestAuthorizerEvent", "RequestAuthorizerEventV2",
    "RequestBody", "S3BatchEvent", "S3BatchResults", "S3BatchTask", "S3Bucket", "S3Event", "S3EventBridgeDetail",
    "S3EventObject", "S3Object", "S3ObjectLambdaEvent", "S3Origin", "S3Record", "S3TestEvent", "SESAction",
    "SESCommonHeaders", "SESEvent", "SESHeader", "SESMail", "SESReceipt", "SESRecord", "SNSEvent", "SNSMessage",
    "SNSMessageAttribute", "SNSRecord", "SQSEvent", "SQSMessage", "SQSMessageAttribute", "ScheduledEvent",
    "SecretRotationEvent", "SmartHomeEndpoint", "SmartHomeEvent", "SmartHomeEventV2", "SmartHomeHeader",
    "StreamBatchInfo", "TimeWindow", "TokenAuthorizerEvent", "TokenGenerationEvent", "TokenGenerationRequest",
    "TransferEvent", "UserIdentity", "UserMigrationEvent", "UserMigrationRequest", "VPCLatticeEvent",
    "VPCLatticeEventV2", "VPCLatticeIdentity", "VPCLatticeRequestContext", "VerifyAuthChallengeEvent", "VerifyRequest",
    "WebSocketEvent", "WebSocketRequestContext", "WidgetContext", "WidgetTimeRange", "WorkMailAddress",
    "WorkMailEvent", "activemq_batch", "activemq_event", "alb_target", "alexa_skill", "alexa_smart_home",
    "alexa_smart_home_v2", "amplify_resolver", "api_gateway", "appsync_authorizer", "appsync_batch", "appsync_channel",
    "appsync_resolver", "bedrock_agent", "bedrock_api", "bedrock_function", "client_vpn", "client_vpn_answer",
    "cloudformation_macro", "cloudwatch_alarm", "cloudwatch_logs", "codecommit_event", "codedeploy_hook",
    "codepipeline_job", "cognito_sync", "cognito_trigger", "config_rule", "connect_flow", "create_auth_challenge",
    "custom_email_sender", "custom_message", "custom_resource", "custom_sms_sender", "custom_widget",
    "define_auth_challenge", "detect", "disposition", "docdb_event", "durable_event", "dynamodb_batch",
    "dynamodb_event", "evaluation", "eventbridge_event", "firehose_transform", "function_url", "inbound_federation",
    "iot_authorizer", "iot_button", "iot_one_click", "iot_provisioning", "iot_registry", "kafka_batch", "kafka_event",
    "kinesis_analytics_event", "kinesis_batch", "kinesis_event", "lambda_destination", "lex_v1_hook", "lex_v2_hook",
    "model_of", "origin_request", "origin_response", "post_authentication", "post_confirmation", "pre_authentication",
    "pre_sign_up", "rabbitmq_batch", "rabbitmq_event", "redirect", "request_authorizer", "s3_batch", "s3_event",
    "s3_object_lambda", "scheduled_event", "secret_rotation", "ses_event", "sns_event", "source_of", "sqs_batch",
    "sqs_event", "token_authorizer", "token_generation", "transfer_answer", "transfer_identity", "unmapped",
    "user_migration", "verify_auth_challenge", "viewer_request", "viewer_response", "vpc_lattice", "websocket_event",
    "window_result", "workmail_flow",
)
# fmt: on


def __getattr__(name: str) -> object:
    # No table from name to module: making one costs every import more than this costs the few names a function uses.
    module = next((module for module, names in _PUBLIC.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module 'lambdakit.events' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"lambdakit.events.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""SAM templates: Globals, intrinsic functions, events, and notes on what has no meaning here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.emulator.asynchronous.event import EventInvokeConfig
from lambdakit.emulator.project import FunctionUrl, Route, Schedule
from lambdakit.emulator.project.intrinsics import Resolver, Unresolved
from lambdakit.emulator.project.template import read_template
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from lambdakit.emulator.project import Project

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Token: {Type: String}
Mappings:
  Sizes: {dev: {memory: 256}, prod: {memory: 1024}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Globals:
  Function:
    Runtime: python3.12
    Timeout: 10
    Environment: {Variables: {STAGE: !Ref Stage, LEVEL: INFO}}
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "orders-${Stage}"}
  Failed: {Type: AWS::SQS::Queue}
  Fonts:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: fonts/}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.handler
      MemorySize: !FindInMap [Sizes, !Ref Stage, memory]
      Timeout: !If [IsProd, 60, 5]
      Environment:
        Variables:
          LEVEL: DEBUG
          QUEUE: !GetAtt Orders.Arn
          URL: !Ref Orders
          TABLE: !ImportValue other-table
          TOKEN: !Ref Token
          FLAG: true
      Layers: [!Ref Fonts, "arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsights:2"]
      ReservedConcurrentExecutions: 3
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Failed.Arn}
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}
      FunctionUrlConfig: {AuthType: AWS_IAM}
      EphemeralStorage: {Size: 1024}
      ImageConfig: {WorkingDirectory: /}
      Policies: [AmazonSQSReadOnlyAccess]
      Events:
        Get: {Type: Api, Properties: {Path: "/a/{id}", Method: get}}
        Any: {Type: HttpApi}
        Tick: {Type: Schedule, Properties: {Schedule: rate(1 minute), Input: "{}"}}
        Off: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day), Name: nightly, State: DISABLED}}
        Orders: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn, BatchSize: 5}}
        Other: {Type: SQS, Properties: {Queue: !ImportValue queue}}
        Bucket: {Type: S3, Properties: {Bucket: !Ref Worker}}
  OnlyProd:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties: {CodeUri: src, Handler: app.handler, FunctionName: only-prod}
  Image:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: x}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path


def read(root: Path, **parameters: str) -> Project:
    return read_template(root / "template.yaml", parameters=parameters)


def test_a_function_is_read_with_its_surroundings(root: Path) -> None:
    (worker,) = read(root).functions
    config = worker.config
    assert (config.name, config.handler, config.task_root) == ("Worker", "app.handler", root / "src")
    assert (config.runtime, config.timeout, config.memory_mb) == ("python3.12", 5, 256)
    assert config.ephemeral_storage_mb == 1024
    assert config.environment == {
        "STAGE": "dev",
        "LEVEL": "DEBUG",
        "QUEUE": "arn:aws:sqs:us-east-1:123456789012:orders-dev",
        "URL": "https://sqs.us-east-1.amazonaws.com/123456789012/orders-dev",
        "FLAG": "true",
    }
    assert worker.layers == (root / "fonts",)
    assert (worker.reserved_concurrency, worker.provisioned_concurrency) == (3, 1)
    failed = "arn:aws:sqs:us-east-1:123456789012:Failed"
    assert worker.event_invoke == EventInvokeConfig(1, 21_600, None, failed, failed)
    assert worker.url == FunctionUrl("AWS_IAM")
    assert worker.routes == (Route("GET", "/a/{id}", "rest"), Route("ANY", "$default", "http"))
    off = Schedule("rate(1 day)", None, "scheduler", "nightly", enabled=False)
    assert worker.schedules == (Schedule("rate(1 minute)", "{}"), off)
    assert [(source.arn, source.settings) for source in worker.sources] == [
        ("arn:aws:sqs:us-east-1:123456789012:orders-dev", {"BatchSize": 5})
    ]


def test_what_has_no_meaning_here_is_a_note(root: Path) -> None:
    assert read(root).notes == (
        "Worker: the variable TABLE: Fn::ImportValue 'other-table' is another stack's; it is left out",
        "Worker: the variable TOKEN: the parameter Token has no default; it is left out",
        "Worker: the event Other: Fn::ImportValue 'queue' is another stack's; it is left out",
        "Worker: the event Bucket (S3) does not call it here",
        "Worker: ImageConfig has no effect here",
        "Worker: the layer arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsights:2 is in the cloud only; "
        "it is left out",
        "Image: a container image is not started here; it is left out",
    )


def test_parameters_decide_conditions(root: Path) -> None:
    project = read(root, Stage="prod", Token="t")
    worker, only_prod = project.functions
    assert (worker.config.timeout, worker.config.memory_mb) == (60, 1024)
    assert worker.config.environment["TOKEN"] == "t"
    assert only_prod.name == "only-prod"


TEMPLATE_VALUES: dict[str, Any] = {
    "Parameters": {"P": {"Default": "p"}, "N": {}},
    "Mappings": {"M": {"a": {"b": 1}}},
    "Conditions": {"Yes": {"Fn::Equals": ["1", 1]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}},
    "Resources": {
        "Q": {"Type": "AWS::SQS::Queue"},
        "T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "things"}},
        "F": {"Type": "AWS::Serverless::Function", "Properties": {"FunctionName": {"Fn::Sub": "f-${P}"}}},
    },
}
VALUES: list[tuple[Any, Any]] = [
    ({"Ref": "P"}, "p"),
    ({"Ref": "AWS::Region"}, "eu-west-1"),
    ({"Ref": "AWS::NoValue"}, None),
    ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
    ([{"Ref": "AWS::NoValue"}, 1], [1]),
    ({"Ref": "F"}, "f-p"),
    ({"Ref": "T"}, "things"),
    ({"Fn::GetAtt": ["T", "Arn"]}, "arn:aws:dynamodb:eu-west-1:1:table/things"),
    ({"Fn::GetAtt": "Q.QueueName"}, "Q"),
    ({"Fn::Sub": "${P}-${Q.Arn}-${!x}"}, "p-arn:aws:sqs:eu-west-1:1:Q-${x}"),
    ({"Fn::Sub": ["${own}/${P}", {"own": {"Ref": "T"}}]}, "things/p"),
    ({"Fn::Join": ["-", ["a", {"Ref": "P"}]]}, "a-p"),
    ({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}, "b"),
    ({"Fn::If": ["Yes", 1, 2]}, 1),
    ({"Fn::If": ["No", 1, 2]}, 2),
    ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
    ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
    ({"Fn::FindInMap": ["M", "a", "b"]}, 1),
    ({"Fn::Base64": "hi"}, "aGk="),
    ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "eu-west-1a"),
]
UNRESOLVED: list[tuple[Any, str]] = [
    ({"Ref": "N"}, "the parameter N has no default"),
    ({"Ref": "Gone"}, "the template has no Gone"),
    ({"Fn::GetAtt": "F.SnapStart"}, "F.SnapStart is known in the cloud only"),
    ({"Fn::GetAtt": ["Gone", "Arn"]}, "the template has no Gone"),
    ({"Fn::Sub": "x-${N}"}, "the parameter N has no default"),
    ({"Fn::Join": ["", [{"Ref": "N"}]]}, "the parameter N has no default"),
    ({"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "N"}]}]}, "the parameter N has no default"),
    ({"Fn::FindInMap": ["M", "a", "c"]}, "the mappings have no M.a.c"),
    ({"Fn::If": ["Gone", 1, 2]}, "the template has no condition Gone"),
    ({"Fn::Not": [{"Fn::Equals": [{"Ref": "N"}, 1]}]}, "the parameter N has no default"),
    ({"Fn::Base64": {"Ref": "N"}}, "the parameter N has no default"),
]


def resolver() -> Resolver:
    return Resolver(TEMPLATE_VALUES, {}, region="eu-west-1", account_id="1")


@pytest.mark.parametrize(("raw", "value"), VALUES)
def test_intrinsic_functions_have_their_values(raw: Any, value: Any) -> None:
    assert resolver().value(raw) == value


@pytest.mark.parametrize(("raw", "why"), UNRESOLVED)
def test_what_only_the_cloud_knows_says_so(raw: Any, why: str) -> None:
    found = resolver().value(raw)
    assert isinstance(found, Unresolved)
    assert found.why == why
    assert why in repr(found)


MISTAKES: dict[str, tuple[str, str]] = {
    "no YAML": ("Resources: [", "template.yaml"),
    "no resources": ("Description: x\n", "a template is a mapping with Resources"),
    "no handler": (
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: .}}}",
        "Resources.F.Properties.Handler cannot be read: it is not there",
    ),
    "a handler only the cloud knows": (
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: !ImportValue h}}}",
        "Handler cannot be read: Fn::ImportValue 'h' is another stack's",
    ),
    "a bucket without a key": (
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, CodeUri: 's3://b'}}}",
        "the CodeUri cannot be used: 's3://b' names no object",
    ),
    "a table that is no object in S3": (
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, CodeUri: {Bucket: b}}}}",
        "named by its bucket and its key",
    ),
    "code only the cloud knows": (
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, CodeUri: !ImportValue c}}}",
        "the CodeUri cannot be read: Fn::ImportValue 'c'",
    ),
    "code that is not there": (
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, CodeUri: gone}}}",
        "is not there",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_met_with_the_place(tmp_path: Path, case: str) -> None:
    text, words = MISTAKES[case]
    (tmp_path / "template.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read(tmp_path)
    assert words in str(caught.value)
    assert "template.yaml" in str(caught.value)

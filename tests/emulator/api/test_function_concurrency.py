"""Reserved and provisioned concurrency, asynchronous settings and function URLs over the API."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.emulator.api.control_support import ARN, code, plane_server
from tests.moto_server import unique

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.api.control_support import Site

IPV, VE, RNF, RC = (
    "InvalidParameterValueException",
    "ValidationException",
    "ResourceNotFoundException",
    "ResourceConflictException",
)
NO_PROVISIONED = (
    "ProvisionedConcurrencyConfigNotFoundException",
    "No Provisioned Concurrency Config found for this function",
)
WEB = "def handler(event, context):\n    return {'path': event['rawPath'], 'code': CODE}\n"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with plane_server() as running:
        yield running


@pytest.fixture
def name(site: Site) -> str:
    """A function with a version 1 and an alias for it."""
    made = unique("f")
    site.create(made, Publish=True, Code={"ZipFile": code("1", WEB)})
    site.client.create_alias(FunctionName=made, Name="live", FunctionVersion="1")
    return made


def test_a_reservation_is_kept(site: Site, name: str) -> None:
    client = site.client
    put = client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert put["ReservedConcurrentExecutions"] == 0
    assert site.refused("invoke", FunctionName=name) == ("TooManyRequestsException", "Rate Exceeded.")
    assert client.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    client.put_function_concurrency(FunctionName=ARN + name, ReservedConcurrentExecutions=2)
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 2
    limits = client.get_account_settings()
    assert limits["AccountLimit"]["UnreservedConcurrentExecutions"] == 998
    assert limits["AccountUsage"]["FunctionCount"] >= 1
    gone = client.delete_function_concurrency(FunctionName=name)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName=name)


def test_reservations_that_are_refused(site: Site, name: str) -> None:
    def refused(function: str, amount: int) -> tuple[str, str]:
        return site.refused("put_function_concurrency", FunctionName=function, ReservedConcurrentExecutions=amount)

    assert refused("gone", 1) == (RNF, f"Function not found: {ARN}gone:$LATEST")
    assert refused(name, 901) == (
        IPV,
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        "its minimum value of [100].",
    )
    assert refused(f"{ARN}{name}:1", 1) == (
        IPV,
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN.",
    )


def provisioned(site: Site, name: str, qualifier: str) -> Any:
    """The configuration, when it is no longer being brought about."""
    end = time.monotonic() + 15
    while True:
        found = site.client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
        if found["Status"] != "IN_PROGRESS" or time.monotonic() > end:
            return found


def test_provisioned_concurrency_of_an_alias(site: Site, name: str) -> None:
    client = site.client
    put = client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=1
    )
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert (put["Status"], put["RequestedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 1)
    assert put["AvailableProvisionedConcurrentExecutions"] == 0
    ready = provisioned(site, name, "live")
    assert (ready["Status"], ready["AvailableProvisionedConcurrentExecutions"]) == ("READY", 1)
    (listed,) = client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]
    assert (listed["FunctionArn"], listed["Status"]) == (f"{ARN}{name}:live", "READY")
    assert site.refused(
        "put_provisioned_concurrency_config", FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1
    ) == (RC, "Version is pointed by a Provisioned Concurrency alias")
    # The environments go where the alias goes.
    client.update_function_code(FunctionName=name, ZipFile=code("2", WEB), Publish=True)
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert provisioned(site, name, "live")["Status"] == "READY"
    assert site.call(lambda: site.service.provisioned(f"{name}:2")) == 1
    assert site.call(lambda: site.service.provisioned(f"{name}:1")) == 0
    client.delete_alias(FunctionName=name, Name="live")
    assert site.call(lambda: site.service.provisioned(f"{name}:2")) == 0


def test_what_fails_to_be_provisioned_says_so(site: Site) -> None:
    name = unique("f")
    site.create(name, Code={"ZipFile": code("x", "raise RuntimeError('no')\n")}, Publish=True)
    site.client.put_provisioned_concurrency_config(FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1)
    failed = provisioned(site, name, "1")
    assert (failed["Status"], failed["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")
    gone = site.client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_provisioned_concurrency_that_is_refused(site: Site, name: str) -> None:
    def refused(qualifier: str, function: str = name, amount: int = 1) -> tuple[str, str]:
        return site.refused(
            "put_provisioned_concurrency_config",
            FunctionName=function,
            Qualifier=qualifier,
            ProvisionedConcurrentExecutions=amount,
        )

    assert refused("$LATEST")[1] == (
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
    )
    assert refused("9") == (RNF, f"Function not found: {ARN}{name}:9")
    assert refused("none") == (RNF, f"Cannot find alias arn: {ARN}{name}:none")
    assert refused("1", "gone") == (RNF, f"Function not found: {ARN}gone:1")
    assert refused("1", amount=2000)[1].startswith("Specified ConcurrentExecutions for function is greater than")
    config = {"FunctionName": name, "Qualifier": "1"}
    assert site.refused("get_provisioned_concurrency_config", **config) == NO_PROVISIONED
    latest = {"FunctionName": name, "Qualifier": "$LATEST"}
    assert site.refused("get_provisioned_concurrency_config", **latest)[1] == (
        "The function resource provided must be an alias or a published version."
    )


def test_asynchronous_settings(site: Site, name: str) -> None:
    client = site.client
    queue = "arn:aws:sqs:us-east-1:123456789012:q"
    put = client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    assert (put["FunctionArn"], put["MaximumRetryAttempts"]) == (f"{ARN}{name}:$LATEST", 1)
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    assert "MaximumEventAgeInSeconds" not in put
    updated = client.update_function_event_invoke_config(
        FunctionName=name,
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (1, 60)
    got = client.get_function_event_invoke_config(FunctionName=name)
    assert got["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": queue}}
    replaced = client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    assert replaced["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    client.put_function_event_invoke_config(FunctionName=name, Qualifier="live", MaximumRetryAttempts=2)
    listed = client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    assert [config["FunctionArn"] for config in listed] == [f"{ARN}{name}:$LATEST", f"{ARN}{name}:live"]
    gone = client.delete_function_event_invoke_config(FunctionName=name)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert site.refused("get_function_event_invoke_config", FunctionName=name) == (
        RNF,
        f"The function {ARN}{name}:$LATEST doesn't have an EventInvokeConfig",
    )


def test_events_go_by_the_settings_of_their_qualifier() -> None:
    from lambdakit.emulator.clock import VirtualClock

    source = "def handler(event, context):\n    raise ValueError(CODE)\n"
    with plane_server(clock=VirtualClock(0.0)) as site:
        site.create("f", Code={"ZipFile": code("1", source)}, Publish=True)
        site.create("told", Code={"ZipFile": code("2", "def handler(event, context):\n    print(event)\n")})
        site.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
        site.client.put_function_event_invoke_config(
            FunctionName="f",
            Qualifier="live",
            MaximumRetryAttempts=0,
            DestinationConfig={"OnFailure": {"Destination": ARN + "told"}},
        )
        assert site.ran("f", Qualifier="live", InvocationType="Event", Payload=b"1") is None
        backstage = site.plane.registry.backstage
        site.run(backstage.settled())
        group = site.call(lambda: [event.message for event in backstage.logs.events("/aws/lambda/told")])
        (record,) = [message for message in group if "requestContext" in message]
        assert f"'functionArn': '{ARN}f:live', 'condition': 'RetriesExhausted', 'approximateInvokeCount': 1" in record
        assert "'executedVersion': '1'" in record


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({}, IPV, "You must specify at least one of error handling or destination setting."),
        ({"FunctionName": "gone", "MaximumRetryAttempts": 1}, RNF, "The function doesn't exist."),
        ({"Qualifier": "9", "MaximumRetryAttempts": 1}, RNF, "The function doesn't exist."),
        (
            {"DestinationConfig": {"OnSuccess": {"Destination": ARN + "gone"}}},
            IPV,
            f"The destination ARN {ARN}gone is invalid.",
        ),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:iam::123456789012:role/r"}}},
            IPV,
            "The provided destination config DestinationConfig(onSuccess=null, "
            "onFailure=OnFailure(destination=arn:aws:iam::123456789012:role/r)) is invalid.",
        ),
    ],
)
def test_asynchronous_settings_that_are_refused(
    site: Site, name: str, changes: dict[str, Any], kind: str, message: str
) -> None:
    arguments = {"FunctionName": name, **changes}
    assert site.refused("put_function_event_invoke_config", **arguments) == (kind, message)


def test_a_function_is_no_destination_of_its_own(site: Site, name: str) -> None:
    config = {"OnSuccess": {"Destination": ARN + name}}
    assert site.refused("put_function_event_invoke_config", FunctionName=name, DestinationConfig=config) == (
        IPV,
        "You can't specify the function as a destination for itself.",
    )
    kind, message = site.refused(
        "put_function_event_invoke_config",
        FunctionName=name,
        DestinationConfig={"OnFailure": {"Destination": "no arn"}},
    )
    assert (kind, "at 'destinationConfig.onFailure.destination'" in message) == (VE, True)


def get(url: str) -> httpx.Response:
    """The answer at a function URL, whose host name is this machine's."""
    host, port = re.match(r"http://([^:/]+):(\d+)/", url).groups()  # type: ignore[union-attr]
    with httpx.Client(timeout=15) as client:
        return client.get(f"http://127.0.0.1:{port}/a", headers={"Host": f"{host}:{port}"})


def test_a_function_url_is_served_while_it_is_there(site: Site, name: str) -> None:
    client = site.client
    made = client.create_function_url_config(FunctionName=name, AuthType="NONE", Cors={"AllowOrigins": ["*"]})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (made["FunctionArn"], made["AuthType"]) == (ARN + name, "NONE")
    assert "InvokeMode" not in made
    assert get(made["FunctionUrl"]).json() == {"path": "/a", "code": "1"}
    of_alias = client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")
    assert of_alias["FunctionArn"] == f"{ARN}{name}:live"
    assert of_alias["FunctionUrl"] != made["FunctionUrl"]
    client.update_function_code(FunctionName=name, ZipFile=code("2", WEB))
    assert get(made["FunctionUrl"]).json()["code"] == "2"
    assert get(of_alias["FunctionUrl"]).json()["code"] == "1"
    updated = client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM", InvokeMode="BUFFERED")
    assert updated["AuthType"] == "AWS_IAM"
    assert get(made["FunctionUrl"]).status_code == 403
    shown = client.get_function_url_config(FunctionName=name)
    assert (shown["InvokeMode"], shown["Cors"]) == ("BUFFERED", {"AllowOrigins": ["*"]})
    listed = client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    assert [config["FunctionArn"] for config in listed] == [ARN + name, f"{ARN}{name}:live"]
    again = site.refused("create_function_url_config", FunctionName=name, AuthType="NONE")
    assert again == (
        RC,
        f"Failed to create function url config for [functionArn = {ARN}{name}]. Error message:  FunctionUrlConfig "
        "exists for this Lambda function",
    )
    gone = client.delete_function_url_config(FunctionName=name)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    missing = (RNF, "The resource you requested does not exist.")
    assert site.refused("get_function_url_config", FunctionName=name) == missing
    assert site.refused("delete_function_url_config", FunctionName="gone") == missing
    assert get(made["FunctionUrl"]).status_code == 403
    nobody = site.refused("create_function_url_config", FunctionName="gone", AuthType="NONE")
    assert nobody == (RNF, "Function does not exist")

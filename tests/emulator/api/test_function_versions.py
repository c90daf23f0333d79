"""Versions and aliases over the API: what they answer, which code they run, and what they refuse."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.api.control_support import ARN, code, plane_server
from tests.moto_server import unique

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.api.control_support import Site

IPV, VE, RNF, RC, PF = (
    "InvalidParameterValueException",
    "ValidationException",
    "ResourceNotFoundException",
    "ResourceConflictException",
    "PreconditionFailedException",
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with plane_server() as running:
        yield running


@pytest.fixture
def name(site: Site) -> str:
    """A function with the versions 1 and 2, whose codes are `1` and `2`, and $LATEST, whose code is `3`."""
    made = unique("f")
    site.create(made, Environment={"Variables": {"VAR": "one"}}, Publish=True)
    site.client.update_function_configuration(FunctionName=made, Environment={"Variables": {"VAR": "two"}})
    site.client.update_function_code(FunctionName=made, ZipFile=code("2"), Publish=True)
    site.client.update_function_code(FunctionName=made, ZipFile=code("3"))
    return made


def test_versions_stay_what_they_were(site: Site, name: str) -> None:
    def seen(qualifier: str) -> list[str]:
        answer = site.client.invoke(FunctionName=name, Qualifier=qualifier)
        assert answer["ExecutedVersion"] == qualifier
        import json

        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        assert payload["arn"] == f"{ARN}{name}:{qualifier}"
        return [payload["code"], payload["version"], payload["variable"]]

    assert seen("1") == ["1", "1", "one"]
    assert seen("2") == ["2", "2", "two"]
    assert seen("$LATEST") == ["3", "$LATEST", "two"]
    listed = site.client.list_versions_by_function(FunctionName=name)["Versions"]
    assert [version["Version"] for version in listed] == ["$LATEST", "1", "2"]
    assert [version["FunctionArn"] for version in listed] == [f"{ARN}{name}:{v}" for v in ("$LATEST", "1", "2")]
    pages = site.client.get_paginator("list_versions_by_function").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 1}
    )
    assert [version["Version"] for page in pages for version in page["Versions"]] == ["$LATEST", "1", "2"]


def test_what_publishing_answers(site: Site) -> None:
    name = unique("f")
    made = site.create(name, Publish=True)
    assert (made["Version"], made["FunctionArn"], made["State"]) == ("1", ARN + name, "Pending")
    again = site.client.publish_version(FunctionName=name)
    assert (again["Version"], again["FunctionArn"], again["State"]) == ("1", f"{ARN}{name}:1", "Active")
    updated = site.client.update_function_code(FunctionName=name, ZipFile=code("1"), Publish=True)
    assert (updated["Version"], updated["State"], updated["StateReasonCode"]) == ("2", "Pending", "Creating")
    assert "LastUpdateStatus" not in updated
    site.client.update_function_configuration(FunctionName=name, Description="of latest")
    before = site.client.get_function_configuration(FunctionName=name)
    third = site.client.publish_version(
        FunctionName=name, Description="third", CodeSha256=before["CodeSha256"], RevisionId=before["RevisionId"]
    )
    assert (third["Version"], third["Description"], third["LastUpdateStatus"]) == ("3", "third", "Successful")
    after = site.client.get_function_configuration(FunctionName=name)
    assert (after["Description"], after["RevisionId"] != before["RevisionId"]) == ("of latest", True)
    assert site.client.publish_version(FunctionName=name)["RevisionId"] == third["RevisionId"]
    refused = site.refused("publish_version", FunctionName=name, CodeSha256="other")
    assert refused == (
        IPV,
        f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({before['CodeSha256']}). Please try "
        "again with the CodeSHA256 in $LATEST.",
    )
    assert site.refused("publish_version", FunctionName=name, RevisionId="old")[0] == PF
    assert site.refused("publish_version", FunctionName="gone") == (RNF, f"Function not found: {ARN}gone")


def test_a_deleted_version_is_gone_and_its_number_with_it(site: Site, name: str) -> None:
    site.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    kind, message = site.refused("delete_function", FunctionName=name, Qualifier="1")
    assert (kind, "alias live" in message) == (RC, True)
    for _ in range(2):
        deleted = site.client.delete_function(FunctionName=name, Qualifier="2")
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    missing = (RNF, f"Function not found: {ARN}{name}:2")
    assert site.refused("get_function", FunctionName=name, Qualifier="2") == missing
    assert site.refused("invoke", FunctionName=name, Qualifier="2") == missing
    assert site.client.publish_version(FunctionName=name)["Version"] == "3"


def test_an_alias_runs_what_it_names(site: Site, name: str) -> None:
    client = site.client
    made = client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", Description="d")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert {key: made[key] for key in ("AliasArn", "Name", "FunctionVersion", "Description")} == {
        "AliasArn": f"{ARN}{name}:live", "Name": "live", "FunctionVersion": "1", "Description": "d",
    }  # fmt: skip
    assert "RoutingConfig" not in made
    assert site.ran(f"{name}:live") == "1"
    shown = client.get_function(FunctionName=name, Qualifier="live")["Configuration"]
    assert (shown["FunctionArn"], shown["Version"]) == (f"{ARN}{name}:live", "1")
    moved = client.update_alias(FunctionName=name, Name="live", FunctionVersion="2", RevisionId=made["RevisionId"])
    assert (moved["FunctionVersion"], moved["Description"]) == ("2", "d")
    assert moved["RevisionId"] != made["RevisionId"]
    assert site.invoke(name, Qualifier="live")["code"] == "2"
    got = client.get_alias(FunctionName=name, Name="live")
    assert got["RevisionId"] == moved["RevisionId"]
    client.create_alias(FunctionName=name, Name="another", FunctionVersion="$LATEST")
    assert site.invoke(name, Qualifier="another")["version"] == "$LATEST"

    def listed(**arguments: Any) -> list[str]:
        return [alias["Name"] for alias in client.list_aliases(FunctionName=name, **arguments)["Aliases"]]

    assert listed() == ["another", "live"]
    assert listed(FunctionVersion="2") == ["live"]
    for _ in range(2):
        gone = client.delete_alias(FunctionName=name, Name="live")
        assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert site.refused("get_alias", FunctionName=name, Name="live") == (
        RNF,
        f"Cannot find alias arn: {ARN}{name}:live",
    )
    assert site.refused("invoke", FunctionName=name, Qualifier="live") == (RNF, f"Function not found: {ARN}{name}:live")


def test_weights_share_invocations(site: Site, name: str) -> None:
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    made = site.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=routing)
    assert made["RoutingConfig"] == routing
    ran = Counter(site.ran(name, Qualifier="live") for _ in range(40))
    assert set(ran) == {"1", "2"}
    whole = site.client.update_alias(FunctionName=name, Name="live", RoutingConfig={})
    assert "RoutingConfig" not in whole
    assert {site.invoke(name, Qualifier="live")["code"] for _ in range(10)} == {"1"}


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"FunctionVersion": "9"}, RNF, "Function not found: {arn}:9"),
        ({"FunctionVersion": "1", "weights": {"9": 0.1}}, RNF, "Function not found: {arn}:9"),
        (
            {"FunctionVersion": "1", "weights": {"1": 0.1}},
            IPV,
            "Invalid function version 1. Function version 1 is already included in routing configuration.",
        ),
        (
            {"FunctionVersion": "1", "weights": {"1": 0.1, "2": 0.2}},
            IPV,
            "Number of items in AdditionalVersionWeights cannot be greater than 1",
        ),
        (
            {"FunctionVersion": "$LATEST", "weights": {"1": 0.1}},
            IPV,
            "$LATEST is not supported for an alias pointing to more than 1 version",
        ),
        (
            {"FunctionVersion": "1", "weights": {"2": 1.5}},
            VE,
            "1 validation error detected: Value '{{2=1.5}}' at 'routingConfig.additionalVersionWeights' failed to "
            "satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
            "Member must have value greater than or equal to 0.0, Member must not be null]",
        ),
        (
            {"FunctionVersion": "1", "weights": {"$LATEST": 0.5}},
            VE,
            "1 validation error detected: Value '{{$LATEST=0.5}}' at 'routingConfig.additionalVersionWeights' failed "
            "to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to "
            "1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: "
            "[0-9]+, Member must not be null]",
        ),
        (
            {"FunctionVersion": "1", "Name": "123"},
            VE,
            "1 validation error detected: Value '123' at 'name' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
        ),
    ],
)
def test_aliases_that_are_refused(site: Site, name: str, arguments: dict[str, Any], kind: str, message: str) -> None:
    weights = arguments.pop("weights", None)
    routing = {} if weights is None else {"RoutingConfig": {"AdditionalVersionWeights": weights}}
    given = {"FunctionName": name, "Name": "live", **arguments, **routing}
    assert site.refused("create_alias", **given) == (kind, message.format(arn=ARN + name))


def test_what_else_of_aliases_is_refused(site: Site, name: str) -> None:
    site.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    again = site.refused("create_alias", FunctionName=name, Name="live", FunctionVersion="1")
    assert again == (RC, f"Alias already exists: {ARN}{name}:live")
    gone = site.refused("create_alias", FunctionName="gone", Name="live", FunctionVersion="1")
    assert gone == (RNF, f"Function not found: {ARN}gone")
    none = site.refused("update_alias", FunctionName=name, Name="none", Description="d")
    assert none == (RNF, f"Alias not found: {ARN}{name}:none")
    assert site.refused("update_alias", FunctionName=name, Name="live", RevisionId="old")[0] == PF

"""Functions across time: restarts, resets, the clock, and a project whose functions are there before."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from lambdakit.emulator.asynchronous.event import EventInvokeConfig
from lambdakit.emulator.clock import VirtualClock
from lambdakit.emulator.control import codes
from lambdakit.emulator.project import FunctionSpec
from lambdakit.emulator.project.spec import FunctionUrl
from lambdakit.exceptions import UsageError
from tests.emulator.api.control_support import ARN, client_of, code, plane_server
from tests.engine_support import app_config

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
import os
def handler(event, context):
    return [os.environ.get("VAR"), context.function_version, context.memory_limit_in_mb]
"""
RC = "ResourceConflictException"
UPDATING = f"The operation cannot be performed at this time. An update is in progress for resource: {ARN}f"


def test_what_was_created_outlives_the_service(tmp_path: Path) -> None:
    with plane_server(state=tmp_path) as site:
        client = site.client
        site.create("f", Environment={"Variables": {"VAR": "1"}}, Tags={"a": "b"}, Publish=True)
        client.update_function_code(FunctionName="f", ZipFile=code("2"))
        client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
        client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=3)
        client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
        client.create_function_url_config(FunctionName="f", AuthType="NONE")
        site.create("gone")
        client.delete_function(FunctionName="gone")
        before = {key: client.get_function(FunctionName="f")[key] for key in ("Configuration", "Tags", "Concurrency")}
        versions = client.list_versions_by_function(FunctionName="f")["Versions"]
    with plane_server(state=tmp_path) as site:
        client = site.client
        shown = client.get_function(FunctionName="f")
        assert {key: shown[key] for key in before} == before
        assert client.list_versions_by_function(FunctionName="f")["Versions"] == versions
        assert [function["FunctionName"] for function in client.list_functions()["Functions"]] == ["f"]
        assert (site.invoke("f")["code"], site.invoke("f", Qualifier="live")["code"]) == ("2", "1")
        assert site.invoke("f")["variable"] == "1"
        assert client.get_function_event_invoke_config(FunctionName="f")["MaximumRetryAttempts"] == 0
        assert client.get_function_url_config(FunctionName="f")["AuthType"] == "NONE"
        assert client.publish_version(FunctionName="f")["Version"] == "2"
        # Of code, only what a function has is kept.
        assert len(list((tmp_path / "code").glob("*.zip"))) == 2


def test_what_cannot_be_served_again_is_told(tmp_path: Path) -> None:
    with plane_server(state=tmp_path) as site:
        site.create("lost")
        site.create("named")
    (tmp_path / "project").mkdir()
    spec = FunctionSpec(app_config(tmp_path / "project", PROJECT, name="named"))
    for archive in (tmp_path / "code").glob("*.zip"):
        archive.unlink()
    with plane_server(state=tmp_path, functions=[spec]) as site:
        told = " / ".join(site.notes)
        assert "named: the project has a function of that name" in told
        assert "lost: it was created before and cannot be served now" in told
        assert list(site.service.functions) == ["named"]


def test_a_reset_leaves_the_project_as_it_was(tmp_path: Path) -> None:
    config = app_config(tmp_path, PROJECT, name="mine", environment={"VAR": "project"}, memory_mb=192)
    on_failure = "arn:aws:sqs:us-east-1:123456789012:q"
    spec = FunctionSpec(
        config, reserved_concurrency=4, event_invoke=EventInvokeConfig(1, 90, on_failure=on_failure), url=FunctionUrl()
    )
    with plane_server(functions=[spec], state=tmp_path / "state") as site:
        client = site.client
        before = site.invoke("mine")
        assert before == ["project", "$LATEST", "192"]
        site.create("made")
        site.invoke("made")
        assert site.ran("made", InvocationType="Event", Payload=b"{}") is None
        client.update_function_configuration(FunctionName="mine", Environment={"Variables": {"VAR": "api"}})
        client.put_function_concurrency(FunctionName="mine", ReservedConcurrentExecutions=9)
        client.delete_function_event_invoke_config(FunctionName="mine")
        client.delete_function_url_config(FunctionName="mine")
        client.publish_version(FunctionName="mine")
        assert site.invoke("mine") == ["api", "$LATEST", "192"]
        assert site.invoke("mine", Qualifier="1") == ["api", "1", "192"]
        assert httpx.post(f"{site.server.url}/_lambdakit/reset", timeout=20).status_code == 204
        backstage = site.plane.registry.backstage
        assert site.call(backstage.pending_events) == 0
        assert site.call(backstage.logs.groups) == []
        assert site.call(backstage.usage) == []
        assert site.invoke("mine") == before
        assert [f["FunctionName"] for f in client.list_functions()["Functions"]] == ["mine"]
        assert len(client.list_versions_by_function(FunctionName="mine")["Versions"]) == 1
        assert client.get_function_concurrency(FunctionName="mine")["ReservedConcurrentExecutions"] == 4
        events = client.get_function_event_invoke_config(FunctionName="mine")
        assert (events["MaximumRetryAttempts"], events["MaximumEventAgeInSeconds"]) == (1, 90)
        assert events["DestinationConfig"]["OnFailure"] == {"Destination": on_failure}
        assert client.get_function_url_config(FunctionName="mine")["AuthType"] == "NONE"
        assert list((tmp_path / "state" / "code").glob("*.zip")) == []
    with plane_server(state=tmp_path / "state") as site:
        assert site.client.list_functions()["Functions"] == []


def test_a_function_of_the_project_seen_over_the_api(tmp_path: Path) -> None:
    config = app_config(tmp_path, PROJECT, name="mine", environment={"VAR": "1"}, timeout=2.5, log_format="json")
    with plane_server(functions=[FunctionSpec(replace(config, runtime="python3.12"))]) as site:
        shown = site.client.get_function(FunctionName="mine")
        found = shown["Configuration"]
        assert (found["Timeout"], found["Runtime"], found["State"]) == (3, "python3.12", "Active")
        assert found["Environment"] == {"Variables": {"VAR": "1"}}
        assert found["LoggingConfig"]["LogFormat"] == "JSON"
        archive = httpx.get(shown["Code"]["Location"], timeout=10).content
        assert len(archive) == found["CodeSize"]
        # A version keeps the code that the directory had.
        site.client.publish_version(FunctionName="mine")
        (tmp_path / "app.py").write_text("def handler(event, context):\n    return 'edited'\n")
        edited = site.client.get_function_configuration(FunctionName="mine")
        assert edited["CodeSha256"] != found["CodeSha256"]
        assert site.invoke("mine", Qualifier="1") == ["1", "1", "128"]
        assert site.client.publish_version(FunctionName="mine")["Version"] == "2"
        assert site.invoke("mine", Qualifier="2") == "edited"
        site.client.delete_function(FunctionName="mine")
        assert site.client.list_functions()["Functions"] == []


def test_states_go_by_the_services_clock() -> None:
    clock = VirtualClock(0.0)
    with plane_server(clock=clock, seconds=5.0) as site:
        client = site.client

        def status() -> tuple[str, str | None]:
            found = client.get_function_configuration(FunctionName="f")
            return found["State"], found.get("LastUpdateStatus")

        site.create("f", Publish=True)
        assert status() == ("Pending", None)
        assert site.refused("invoke", FunctionName="f") == (
            RC,
            "The operation cannot be performed at this time. The function is currently in the following state: Pending",
        )
        assert site.refused("update_function_configuration", FunctionName="f", Timeout=4) == (RC, UPDATING)
        site.run(clock.advance(4.9))
        assert status() == ("Pending", None)
        site.run(clock.advance(0.1))
        assert status() == ("Active", "Successful")
        assert site.invoke("f", Qualifier="1")["code"] == "1"
        client.update_function_code(FunctionName="f", ZipFile=code("2"))
        assert status() == ("Active", "InProgress")
        assert site.invoke("f")["code"] == "1"
        for operation in ("update_function_configuration", "publish_version"):
            assert site.refused(operation, FunctionName="f") == (RC, UPDATING)
        site.run(clock.advance(5))
        assert (status(), site.invoke("f")["code"]) == (("Active", "Successful"), "2")
        # One that is deleted meanwhile does not come back.
        site.create("brief")
        client.delete_function(FunctionName="brief")
        site.run(clock.advance(5))
        assert site.refused("get_function", FunctionName="brief")[0] == "ResourceNotFoundException"


def test_an_update_is_in_progress_while_its_code_is_being_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    with plane_server() as site:
        site.create("f")
        store = site.plane.store
        add = store.add

        def slow(data: bytes) -> Any:
            begun.set()
            assert go_on.wait(20)
            return add(data)

        monkeypatch.setattr(store, "add", slow)
        update = threading.Thread(
            target=site.client.update_function_code, kwargs={"FunctionName": "f", "ZipFile": code("2")}
        )
        update.start()
        try:
            assert begun.wait(20)
            assert site.refused("update_function_configuration", FunctionName="f", Timeout=9) == (RC, UPDATING)
            assert site.invoke("f")["code"] == "1"
        finally:
            go_on.set()
            update.join(20)
        assert site.invoke("f")["code"] == "2"


def test_a_function_that_is_deleted_while_its_code_comes_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plane_server(state=tmp_path) as site:
        site.create("f")
        store = site.plane.store
        add = store.add

        def deleting(data: bytes) -> Any:
            with contextlib.closing(client_of(site.server.url)) as client:
                client.delete_function(FunctionName="f")
            return add(data)

        monkeypatch.setattr(store, "add", deleting)
        refused = site.refused("update_function_code", FunctionName="f", ZipFile=code("2"))
        assert refused == ("ResourceNotFoundException", f"Function not found: {ARN}f")
    with plane_server(state=tmp_path) as site:
        assert site.client.list_functions()["Functions"] == []


def test_a_directory_that_is_more_than_an_archive_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "DEFAULT_LIMITS", codes.DEFAULT_LIMITS._replace(unpacked_bytes=10))
    with plane_server(functions=[FunctionSpec(app_config(tmp_path, PROJECT, name="large"))]) as site:
        shown = site.client.get_function(FunctionName="large")
        assert shown["Code"] == {"RepositoryType": "S3"}
        assert shown["Configuration"]["CodeSize"] == len((tmp_path / "app.py").read_bytes())
        refused = site.refused("publish_version", FunctionName="large")
        assert refused[1] == "Unzipped size must be smaller than 10 bytes"


def test_two_functions_of_a_project_cannot_have_one_name(tmp_path: Path) -> None:
    spec = FunctionSpec(app_config(tmp_path, PROJECT))
    with pytest.raises(UsageError, match="two functions called"), plane_server(functions=[spec, spec]):
        raise AssertionError


def test_secrets_of_a_function_are_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with plane_server(state=tmp_path) as site:
        site.create("f", Environment={"Variables": {"TOKEN": "hidden-value"}})
        site.invoke("f")
        lines = site.call(
            lambda: json.dumps([e.message for e in site.plane.registry.backstage.logs.events("/aws/lambda/f")])
        )
    assert "hidden-value" not in lines
    assert "hidden-value" not in caplog.text

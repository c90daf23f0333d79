"""SnapStart: snapshot, restore, hooks and their time, credentials, and what environments share."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re

import boto3
import pytest
from botocore.credentials import ContainerProvider

from lambdakit.emulator import ExecutionEnvironment, Invocation, InvokeRequest, LocalService, limits
from lambdakit.emulator.api import ApiServer
from lambdakit.emulator.code.store import StoredCode
from lambdakit.emulator.control.record import VersionRecord
from lambdakit.emulator.project.pyproject import read_pyproject
from lambdakit.emulator.project.template import read_template
from lambdakit.exceptions import InitFailedError, RestoreFailedError
from tests.engine_support import RUNTIMES, Recorder, app_config, play, run, scripted, until
from tests.extension_support import FAITHFUL, layer_with, noted_events

SNAP = {"initialization_type": "snap-start"}

HOOKS = """
    import os, random
    from snapshot_restore_py import register_after_restore, register_before_snapshot
    print("imported", os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"])
    state = {"drawn": random.random(), "invocations": 0}
    for n in (1, 2):
        register_before_snapshot(print, "before", n)
        register_after_restore(print, "after", n)
    def handler(event, context):
        state["invocations"] += 1
        if event == "exit":
            os._exit(1)
        return state
"""
OURS = """
    import lambdakit
    @lambdakit.before_snapshot
    def before(): print("before ours")
    @lambdakit.after_restore
    def after(): print("after ours")
    def handler(event, context): return 1
"""


def snapped(tmp_path, source=HOOKS, runtime="lambdakit", **changes):
    return app_config(tmp_path, source, runtime_command=RUNTIMES[runtime], **{**SNAP, **changes})


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_hooks_run_around_the_snapshot_and_restore_has_its_lines(tmp_path, runtime):
    log = Recorder()

    async def go():
        async with ExecutionEnvironment(snapped(tmp_path, runtime=runtime), log=log) as environment:
            await until(lambda: "before 1" in log.texts("function"))
            assert not environment.ready
            assert log.texts()[1:] == ["imported snap-start", "before 2", "before 1"]
            first = await environment.invoke(Invocation())
            second = await environment.invoke(Invocation())
            assert (first.init_ms, first.restore_ms is None, second.restore_ms) == (None, False, None)
            assert json.loads(second.payload)["invocations"] == 2

    run(go())
    shapes = [
        r"RESTORE_START Runtime Version: python:.*\tRuntime Version ARN: arn:aws:.*::runtime:[0-9a-f]{64}",
        "after 1", "after 2", r"RESTORE_REPORT Restore Duration: \d+\.\d\d ms", "START .*", "END .*",
        r"REPORT .*\tRestore Duration: \d+\.\d\d ms\tBilled Restore Duration: \d+ ms\t",
    ]  # fmt: skip
    for text, shape in zip(log.texts()[4:], shapes, strict=False):
        assert re.fullmatch(shape, text), text
    assert not any("Init Duration" in text for text in log.texts())


def test_hooks_of_lambdakit_run_too(tmp_path):
    log = Recorder()

    async def go():
        async with ExecutionEnvironment(snapped(tmp_path, OURS), log=log) as environment:
            assert (await environment.invoke(Invocation())).payload == b"1"

    run(go())
    assert log.texts("function") == ["before ours", "after ours"]


def test_after_a_reset_a_new_snapshot_is_made_and_restored(tmp_path):
    log = Recorder()

    async def go():
        async with ExecutionEnvironment(snapped(tmp_path), log=log) as environment:
            assert (await environment.invoke(Invocation(b'"exit"'))).error_type == "Runtime.ExitError"
            again = await environment.invoke(Invocation())
            assert json.loads(again.payload)["invocations"] == 1
            # Neither snapshot nor restore is in the invocation's own time.
            assert again.restore_ms is not None
            assert again.duration_ms < again.restore_ms + 50

    run(go())
    starts = [text.split()[0] for text in log.texts("platform") if text.startswith(("INIT_START", "RESTORE", "START"))]
    assert starts == ["INIT_START", "RESTORE_START", "RESTORE_REPORT", "START"] * 2


FAILING = """
    import sys, time
    from snapshot_restore_py import register_after_restore, register_before_snapshot
    def hook(what):
        if what == "sleep":
            time.sleep(60)
        raise ValueError(what)
    register_{when}(hook, "{what}")
    def handler(event, context): return 1
"""


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_hook_that_fails_before_the_snapshot_fails_the_environment(tmp_path, runtime):
    config = snapped(tmp_path, FAILING.format(when="before_snapshot", what="no"), runtime)

    async def go():
        log = Recorder()
        with pytest.raises(InitFailedError) as caught:
            async with ExecutionEnvironment(config, log=log):
                pass
        assert caught.value.error_type == "Runtime.BeforeSnapshotError"
        assert json.loads(caught.value.body)["errorType"] == "ValueError"
        assert log.texts("platform")[-1].endswith("Status: error\tError Type: Runtime.BeforeSnapshotError")

    run(go())


@contextlib.asynccontextmanager
async def serving(config):
    async with LocalService() as service, ApiServer(service, port=0) as server:
        service.add(config)
        yield server.url


def invoke_over_http(url):
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
    with contextlib.closing(session.client("lambda", endpoint_url=url)) as client:
        try:
            return client.invoke(FunctionName="engine-test")["Payload"].read()
        except client.exceptions.ClientError as error:
            return error.response


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_hook_that_fails_after_the_restore_is_the_services_error(tmp_path, runtime):
    config = snapped(tmp_path, FAILING.format(when="after_restore", what="no"), runtime)

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config, log=log) as environment:
            for _ in range(2):
                with pytest.raises(RestoreFailedError) as caught:
                    await environment.invoke(Invocation())
                assert json.loads(caught.value.report)["errorMessage"] == "no"
        assert environment.running == 0
        reports = [text for text in log.texts("platform") if text.startswith("RESTORE_REPORT")]
        assert [text.partition("\t")[2] for text in reports] == [
            "Status: error\tError Type: Runtime.AfterRestoreError"
        ] * 2
        assert not any(text.startswith(("START", "END", "REPORT")) for text in log.texts("platform"))
        async with serving(config) as url:
            answer = await asyncio.to_thread(invoke_over_http, url)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert answer["Error"] == {
            "Code": "SnapStartException",
            "Message": "The afterRestore() runtime hook encountered an error. For more information, check the Amazon "
            "CloudWatch logs.",
        }
        assert answer["Type"] == "User"

    run(go())


def test_hooks_that_take_too_long_are_the_services_error(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "RESTORE_SECONDS", 0.1)
    config = snapped(tmp_path, FAILING.format(when="after_restore", what="sleep"))

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config, log=log) as environment:
            with pytest.raises(RestoreFailedError) as caught:
                await environment.invoke(Invocation())
        assert (caught.value.status, caught.value.code) == (408, "SnapStartTimeoutException")
        assert caught.value.message == "Lambda couldn't restore the snapshot within the timeout limit."
        assert log.texts("platform")[-1].endswith("\tStatus: timeout")

    run(go())


def test_restoring_has_ten_seconds():
    assert limits.RESTORE_SECONDS == 10


def test_a_process_that_ends_while_it_is_restored_is_the_services_error(tmp_path):
    script = 'call("GET", "/restore/next")\nos._exit(3)'

    async def go():
        async with ExecutionEnvironment(scripted(tmp_path, script, **SNAP)) as environment:
            with pytest.raises(RestoreFailedError) as caught:
                await environment.invoke(Invocation())
        assert "exit status 3" in json.loads(caught.value.report)["errorMessage"]

    run(go())


def test_the_functions_own_timeout_begins_after_the_restore(tmp_path):
    script = """
        call("GET", "/restore/next")
        time.sleep(0.4)
        request_id, _ = event()
        respond(request_id, b"1")
        event()
    """

    async def go():
        async with ExecutionEnvironment(scripted(tmp_path, script, timeout=0.3, **SNAP)) as environment:
            result = await environment.invoke(Invocation())
            assert (result.payload, result.restore_ms >= 400) == (b"1", True)

    run(go())


# what environments share, and what they must not hold


def drawn(tmp_path, runtime, **changes):
    async def go():
        async with LocalService() as service:
            service.add(snapped(tmp_path, runtime=runtime, **changes))
            requests = [InvokeRequest("engine-test") for _ in range(2)]
            results = await asyncio.gather(*map(service.invoke, requests))
            assert service.environments("engine-test") == 2
            numbers.update(json.loads(result.payload)["drawn"] for result in results)

    numbers = set()
    run(go())
    return len(numbers)


def test_environments_begin_with_the_same_random_numbers_as_from_one_snapshot(tmp_path):
    assert drawn(tmp_path, "lambdakit") == 1


def test_without_snapstart_they_do_not(tmp_path):
    assert drawn(tmp_path, "lambdakit", initialization_type="on-demand") == 2


HOST = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session"}


def test_credentials_are_fetched_over_http(tmp_path):
    async def go():
        config = scripted(tmp_path, 'call("GET", "/restore/next")', **SNAP)
        async with ExecutionEnvironment(config, host={**HOST, "PATH": "/bin"}) as environment:
            variables = environment.variables
            assert not HOST.keys() & variables.keys()
            url = f"http://{environment.runtime_api}/2021-04-23/credentials"
            assert variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == url
            provider = ContainerProvider(environ=dict(variables))
            found = (await asyncio.to_thread(provider.load)).get_frozen_credentials()
            assert (found.access_key, found.secret_key, found.token) == tuple(HOST.values())

    run(go())


@pytest.mark.parametrize(("changes", "host"), [({}, HOST), (SNAP, {})])
def test_there_is_no_such_url_without_snapstart_or_credentials(tmp_path, changes, host):
    async def go():
        config = scripted(tmp_path, 'call("GET", "/restore/next")\nevent()', **changes)
        async with ExecutionEnvironment(config, host={**host, "PATH": "/bin"}) as environment:
            assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" not in environment.variables
            assert host.items() <= environment.variables.items()

    run(go())


def test_credentials_need_the_token(tmp_path, monkeypatch):
    for name, value in HOST.items():
        monkeypatch.setenv(name, value)

    async def go():
        async with play(tmp_path, **SNAP) as part:
            wire, token = await part.wire(), part.environment.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
            path = "/2021-04-23/credentials"
            given = await wire.call("GET", path, b"", f"Authorization: {token}")
            assert given.status == 200
            answer = json.loads(given.body)
            assert list(answer) == ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"]
            for headers in ((), ("Authorization: other",)):
                refused = await wire.call("GET", path, b"", *headers)
                assert (refused.status, refused.body) == (404, b"cannot get credentials for the provided token\n")

    run(go())


def test_extensions_are_restored_with_the_runtime(tmp_path):
    config = snapped(tmp_path, layers=(layer_with(tmp_path, good=FAITHFUL),))

    async def go():
        async with ExecutionEnvironment(config) as environment:
            await environment.invoke(Invocation())
        assert [event["eventType"] for event in noted_events(tmp_path)] == ["INVOKE", "SHUTDOWN"]

    run(go())


# projects


def test_a_template_asks_for_it(tmp_path):
    (tmp_path / "template.yaml").write_text("""
        Resources:
          Quick:
            Type: AWS::Serverless::Function
            Properties: {Handler: app.handler, Runtime: python3.13, SnapStart: {ApplyOn: PublishedVersions}}
          Plain:
            Type: AWS::Serverless::Function
            Properties: {Handler: app.handler, Runtime: python3.13, SnapStart: {ApplyOn: None}}
    """)
    project = read_template(tmp_path / "template.yaml")
    assert [f.config.initialization_type for f in project.functions] == ["snap-start", "on-demand"]
    assert project.notes == ()


def test_pyproject_asks_for_it(tmp_path):
    (tmp_path / "app.py").write_text("def handler(event, context): ...")
    (tmp_path / "pyproject.toml").write_text("""
        [tool.lambdakit]
        snap-start = true
        [tool.lambdakit.functions.quick]
        handler = "app.handler"
        [tool.lambdakit.functions.plain]
        handler = "app.handler"
        snap-start = false
    """)
    functions = read_pyproject(tmp_path / "pyproject.toml").functions
    assert [f.config.initialization_type for f in functions] == ["snap-start", "on-demand"]


@pytest.mark.parametrize(
    ("apply_on", "version", "expected"),
    [
        ("PublishedVersions", "1", "snap-start"),
        ("PublishedVersions", "$LATEST", "on-demand"),
        ("None", "1", "on-demand"),
    ],
)
def test_published_versions_are_snapshots_where_the_api_asked_for_it(tmp_path, apply_on, version, expected):
    settings = {"SnapStart": {"ApplyOn": apply_on}}
    latest = VersionRecord("$LATEST", settings, app_config(tmp_path, ""), None, "")
    code = StoredCode("", 0, tmp_path, tmp_path)
    assert latest.published(version, code).config.initialization_type == expected

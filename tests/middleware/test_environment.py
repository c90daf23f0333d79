"""`env(Settings)` around handlers: the typed config, refreshed by one, kept when a store fails, in every runtime."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import boto3
import pytest

from lambdakit import Context, lambda_handler
from lambdakit.events import SQSMessage, sqs_batch  # noqa: TC001
from lambdakit.exceptions import ConfigError, UsageError
from lambdakit.middleware import env, environment, parameter_cache, parameter_stores, ssm
from lambdakit.runtime import hooks
from tests.fake_runtime_api import Event
from tests.middleware.store_servers import ParameterStore, serving
from tests.moto_server import aws, aws_environment, aws_server, unique  # noqa: F401
from tests.runtime_process import OFFICIAL, OURS, ROOT, run_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Settings:
    table_name: str
    limit: int = 5


@dataclass(frozen=True)
class Stored:
    number: Annotated[int, ssm("/number")]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    time = monotonic


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """Nothing of the machine's, of other tests' or left behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TABLE_NAME", "orders")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(environment, "_restored", [])
    monkeypatch.setattr(hooks, "_after_restore", [])
    env.forget()
    yield
    env.forget()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(environment, "time", clock)
    monkeypatch.setattr(parameter_cache, "time", clock)
    return clock


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ParameterStore]:
    monkeypatch.setattr(parameter_stores, "ATTEMPTS", 1)
    store = ParameterStore({"/number": "1"})
    with serving(store) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", address)
        yield store


def plain(event: Any, context: Any) -> Any:
    return context.config


async def awaited(event: Any, context: Any) -> Any:
    await asyncio.sleep(0)
    return context.config


def configured(function: Any, kind: Any = Settings, **options: Any) -> Any:
    """`call(context)` of a handler of this function."""
    handler: Any = lambda_handler(middleware=[env(kind, **options)])(function)

    def call(context: Any = None) -> Any:
        result = handler({}, context)
        return asyncio.run(result) if asyncio.iscoroutine(result) else result

    return call


BOTH = pytest.mark.parametrize("function", [plain, awaited])


@BOTH
@pytest.mark.parametrize("context", [None, Context("id"), SimpleNamespace()], ids=["none", "context", "fake"])
def test_the_context_gets_the_settings(function: Any, context: Any) -> None:
    assert configured(function)(context) == Settings("orders")


@BOTH
def test_a_context_that_takes_no_config_is_named(function: Any) -> None:
    with pytest.raises(UsageError, match="env\\(\\) sets `config` on the context, and object does not let it; give a"):
        configured(function)(object())


@pytest.mark.parametrize("context", [None, Context("id", deadline_ms=2**42)], ids=["none", "context"])
def test_every_record_of_a_batch_has_the_settings(context: Any) -> None:
    seen: list[Any] = []

    @sqs_batch(middleware=[env(Settings)])
    def handler(message: SQSMessage, context: Context[Settings]) -> None:
        seen.append((message.body, context.config.table_name))

    records = [{"messageId": str(n), "body": str(n), "eventSource": "aws:sqs"} for n in range(3)]
    assert handler({"Records": records}, context) == {"batchItemFailures": []}
    assert seen == [("0", "orders"), ("1", "orders"), ("2", "orders")]


def test_two_of_them_leave_the_inner_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IN_TABLE_NAME", "inner")
    handler: Any = lambda_handler(middleware=[env(Settings), env(Settings, prefix="IN_")])(plain)
    assert handler({}) == Settings("inner")


def test_variables_are_read_once_at_init(monkeypatch: pytest.MonkeyPatch) -> None:
    call = configured(plain, prefix="")
    monkeypatch.setenv("TABLE_NAME", "other")
    assert call() == Settings("orders")


def test_faults_are_told_when_the_handler_is_decorated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMIT", "x")
    monkeypatch.delenv("TABLE_NAME")
    with pytest.raises(ConfigError, match=r"2 faults:\n  TABLE_NAME .*\n  LIMIT"):
        configured(plain)


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
def test_a_ttl_that_is_none_is_refused(ttl: float) -> None:
    with pytest.raises(UsageError, match="ttl is how many seconds a value from a store is used, more than 0; not"):
        env(Settings, ttl=ttl)


def test_an_option_it_does_not_have_is_refused() -> None:
    make: Any = env
    with pytest.raises(UsageError, match="Env has no option 'prefx'; did you mean 'prefix'"):
        make(Settings, prefx="A_")


@BOTH
def test_a_value_of_a_store_is_read_again_after_its_time(function: Any, store: ParameterStore, clock: Clock) -> None:
    call = configured(function, Stored, ttl=60)
    store.values["/number"] = "2"
    assert (call().number, store.calls) == (1, 1)
    clock.now += 59
    assert (call().number, store.calls) == (1, 1)
    clock.now += 1
    assert (call().number, store.calls) == (2, 2)
    assert (call().number, store.calls) == (2, 2)


def test_handlers_of_one_function_share_what_was_read(store: ParameterStore, clock: Clock) -> None:
    calls = [configured(plain, Stored, ttl=60) for _ in range(3)]
    assert store.calls == 1
    clock.now += 60
    assert [call().number for call in calls] == [1, 1, 1]
    assert store.calls == 2


@BOTH
def test_a_store_that_fails_later_costs_a_warning(
    function: Any, store: ParameterStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    call = configured(function, Stored, ttl=60)
    store.failures = 1
    store.values["/number"] = "2"
    clock.now += 60
    assert call().number == 1
    (record,) = [record for record in caplog.records if record.name == "lambdakit.env"]
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "a setting is kept as it was, because it could not be read again: "
        "ssm:/number: its service throttled all attempts; raise `ttl`, or the service's throughput"
    )
    assert (call().number, store.calls) == (1, 2)  # not asked by every invocation
    clock.now += environment.RETRY_SECONDS
    assert (call().number, store.calls) == (2, 3)


@BOTH
def test_a_value_that_is_not_right_any_more_is_not_taken(
    function: Any, store: ParameterStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    call = configured(function, Stored, ttl=60)
    store.values["/number"] = "hunter2"
    clock.now += 60
    assert call().number == 1
    assert "all settings are kept as they were: Stored cannot be made" in caplog.text
    assert "hunter2" not in caplog.text
    store.values["/number"] = "3"
    clock.now += 60
    assert call().number == 3


def test_at_first_a_store_that_fails_is_an_error(store: ParameterStore) -> None:
    store.failures = 1
    with pytest.raises(ConfigError, match=r"ssm:/number \(for number\): its service throttled all attempts; raise"):
        configured(plain, Stored)


def test_one_thread_refreshes_while_the_others_go_on(store: ParameterStore, clock: Clock) -> None:
    call = configured(plain, Stored, ttl=60)
    store.may_answer.clear()
    store.values["/number"] = "2"
    clock.now += 60
    with ThreadPoolExecutor(1) as refreshing, ThreadPoolExecutor(20) as others:
        fresh = refreshing.submit(call)
        store.wait_for_calls(2)
        assert {one.result(timeout=20).number for one in [others.submit(call) for _ in range(100)]} == {1}
        assert not fresh.done()
        store.may_answer.set()
        assert fresh.result(timeout=20).number == 2
    assert (call().number, store.calls) == (2, 2)


def test_one_task_refreshes_while_the_others_go_on(store: ParameterStore, clock: Clock) -> None:
    handler: Any = lambda_handler(middleware=[env(Stored, ttl=60)])(awaited)
    store.may_answer.clear()
    clock.now += 60

    async def run() -> None:
        fresh = asyncio.create_task(handler({}, None))
        await asyncio.to_thread(store.wait_for_calls, 2)
        others = await asyncio.wait_for(asyncio.gather(*(handler({}, None) for _ in range(100))), 20)
        assert {one.number for one in others} == {1}
        assert not fresh.done()
        store.may_answer.set()
        assert (await fresh).number == 1

    asyncio.run(run())
    assert store.calls == 2


def test_invocations_at_once_each_have_the_config_of_their_handler() -> None:
    kinds: Any = [type(f"Kind{number}", (Settings,), {}) for number in range(4)]
    handlers: Any = [lambda_handler(middleware=[env(kind)])(awaited) for kind in kinds]
    threaded: Any = [lambda_handler(middleware=[env(kind)])(plain) for kind in kinds]

    async def run() -> list[Any]:
        return await asyncio.gather(*(handlers[number % 4]({}, Context(str(number))) for number in range(100)))

    assert [type(config) for config in asyncio.run(run())] == kinds * 25
    with ThreadPoolExecutor(20) as pool:
        found = pool.map(lambda number: threaded[number % 4]({}, Context(str(number))), range(100))
        assert [type(config) for config in found] == kinds * 25


def test_after_a_restore_values_are_read_again(store: ParameterStore) -> None:
    call = configured(plain, Stored)
    store.values["/number"] = "2"
    assert call().number == 1
    hooks.run_after_restore()
    assert (call().number, store.calls) == (2, 2)


def test_a_restore_without_the_store_keeps_values(store: ParameterStore, caplog: pytest.LogCaptureFixture) -> None:
    call = configured(plain, Stored)
    store.failures = 1
    hooks.run_after_restore()
    assert "a setting is kept as it was" in caplog.text
    caplog.clear()
    store.failures = 1
    assert call().number == 1  # the first invocation has tried again
    assert "a setting is kept as it was" in caplog.text
    assert (call().number, store.calls) == (1, 3)


def test_variables_alone_need_no_hook() -> None:
    configured(plain)
    assert hooks._after_restore == []


APP = """
from dataclasses import dataclass
from typing import Annotated
from lambdakit import Context, lambda_handler
from lambdakit.middleware import Secret, env, ssm

@dataclass
class Settings:
    table_name: str
    key: Annotated[Secret[str], ssm("{KEY_PARAMETER}")]

@lambda_handler(middleware=[env(Settings)])
def handler(event: dict, context: Context[Settings]) -> list:
    print(context.config)
    return [context.config.table_name, context.config.key.reveal()]

@lambda_handler(middleware=[env(Settings)])
async def handler_async(event: dict, context: Context[Settings]) -> list:
    return [context.config.table_name, context.config.key.reveal()]
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["lambdakit", "awslambdaric"])
@pytest.mark.parametrize("name", ["handler", "handler_async"])
def test_under_both_runtimes_with_a_store(aws: str, command: Any, name: str) -> None:  # noqa: F811
    parameter = unique("/key")
    client = boto3.client("ssm")
    client.put_parameter(Name=parameter, Value="hunter2", Type="SecureString")
    client.close()
    variables = {"TABLE_NAME": "orders", "KEY_PARAMETER": parameter, **aws_environment(aws)}
    run = run_runtime(APP, [Event({}), Event({})], handler=f"app.{name}", command=command, env=variables)
    assert [post.json() for post in run.posts] == [["orders", "hunter2"]] * 2
    assert b"hunter2" not in run.stdout + run.stderr


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["lambdakit", "awslambdaric"])
def test_under_both_runtimes_a_fault_ends_the_init(command: Any) -> None:
    run = run_runtime(APP, [Event({})], command=command)
    (post,) = run.posts
    error = post.json()
    assert error["errorType"] == "ConfigError"
    assert "TABLE_NAME (for table_name): it is not set" in error["errorMessage"]
    assert "KEY_PARAMETER is not set" in error["errorMessage"]


def test_the_example_of_the_module_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    block = (environment.__doc__ or "").split("\n\n")[1:3]
    imports = (
        "from dataclasses import dataclass\nfrom datetime import timedelta\nfrom typing import Annotated\n"
        "from lambdakit import Context, lambda_handler\nfrom lambdakit.middleware import Secret, env, ssm\n"
    )
    monkeypatch.setenv("API_KEY", "k")
    names: dict[str, Any] = {}
    source = imports + "\n\n".join(map(textwrap.dedent, block))
    exec(compile(source, "example.py", "exec", dont_inherit=True), names)
    assert names["handler"]({}, None) == "orders"


def test_what_settings_are_declared_with_imports_nothing_heavy() -> None:
    script = (
        "import sys; before = set(sys.modules)\n"
        "from lambdakit.middleware import Secret, URL, appconfig, env, kms, prefix, secret, ssm, variable\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    run = subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, capture_output=True, text=True)
    heavy = {
        "boto3",
        "collections",
        "dataclasses",
        "dotenv",
        "enum",
        "httpx",
        "json",
        "logging",
        "re",
        "threading",
        "typing",
    }
    assert heavy.isdisjoint(run.stdout.split())

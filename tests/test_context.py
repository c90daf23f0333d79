"""The context against AWS's own: what a handler can see of it is the same, and what it adds is right."""

from __future__ import annotations

import copy
import sys
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from awslambdaric import lambda_context as official
from hypothesis import given
from hypothesis import strategies as st

from lambdakit import Context
from lambdakit import context as ours
from lambdakit.runtime import logs

VARIABLES = {
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/name",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/02/[$LATEST]00",
    "AWS_LAMBDA_FUNCTION_NAME": "name",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
}
ATTRIBUTES = (
    *("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb"),
    *("function_version", "invoked_function_arn", "tenant_id"),
)


@pytest.fixture(autouse=True)
def _in_a_function(monkeypatch):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


def pair(
    *,
    client_context: Any = None,
    cognito_identity: Any = None,
    deadline_ms: int = 0,
    arn: str | None = "arn:aws:lambda:eu-west-1:123456789012:function:name",
    tenant_id: str | None = None,
) -> tuple[Any, Any]:
    """Our context and AWS's, of the same invocation."""
    mine = ours.LambdaContext(
        "id",
        deadline_ms=deadline_ms,
        invoked_function_arn=arn,
        client_context=copy.deepcopy(client_context),
        cognito_identity=cognito_identity,
        tenant_id=tenant_id,
    )
    their = official.LambdaContext("id", copy.deepcopy(client_context), cognito_identity, deadline_ms, arn, tenant_id)
    return mine, their


def check(mine: Any, their: Any) -> None:
    assert repr(mine) == repr(their)
    for name in ATTRIBUTES:
        assert getattr(mine, name) == getattr(their, name)
    assert mine.w3c() == their.w3c()
    if their.client_context is None:
        assert mine.client_context is None
        return
    for name in ("custom", "env"):
        assert getattr(mine.client_context, name) == getattr(their.client_context, name)
    for name in official.Client.__slots__:
        assert getattr(mine.client_context.client, name, None) == getattr(their.client_context.client, name, None)


VALUES = st.none() | st.text(max_size=5) | st.integers() | st.dictionaries(st.text(max_size=3), st.text(max_size=3))
W3C = st.dictionaries(st.sampled_from([*ours.W3C_FIELDS, "other"]), VALUES)
CLIENTS = st.none() | st.dictionaries(st.sampled_from([*official.Client.__slots__, "other"]), VALUES)
CLIENT_CONTEXTS = st.none() | st.fixed_dictionaries(
    {}, optional={"custom": VALUES, "env": VALUES, "client": CLIENTS, "w3c": W3C | VALUES, "other": VALUES}
)
IDENTITIES = st.none() | st.dictionaries(
    st.sampled_from(["cognitoIdentityId", "cognitoIdentityPoolId", "other"]), st.text(max_size=5)
)


@given(CLIENT_CONTEXTS, IDENTITIES, st.none() | st.text(max_size=5), st.none() | st.text(max_size=5))
def test_all_that_a_handler_sees_is_as_in_the_managed_runtime(client_context, cognito_identity, arn, tenant_id):
    mine, their = pair(client_context=client_context, cognito_identity=cognito_identity, arn=arn, tenant_id=tenant_id)
    check(mine, their)
    for name in official.CognitoIdentity.__slots__:
        assert getattr(mine.identity, name) == getattr(their.identity, name)


def test_the_variables_are_read_for_each_invocation(monkeypatch):
    check(*pair())
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "renamed")
    check(*pair())
    assert pair()[0].function_name == "renamed"
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME")
    check(*pair())
    assert pair()[0].function_name is None
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    check(*pair())


def test_contexts_do_not_share_what_the_variables_said(monkeypatch):
    before = pair()[0]
    before.function_name = "changed by the handler"
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "7")
    after = pair()[0]
    assert (before.function_version, after.function_version, after.function_name) == ("$LATEST", "7", "name")


@pytest.mark.parametrize("client_context", [{"w3c": {"traceparent": "00-1"}}, {"w3c": None}, {"w3c": ["traceparent"]}])
def test_the_w3c_fields_are_taken_out_of_the_client_context(client_context):
    taken = dict(client_context)
    context = ours.LambdaContext("id", client_context=taken)
    assert "w3c" not in taken
    context.w3c()["traceparent"] = "changed"  # a new dict each time
    check(*pair(client_context=client_context))


@pytest.mark.parametrize("client_context", [["a", "list"], "text", 1])
def test_a_client_context_that_is_no_object_fails_as_in_the_managed_runtime(client_context):
    with pytest.raises(AttributeError) as theirs:
        official.LambdaContext("id", client_context, None, 0)
    with pytest.raises(AttributeError) as mine:
        ours.LambdaContext("id", client_context=client_context)
    assert str(mine.value) == str(theirs.value)


@pytest.mark.parametrize("offset", [-5_000, 0, 1, 500, 60_000, 900_000])
def test_the_remaining_time(offset, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_767_322_800.25)
    mine, their = pair(deadline_ms=1_767_322_800_250 + offset)
    assert mine.get_remaining_time_in_millis() == their.get_remaining_time_in_millis() == max(0, offset)
    assert type(mine.get_remaining_time_in_millis()) is int


def test_without_a_deadline_no_time_remains():
    assert pair()[0].get_remaining_time_in_millis() == 0


def test_the_deadline_is_a_moment_in_utc():
    context = ours.LambdaContext("id", deadline_ms=1_767_322_800_250)
    assert context.deadline == datetime(2026, 1, 2, 3, 0, 0, 250_000, timezone.utc)
    assert context.deadline.utcoffset() == timedelta(0)


def test_client_objects_take_no_other_attributes():
    context = ours.LambdaContext("id", client_context={"client": {}}, cognito_identity={})
    for thing in (context.client_context, context.client_context.client, context.identity):
        with pytest.raises(AttributeError):
            thing.surprise = 1


def test_the_context_itself_takes_attributes():
    context = pair()[0]
    context.config = {"table": "t"}
    assert context.config == {"table": "t"}


def test_config_is_there_only_once_it_has_been_filled():
    with pytest.raises(AttributeError, match="config"):
        _ = pair()[0].config


def test_log_writes_text_as_it_is(capsys):
    for message in ("text", "line\n", 5, None):
        ours.LambdaContext("id").log(message)
    assert capsys.readouterr().out == "textline\n5None"


def test_log_goes_to_the_runtimes_sink(monkeypatch):
    written = []
    monkeypatch.setattr(logs, "write_raw", written.append)
    ours.LambdaContext("id").log({"a": 1})
    assert written == ["{'a': 1}"]


def test_log_works_where_no_runtime_was_imported(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "lambdakit.runtime.logs")
    ours.LambdaContext("id").log("text")
    assert capsys.readouterr().out == "text"


def test_the_context_is_subscriptable_at_run_time():
    assert Context[int].__origin__ is Context is ours.LambdaContext
    assert isinstance(Context[int]("id"), Context)

"""The context object, and what each invocation puts into the process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.conformance.case import Setting, Step, does, returns

if TYPE_CHECKING:
    from tests.conformance.case import Case, Place

BARE = Setting("bare", variables={
    "AWS_LAMBDA_FUNCTION_NAME": None, "AWS_LAMBDA_FUNCTION_VERSION": None, "AWS_LAMBDA_LOG_GROUP_NAME": None,
    "AWS_LAMBDA_LOG_STREAM_NAME": None, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": None,
})  # fmt: skip
W3C = {"traceparent": "00-1-2-01", "tracestate": "a=b", "baggage": 7, "other": "x"}
MOBILE = {
    "client": {"installation_id": "i", "app_title": "t", "app_version_name": "n", "app_version_code": "c",
               "app_package_name": "p", "other": "dropped"},
    "custom": {"a": [1, {"b": None}]}, "env": {"locale": "en"}, "more": 1,
}  # fmt: skip
BOTH: tuple[Place, ...] = ("engine", "fake")


def shows(id: str, contract: str, expression: str, **options: Any) -> Case:
    """A case that shows something of the context."""
    return returns(f"context.{id}", contract, expression, **options)


def sent(id: str, contract: str, client_context: Any, expression: str = "repr(context)", **options: Any) -> Case:
    """A case about a client context: a value, or JSON text that may be broken."""
    text = client_context if isinstance(client_context, str) else json.dumps(client_context)
    return shows(id, contract, expression, steps=(Step(client_context=text),), **options)


def known(id: str, contract: str, identity: str, expression: str = "repr(context.identity)", **options: Any) -> Case:
    """A case about a Cognito identity."""
    steps = (Step(cognito_identity=identity),)
    return shows(id, contract, expression, steps=steps, **{"places": BOTH, "alone": True, **options})


def headed(id: str, contract: str, headers: dict[str, str | None], expression: str, **options: Any) -> Case:
    """A case about headers that no emulator sends."""
    steps = (Step(answer={"headers": headers}),)
    looks_at = ("result", "exit")
    return shows(id, contract, expression, steps=steps, places=("fake",), looks_at=looks_at, alone=True, **options)


def traced(id: str, contract: str, *trace_ids: str | None, before: str = "", **options: Any) -> Case:
    """A case about _X_AMZN_TRACE_ID over several invocations."""
    steps = tuple(Step(trace_id=trace_id) for trace_id in trace_ids)
    body = "import os\nreturn [AT_INIT, os.environ.get('_X_AMZN_TRACE_ID')]"
    before = f"import os\nAT_INIT = os.environ.get('_X_AMZN_TRACE_ID')\n{before}"
    return does(f"trace.{id}", contract, body, before, steps=steps, alone=True, **options)


CASES: tuple[Case, ...] = (
    shows("repr", "its repr shows everything", "repr(context)"),
    shows("attributes", "the public attributes", "sorted(n for n in dir(context) if not n.startswith('_'))"),
    shows("function", "name, version, ARN",
        "[context.function_name, context.function_version, context.invoked_function_arn]"),
    shows("memory", "the memory limit is a string", "context.memory_limit_in_mb"),
    shows("log-names", "log group and stream", "[context.log_group_name, bool(context.log_stream_name)]"),
    shows("request-id", "the request id", "context.aws_request_id"),
    shows("nothing-else", "no client context, an identity without ids, no tenant",
        "[context.client_context, context.identity.cognito_identity_id, context.tenant_id]"),
    shows("type", "the class's name", "[type(context).__name__, type(context.identity).__name__]"),
    shows("own-attribute", "attributes can be added", "[setattr(context, 'mine', 1), context.mine][1]"),
    shows("fresh", "a context is the invocation's own", "[hasattr(context, 'left'), setattr(context, 'left', 1)][0]",
        steps=(Step(), Step())),
    does("context.remaining", "the time left is an int between 0 and the timeout", """
        left = context.get_remaining_time_in_millis()
        return [type(left).__name__, 0 < left <= 20_000]
        """),
    does("context.remaining-falls", "it falls", """
        left = context.get_remaining_time_in_millis()
        while context.get_remaining_time_in_millis() == left:
            pass
        return context.get_remaining_time_in_millis() < left
        """),
    does("context.variables", "variables are read at each invocation", """
        name = context.function_name
        os.environ['AWS_LAMBDA_FUNCTION_NAME'] = 'other'
        return name
        """, "import os", steps=(Step(), Step()), alone=True),
    shows("tenant", "the tenant's id", "context.tenant_id", steps=(Step(tenant_id="blue"), Step())),
    sent("client", "a client context becomes objects", MOBILE),
    sent("client-parts", "with the given parts as they are", MOBILE,
        "(lambda c: [c.custom, c.env, type(c.client).__name__, type(c).__name__])(context.client_context)"),
    sent("client-empty", "what is missing is None", {},
        "[context.client_context.custom, context.client_context.env, context.client_context.client]"),
    sent("client-half", "also within the client", {"client": {"app_title": "t"}}),
    sent("client-non-ascii", "text beyond ASCII, escaped", {"custom": {"é": "李"}}, "context.client_context.custom"),
    sent("client-unknown-attribute", "other keys are dropped", MOBILE, "hasattr(context.client_context, 'more')"),
    sent("client-null", "null is no client context", None, "context.client_context"),
    sent("client-list", "a list is an error of the invocation", [1]),
    sent("client-string", "so is a string", '"text"'),
    sent("client-number", "and a number", 7),
    sent("client-string-client", "a client that is no object", {"client": "x"}),
    sent("client-broken", "broken JSON is a LambdaContextUnmarshalError", "{broken", alone=True),
    sent("client-broken-log", "which is logged", "{broken", alone=True, looks_at=("log",)),
    sent("w3c", "the W3C trace context is taken from it", {"w3c": W3C, "custom": {"a": 1}},
        "[context.w3c(), context.client_context.custom]"),
    sent("w3c-none", "without one there is none", {"custom": {}}, "context.w3c()"),
    sent("w3c-list", "one that is no object is none", {"w3c": [1]}, "context.w3c()"),
    shows("w3c-absent", "nor without client context", "context.w3c()"),
    sent("w3c-fresh", "it is a new dict each time", {"w3c": W3C}, "[context.w3c().clear(), context.w3c()]"),
    known("identity", "the identity's ids", '{"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}'),
    known("identity-half", "one of them", '{"cognitoIdentityId": "i"}'),
    known("identity-other", "other keys are dropped", '{"identity_id": "i"}'),
    known("identity-null", "null is no identity", "null"),
    known("identity-broken", "broken JSON is an error of the invocation", "{broken"),
    known("identity-list", "so is a list", "[1]"),
    headed("no-arn", "without an ARN header it is None", {"Lambda-Runtime-Invoked-Function-Arn": None},
        "context.invoked_function_arn"),
    headed("qualified-arn", "the ARN as invoked",
        {"Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:x:1:function:f:live"}, "context.invoked_function_arn"),
    headed("no-deadline", "without a deadline no time is left", {"Lambda-Runtime-Deadline-Ms": None},
        "context.get_remaining_time_in_millis()"),
    headed("past-deadline", "time left is never negative", {"Lambda-Runtime-Deadline-Ms": "1000"},
        "context.get_remaining_time_in_millis()"),
    headed("bad-deadline", "a deadline that is no number kills the runtime", {"Lambda-Runtime-Deadline-Ms": "abc"},
        "context.get_remaining_time_in_millis()"),
    headed("empty-headers", "empty headers are as none",
        {f"Lambda-Runtime-{name}": "" for name in ("Client-Context", "Cognito-Identity", "Aws-Tenant-Id")},
        "[context.client_context, repr(context.identity), context.tenant_id or None]"),
    headed("unknown-headers", "unknown headers are ignored", {"Lambda-Runtime-Something-New": "x", "X-Other": "y"},
        "'ok'"),
    shows("no-variables", "without the variables the attributes are None", "repr(context)", setting=BARE,
        places=("fake",), alone=True),
    traced("set", "the trace header is a variable during the invocation, not during INIT",
        "Root=1-2-3;Parent=4;Sampled=1", "Root=5", places=BOTH),
    traced("removed", "it is removed when there is no header", "Root=1", None, "Root=2", places=("fake",)),
    traced("own", "a value of the function's own is removed too", None, "Root=1",
        before="os.environ['_X_AMZN_TRACE_ID'] = 'mine'", places=("fake",)),
    does("trace.deleted", "what the function does to the variable ends with the invocation",
        "return [os.environ.pop('_X_AMZN_TRACE_ID', None), os.environ.setdefault('_X_AMZN_TRACE_ID', 'mine')]",
        "import os", steps=(Step(trace_id="Root=1"), Step(trace_id="Root=1"), Step()), places=("fake",), alone=True),
)  # fmt: skip

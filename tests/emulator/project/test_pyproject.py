"""`[tool.lambdakit]`: what is read, what overrides what, and how mistakes are met."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdakit.emulator.asynchronous.event import EventInvokeConfig
from lambdakit.emulator.project import FunctionUrl, Project, Route, Schedule, Source, load_project
from lambdakit.exceptions import UsageError


def project(root: Path, text: str) -> Project:
    (root / "src").mkdir(exist_ok=True)
    (root / "src" / "app.py").write_text("def handler(event, context): ...\n")
    (root / "pyproject.toml").write_text(text)
    return load_project(root)


def test_a_function_is_its_target_and_its_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SHARED=file\nTOKEN=secret\n")
    found = project(
        tmp_path,
        """
[tool.lambdakit]
timeout = 30
environment = { LEVEL = "DEBUG", SHARED = "table" }

[tool.lambdakit.functions.thumbnail]
handler = "src/app.py:handler"
memory = 512
ephemeral-storage = 1024
env-file = ".env"
environment = { BUCKET = "photos", COUNT = 3 }
reserved-concurrency = 0
provisioned-concurrency = 2
layers = ["layers/fonts"]
url = true
routes = ["GET /a/{id}", "/any", { method = "POST", path = "/b", kind = "rest", authorizer = "who" }]
schedules = ["rate(5 minutes)", { expression = "rate(1 day)", input = "{}", kind = "scheduler", enabled = false }]
sources = ["arn:aws:sqs:us-east-1:123456789012:q", { arn = "arn:aws:kinesis:us-east-1:1:stream/s", batch-size = 5 }]
async = { retries = 1, maximum-age = 60, on-failure = "arn:f", dead-letter = "arn:d" }

[tool.lambdakit.functions.other]
handler = "src/app.py:handler"
timeout = 1.5
url = { auth-type = "AWS_IAM", invoke-mode = "RESPONSE_STREAM" }
""",
    )
    thumbnail, other = found.functions
    config = thumbnail.config
    assert (config.name, config.handler, config.task_root) == ("thumbnail", "app.handler", tmp_path / "src")
    assert (config.timeout, config.memory_mb, config.ephemeral_storage_mb) == (30, 512, 1024)
    assert config.environment == {
        "SHARED": "table",
        "TOKEN": "secret",
        "LEVEL": "DEBUG",
        "BUCKET": "photos",
        "COUNT": "3",
    }
    assert (thumbnail.reserved_concurrency, thumbnail.provisioned_concurrency) == (0, 2)
    assert thumbnail.layers == (tmp_path / "layers/fonts",)
    assert thumbnail.url == FunctionUrl()
    assert thumbnail.routes == (Route("GET", "/a/{id}"), Route("ANY", "/any"), Route("POST", "/b", "rest", "who"))
    assert thumbnail.schedules == (
        Schedule("rate(5 minutes)"),
        Schedule("rate(1 day)", "{}", "scheduler", enabled=False),
    )
    assert thumbnail.sources[1] == Source("arn:aws:kinesis:us-east-1:1:stream/s", {"batch-size": 5})
    assert thumbnail.event_invoke == EventInvokeConfig(1, 60, None, "arn:f", "arn:d")
    assert other.config.timeout == 1.5
    assert other.url == FunctionUrl("AWS_IAM", "RESPONSE_STREAM")
    assert found.file == tmp_path / "pyproject.toml"


def test_every_setting_says_where_it_came_from(tmp_path: Path) -> None:
    (function,) = project(
        tmp_path,
        '[tool.lambdakit]\ntimeout = 30\n[tool.lambdakit.functions.f]\nhandler = "src/app.py:handler"\nmemory = 1024\n',
    ).functions
    assert function.origin("timeout") == "pyproject.toml: tool.lambdakit"
    assert function.origin("memory") == "pyproject.toml: tool.lambdakit.functions.f"
    assert function.origin("region") == "default"


FUNCTION = '[tool.lambdakit.functions.f]\nhandler = "src/app.py:handler"\n'
MISTAKES: dict[str, tuple[str, str]] = {
    "no handler": ("[tool.lambdakit.functions.f]\n", "tool.lambdakit.functions.f has no handler"),
    "a kind of schedule": (
        FUNCTION + 'schedules = [{ expression = "rate(1 day)", kind = "x" }]\n',
        "a schedule's kind is rule or scheduler, not 'x'",
    ),
    "an unknown setting": (FUNCTION + "timout = 3\n", "has no setting 'timout'; did you mean 'timeout'?"),
    "one that is a function's own": ("[tool.lambdakit]\nroutes = []\n" + FUNCTION, "has no setting 'routes'"),
    "a wrong type": (FUNCTION + 'timeout = "3"\n', "timeout is a number of seconds, not '3'"),
    "a boolean for a number": (FUNCTION + "memory = true\n", "memory is a number of megabytes, not True"),
    "a route without a path": (FUNCTION + 'routes = [{ method = "GET" }]\n', "routes is a list of routes"),
    "an unknown word of a route": (FUNCTION + 'routes = [{ pth = "/" }]\n', "a route has no setting 'pth'"),
    "an unknown word of async": (FUNCTION + "async = { retry = 1 }\n", "async has no setting 'retry'"),
    "a source without an ARN": (FUNCTION + "sources = [{}]\n", "sources is a list of event sources"),
    "a handler that is not there": (
        '[tool.lambdakit.functions.f]\nhandler = "src/app.py:handle"\n',
        "defines no 'handle'",
    ),
    "a reserved variable": (FUNCTION + 'environment = { AWS_REGION = "x" }\n', "AWS_REGION"),
    "no TOML": ("[tool", "pyproject.toml"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_met_with_the_place(tmp_path: Path, case: str) -> None:
    text, words = MISTAKES[case]
    with pytest.raises(UsageError) as caught:
        project(tmp_path, text)
    assert words in str(caught.value)


def test_without_functions_there_is_an_empty_project(tmp_path: Path) -> None:
    assert load_project(tmp_path) == Project()
    assert project(tmp_path, "[tool.other]\n").functions == ()


def test_a_template_is_read_where_pyproject_names_no_function(tmp_path: Path) -> None:
    template = (
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {Handler: app.handler, CodeUri: src}\n"
    )
    (tmp_path / "template.yaml").write_text(template)
    assert [function.name for function in project(tmp_path, "[tool.other]\n").functions] == ["F"]
    assert [function.name for function in project(tmp_path, FUNCTION).functions] == ["f"]
    assert [f.name for f in load_project(tmp_path, template=tmp_path / "template.yaml").functions] == ["F"]
    with pytest.raises(UsageError, match="no such template"):
        load_project(tmp_path, template=Path("gone.yaml"))

"""Where the mode of tracing, and the address of the daemon, are set."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from lambdakit.emulator.project.pyproject import read_pyproject
from lambdakit.emulator.project.template import read_template
from lambdakit.emulator.variables import Facts, build, xray_daemon
from lambdakit.exceptions import UsageError
from tests.engine_support import app_config

if TYPE_CHECKING:
    from pathlib import Path


def template(tmp_path: Path, properties: str, kind: str = "Serverless") -> Path:
    (tmp_path / "app.py").write_text("def handler(event, context): ...")
    file = tmp_path / "template.yaml"
    file.write_text(
        textwrap.dedent("""
        Globals: {Function: {Tracing: Active}}
        Resources:
          Shop:
            Type: AWS::KIND::Function
            Properties: {Handler: app.handler, Runtime: python3.13, PROPERTIES}
        """)
        .replace("KIND", kind)
        .replace("PROPERTIES", properties)
    )
    return file


@pytest.mark.parametrize(
    ("properties", "kind", "expected"),
    [
        ("CodeUri: .", "Serverless", "Active"),
        ("CodeUri: ., Tracing: PassThrough", "Serverless", "PassThrough"),
        ("CodeUri: ., Tracing: Disabled", "Serverless", "PassThrough"),
        ("Code: .", "Lambda", "PassThrough"),
        ("Code: ., TracingConfig: {Mode: Active}", "Lambda", "Active"),
    ],
)
def test_a_template_says_how_a_function_is_traced(tmp_path: Path, properties: str, kind: str, expected: str) -> None:
    project = read_template(template(tmp_path, properties, kind))
    assert [function.config.tracing for function in project.functions] == [expected]
    assert project.notes == ()


def test_pyproject_says_how_functions_are_traced(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context): ...")
    file = tmp_path / "pyproject.toml"
    file.write_text(
        textwrap.dedent("""
        [tool.lambdakit]
        tracing = "Active"
        [tool.lambdakit.functions.one]
        handler = "app.handler"
        [tool.lambdakit.functions.two]
        handler = "app.handler"
        tracing = "PassThrough"
        """)
    )
    assert [function.config.tracing for function in read_pyproject(file).functions] == ["Active", "PassThrough"]
    file.write_text(file.read_text().replace('"Active"', '"on"'))
    with pytest.raises(UsageError, match="tracing must be Active or PassThrough, not 'on'"):
        read_pyproject(file)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", ("127.0.0.1", 2000)),
        ("daemon:3000", ("daemon", 3000)),
        ("tcp:127.0.0.1:2000 udp:127.0.0.2:2001", ("127.0.0.2", 2001)),
        ("udp:127.0.0.2:2001 tcp:127.0.0.1:2000", ("127.0.0.2", 2001)),
        ("nonsense", ("127.0.0.1", 2000)),
    ],
)
def test_the_daemon_s_address_is_read_as_the_sdk_reads_it(address: str, expected: tuple[str, int]) -> None:
    assert xray_daemon({"AWS_XRAY_DAEMON_ADDRESS": address} if address else {}) == expected


def test_functions_are_told_of_the_daemon(tmp_path: Path) -> None:
    own = app_config(tmp_path, "", environment={"AWS_XRAY_DAEMON_ADDRESS": "mine:1"})
    names = ("AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT")
    host = {"AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:4000", "_AWS_XRAY_DAEMON_PORT": "1"}
    for config, expected in (
        (app_config(tmp_path, ""), ["127.0.0.1:4000", "127.0.0.1", "4000"]),
        (own, ["mine:1", "127.0.0.1", "4000"]),
    ):
        built = build(Facts(config, "api:1", "stream", "token"), host)
        assert [built[name] for name in names] == expected
        assert built["AWS_XRAY_CONTEXT_MISSING"] == "LOG_ERROR"

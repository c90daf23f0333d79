"""Code as projects and the command line name it, up to the directory a function is started in."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from lambdakit.cli.group import cli
from lambdakit.emulator.code.s3 import fetch
from lambdakit.emulator.code.source import S3Object, prepared, source_of
from lambdakit.emulator.code.store import CodeStore
from lambdakit.emulator.code.unpack import DEFAULT_LIMITS
from lambdakit.emulator.function import FunctionConfig
from lambdakit.emulator.project import FunctionSpec, load_project
from lambdakit.exceptions import ArchiveTooLargeError, CodeError, UsageError
from tests.emulator.code.archives import archive
from tests.moto_server import aws, aws_server, unique

__all__ = ("aws", "aws_server")

CODE = archive({"app.py": "def handler(event, context):\n    return __file__\n"})
S3_TEMPLATE = """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {{Handler: app.handler, CodeUri: {{Bucket: {bucket}, Key: code.zip, Version: {version}}}}}
  G:
    Type: AWS::Lambda::Function
    Properties: {{Handler: app.handler, Code: {{S3Bucket: {bucket}, S3Key: code.zip}}}}
  H:
    Type: AWS::Serverless::Function
    Properties: {{Handler: app.handler, CodeUri: "s3://{bucket}/code.zip"}}
"""


@pytest.fixture
def store(tmp_path: Path) -> CodeStore:
    return CodeStore(tmp_path / "store")


@pytest.fixture
def bucket(aws: str) -> tuple[str, str]:
    """A bucket with the code as `code.zip`, and the version of that; a newer version is no archive."""
    name = unique("bucket")
    client: Any = boto3.session.Session().client("s3")
    with closing(client):
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        version = client.put_object(Bucket=name, Key="code.zip", Body=CODE)["VersionId"]
        client.put_object(Bucket=name, Key="code.zip", Body=b"newer")
    return name, version


def test_texts_and_what_they_mean(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "code.zip").write_bytes(CODE)
    (tmp_path / "code.tar").write_bytes(b"")
    assert source_of("src", tmp_path) == tmp_path / "src"
    assert source_of("code.zip", tmp_path) == tmp_path / "code.zip"
    assert source_of("s3://bucket/a/b.zip", tmp_path) == S3Object("bucket", "a/b.zip")
    for text, words in (("gone", "is not there"), ("code.tar", "neither"), ("s3://b/", "names no object")):
        with pytest.raises(UsageError, match=words):
            source_of(text, tmp_path)


def test_an_archive_in_pyproject_is_unpacked_when_it_is_served(tmp_path: Path, store: CodeStore) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build/app.zip").write_bytes(CODE)
    (tmp_path / "fonts.zip").write_bytes(archive({"fonts/a": "a"}))
    (tmp_path / "pyproject.toml").write_text(
        '[tool.lambdakit.functions.f]\nhandler = "app.handler"\ncode = "build/app.zip"\nlayers = ["fonts.zip"]\n'
    )
    (found,) = load_project(tmp_path).functions
    assert (found.code, found.config.handler) == (tmp_path / "build/app.zip", "app.handler")
    assert not (tmp_path / "store").exists()
    ready = prepared(found, store)
    assert ready.code is None
    assert (ready.config.task_root / "app.py").is_file()
    assert (ready.layers[0] / "fonts/a").is_file()
    assert ready.config.layers == ready.layers


def test_a_directory_in_pyproject_is_where_the_handler_is(tmp_path: Path, store: CodeStore) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "pyproject.toml").write_text('[tool.lambdakit.functions.f]\nhandler = "app.handler"\ncode = "src"\n')
    (found,) = load_project(tmp_path).functions
    assert found.config.task_root == tmp_path / "src"
    assert prepared(found, store) is found
    (tmp_path / "pyproject.toml").write_text('[tool.lambdakit.functions.f]\nhandler = "app.handler"\ncode = "gone"\n')
    with pytest.raises(UsageError, match=r"functions\.f\.code: .*gone is not there"):
        load_project(tmp_path)


def test_an_archive_in_a_template(tmp_path: Path, store: CodeStore) -> None:
    (tmp_path / "code.zip").write_bytes(CODE)
    (tmp_path / "layer.zip").write_bytes(archive({"python/x.py": ""}))
    (tmp_path / "template.yaml").write_text(
        "Resources:\n"
        "  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer.zip}}\n"
        "  F:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {Handler: app.handler, CodeUri: code.zip, Layers: [!Ref L]}\n"
    )
    (found,) = load_project(tmp_path).functions
    ready = prepared(found, store)
    assert (ready.config.task_root / "app.py").is_file()
    assert (ready.layers[0] / "python/x.py").is_file()


def test_objects_in_a_template(tmp_path: Path, store: CodeStore, bucket: tuple[str, str]) -> None:
    name, version = bucket
    (tmp_path / "template.yaml").write_text(S3_TEMPLATE.format(bucket=name, version=version))
    first, second, third = load_project(tmp_path).functions
    assert first.code == S3Object(name, "code.zip", version)
    assert second.code == third.code == S3Object(name, "code.zip")
    assert (prepared(first, store).config.task_root / "app.py").is_file()
    with pytest.raises(CodeError, match="cannot be unpacked"):
        prepared(third, store)


def test_what_s3_refuses_is_told_in_its_words(bucket: tuple[str, str]) -> None:
    with pytest.raises(CodeError) as no_key:
        fetch(bucket[0], "gone.zip")
    assert str(no_key.value) == (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."
    )
    with pytest.raises(CodeError, match="NoSuchBucket"):
        fetch(unique("gone"), "code.zip")


def test_an_object_that_is_too_large_is_not_fetched(bucket: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdakit.emulator.code.s3.DEFAULT_LIMITS", DEFAULT_LIMITS._replace(unpacked_bytes=4))
    with pytest.raises(ArchiveTooLargeError):
        fetch(bucket[0], "code.zip")


def test_s3_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, aws: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(CodeError, match="s3://bucket/key could not be fetched"):
        fetch("bucket", "key")


def test_an_archive_that_is_gone_by_then(tmp_path: Path, store: CodeStore) -> None:
    function = FunctionSpec(FunctionConfig("f", "app.handler", tmp_path), code=tmp_path / "gone.zip")
    with pytest.raises(CodeError, match="No such file"):
        prepared(replace(function), store)


def invoked(cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lambdakit.cli", "invoke", "code.zip:app.handler"]
    return subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("verb", [("package",), ("image", "--context", "out")])
def test_an_archive_has_no_source_to_be_packaged(tmp_path: Path, verb: tuple[str, ...]) -> None:
    (tmp_path / "code.zip").write_bytes(CODE)
    answer = CliRunner().invoke(cli, [verb[0], str(tmp_path / "code.zip") + ":app.handler", *verb[1:]])
    assert (answer.exit_code, "there is no source to be packaged" in answer.output) == (2, True)


def test_the_configuration_is_shown_with_its_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.lambdakit.functions.f]\nhandler = "app.handler"\ncode = "s3://bucket/code.zip"\n'
    )
    monkeypatch.chdir(tmp_path)
    assert "f  app.handler in s3://bucket/code.zip" in CliRunner().invoke(cli, ["config"]).output


def test_the_command_line_takes_an_archive(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(CODE)
    done = invoked(tmp_path)
    assert done.returncode == 0, done.stderr
    file = json.loads(done.stdout)
    assert file.endswith("app.py")
    assert not Path(file).parent.parent.exists()
    (tmp_path / "code.zip").write_bytes(archive({"../app.py": ""}))
    done = invoked(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "leads out of the archive's folder" in done.stderr

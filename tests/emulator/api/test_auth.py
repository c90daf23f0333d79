"""A service that wants signatures: whom it admits, and in which words it refuses the others."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from botocore.compat import HAS_CRT
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdakit.cli.signing import ShellSignature
from lambdakit.emulator.api.auth import SignatureCheck, own_credentials
from lambdakit.exceptions import UsageError
from tests.emulator.api.control_support import client_of, code, plane_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.api.control_support import Site

SECRETS = {"AKIA": "secret"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with plane_server() as running:
        running.create("f")
        running.server.authorize = SignatureCheck(SECRETS)
        yield running


def refused(site: Site, **options: Any) -> tuple[str, str]:
    client = client_of(site.server.url, **options)
    with closing(client), pytest.raises(ClientError) as caught:
        client.list_functions(MaxItems=1)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_who_knows_the_secret_is_admitted(site: Site) -> None:
    client = site.client
    assert site.invoke("f", Payload=b'"\xc3\xa9"', Qualifier="$LATEST")["event"] == "é"
    arn = client.get_function(FunctionName="arn:aws:lambda:us-east-1:123456789012:function:f")
    assert arn["Configuration"]["FunctionName"] == "f"
    client.update_function_code(FunctionName="f", ZipFile=code("2"))
    streamed = client.invoke_with_response_stream(FunctionName="f", Payload=b"{}")
    with closing(streamed["EventStream"]) as stream:
        assert [*stream]
    # The address of an archive is signed itself.
    assert httpx.get(arn["Code"]["Location"], timeout=10).status_code == 200
    assert httpx.get(f"{site.server.url}/_lambdakit/health", timeout=10).status_code == 200


def test_who_does_not_know_it_is_refused(site: Site) -> None:
    mismatch = (
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.",
    )
    assert refused(site, aws_secret_access_key="other") == mismatch
    assert refused(site, aws_access_key_id="AKIB") == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


def test_a_signature_does_not_last(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    then = datetime.now(timezone.utc) - timedelta(minutes=6)

    def at_that_time(remove_tzinfo: bool = True) -> datetime:
        return then.replace(tzinfo=None) if remove_tzinfo else then

    # With AWS's common runtime installed, as by the AWS CLI, botocore signs by another module.
    for module in ("botocore.auth", "botocore.crt.auth") if HAS_CRT else ("botocore.auth",):
        for name in ("get_current_datetime", "get_current_date"):  # the newer name and what it replaced
            monkeypatch.setattr(import_module(module), name, at_that_time, raising=False)
    kind, message = refused(site)
    assert (kind, message.startswith("Signature expired")) == ("InvalidSignatureException", True)


def raw(site: Site, headers: dict[str, str], path: str = "/2015-03-31/functions/f/invocations") -> tuple[int, str, str]:
    answer = httpx.post(site.server.url + path, content=b"{}", headers=headers, timeout=10)
    return answer.status_code, answer.headers["x-amzn-errortype"], answer.json()["message"]


def test_what_is_not_signed_is_refused(site: Site) -> None:
    missing = (403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    assert raw(site, {}) == missing
    assert raw(site, {"Authorization": "Bearer x"}) == missing
    assert raw(site, {}, "/_lambdakit/reset") == missing
    assert raw(site, {}, "/nowhere") == missing
    incomplete = raw(site, {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA"})
    assert incomplete[1] == "IncompleteSignatureException"
    assert incomplete[2].startswith("Authorization header requires 'Credential' parameter.")
    signature = f"SignedHeaders=host, Signature={'0' * 64}"
    credential = "AKIA/20260101/us-east-1/s3/aws4_request"
    scoped = raw(site, {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, {signature}"})
    assert scoped[1:] == ("InvalidSignatureException", "Credential should be scoped to correct service: 'lambda'.")


def test_each_service_has_its_scope(site: Site) -> None:
    from lambdakit.emulator.api.backstage_routes import BackstageOperations

    site.server.router.add(BackstageOperations(site.plane.registry.backstage).routes())
    for service, operation in (("logs", "describe_log_groups"), ("cloudwatch", "list_metrics")):
        for secret in ("secret", "other"):
            client: Any = boto3.session.Session().client(  # type: ignore[call-overload]
                service,
                endpoint_url=site.server.url,
                region_name="us-east-1",
                aws_access_key_id="AKIA",
                aws_secret_access_key=secret,
                config=Config(retries={"max_attempts": 0}),
            )
            with closing(client):
                if secret == "secret":
                    getattr(client, operation)()
                else:
                    with pytest.raises(ClientError, match="InvalidSignatureException"):
                        getattr(client, operation)()


def test_the_command_line_signs_with_the_shells_credentials(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with httpx.Client(base_url=site.server.url, auth=ShellSignature(), timeout=10) as client:
        for _ in range(2):
            answer = client.post("/", json={}, headers={"X-Amz-Target": "Logs_20140328.DescribeLogGroups"})
            assert answer.status_code != 403
        assert client.get("/2015-03-31/functions?MaxItems=1&Marker=a%20b").status_code == 200
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        assert client.get("/2015-03-31/functions").status_code == 403


def test_the_credentials_are_the_shells(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UsageError, match="--require-auth checks signatures"):
        own_credentials()
    file.write_text("[default]\naws_access_key_id = K\naws_secret_access_key = S\n")
    assert own_credentials() == {"K": "S"}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "E")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "T")
    assert own_credentials() == {"E": "T"}


def test_no_secret_is_in_a_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "lambdakit")
    refused(site, aws_secret_access_key="other")
    assert "secret" not in caplog.text

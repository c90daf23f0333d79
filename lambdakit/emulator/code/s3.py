"""Code from a bucket, by boto3: at AWS_ENDPOINT_URL_S3, or wherever the ordinary credential chain leads.

Source: AWS Lambda API reference, "FunctionCode"; the words of the errors are the service's own.
"""

from __future__ import annotations

import os
from contextlib import closing
from importlib import import_module
from typing import Any

from lambdakit.emulator.code.unpack import DEFAULT_LIMITS
from lambdakit.exceptions import ArchiveTooLargeError, CodeError

__all__ = ("fetch",)

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_FAILED = "Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"


def fetch(bucket: str, key: str, version: str | None = None, *, region: str | None = None) -> bytes:
    """An object's bytes. Raises CodeError, with S3's own code and message where it answered."""
    try:
        client: Any = import_module("boto3").session.Session(region_name=region).client("s3", config=_config())
        errors: Any = import_module("botocore.exceptions")
    except ImportError:
        raise CodeError('Code in S3 is fetched with boto3: pip install "lambdakit[aws]"') from None
    with closing(client):
        try:
            return _read(client.get_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {})))
        except errors.ClientError as error:
            told = error.response["Error"]
            raise CodeError(_FAILED.format(code=told.get("Code"), message=told.get("Message"))) from None
        except errors.BotoCoreError as error:
            raise CodeError(f"s3://{bucket}/{key} could not be fetched: {error}") from None


def _read(answer: Any) -> bytes:
    size: int = answer["ContentLength"]
    with closing(answer["Body"]) as body:
        if size > DEFAULT_LIMITS.unpacked_bytes:
            raise ArchiveTooLargeError(f"Unzipped size must be smaller than {DEFAULT_LIMITS.unpacked_bytes} bytes")
        data: bytes = body.read()
    return data


def _config() -> Any:
    """Emulators are rarely reached by a bucket's name as host; AWS is."""
    local = any(os.environ.get(name) for name in _ENDPOINTS)
    return import_module("botocore.config").Config(s3={"addressing_style": "path" if local else "auto"})

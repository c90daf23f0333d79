"""Code as a project names it: a directory, an archive, or an object in S3; and the directory it becomes.

What a project's files say is only read when they are read; fetching and unpacking wait until the function is about to
be served (`prepared`), so that looking at a configuration touches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.function import default_runtime_command
from lambdakit.emulator.own_runtime import own_bootstrap
from lambdakit.emulator.target import ARCHIVE
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from lambdakit.emulator.code.store import CodeStore
    from lambdakit.emulator.project.spec import FunctionSpec

__all__ = ("CodeSource", "S3Object", "prepared", "source_of")

_SCHEME = "s3://"
# How templates call the parts of an S3 object: SAM's, then CloudFormation's.
_PARTS = (("Bucket", "S3Bucket"), ("Key", "S3Key"), ("Version", "S3ObjectVersion"))


@dataclass(frozen=True)
class S3Object:
    """An archive in a bucket."""

    bucket: str
    key: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}"


# A directory, an archive, or an object.
CodeSource: TypeAlias = Path | S3Object


def source_of(code: str | Mapping[str, Any], folder: Path) -> CodeSource:
    """What a text (`src/`, `build/app.zip`, `s3://bucket/key`) or a template's table means; paths are below `folder`.

    Raises UsageError.
    """
    if not isinstance(code, str):
        bucket, key, version = (next((code[name] for name in names if name in code), None) for names in _PARTS)
        if not (isinstance(bucket, str) and isinstance(key, str)):
            raise UsageError("an object in S3 is named by its bucket and its key.")
        return S3Object(bucket, key, version if isinstance(version, str) else None)
    if code.startswith(_SCHEME):
        bucket, _, key = code.removeprefix(_SCHEME).partition("/")
        if not (bucket and key):
            raise UsageError(f"{code!r} names no object; expected s3://bucket/key.")
        return S3Object(bucket, key)
    path = (folder / code).expanduser().resolve()
    if not path.exists():
        raise UsageError(f"{path} is not there.")
    if path.is_file() and path.suffix != ARCHIVE:
        raise UsageError(f"{path} is neither a directory nor a zip archive.")
    return path


def prepared(function: FunctionSpec, store: CodeStore) -> FunctionSpec:
    """The function with its archives (its code, its layers) fetched and unpacked. Raises CodeError."""
    layers = tuple(store.unpack(layer) if layer.is_file() else layer for layer in function.layers)
    if layers != function.layers:
        function = replace(function, layers=layers)
    if function.code is None:
        return function
    folder = _folder(function.code, store, function.config.region)
    config = replace(function.config, task_root=folder)
    own = own_bootstrap(config.runtime, folder)
    if own is not None and config.runtime_command == default_runtime_command():
        config = replace(config, runtime_command=own)
    return replace(function, config=config, code=None)


def _folder(code: CodeSource, store: CodeStore, region: str) -> Path:
    if isinstance(code, Path):
        return code if code.is_dir() else store.unpack(code)
    from lambdakit.emulator.code.s3 import fetch

    return store.add(fetch(code.bucket, code.key, code.version, region=region)).folder

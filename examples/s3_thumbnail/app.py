"""Makes a thumbnail of every JPEG that is put into a bucket.

Locally the "buckets" are folders beside this file, so that the example runs with no account and no network:

    lambdakit invoke examples/s3_thumbnail/app.py:handler --event examples/s3_thumbnail/event.json

Deployed, set PHOTO_STORE=s3: objects are then read and written with boto3.
"""

from __future__ import annotations

import io
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PIL import Image, ImageOps

from lambdakit.events import s3_event

if TYPE_CHECKING:
    from lambdakit import Context
    from lambdakit.events import S3Event

SIZE = (256, 256)
SUFFIX = "-thumbnails"


class Store(Protocol):
    """Where objects are kept."""

    def read(self, bucket: str, key: str) -> bytes: ...

    def write(self, bucket: str, key: str, data: bytes) -> str: ...


class FolderStore:
    """Buckets as folders."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, bucket: str, key: str) -> bytes:
        return self._path(bucket, key).read_bytes()

    def write(self, bucket: str, key: str, data: bytes) -> str:
        path = self._path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return str(path)

    def _path(self, bucket: str, key: str) -> Path:
        path = (self._root / bucket / key).resolve()
        if not path.is_relative_to((self._root / bucket).resolve()):
            raise ValueError(f"key {key!r} leads out of its bucket")
        return path


class S3Store:
    """Buckets of Amazon S3."""

    def __init__(self) -> None:
        self._client: Any = import_module("boto3").client("s3")

    def read(self, bucket: str, key: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def write(self, bucket: str, key: str, data: bytes) -> str:
        self._client.put_object(Bucket=bucket, Key=key, Body=data, ContentType="image/jpeg")
        return f"s3://{bucket}/{key}"


def open_store() -> Store:
    """The store that PHOTO_STORE names: `s3`, or a folder (default: `buckets` beside this file)."""
    name = os.environ.get("PHOTO_STORE", "")
    if name == "s3":
        return S3Store()
    return FolderStore(Path(name) if name else Path(__file__).parent / "buckets")


STORE = open_store()


@s3_event
def handler(event: S3Event, context: Context) -> dict[str, Any]:
    """Thumbnails of the event's objects: where they were written, and their sizes in pixels."""
    return {"thumbnails": [thumbnail(record.bucket.name, record.object.key) for record in event.records]}


def thumbnail(bucket: str, key: str) -> dict[str, Any]:
    """Make the thumbnail of one object."""
    photo: Image.Image = Image.open(io.BytesIO(STORE.read(bucket, key)))
    small = ImageOps.exif_transpose(photo)
    small.thumbnail(SIZE)
    out = io.BytesIO()
    small.convert("RGB").save(out, "JPEG", quality=80, optimize=True)
    where = STORE.write(bucket + SUFFIX, key, out.getvalue())
    return {"written": where, "width": small.width, "height": small.height}

"""A file as a response: content type by its name, entity tag, conditional and range requests (RFC 9110 13 to 14).

    @app.get("/manual")
    def manual(request: Request) -> Response:
        return FileResponse("manual.pdf", request=request)

Given the request, a client that has the file already gets 304, and one that asks for a part of it gets 206 with that
part; one range is served, several are answered with the whole, as the RFC allows. Small files only: an answer is held
in memory and the front door limits it; larger ones belong into S3.
"""

from __future__ import annotations

import os

from lambdakit.http.cookies import http_date
from lambdakit.http.response import OCTETS, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdakit.http.cookies import SetCookie
    from lambdakit.http.multi_maps import HeadersLike
    from lambdakit.http.request import Request

__all__ = ("FileResponse",)


class FileResponse(Response):
    """The content of a file. `download_as` has browsers save it under that name. Raises OSError."""

    __slots__ = ()

    def __init__(
        self,
        path: str | os.PathLike[str],
        status: int = 200,
        headers: HeadersLike = (),
        *,
        request: Request | None = None,
        content_type: str | None = None,
        download_as: str | None = None,
        cookies: Sequence[SetCookie | str] = (),
    ) -> None:
        kind = content_type or _content_type(os.fspath(path))
        super().__init__(b"", status, headers, content_type=kind, cookies=cookies)
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            self.headers.setdefault("etag", f'"{found.st_mtime_ns:x}-{found.st_size:x}"')
            self.headers.setdefault("last-modified", http_date(found.st_mtime))
            self.headers["accept-ranges"] = "bytes"
            if download_as is not None:
                self.headers["content-disposition"] = _attachment(download_as)
            if request is not None and self._is_known(request):
                self.status = 304
                return
            start, end = self._part(request, found.st_size)
            file.seek(start)
            self.body = file.read(end - start)

    def _is_known(self, request: Request) -> bool:
        """Whether the client has this very file already."""
        tags = request.headers.get("if-none-match")
        if tags is not None:
            known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return bool(known & {self.headers["etag"], "*"})
        return request.headers.get("if-modified-since") == self.headers["last-modified"]

    def _part(self, request: Request | None, size: int) -> tuple[int, int]:
        """Which bytes to send; status and headers say so."""
        wanted = None if request is None or request.method != "GET" else request.headers.get("range")
        if wanted is None or request is None:
            return 0, size
        condition = request.headers.get("if-range")
        if condition not in (None, self.headers["etag"], self.headers["last-modified"]):
            return 0, size
        part = _range(wanted, size)
        if part is None:
            return 0, size
        start, end = part
        if start >= end:
            self.status = 416
            self.headers["content-range"] = f"bytes */{size}"
            return 0, 0
        self.status = 206
        self.headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        return part


def _range(text: str, size: int) -> tuple[int, int] | None:
    """Start and end of a range of bytes, empty where the file has none of it; None for what is no single range."""
    unit, _, rest = text.partition("=")
    first, dash, last = rest.strip().partition("-")
    numbers = all(part.isascii() and (part.isdigit() or not part) and len(part) < 19 for part in (first, last))
    if unit.strip().lower() != "bytes" or not dash or not numbers or not (first or last):
        return None
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1 if last else size)


def _content_type(path: str) -> str:
    from mimetypes import guess_type

    kind, coding = guess_type(path)
    if kind is None or coding is not None:
        return OCTETS
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _attachment(name: str) -> str:
    """RFC 6266: plain where it can be, else in the extended form."""
    from urllib.parse import quote

    plain = name.isascii() and name.isprintable() and not any(mark in name for mark in '"\\%')
    return f'attachment; filename="{name}"' if plain else f"attachment; filename*=UTF-8''{quote(name, safe='')}"

"""Forms: their fields, and the files of multipart ones (RFC 7578).

    @app.post("/photos")
    def add(request: Request) -> dict[str, int]:
        photo = request.form.files["photo"]
        return {"size": len(photo.content)}

URL-encoded forms are read by the standard library, multipart ones by python-multipart (extra `http`).
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from lambdakit.exceptions import BadRequestError, MissingExtraError
from lambdakit.http.multi_maps import Headers, MultiMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("FormData", "UploadedFile", "read_form")

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
# More than any form has; what a client could else make the parser do is without bound.
MAX_FIELDS = 1_000


class UploadedFile:
    """A file of a form: `name` of the field, `filename` as the client calls it (never a path to trust), `content`."""

    __slots__ = ("content", "filename", "headers", "name")

    def __init__(self, name: str, filename: str, content: bytes, headers: Headers) -> None:
        self.name = name
        self.filename = filename
        self.content = content
        self.headers = headers

    @property
    def content_type(self) -> str:
        """What the client says that it is."""
        return self.headers.get("content-type", "application/octet-stream")

    @property
    def text(self) -> str:
        """The content as UTF-8. Raises BadRequestError."""
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            raise BadRequestError(f"the file {self.name} is not text in UTF-8") from None

    def __repr__(self) -> str:
        return f"<UploadedFile {self.name}: {self.filename!r}, {len(self.content)} bytes>"


class FormData(MultiMap):
    """The fields of a form, and `files`: the last file of each name; `all_files` has every one in its order."""

    __slots__ = ("all_files", "files")

    def __init__(self, fields: list[tuple[str, str]], files: list[UploadedFile] | None = None) -> None:
        super().__init__(fields)
        self.all_files: list[UploadedFile] = files or []
        self.files: dict[str, UploadedFile] = {file.name: file for file in self.all_files}


def read_form(content_type: str, body: bytes) -> FormData:
    """The form in a body of that content type. Raises BadRequestError, and MissingExtraError without the parser."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == MULTIPART:
        return _multipart(content_type, body)
    if kind != URL_ENCODED and (body or kind):
        raise BadRequestError(f"expected a form ({URL_ENCODED} or {MULTIPART})", status=415)
    try:
        text = body.decode()
        return FormData(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"))
    except ValueError:  # not UTF-8, or too many
        raise BadRequestError(f"the form is not URL-encoded UTF-8 of at most {MAX_FIELDS} fields") from None


def _multipart(content_type: str, body: bytes) -> FormData:
    try:
        from python_multipart.exceptions import FormParserError
        from python_multipart.multipart import MultipartParser, parse_options_header
    except ImportError:
        raise MissingExtraError("multipart forms", "python-multipart", "http") from None
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise BadRequestError("the multipart form's content type names no boundary")
    parts = _Parts(parse_options_header)
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        parser.write(body)
        parser.finalize()
        if not parts.is_ended:
            raise BadRequestError("the multipart form ends before its end")
        return parts.form()
    except (FormParserError, ValueError):
        raise BadRequestError("the multipart form cannot be parsed") from None


class _Parts:
    """What the parser's callbacks put together."""

    def __init__(self, parse_options: Any) -> None:
        self.is_ended = False
        self._parse_options = parse_options
        self._parts: list[tuple[list[tuple[str, str]], bytearray]] = []
        self._name = self._value = b""

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_to_name,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
            "on_part_data": self._add_data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self._parts) >= MAX_FIELDS:
            raise BadRequestError(f"the form has more than {MAX_FIELDS} fields", status=413)
        self._parts.append(([], bytearray()))

    def _add_to_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._parts[-1][0].append((self._name.decode("latin-1"), self._value.decode("utf-8", "surrogateescape")))
        self._name = self._value = b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._parts[-1][1].extend(data[start:end])

    def _end(self) -> None:
        self.is_ended = True

    def form(self) -> FormData:
        """The form of what was parsed. Raises ValueError for fields that are not UTF-8."""
        fields: list[tuple[str, str]] = []
        files: list[UploadedFile] = []
        for pairs, content in self._parts:
            headers = Headers(pairs)
            disposition = headers.get("content-disposition", "").encode("utf-8", "surrogateescape")
            options = self._parse_options(disposition)[1]
            name = options.get(b"name", b"").decode()
            filename = options.get(b"filename")
            if filename is None:
                fields.append((name, content.decode()))
            else:
                files.append(UploadedFile(name, filename.decode(), bytes(content), headers))
        return FormData(fields, files)

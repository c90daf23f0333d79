"""Forms, URL-encoded and multipart: what is in them, and that no body at all is a server's error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import BadRequestError
from lambdakit.http.forms import MAX_FIELDS, MULTIPART, URL_ENCODED, read_form

TYPE = f"{MULTIPART}; boundary=XX"


def multipart(*parts: bytes) -> bytes:
    return b"".join(b"--XX\r\n" + part + b"\r\n" for part in parts) + b"--XX--\r\n"


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def test_fields_of_a_url_encoded_form():
    form = read_form(f"{URL_ENCODED}; charset=utf-8", b"a=1&a=2&b=%C3%A9+x&empty=")
    assert form.pairs == [("a", "1"), ("a", "2"), ("b", "é x"), ("empty", "")]
    assert (form["a"], form.all("a"), form.files) == ("2", ["1", "2"], {})


def test_no_body_is_an_empty_form():
    assert read_form("", b"").pairs == []


def test_fields_and_files_of_a_multipart_form():
    body = multipart(
        part('name="title"', "Été".encode()),
        part('name="photo"; filename="a b.png"', b"\x89PNG\r\n--X\x00", "Content-Type: image/png"),
        part('name="photo"; filename="c.txt"', b"hello"),
    )
    form = read_form(TYPE, body)
    assert form["title"] == "Été"
    first, second = form.all_files
    assert (first.name, first.filename, first.content_type) == ("photo", "a b.png", "image/png")
    assert first.content == b"\x89PNG\r\n--X\x00"
    assert form.files["photo"] is second
    assert (second.text, second.content_type) == ("hello", "application/octet-stream")
    assert repr(second) == "<UploadedFile photo: 'c.txt', 5 bytes>"
    with pytest.raises(BadRequestError, match="the file photo is not text"):
        first.text  # noqa: B018


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        (URL_ENCODED, b"a=\xff", 400),
        (URL_ENCODED, b"a=%ff", 400),
        (URL_ENCODED, b"&".join([b"a=1"] * (MAX_FIELDS + 1)), 400),
        ("application/json", b"{}", 415),
        (MULTIPART, b"", 400),
        (TYPE, b"", 400),
        (TYPE, b"nonsense", 400),
        (TYPE, multipart(part('name="a"', b"1"))[:-9], 400),
        (TYPE, multipart(part('name="a"', b"\xff")), 400),
        (TYPE, multipart(*[part('name="a"', b"")] * (MAX_FIELDS + 1)), 413),
    ],
)
def test_what_is_no_form_is_refused(content_type, body, status):
    with pytest.raises(BadRequestError) as caught:
        read_form(content_type, body)
    assert caught.value.status == status


@given(st.sampled_from([URL_ENCODED, TYPE, MULTIPART, f'{MULTIPART}; boundary="\x00é"']), st.binary(max_size=80))
def test_no_body_makes_it_fail(content_type, body):
    for candidate in (body, b"--XX\r\n" + body + b"\r\n--XX--\r\n"):
        try:
            read_form(content_type, candidate)
        except BadRequestError:
            pass

"""The small rooms of the server, without sockets: stream preludes, headers that can be sent, signatures in time."""

from __future__ import annotations

import asyncio
import itertools
import json
from calendar import timegm
from time import strptime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.faces.message import FaceRequest, FaceResponse
from lambdakit.emulator.faces.signature import check_signature
from lambdakit.emulator.faces.stream_head import read_head
from lambdakit.emulator.faces.wire import is_sendable, own_headers
from lambdakit.runtime.streaming import StreamingResponse

SECRETS = {"AKIALOCAL": "local-secret"}


def head_of(chunks: list[bytes]):
    async def source():
        for chunk in chunks:
            yield chunk

    return asyncio.run(read_head(source()))


@given(cuts=st.sets(st.integers(1, 90)), body=st.binary(max_size=20))
def test_a_prelude_is_read_whatever_pieces_it_comes_in(cuts, body):
    data = StreamingResponse(404, {"X-A": "1"}, ["c=1"]).prelude() + body
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    chunks = [data[start:end] for start, end in itertools.pairwise(places)]
    found = head_of(chunks)
    assert found is not None
    response, first = found
    assert response.status == 404
    assert response.header_values("x-a") == ["1"]
    assert response.header_values("set-cookie") == ["c=1"]
    assert body.startswith(first)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]" + bytes(8), b"{" + bytes(8), json.dumps({"statusCode": "x"}).encode() + bytes(8)]
)
def test_what_is_no_prelude(data):
    assert head_of([data]) is None


def test_a_502_of_the_function_is_no_malformed_prelude():
    found = head_of([b'{"statusCode": 502}' + bytes(8)])
    assert found is not None
    assert found[0].status == 502


@pytest.mark.parametrize(
    ("status", "header", "fine"),
    [
        (200, ("x-a", "1"), True),
        (200, ("x-a", "1\r\nx-b: 2"), False),
        (200, ("x a", "1"), False),
        (200, ("", "1"), False),
        (101, ("x-a", "1"), False),
    ],
)
def test_what_can_be_sent(status, header, fine):
    assert is_sendable(FaceResponse(status, (header,), b"")) is fine


def test_framing_is_the_servers_and_a_rest_api_remaps():
    headers = [("Content-Length", "1"), ("Transfer-Encoding", "chunked"), ("Date", "x"), ("X-A", "1")]
    assert own_headers(headers, remap="none") == (("Date", "x"), ("X-A", "1"))
    assert own_headers(headers, remap="rest") == (
        ("x-amzn-Remapped-Content-Length", "1"),
        ("x-amzn-Remapped-Date", "x"),
        ("X-A", "1"),
    )


def signed() -> tuple[FaceRequest, int]:
    """A signed request, and when it was signed."""
    made = AWSRequest(method="PUT", url="https://x.example/a%20b/%C3%A9?z=1&a=b%20c&a=%2B&e=", data=b"\0\xff")
    SigV4Auth(Credentials("AKIALOCAL", "local-secret"), "lambda", "eu-west-1").add_auth(made)
    headers = (("Host", "x.example"), *((name, str(value)) for name, value in made.headers.items()))
    moment = timegm(strptime(made.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ"))
    return FaceRequest("PUT", "/a%20b/%C3%A9", "z=1&a=b%20c&a=%2B&e=", headers, b"\0\xff"), moment


@pytest.mark.parametrize(("late", "fine"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes(late, fine):
    request, moment = signed()
    signer = check_signature(request._replace(time=float(moment + late)), SECRETS)
    assert (signer.problem is None) is fine
    assert signer.access_key == ("AKIALOCAL" if fine else "")


@pytest.mark.parametrize("change", [{"method": "GET"}, {"path": "/"}, {"query": ""}, {"body": b""}])
def test_a_signature_covers_the_whole_request(change):
    request, moment = signed()
    signer = check_signature(request._replace(time=float(moment), **change), SECRETS)
    assert signer.problem is not None
    assert "does not match" in signer.problem

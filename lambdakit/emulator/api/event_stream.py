"""`application/vnd.amazon.eventstream`: the framing of a streamed invocation's answer.

A frame is its length, the length of its headers, a CRC of both, headers, payload, and a CRC of it all, big-endian.
Source: AWS Lambda API reference, "InvokeWithResponseStream"; Amazon Transcribe developer guide, "Event stream
encoding", for the framing.
"""

from __future__ import annotations

import struct
from zlib import crc32

CONTENT_TYPE = b"application/vnd.amazon.eventstream"

_STRING = 7
# Two lengths and their CRC, and the CRC at the end.
_OVERHEAD = 16
# Clients refuse frames of more than 24 MiB; this is well below.
_MOST_PAYLOAD = 1024 * 1024


def _headers(event_type: str, content_type: str) -> bytes:
    encoded = b""
    for name, value in ((":event-type", event_type), (":content-type", content_type), (":message-type", "event")):
        encoded += struct.pack(f">B{len(name)}sBH", len(name), name.encode(), _STRING, len(value)) + value.encode()
    return encoded


_CHUNK = _headers("PayloadChunk", "application/octet-stream")
_COMPLETE = _headers("InvokeComplete", "application/json")


def _frame(headers: bytes, payload: bytes) -> bytes:
    lengths = struct.pack(">II", _OVERHEAD + len(headers) + len(payload), len(headers))
    body = b"%b%b%b%b" % (lengths, struct.pack(">I", crc32(lengths)), headers, payload)
    return body + struct.pack(">I", crc32(body))


def payload_chunks(payload: bytes) -> bytes:
    """A piece of the function's response, in as many frames as it needs."""
    if len(payload) <= _MOST_PAYLOAD:
        return _frame(_CHUNK, payload)
    starts = range(0, len(payload), _MOST_PAYLOAD)
    return b"".join(_frame(_CHUNK, payload[start : start + _MOST_PAYLOAD]) for start in starts)


def invoke_complete(details: bytes) -> bytes:
    """The last frame; `details` is a JSON object."""
    return _frame(_COMPLETE, details)

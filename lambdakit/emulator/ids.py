"""Identifiers made up for every invocation.

They are on the path of each event, so they come from `random`, not from `uuid.uuid4()`, which costs several times as
much; nothing here is a secret.
"""

from __future__ import annotations

import time
from itertools import count
from random import getrandbits

# Version 4 and the variant bits of RFC 9562.
_CLEAR = ~((0xF << 76) | (0x3 << 62))
_MARK = (0x4 << 76) | (0x2 << 62)


def new_uuid() -> str:
    """A random version 4 UUID."""
    digits = f"{(getrandbits(128) & _CLEAR) | _MARK:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_ATTEMPT_PREFIX = new_uuid()[:24]
_attempts = count(getrandbits(40))


def new_attempt_id() -> str:
    """A version 4 UUID that no other attempt of this process has; cheaper than a random one."""
    return f"{_ATTEMPT_PREFIX}{next(_attempts):012x}"


def undecided_trace_id() -> str:
    """What a front door adds to a request: the trace, and no decision whether it is sampled."""
    return f"Root=1-{int(time.time()):08x}-{getrandbits(96):024x}"


def unsampled(header: str) -> str:
    """A tracing header with the decision not to sample, where nobody has decided."""
    if "Sampled=" in header:
        return header
    parent = "" if "Parent=" in header else f";Parent={getrandbits(64):016x}"
    return f"{header}{parent};Sampled=0"


def new_trace_id() -> str:
    """A fresh trace header, not sampled: `Root=1-<time>-<24 hex>;Parent=<16 hex>;Sampled=0`."""
    digits = f"{getrandbits(160):040x}"
    return f"Root=1-{int(time.time()):08x}-{digits[:24]};Parent={digits[24:]};Sampled=0"

"""The tracing header, `X-Amzn-Trace-Id`: read with indulgence, written as X-Ray writes it.

Fields that are not known here (`Lineage`, what an application adds) are passed on as they came. A `Root` or `Parent`
that is none counts as absent, as does an undecided `Sampled=?`. Source: AWS X-Ray developer guide, "Tracing header".
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from random import getrandbits

__all__ = ("SEGMENT_ID", "TRACE_ID", "TraceHeader", "new_segment_id", "new_trace_root")

TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
SEGMENT_ID = re.compile(r"[0-9a-f]{16}")
_SAMPLED = {"1": True, "0": False}


@dataclass(frozen=True)
class TraceHeader:
    """A tracing header; `sampled` is None where nobody has decided, `rest` are the fields not known here."""

    root: str | None = None
    parent: str | None = None
    sampled: bool | None = None
    rest: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> TraceHeader:
        """The header of a request; what cannot be read of it is left out."""
        known: dict[str, str] = {}
        rest: list[str] = []
        for field in (text or "").split(";"):
            name, mark, value = field.strip().partition("=")
            if name.lower() in ("root", "parent", "sampled"):
                known[name.lower()] = value
            elif mark:
                rest.append(f"{name}={value}")
        root, parent = known.get("root", "").lower(), known.get("parent", "").lower()
        return cls(
            root if TRACE_ID.fullmatch(root) else None,
            parent if SEGMENT_ID.fullmatch(parent) else None,
            _SAMPLED.get(known.get("sampled", "")),
            tuple(rest),
        )

    def with_parent(self, parent: str) -> TraceHeader:
        """The header for what `parent` calls."""
        return replace(self, parent=parent)

    def __str__(self) -> str:
        fields = [f"Root={self.root}"] if self.root else []
        if self.parent:
            fields.append(f"Parent={self.parent}")
        if self.sampled is not None:
            fields.append(f"Sampled={int(self.sampled)}")
        return ";".join((*fields, *self.rest))


def new_trace_root() -> str:
    """A trace id of this moment: it is no secret."""
    return f"1-{int(time.time()):08x}-{getrandbits(96):024x}"


def new_segment_id() -> str:
    """An id for a segment or a subsegment."""
    return f"{getrandbits(64):016x}"

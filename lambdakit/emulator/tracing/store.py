"""The traces of a service: the documents that came in, by trace, as many as memory is set aside for.

A document in progress is replaced by the one that ends it, whichever comes first. The trace that was begun first goes
when there are too many, or too many bytes. Not for several threads; like metrics, traces begin anew with the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdakit.emulator.tracing.documents import Document

__all__ = ("Trace", "TraceStore")

# What all traces together may be, and one of them (X-Ray quotas, "Trace document size").
TRACES = 10_000
BYTES = 64 * 1024 * 1024
TRACE_BYTES = 500 * 1024


class Trace:
    """One trace: its documents by id, their bytes, and whether there were more than it may have."""

    __slots__ = ("documents", "id", "limit_exceeded", "revision", "size")

    def __init__(self, id: str) -> None:
        self.id = id
        self.documents: dict[str, Document] = {}
        self.size = 0
        self.revision = 0
        self.limit_exceeded = False

    @property
    def start(self) -> float:
        """When the first of it began."""
        return min(document.start for document in self.documents.values())

    @property
    def end(self) -> float:
        """When the last of it ended; what is in progress has begun at least."""
        return max(document.start if document.end is None else document.end for document in self.documents.values())

    @property
    def is_partial(self) -> bool:
        """Whether something is in progress."""
        return any(document.end is None for document in self.documents.values())


class TraceStore:
    """Keeps documents until there is no room for them."""

    def __init__(self, *, traces: int = TRACES, size: int = BYTES) -> None:
        self._most_traces = traces
        self._most_bytes = size
        self._traces: dict[str, Trace] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, document: Document) -> None:
        """Keep a document, in place of the one of the same id."""
        trace = self._traces.get(document.trace_id)
        if trace is None:
            trace = self._traces[document.trace_id] = Trace(document.trace_id)
        before = trace.documents.get(document.id)
        if before is not None and before.end is not None and document.end is None:
            return  # it has ended already: datagrams overtake each other
        more = len(document.raw) - (0 if before is None else len(before.raw))
        if trace.size + more > TRACE_BYTES:
            trace.limit_exceeded = True
            return
        trace.documents[document.id] = document
        trace.revision += 1
        trace.size += more
        self._size += more
        while len(self._traces) > self._most_traces or self._size > self._most_bytes:
            self._size -= self._traces.pop(next(iter(self._traces))).size

    def get(self, trace_id: str) -> Trace | None:
        """A trace, if it is (still) here."""
        return self._traces.get(trace_id)

    def newest(self) -> Iterator[Trace]:
        """The traces, the one begun last first."""
        return reversed(list(self._traces.values()))

    def clear(self) -> None:
        """Forget all traces."""
        self._traces.clear()
        self._size = 0

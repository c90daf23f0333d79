"""What became of a batch: the counts, the exceptions, and the answer that the source's poller reads."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypedDict

    class BatchFailure(TypedDict):
        """One entry of a failure report; `itemIdentifier` is an object for Kafka and text for all others."""

        itemIdentifier: Any

    class BatchResponse(TypedDict):
        """The failure report, as the source's poller reads it."""

        batchItemFailures: list[BatchFailure]


__all__ = ("BatchResult",)


class BatchResult:
    """What became of the records of one invocation; what a middleware around a batch gets from `call_next`.

    `succeeded`, `failed`, `unstarted` and `skipped` add up to the records of the event: `unstarted` had no turn (no
    time left, or behind a failure whose order must be kept), `skipped` are test messages the function never saw.
    `exceptions` are the failed records with what they raised, in the order of the event. `identifiers` are what the
    report names: which records that is differs from source to source.
    """

    __slots__ = ("exceptions", "failed", "identifiers", "skipped", "succeeded", "unstarted")

    def __init__(
        self,
        *,
        succeeded: int = 0,
        failed: int = 0,
        unstarted: int = 0,
        skipped: int = 0,
        exceptions: Sequence[tuple[Any, Exception]] = (),
        identifiers: Sequence[Any] = (),
    ) -> None:
        self.succeeded = succeeded
        self.failed = failed
        self.unstarted = unstarted
        self.skipped = skipped
        self.exceptions = exceptions
        self.identifiers = identifiers

    @property
    def total(self) -> int:
        """How many records the event had."""
        return self.succeeded + self.failed + self.unstarted + self.skipped

    def response(self) -> BatchResponse:
        """The failure report."""
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in self.identifiers]}

    def __repr__(self) -> str:
        counts = ("succeeded", "failed", "unstarted", "skipped")
        return f"BatchResult({', '.join(f'{name}={getattr(self, name)}' for name in counts)})"

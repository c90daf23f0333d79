"""Who may run how much at once: the account's concurrency and every function's share of it.

An invocation takes a lease before it gets an execution environment and gives it back when it is answered. There is no
queue: a synchronous invocation without a lease is throttled at once, as in AWS. Source: AWS Lambda developer guide,
"Configuring reserved concurrency" and "Configuring provisioned concurrency".
"""

from __future__ import annotations

from typing import Literal

from lambdakit.emulator import limits
from lambdakit.emulator.refusals import refusal, throttled

# Which concurrency a lease is on.
Kind = Literal["provisioned", "reserved", "unreserved"]


class Share:
    """One function's concurrency, or one of its published versions': what is set for it and what is in use.

    `requested` provisioned environments count against the account; only those that are ready (`provisioned`) take
    invocations. A version has those of its own, and all else together with its function, which is its `whole`.
    """

    __slots__ = ("in_use", "promised", "provisioned", "requested", "reserved", "running", "whole")

    def __init__(self, whole: Share | None = None) -> None:
        self.whole = whole or self
        # What is requested for the function and its versions together.
        self.promised = 0
        self.reserved: int | None = None
        self.requested = 0
        self.provisioned = 0
        self.in_use: dict[Kind, int] = {"provisioned": 0, "reserved": 0, "unreserved": 0}
        # How many invocations hold a lease, of whichever kind.
        self.running = 0


class Ledger:
    """The account's books. `limit` is its concurrency, `running` how many invocations hold a lease."""

    def __init__(self, limit: int = limits.ACCOUNT_CONCURRENCY) -> None:
        self.limit = limit
        self._shares: set[Share] = set()
        self._unreserved_in_use = 0
        self._pool = limit
        self.running = 0

    @property
    def unreserved(self) -> int:
        """What is left for functions without a reservation."""
        return self._pool

    @property
    def unreserved_running(self) -> int:
        """How many invocations hold a lease on that."""
        return self._unreserved_in_use

    def open_share(self, whole: Share | None = None) -> Share:
        """A new function's share, or that of a version of a function that has the share `whole`."""
        share = Share(whole)
        if whole is None:
            self._shares.add(share)
        return share

    def close_share(self, share: Share) -> None:
        """The function or version is gone; leases it still holds are given back as ever."""
        share.whole.promised -= share.requested
        self._shares.discard(share)
        self._count()

    def lease(self, share: Share) -> Kind:
        """Take one invocation's worth of concurrency; raises ThrottledError."""
        in_use, whole = share.in_use, share.whole
        if in_use["provisioned"] < share.provisioned:
            kind: Kind = "provisioned"
        elif whole.reserved is not None:
            in_use = whole.in_use
            if in_use["reserved"] >= whole.reserved - whole.promised:
                raise throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            kind = "reserved"
        else:
            if self._unreserved_in_use >= self._pool:
                raise throttled("ConcurrentInvocationLimitExceeded")
            self._unreserved_in_use += 1
            in_use = whole.in_use
            kind = "unreserved"
        in_use[kind] += 1
        whole.running += 1
        self.running += 1
        return kind

    def give_back(self, share: Share, kind: Kind) -> None:
        """End a lease."""
        whole = share.whole
        (share if kind == "provisioned" else whole).in_use[kind] -= 1
        whole.running -= 1
        self.running -= 1
        if kind == "unreserved":
            self._unreserved_in_use -= 1

    def reserve(self, share: Share, amount: int | None) -> None:
        """Set or (None) remove a function's reserved concurrency; raises ServiceError where the rules forbid it."""
        if amount is not None:
            if amount < share.promised:
                raise refusal("reserved below provisioned", reserved=amount, provisioned=share.promised)
            free = self._pool + self._charge(share)
            if free - amount < min(limits.UNRESERVED_MINIMUM, self.limit):
                raise refusal(
                    "unreserved minimum", setting="ReservedConcurrentExecutions", minimum=limits.UNRESERVED_MINIMUM
                )
        share.reserved = amount
        self._count()

    def request(self, share: Share, amount: int) -> None:
        """Set a function's or a version's provisioned concurrency, none of it ready yet; raises ServiceError."""
        whole = share.whole
        promised = whole.promised - share.requested + amount
        if whole.reserved is not None:
            if promised > whole.reserved:
                raise refusal("provisioned above reserved")
        else:
            free = self._pool + self._charge(whole)
            if promised > free:
                raise refusal("provisioned above unreserved", left=free)
            if amount and free - promised < min(limits.UNRESERVED_MINIMUM, self.limit):
                raise refusal("unreserved minimum", setting="ConcurrentExecutions", minimum=limits.UNRESERVED_MINIMUM)
        share.requested = amount
        whole.promised = promised
        self._count()

    def _charge(self, share: Share) -> int:
        """What a share takes out of the pool of the others."""
        return share.promised if share.reserved is None else share.reserved

    def _count(self) -> None:
        self._pool = self.limit - sum(self._charge(share) for share in self._shares)

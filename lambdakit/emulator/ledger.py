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
    """One function's concurrency: what is set for it and what is in use.

    `requested` provisioned environments count against the account; only those that are ready (`provisioned`) take
    invocations.
    """

    __slots__ = ("in_use", "provisioned", "requested", "reserved", "running")

    def __init__(self) -> None:
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

    def open_share(self) -> Share:
        """A new function's share."""
        share = Share()
        self._shares.add(share)
        return share

    def close_share(self, share: Share) -> None:
        """The function is gone; leases it still holds are given back as ever."""
        self._shares.discard(share)
        self._count()

    def lease(self, share: Share) -> Kind:
        """Take one invocation's worth of concurrency; raises ThrottledError."""
        in_use = share.in_use
        if in_use["provisioned"] < share.provisioned:
            kind: Kind = "provisioned"
        elif share.reserved is not None:
            if in_use["reserved"] >= share.reserved - share.requested:
                raise throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            kind = "reserved"
        else:
            if self._unreserved_in_use >= self._pool:
                raise throttled("ConcurrentInvocationLimitExceeded")
            self._unreserved_in_use += 1
            kind = "unreserved"
        in_use[kind] += 1
        share.running += 1
        self.running += 1
        return kind

    def give_back(self, share: Share, kind: Kind) -> None:
        """End a lease."""
        share.in_use[kind] -= 1
        share.running -= 1
        self.running -= 1
        if kind == "unreserved":
            self._unreserved_in_use -= 1

    def reserve(self, share: Share, amount: int | None) -> None:
        """Set or (None) remove a function's reserved concurrency; raises ServiceError where the rules forbid it."""
        if amount is not None:
            if amount < share.requested:
                raise refusal("reserved below provisioned", reserved=amount, provisioned=share.requested)
            free = self._pool + self._charge(share)
            if free - amount < min(limits.UNRESERVED_MINIMUM, self.limit):
                raise refusal(
                    "unreserved minimum", setting="ReservedConcurrentExecutions", minimum=limits.UNRESERVED_MINIMUM
                )
        share.reserved = amount
        self._count()

    def request(self, share: Share, amount: int) -> None:
        """Set a function's provisioned concurrency, none of it ready yet; raises ServiceError."""
        if share.reserved is not None:
            if amount > share.reserved:
                raise refusal("provisioned above reserved")
        else:
            free = self._pool + self._charge(share)
            if amount > free:
                raise refusal("provisioned above unreserved", left=free)
            if amount and free - amount < min(limits.UNRESERVED_MINIMUM, self.limit):
                raise refusal("unreserved minimum", setting="ConcurrentExecutions", minimum=limits.UNRESERVED_MINIMUM)
        share.requested = amount
        self._count()

    def _charge(self, share: Share) -> int:
        """What a share takes out of the pool of the others."""
        return share.requested if share.reserved is None else share.reserved

    def _count(self) -> None:
        self._pool = self.limit - sum(self._charge(share) for share in self._shares)

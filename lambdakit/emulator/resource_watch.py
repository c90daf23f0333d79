"""One pair of eyes for all environments of a service: looks, again and again, at what their processes hold.

Only environments at work are looked at, and with none at work there is no timer at all. The next look comes the
sooner the less room is left: memory cannot be filled faster than the machine can touch it. What is measured is what
the operating system says of the whole process group, children included, so it is right for any runtime. A limit on
addresses (RLIMIT_AS) would not be: see `resource_limits`; and a control group's memory.max would be better still, but
few users may make one.

What a look cannot see is a peak between two of them. Therefore an environment asks for its process's own high-water
mark before an answer is given away (`Confinement.answer_check`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from lambdakit.emulator import proc_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# How fast memory can be filled: a core writes a few gigabytes a second at most, new pages more slowly.
_MB_PER_SECOND = 2000.0
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.005, 0.05
# How often all of /proc is read for new children, and how soon what only several processes hold is looked at twice:
# between fork and exec a child's memory is its parent's, counted a second time.
_MEMBERS_SECONDS = 0.1
_SECOND_LOOK_SECONDS = 0.01


class Watched(Protocol):
    """An environment as the watch sees it."""

    limit_mb: int

    @property
    def busy(self) -> bool:
        """Whether it initialises or runs an invocation."""
        ...

    def groups(self) -> Sequence[int]:
        """Its process groups."""
        ...

    def saw_memory(self, megabytes: int) -> None:
        """It holds so much."""

    def saw_members(self, pids: Sequence[int]) -> None:
        """These are its processes, every tenth of a second."""

    def exceeded(self) -> None:
        """It holds more than it may."""


class _Entry:
    """What is remembered of an environment from look to look."""

    __slots__ = ("looked_up", "over", "pids", "used_mb")

    def __init__(self) -> None:
        self.pids: list[int] = []
        self.looked_up = float("-inf")
        self.used_mb = 0
        self.over = False


class ResourceWatch:
    """See the module's text. `asleep` says whether somebody who begins to work must call `wake`."""

    def __init__(self) -> None:
        self.asleep = True
        self._entries: dict[Watched, _Entry] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, watched: Watched) -> None:
        """Look at an environment from now on."""
        self._entries[watched] = _Entry()
        self.wake()

    def remove(self, watched: Watched) -> None:
        """Look at it no more."""
        self._entries.pop(watched, None)

    def wake(self) -> None:
        """Somebody is at work."""
        if self.asleep and self._entries:
            self.asleep = False
            self._set_timer(_pause(self._entries.items()))

    def close(self) -> None:
        """Look at nothing any more."""
        self._entries.clear()
        self.asleep = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, delay: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay, self._look)

    def _look(self) -> None:
        self._timer = None
        busy = [(watched, entry) for watched, entry in self._entries.items() if watched.busy]
        if not busy:
            self.asleep = True
            return
        now = asyncio.get_running_loop().time()
        for watched, entry in busy:
            self._look_at(watched, entry, now)
        self._set_timer(_pause(busy))

    def _look_at(self, watched: Watched, entry: _Entry, now: float) -> None:
        if now - entry.looked_up >= _MEMBERS_SECONDS:
            entry.looked_up = now
            entry.pids = proc_files.members(watched.groups())
            watched.saw_members(entry.pids)
        alone = len(entry.pids) == 1
        entry.used_mb = proc_files.resident_mb(entry.pids)
        if entry.used_mb > watched.limit_mb and not alone:
            entry.used_mb = proc_files.shared_out_mb(entry.pids)
        over = entry.used_mb > watched.limit_mb
        if over and (alone or entry.over):
            self.remove(watched)
            watched.exceeded()
            return
        entry.over = over
        if not alone and not over:
            watched.saw_memory(entry.used_mb)


def _pause(entries: Iterable[tuple[Watched, _Entry]]) -> float:
    """Seconds to the next look: before anybody can have filled what he has left."""
    soonest = _LONGEST_SECONDS
    for watched, entry in entries:
        room = (watched.limit_mb - entry.used_mb) / _MB_PER_SECOND
        soonest = min(soonest, _SECOND_LOOK_SECONDS if entry.over else max(room, _SHORTEST_SECONDS))
    return soonest

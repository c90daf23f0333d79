"""How much of an environment's own /tmp is taken.

The directory is usually empty, which one look tells; a full one is walked in a thread, so that many files hold nobody
up, and no more often than its size allows. Files that were deleted while open are not seen, nor is what is written
elsewhere: on Lambda nothing else can be written, here the whole disk can.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MIB = 1024 * 1024
_BLOCK_BYTES = 512
_SHORTEST_SECONDS = 0.1
# A walk may take this part of the time.
_SHARE = 0.05


def taken_bytes(folder: Path) -> int:
    """The space all files below a directory take on the disk; several names of one file count once."""
    total = 0
    seen: set[tuple[int, int]] = set()
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(where, name))
            except OSError:
                continue
            identity = (status.st_dev, status.st_ino)
            if status.st_nlink == 1 or identity not in seen:
                total += status.st_blocks * _BLOCK_BYTES
                seen.add(identity)
    return total


class TmpSpace:
    """Whether a directory holds as much as it may, `megabytes`."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.full = False
        self._folder = folder
        self._bytes = megabytes * _MIB
        self._next = 0.0
        self._walk: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Bring `full` up to date, now or a moment later."""
        if self._walk is not None or time.monotonic() < self._next:
            return
        if _is_empty(self._folder):
            self.full = False
        else:
            self._walk = asyncio.get_running_loop().create_task(self._measure())

    def close(self) -> None:
        """Look no more for now."""
        if self._walk is not None:
            self._walk.cancel()
            self._walk = None

    async def _measure(self) -> None:
        began = time.monotonic()
        taken = await asyncio.to_thread(taken_bytes, self._folder)
        self.full = taken >= self._bytes
        self._next = time.monotonic() + max(_SHORTEST_SECONDS, (time.monotonic() - began) / _SHARE)
        self._walk = None


def _is_empty(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return True

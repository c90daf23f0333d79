"""Watches the files that describe a project: its pyproject.toml or SAM template, and dotenv files.

They are not source (see `lambdakit.emulator.reload`): a change of one may give a function other settings, make one or
take one away. Only the folders themselves are watched, not what is below them.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from watchfiles import awatch  # pyright: ignore[reportUnknownVariableType]  (trio may be absent)

from lambdakit.emulator.project.load import PYPROJECT, TEMPLATES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from watchfiles import Change

    from lambdakit.emulator.project.spec import FunctionSpec

__all__ = ("ProjectSource", "watching")

DOTENV = ".env"
# Milliseconds: changes that come closer together are one (an editor writes a file in several steps).
_DEBOUNCE_MS, _STEP_MS, _LOOK_MS = 60, 20, 50


class ProjectSource(NamedTuple):
    """Where a project's functions come from: how they are read, and the files that say what they are.

    `read` raises UsageError. `folder` has the project's file; `files` are dotenv files beside those called `.env`.
    """

    read: Callable[[], Sequence[FunctionSpec]]
    folder: Path
    files: tuple[Path, ...] = ()

    def describes(self, path: Path) -> bool:
        """Whether a file says something of the functions."""
        if path in self.files:
            return True
        in_folder = path.parent == self.folder
        return in_folder and (path.name in (PYPROJECT, *TEMPLATES) or path.name.startswith(DOTENV))


@asynccontextmanager
async def watching(project: ProjectSource, tell: Callable[[], None]) -> AsyncGenerator[None]:
    """Call `tell` whenever files that describe the project have changed, while the block runs."""
    stop, begun = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(_watch(project, tell, stop, begun))
    await begun.wait()
    try:
        yield
    finally:
        stop.set()
        await task


async def _watch(project: ProjectSource, tell: Callable[[], None], stop: asyncio.Event, begun: asyncio.Event) -> None:
    def describes(_: Change, path: str) -> bool:
        return project.describes(Path(path))

    changes = awatch(
        *{project.folder, *(file.parent for file in project.files if file.parent.is_dir())},
        watch_filter=describes,
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        stop_event=stop,
        recursive=False,
    )
    async for change in changes:
        begun.set()
        if change:
            tell()

"""Hot reload: a change of the source retires the environments that run it, and the next invocation runs the new code.

    async with reloading(service, functions, tell):
        ...

Files are watched by the operating system's means (watchfiles). What version control ignores is no source, nor is what
tools leave behind. An invocation that is running ends where it is. A Python file with a syntax error is told and
changes nothing: the service goes on with what ran before, until the file is mended.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pathspec
from watchfiles import DefaultFilter, awatch  # pyright: ignore[reportUnknownVariableType]  (trio may be absent)

from lambdakit.emulator.source_files import files_of, is_affected

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.service import LocalService

__all__ = ("Reload", "Reloader", "reloading")

# Milliseconds: changes that come closer together are one (an editor writes a file in several steps).
DEBOUNCE_MS, STEP_MS = 60, 20


class Reload(NamedTuple):
    """What a change led to: the functions that begin anew, or why none does."""

    changed: tuple[Path, ...]
    functions: tuple[str, ...] = ()
    problem: str | None = None


class Reloader:
    """Knows the files of a service's functions, and what a change of some means."""

    def __init__(self, service: LocalService) -> None:
        self._service = service
        self._files: dict[str, set[Path]] = {}
        self._ignored: dict[Path, pathspec.GitIgnoreSpec] = {}

    def roots(self) -> list[Path]:
        """The directories to watch."""
        return sorted({root for c in self._service.functions.values() for root in (c.task_root, *c.layers)})

    def learn(self) -> None:
        """Take in the files of every function as they are now."""
        self._files = {name: files_of(c.task_root, c.handler) for name, c in self._service.functions.items()}
        self._ignored = {root: _ignored_under(root) for root in self.roots()}

    def apply(self, changed: Iterable[Path]) -> Reload | None:
        """Retire the environments that a change concerns; None where it is none of theirs."""
        files = tuple(sorted(file for file in changed if not self._is_ignored(file)))
        affected = [config for config in self._service.functions.values() if self._is_affected(config, files)]
        if not affected:
            return None
        problem = next(filter(None, map(_syntax_error, files)), None)
        if problem is not None:
            return Reload(files, problem=problem)
        for config in affected:
            self._service.replace(config)
            self._files[config.name] = files_of(config.task_root, config.handler)
        return Reload(files, tuple(config.name for config in affected))

    def _is_affected(self, config: FunctionConfig, files: Iterable[Path]) -> bool:
        # A function that was created meanwhile is not known, and has code of its own that nobody edits.
        known = self._files.get(config.name, set())
        # Of a layer everything counts: its programs have no suffix, and imports are not followed into it.
        return any(
            is_affected(config.task_root, config.handler, file, known)
            or any(file.is_relative_to(layer) for layer in config.layers)
            for file in files
        )

    def _is_ignored(self, file: Path) -> bool:
        return any(
            file.is_relative_to(root) and spec.match_file(file.relative_to(root).as_posix())
            for root, spec in self._ignored.items()
        )


def _ignored_under(root: Path) -> pathspec.GitIgnoreSpec:
    """What the .gitignore files from `root` up to the repository's own say is no source."""
    lines: list[str] = []
    for folder in (root, *root.parents):
        file = folder / ".gitignore"
        if file.is_file():
            lines = [*file.read_text(encoding="utf-8", errors="replace").splitlines(), *lines]
        if (folder / ".git").exists():
            break
    return pathspec.GitIgnoreSpec.from_lines(lines)


def _syntax_error(file: Path) -> str | None:
    if file.suffix != ".py" or not file.is_file():
        return None
    try:
        compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"{file}, line {error.lineno}: {error.msg}"
    except ValueError as error:
        return f"{file}: {error}"
    return None


@asynccontextmanager
async def reloading(service: LocalService, tell: Callable[[Reload], None]) -> AsyncGenerator[Reloader]:
    """Watch the functions of a service while the block runs; `tell` hears of every reload."""
    reloader = Reloader(service)
    reloader.learn()
    stop, watching = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(_watch(reloader, tell, stop, watching))
    await watching.wait()
    try:
        yield reloader
    finally:
        stop.set()
        await task


async def _watch(
    reloader: Reloader, tell: Callable[[Reload], None], stop: asyncio.Event, watching: asyncio.Event
) -> None:
    changes = awatch(
        *reloader.roots(),
        watch_filter=DefaultFilter(),
        debounce=DEBOUNCE_MS,
        step=STEP_MS,
        rust_timeout=50,
        yield_on_timeout=True,
        stop_event=stop,
    )
    async for change in changes:
        watching.set()
        reload = reloader.apply(Path(name) for _, name in change) if change else None
        if reload is not None:
            tell(reload)

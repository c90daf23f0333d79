"""Hooks around an environment's life: before and after a SnapStart snapshot, and at shutdown.

Registered while the function's module is imported, run by the runtime. Hooks registered through AWS's
`snapshot_restore_py` run too. Outside an execution environment registration is all that happens, so a module with
hooks imports anywhere.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    HookT = TypeVar("HookT", bound=Callable[[], object])

__all__ = ("after_restore", "before_snapshot", "on_shutdown")

_before_snapshot: list[Callable[[], object]] = []
_after_restore: list[Callable[[], object]] = []
_on_shutdown: list[Callable[[], object]] = []


def before_snapshot(hook: HookT) -> HookT:
    """Run `hook()` before the environment is snapshotted (SnapStart); the last registered runs first.

    >>> @before_snapshot
    ... def close_connections() -> None: ...

    An exception in it fails the environment's initialisation.
    """
    _before_snapshot.append(_checked(hook))
    return hook


def after_restore(hook: HookT) -> HookT:
    """Run `hook()` after the environment is restored from its snapshot; the first registered runs first.

    The service allows 10 seconds for all of them. An exception in one ends the environment.
    """
    _after_restore.append(_checked(hook))
    return hook


def on_shutdown(hook: HookT) -> HookT:
    """Run `hook()` when the service shuts the environment down; the last registered runs first.

    Must be called during initialisation (at import of the handler's module): the runtime then registers an internal
    extension, without which the service sends no SIGTERM. All hooks together have half a second.
    """
    _on_shutdown.append(_checked(hook))
    return hook


def run_before_snapshot() -> None:
    """Run and forget the before-snapshot hooks, newest first."""
    for hook in _drain(_before_snapshot):
        hook()
    for function, args, kwargs in _drain(_peer_hooks("get_before_snapshot")):
        function(*args, **kwargs)


def run_after_restore() -> None:
    """Run the after-restore hooks, oldest first."""
    for function, args, kwargs in _peer_hooks("get_after_restore"):
        function(*args, **kwargs)
    for hook in _after_restore:
        hook()


def shutdown_hooks() -> list[Callable[[], object]]:
    """The registered shutdown hooks, newest first."""
    return _on_shutdown[::-1]


def _checked(hook: HookT) -> HookT:
    if not callable(hook):
        raise TypeError(f"a hook must be callable with no arguments, not {type(hook).__name__}")
    code = getattr(hook, "__code__", None)
    if code is not None and code.co_flags & 0x280:  # CO_COROUTINE, CO_ASYNC_GENERATOR
        raise TypeError(
            f"hook {getattr(hook, '__name__', hook)!r} is async; hooks run where no event loop may be running, "
            "so give a plain function"
        )
    return hook


def _drain(hooks: list[Any]) -> Iterable[Any]:
    while hooks:
        yield hooks.pop()


def _peer_hooks(getter: str) -> list[tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]]:
    # Nobody has registered a hook there unless the function imported it.
    peer: Any = sys.modules.get("snapshot_restore_py")
    return [] if peer is None else getattr(peer, getter)()

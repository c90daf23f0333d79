"""aws-xray-sdk, no more of it than is used.

`import aws_xray_sdk.core` takes 90 ms in an execution environment and 330 ms elsewhere, because the package makes its
global recorder when it is imported: samplers, botocore, wrapt, asyncio. What a subsegment needs of it is three small
modules, but Python runs a package before any module in it. So the package is put in place not yet run; what is asked of
the package itself (`from aws_xray_sdk.core import xray_recorder`), by whomever, runs it then, and its recorder is
joined to the invocations traced here.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("join_recorder", "load_models")

CORE = "aws_xray_sdk.core"


class LazyPackage(ModuleType):
    """A package that runs when it is first asked for a name that it does not have yet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system's questions
            raise AttributeError(name)
        with _running:  # other threads wait; this one, while the package runs, finds what there is so far
            if not _has_begun:
                self._run()
        try:
            return vars(self)[name]
        except KeyError:
            raise AttributeError(f"module {CORE!r} has no attribute {name!r}") from None

    def _run(self) -> None:
        spec = self.__spec__
        assert spec is not None
        assert spec.loader is not None
        _has_begun.append(True)
        try:
            spec.loader.exec_module(self)
        except BaseException:
            _has_begun.clear()
            raise
        join_recorder()


_running = RLock()
_has_begun: list[bool] = []


def load_models() -> None:
    """Make the modules of aws_xray_sdk.core importable without the package being run."""
    if CORE in sys.modules:
        return
    spec = find_spec(CORE)
    assert spec is not None
    package = module_from_spec(spec)
    object.__setattr__(package, "__class__", LazyPackage)
    sys.modules[CORE] = package
    setattr(sys.modules["aws_xray_sdk"], "core", package)  # noqa: B010


def join_recorder() -> None:
    """Let the SDK's recorder, where it is in use, work within the invocations traced here."""
    recorder = vars(sys.modules.get(CORE, sys)).get("xray_recorder")
    if recorder is None:
        return
    from lambdakit.middleware.xray_context import InvocationContext

    if type(recorder.context) is not InvocationContext:
        recorder.context = InvocationContext(recorder.context)

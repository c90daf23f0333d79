"""Functions as the command line names them: a TARGET, or a name from the project's configuration, and its options.

An option that is given wins over the project's configuration; one that is not leaves it, and the engine's defaults,
alone.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.dotenv import read_environment
from lambdakit.emulator.function import DEFAULT_REGION, FunctionConfig
from lambdakit.emulator.project import FunctionSpec, load_project
from lambdakit.emulator.target import resolve_target
from lambdakit.exceptions import TargetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from lambdakit.emulator.function import LogFormat

# What a TARGET has and a function's name has not.
_TARGET_MARKS = frozenset(".:/=")


@dataclass(frozen=True)
class FunctionOptions:
    """The options that say something of a function; None where they were not given."""

    timeout: float | None = None
    memory: int | None = None
    env: tuple[str, ...] = ()
    env_file: tuple[str, ...] = ()
    log_format: LogFormat | None = None
    runtime_command: str | None = None
    account_id: str | None = None


def function_of(target: str, options: FunctionOptions) -> FunctionSpec:
    """The function a TARGET or a name from the project's configuration means. Raises UsageError."""
    if not _TARGET_MARKS & set(target):
        return _overridden(_by_name(target), options)
    command = _command(options)
    found = resolve_target(target, cwd=Path.cwd(), check="shape" if command else "names")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    config = FunctionConfig(name=found.name, handler=found.handler, task_root=found.task_root, region=region)
    code = found.task_root if found.task_root.is_file() else None
    return _overridden(FunctionSpec(config, code=code), options)


def source_function_of(target: str, options: FunctionOptions) -> FunctionSpec:
    """The same for verbs that ship a function's source. Raises UsageError also where it has an archive instead."""
    function = function_of(target, options)
    if function.code is not None:
        raise UsageError(
            f"{function.name}: its code is {function.code}, an archive; there is no source to be packaged."
        )
    return function


@contextlib.contextmanager
def unpacked(function: FunctionSpec) -> Generator[FunctionSpec]:
    """The function with its archives unpacked, for as long as the block runs. Raises CodeError."""
    if function.code is None and all(layer.is_dir() for layer in function.layers):
        yield function
        return
    from lambdakit.emulator.code.source import prepared
    from lambdakit.emulator.code.store import CodeStore

    with contextlib.closing(CodeStore()) as store:
        yield prepared(function, store)


def functions_of(targets: Sequence[str], options: FunctionOptions) -> list[FunctionSpec]:
    """The functions of all TARGETs; without any, those of the project's configuration. Raises UsageError."""
    if targets:
        return [function_of(target, options) for target in targets]
    functions = load_project(Path.cwd()).functions
    if not functions:
        raise UsageError(
            "No TARGET was given, and neither [tool.lambdakit.functions] in pyproject.toml nor a SAM template is here "
            "to name functions."
        )
    return [_overridden(function, options) for function in functions]


def _by_name(name: str) -> FunctionSpec:
    functions = {function.name: function for function in load_project(Path.cwd()).functions}
    if name in functions:
        return functions[name]
    known = f" It names {', '.join(functions)}." if functions else ""
    raise TargetError(
        f"{name!r} names no function: expected module.function or path/to/app.py:function, or a name from the "
        f"project's configuration.{known}"
    )


def _overridden(function: FunctionSpec, options: FunctionOptions) -> FunctionSpec:
    config = function.config
    changes: dict[str, Any] = {
        "timeout": options.timeout,
        "memory_mb": options.memory,
        "log_format": options.log_format,
        "runtime_command": _command(options) or None,
        "account_id": options.account_id,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    variables = read_environment(options.env, options.env_file)
    if variables:
        given["environment"] = {**config.environment, **variables}
    return replace(function, config=replace(config, **given))


def _command(options: FunctionOptions) -> tuple[str, ...]:
    text = options.runtime_command
    if text is None:
        return ()
    try:
        parts = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--runtime-command: {error} in {text!r}.") from None
    if not parts:
        raise UsageError("--runtime-command is empty.")
    return parts

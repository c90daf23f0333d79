"""`[tool.lambdakit]` in pyproject.toml.

    [tool.lambdakit]
    timeout = 30                              # for every function that does not say otherwise

    [tool.lambdakit.functions.thumbnail]
    handler = "src/app.py:handler"            # a TARGET, as on the command line
    memory = 512
    env-file = ".env"
    environment = { BUCKET = "photos" }
    url = { auth-type = "NONE" }
    routes = ["GET /thumbnails/{id}", { method = "POST", path = "/thumbnails", kind = "rest", authorizer = "AWS_IAM" }]
    async = { retries = 1, on-failure = "arn:aws:sqs:us-east-1:123456789012:failed" }
    schedules = ["rate(1 hour)", { expression = "cron(0 8 ? * 2-6 *)", kind = "scheduler", timezone = "Europe/Rome" }]
    sources = [{ arn = "arn:aws:sqs:us-east-1:123456789012:thumbnails", batch-size = 5 }]    # any setting of a mapping

    [tool.lambdakit.functions.packaged]
    code = "build/app.zip"                    # an archive, "s3://bucket/key", or the directory `handler` is in
    handler = "app.handler"

Each setting is one row of SETTINGS: its name, what it must be, and which value of the function it becomes. One that is
not there is an error that names the nearest. Other authorizers than AWS_IAM: `pyproject_authorizers`.
"""

from __future__ import annotations

import difflib
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.asynchronous.event import EventInvokeConfig
from lambdakit.emulator.code.source import source_of
from lambdakit.emulator.function import FunctionConfig
from lambdakit.emulator.own_runtime import own_bootstrap
from lambdakit.emulator.project.pyproject_authorizers import authorized, read_authorizers
from lambdakit.emulator.project.spec import FunctionSpec, FunctionUrl, Project, Route, Schedule, Source
from lambdakit.emulator.snapstart import SNAP_START
from lambdakit.emulator.target import resolve_target
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdakit.emulator.code.source import CodeSource

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ("read_pyproject",)


class Setting(NamedTuple):
    """A setting's types in the file, the value of the function it becomes, and how."""

    kinds: tuple[type, ...]
    words: str
    becomes: str
    convert: Callable[[Any], Any] = lambda value: value


def _texts(value: Mapping[str, Any]) -> dict[str, str]:
    return {name: item if isinstance(item, str) else str(item) for name, item in value.items()}


def _dashed(value: Mapping[str, Any], names: Mapping[str, str], what: str) -> dict[str, Any]:
    """The values of a table under their Python names. Raises UsageError for an unknown one."""
    unknown = next((name for name in value if name not in names), None)
    if unknown is not None:
        raise UsageError(f"{what} has no setting {unknown!r}; it has {', '.join(names)}")
    return {names[name]: item for name, item in value.items()}


def _url(value: Any) -> FunctionUrl:
    if value is True:
        return FunctionUrl()
    names = {"auth-type": "auth_type", "invoke-mode": "invoke_mode", "cors": "cors"}
    return FunctionUrl(**_dashed(value, names, "url"))


def _route(value: Any) -> Route:
    if isinstance(value, str):
        method, _, path = value.partition(" ")
        return Route(method.upper(), path.strip()) if path else Route("ANY", method)
    names = {name: name for name in ("method", "path", "kind", "authorizer", "scopes")}
    found: dict[str, Any] = {"method": "ANY", "scopes": (), **_dashed(value, names, "a route")}
    found["scopes"] = tuple(found["scopes"])
    return Route(**found)


def _schedule(value: Any) -> Schedule:
    if isinstance(value, str):
        return Schedule(value)
    names = {name: name for name in ("expression", "input", "kind", "name", "timezone", "enabled")}
    found = Schedule(**_dashed(value, names, "a schedule"))
    if found.kind not in ("rule", "scheduler"):
        raise UsageError(f"a schedule's kind is rule or scheduler, not {found.kind!r}")
    return found


def _source(value: Any) -> Source:
    if isinstance(value, str):
        return Source(value, {})
    return Source(value["arn"], {name: item for name, item in value.items() if name != "arn"})


def _event_invoke(value: Mapping[str, Any]) -> EventInvokeConfig:
    names = {
        "retries": "maximum_retry_attempts",
        "maximum-age": "maximum_event_age",
        "on-success": "on_success",
        "on-failure": "on_failure",
        "dead-letter": "dead_letter",
    }
    return EventInvokeConfig(**_dashed(value, names, "async"))


def _command(value: str | list[str]) -> tuple[str, ...]:
    return tuple(shlex.split(value) if isinstance(value, str) else value)


def _architecture(value: str) -> str:
    if value not in ("x86_64", "arm64"):
        raise UsageError(f"expected x86_64 or arm64, not {value!r}")
    return value


def _initialization_type(snap_start: bool) -> str:
    return SNAP_START if snap_start else "on-demand"


def _each(convert: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda values: tuple(convert(value) for value in values)


# Setting -> what it is, and what it becomes: a value of FunctionConfig, or (after a dot) of FunctionSpec.
SETTINGS: dict[str, Setting] = {
    "timeout": Setting((int, float), "a number of seconds", "timeout"),
    "memory": Setting((int,), "a number of megabytes", "memory_mb"),
    "ephemeral-storage": Setting((int,), "a number of megabytes", "ephemeral_storage_mb"),
    "environment": Setting((dict,), "a table of variables", "environment", _texts),
    "env-file": Setting((str,), "a dotenv file", ".env_file"),
    "code": Setting((str,), "a directory, an archive or s3://bucket/key", ".code"),
    "runtime": Setting((str,), "a runtime's name", "runtime"),
    "architecture": Setting((str,), "x86_64 or arm64", ".architecture", _architecture),
    "runtime-command": Setting((str, list), "a command", "runtime_command", _command),
    "region": Setting((str,), "a region", "region"),
    "account-id": Setting((str,), "an account", "account_id"),
    "snap-start": Setting((bool,), "true or false", "initialization_type", _initialization_type),
    "max-concurrency": Setting((int,), "a number of invocations at once", "max_concurrency"),
    "log-format": Setting((str,), "text or json", "log_format"),
    "log-level": Setting((str,), "a level", "log_level"),
    "system-log-level": Setting((str,), "a level", "system_log_level"),
    "log-group": Setting((str,), "a log group", "log_group"),
    "tracing": Setting((str,), "Active or PassThrough", "tracing"),
    "layers": Setting((list,), "a list of directories or archives", ".layers", tuple),
    "reserved-concurrency": Setting((int,), "a number of environments", ".reserved_concurrency"),
    "provisioned-concurrency": Setting((int,), "a number of environments", ".provisioned_concurrency"),
    "async": Setting((dict,), "a table", ".event_invoke", _event_invoke),
    "url": Setting((bool, dict), "true or a table", ".url", _url),
    "routes": Setting((list,), "a list of routes", ".routes", _each(_route)),
    "schedules": Setting((list,), "a list of schedules", ".schedules", _each(_schedule)),
    "sources": Setting((list,), "a list of event sources", ".sources", _each(_source)),
}
# Settings that only a function has, not all of them together.
_OWN = ("code", "handler", "routes", "schedules", "sources", "url")


def read_pyproject(file: Path) -> Project:
    """The functions a pyproject.toml names; none where it has no `[tool.lambdakit.functions]`. Raises UsageError."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UsageError(f"{file}: {error}") from None
    tables: Mapping[str, Any] = document.get("tool", {}).get("lambdakit", {})
    named: Mapping[str, Mapping[str, Any]] = tables.get("functions", {})
    shared = {name: value for name, value in tables.items() if name not in ("functions", "authorizers")}
    _refuse_unknown(file, "tool.lambdakit", shared, tuple(name for name in SETTINGS if name not in _OWN))
    functions = tuple(_function(file, name, table, shared) for name, table in named.items())
    try:
        authorizers = read_authorizers(tables.get("authorizers", {}))
        return Project(tuple(authorized(function, authorizers) for function in functions), file)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None


def _function(file: Path, name: str, table: Mapping[str, Any], shared: Mapping[str, Any]) -> FunctionSpec:
    place = f"tool.lambdakit.functions.{name}"
    _refuse_unknown(file, place, table, ("handler", *SETTINGS))
    if not isinstance(table.get("handler"), str):
        raise UsageError(f"{file}: {place} has no handler; expected module.function or path/to/app.py:function.")
    values: dict[str, Any] = {}
    around: dict[str, Any] = {}
    origins = {"handler": f"{file.name}: {place}"}
    for where, settings in (("tool.lambdakit", shared), (place, table)):
        for setting, value in settings.items():
            if setting == "handler":
                continue
            becomes, converted = _converted(file, where, setting, value)
            target = around if becomes.startswith(".") else values
            key = becomes.lstrip(".")
            merged = {**target.get(key, {}), **converted} if setting == "environment" else converted
            target[key] = merged
            origins[setting] = f"{file.name}: {where}"
    return _spec(file, name, table["handler"], values, around, origins)


def _converted(file: Path, where: str, setting: str, value: Any) -> tuple[str, Any]:
    rule = SETTINGS[setting]
    if not isinstance(value, rule.kinds) or (isinstance(value, bool) and bool not in rule.kinds):
        raise UsageError(f"{file}: {where}.{setting} is {rule.words}, not {value!r}.")
    try:
        return rule.becomes, rule.convert(value)
    except UsageError as error:
        raise UsageError(f"{file}: {where}.{setting}: {error}") from None
    except (TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{file}: {where}.{setting} is {rule.words}, not {value!r} ({error}).") from None


def _spec(
    file: Path, name: str, handler: str, values: dict[str, Any], around: dict[str, Any], origins: dict[str, str]
) -> FunctionSpec:
    root = file.parent.resolve()
    env_file = around.pop("env_file", None)
    if env_file is not None:
        values["environment"] = {**_dotenv(root / env_file), **values.get("environment", {})}
    code = _code(file, name, around.pop("code", "."))
    folder = code if isinstance(code, Path) and code.is_dir() else None
    own = own_bootstrap(values.get("runtime", ""), folder)
    if own is not None:
        values.setdefault("runtime_command", own)
    check: Any = "shape" if "runtime_command" in values or folder is None else "names"
    target = resolve_target(f"{name}={handler}", cwd=folder or root, check=check)
    task_root = Path(str(code)) if folder is None else target.task_root
    config = FunctionConfig(target.name, target.handler, task_root, **values)
    spec = FunctionSpec(config, origins=origins, code=code if folder is None else None, **around)
    return replace(spec, layers=tuple(root / Path(layer) for layer in spec.layers))


def _code(file: Path, name: str, code: str) -> CodeSource:
    try:
        return source_of(code, file.parent)
    except UsageError as error:
        raise UsageError(f"{file}: tool.lambdakit.functions.{name}.code: {error}") from None


def _dotenv(file: Path) -> Mapping[str, str]:
    from lambdakit.emulator.dotenv import read_environment

    return read_environment((), (str(file),))


def _refuse_unknown(file: Path, where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
            raise UsageError(f"{file}: {where} has no setting {name!r}; {advice}")

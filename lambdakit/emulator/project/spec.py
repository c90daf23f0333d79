"""What a project says of its functions: plain values, wherever they were read from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from lambdakit.emulator.asynchronous.event import EventInvokeConfig

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lambdakit.emulator.code.source import CodeSource
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.project.authorizer import Authorizer

__all__ = ("Architecture", "FrontDoorKind", "FunctionSpec", "FunctionUrl", "Project", "Route", "Schedule", "Source")

FrontDoorKind = Literal["rest", "http", "alb"]
Architecture = Literal["x86_64", "arm64"]


@dataclass(frozen=True)
class FunctionUrl:
    """A function's own URL: who may call it, whether it streams, and the answers to CORS preflights."""

    auth_type: Literal["NONE", "AWS_IAM"] = "NONE"
    invoke_mode: Literal["BUFFERED", "RESPONSE_STREAM"] = "BUFFERED"
    cors: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Route:
    """A path of the project's HTTP port: `method` is `ANY` for all, `path` in the service's form (`/users/{id}`).

    `authorizer` is one of the configuration, the name of a function, `AWS_IAM` or `NONE`; `scopes` are those of which a
    token needs one here, in place of the authorizer's.
    """

    method: str
    path: str
    kind: FrontDoorKind = "http"
    authorizer: Authorizer | str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """An event on a schedule: `rate(...)`, `cron(...)` or `at(...)`, and the JSON it is sent as, if not its own.

    It is a rule of EventBridge or a schedule of EventBridge Scheduler (`kind`), which send different events of their
    own; `timezone` is a name like `Europe/Berlin`, UTC where there is none.
    """

    expression: str
    input: str | None = None
    kind: Literal["rule", "scheduler"] = "rule"
    name: str | None = None
    timezone: str | None = None
    enabled: bool = True


@dataclass(frozen=True)
class Source:
    """An event source that is polled for the function: its ARN, and what its mapping says."""

    arn: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class FunctionSpec:
    """A function and all that stands around it. `origins` says where each value came from.

    `config` has the layers, too: they are what its environments are made with. `code` is what has to be fetched or
    unpacked before the function can be served (see `code.prepared`, which does the same with layers). `architecture` is
    for packages and images; here every function runs on this machine's.
    """

    config: FunctionConfig
    layers: tuple[Path, ...] = ()
    reserved_concurrency: int | None = None
    provisioned_concurrency: int = 0
    event_invoke: EventInvokeConfig = field(default_factory=EventInvokeConfig)
    url: FunctionUrl | None = None
    routes: tuple[Route, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    sources: tuple[Source, ...] = ()
    origins: Mapping[str, str] = field(default_factory=lambda: cast("dict[str, str]", {}))
    code: CodeSource | None = None
    architecture: Architecture | None = None

    def __post_init__(self) -> None:
        if self.layers and self.config.layers != self.layers:
            object.__setattr__(self, "config", replace(self.config, layers=self.layers))

    @property
    def name(self) -> str:
        """The function's name."""
        return self.config.name

    def origin(self, setting: str) -> str:
        """Where a setting came from: a place in a file, or `default`."""
        return self.origins.get(setting, "default")


@dataclass(frozen=True)
class Project:
    """The functions of a project, the file that names them, and notes on what of it has no meaning here."""

    functions: tuple[FunctionSpec, ...] = ()
    file: Path | None = None
    notes: tuple[str, ...] = ()

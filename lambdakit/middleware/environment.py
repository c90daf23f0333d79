"""Typed configuration: a class describes the variables, `context.config` is an object of it.

    @dataclass(frozen=True)
    class Settings:
        table_name: str                                             # the variable TABLE_NAME
        api_key: Annotated[Secret[str], ssm("/{STAGE}/api-key")]    # of Parameter Store
        timeout: timedelta = timedelta(seconds=3)                   # TIMEOUT, such as 30s or PT30S

    @lambda_handler(middleware=[env(Settings)])
    def handler(event: dict[str, str], context: Context[Settings]) -> str:
        return context.config.table_name

Everything is read once, when the handler is decorated, that is during INIT: variables, and in parallel what comes from
stores. All faults are told at once, by a ConfigError. What comes from stores is read again when it is `ttl` seconds
old, by the one invocation that finds it so, while others go on with what there is; a store that then fails, or gives
what the settings do not take, costs a warning in the log and not the invocation. After SnapStart's restore it is read
again too. Where AWS's parameters and secrets extension is used, which answers nothing during INIT, the first invocation
reads.

`env.load(Settings)` gives the object directly, for tests and scripts; `env.describe(Settings)` prints what it takes.
"""

from __future__ import annotations

import time
from _thread import allocate_lock  # threading is not needed for it, and costs

from lambdakit.exceptions import ConfigError, UsageError
from lambdakit.middleware.base import Middleware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeVar

    from lambdakit.handlers import Call
    from lambdakit.middleware.setting_fields import Group
    from lambdakit.middleware.setting_reading import Reading

    SettingsT = TypeVar("SettingsT")

__all__ = ("Env", "env")

LOGGER = "lambdakit.env"
# After a refresh that failed: how soon the next is tried.
RETRY_SECONDS = 10.0
NEVER = float("inf")
# The deadline of a context that a test did not give: Lambda's longest timeout.
LONGEST_SECONDS = 900

_restored: list[Env] = []


class Env(Middleware):
    """Sets `context.config` to an object of `settings`, a dataclass or pydantic model. Raises ConfigError at INIT.

    `prefix` is put before all variables, `ttl` is how many seconds a value from a store is used, `dotenv` a file of
    variables that is read outside Lambda where it is there (None for none). An invocation without a context (a test's
    `handler(event, None)`) gets one.
    """

    def __init__(self, settings: type[Any], *, prefix: str = "", ttl: float = 300.0, dotenv: str | None = ".env"):
        if not ttl > 0:
            raise UsageError(f"ttl is how many seconds a value from a store is used, more than 0; not {ttl!r}")
        self._prefix, self._ttl, self._dotenv = prefix, ttl, dotenv
        self._class = settings
        self._group: Group | None = None
        self._settings: Any = None
        self._expires = 0.0
        self._refreshing = allocate_lock()

    @staticmethod
    def load(settings: type[SettingsT], *, prefix: str = "", dotenv: str | None = ".env") -> SettingsT:
        """An object of `settings`, everything read afresh. Raises ConfigError with every fault."""
        one = Env(settings, prefix=prefix, dotenv=dotenv)
        reading = one._read(0.0)
        _refuse(settings, reading)
        loaded: SettingsT = reading.settings
        return loaded

    @staticmethod
    def describe(settings: type[Any], *, prefix: str = "") -> None:
        """Print the table of variables: name, field, type, default, source."""
        from lambdakit.middleware.setting_fields import group_of
        from lambdakit.middleware.setting_table import table_of

        print(table_of(group_of(settings, prefix)))

    @staticmethod
    def forget() -> None:
        """Drop what was read from stores, for tests that change it."""
        from lambdakit.middleware.parameter_cache import shared

        shared.forget()

    def on_init(self) -> None:
        """Read everything; leave to the first invocation what only then can be read."""
        reading = self._read(self._ttl)
        if reading.faults:
            _refuse(self._class, reading)
        if reading.is_early:
            _refresh_after_restore(self)
            return
        self._take(reading)
        if self._expires != NEVER:
            _refresh_after_restore(self)

    def __call__(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around a sync handler."""
        if self._expires != NEVER and time.monotonic() >= self._expires:
            self._renew()
        try:
            context.config = self._settings
        except AttributeError:
            context = self._new_context(context)
        return call_next(event, context)

    async def call_async(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around an async handler; a store is asked in a thread, where it does not stop other invocations."""
        if self._expires != NEVER and time.monotonic() >= self._expires:
            await self._renew_async()
        try:
            context.config = self._settings
        except AttributeError:
            context = self._new_context(context)
        return await call_next(event, context)

    async def _renew_async(self) -> None:
        if self._settings is None or not self._refreshing.locked():
            from asyncio import to_thread

            await to_thread(self._renew)

    def _new_context(self, given: Any) -> Any:
        """A context for who gave none. Raises UsageError for one that takes no attributes."""
        if given is not None:
            raise UsageError(
                f"env() sets `config` on the context, and {type(given).__name__} does not let it; "
                "give a lambdakit.Context, or None"
            )
        from lambdakit.context import LambdaContext

        context = LambdaContext("", deadline_ms=int((time.time() + LONGEST_SECONDS) * 1000))
        context.config = self._settings
        return context

    def _renew(self) -> None:
        """Read again what is too old, if nobody else does; wait for who does only where there is nothing yet."""
        if not self._refreshing.acquire(blocking=self._settings is None):
            return
        try:
            if self._settings is None:
                self._read_first()
            elif time.monotonic() >= self._expires:
                self.refresh()
        finally:
            self._refreshing.release()

    def _read_first(self) -> None:
        reading = self._read(self._ttl)
        _refuse(self._class, reading)
        self._take(reading)

    def refresh(self, retry: float = RETRY_SECONDS) -> None:
        """Read everything that is too old again. What cannot be read, or is not right any more, stays as it was.

        It is tried again after `retry` seconds then.
        """
        reading = self._read(self._ttl, fallback="last")
        for line in reading.stale:
            _warn("a setting is kept as it was, because it could not be read again: %s", line)
        if reading.settings is not None:
            self._take(reading, retry)
            return
        if self._settings is None:  # the first invocation reads, or tells why not
            return
        self._expires = time.monotonic() + min(self._ttl, retry)
        _warn("all settings are kept as they were: %s", ConfigError(self._class.__name__, tuple(reading.faults)))

    def _read(self, max_age: float, *, fallback: Literal["none", "last"] = "none") -> Reading:
        from lambdakit.middleware.parameter_cache import shared
        from lambdakit.middleware.setting_fields import group_of
        from lambdakit.middleware.setting_reading import Reading
        from lambdakit.middleware.setting_variables import Variables

        if self._group is None:
            self._group = group_of(self._class, self._prefix)
        reading = Reading(self._group, Variables(self._dotenv), shared)
        reading.read(max_age, fallback=fallback)
        return reading

    def _take(self, reading: Reading, retry: float = RETRY_SECONDS) -> None:
        self._settings = reading.settings
        age = min(self._ttl, retry) if reading.stale else self._ttl
        self._expires = time.monotonic() + age if reading.asks_stores else NEVER


def _refuse(settings: type[Any], reading: Reading) -> None:
    """Raise ConfigError for a reading that gave no settings."""
    faults = list(reading.faults)
    if not faults and reading.is_early:
        advice = "call it in an invocation, or unset the extension's variables to read with boto3"
        faults = [("the parameters and secrets extension", "all fields", "it serves nothing yet", advice)]
    if faults:
        raise ConfigError(settings.__name__, tuple(faults))


def _refresh_after_restore(one: Env) -> None:
    if not _restored:
        from lambdakit.runtime.hooks import after_restore

        after_restore(_refresh_all)
    _restored.append(one)


def _refresh_all() -> None:
    """Read again what a snapshot holds of stores: it may be days old."""
    from lambdakit.middleware.parameter_cache import shared

    shared.expire()
    for one in _restored:
        one.refresh(retry=0.0)  # that is, by the first invocation


def _warn(message: str, *arguments: object) -> None:
    from logging import getLogger

    getLogger(LOGGER).warning(message, *arguments)


env = Env

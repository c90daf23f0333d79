"""One reading of settings: variables and stores in, the settings object and every fault out.

All faults of all fields are found before any is told. A secret value never gets into one: what was found is shown only
of variables that hold no secret, by their type, their source and their name.
"""

from __future__ import annotations

from lambdakit.codec import decode, encode
from lambdakit.exceptions import UnmarshalFault
from lambdakit.middleware.parameter_requests import Failure, wanted_of
from lambdakit.middleware.setting_fields import Group, declared
from lambdakit.middleware.setting_pydantic import FieldRefused
from lambdakit.middleware.setting_text import without_users_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from lambdakit.middleware.parameter_cache import ParameterCache
    from lambdakit.middleware.parameter_requests import Wanted
    from lambdakit.middleware.setting_fields import Setting
    from lambdakit.middleware.setting_variables import Variables

__all__ = ("Reading",)

_type: Any = type
_FAULTY: Any = object()
_LEFT_OUT: Any = object()
_LONGEST_SHOWN = 60
# Parts of names whose values are not shown, whatever their type says.
_SECRET_WORDS = ("PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "PRIVATE", "DSN", "AUTH")


class Reading:
    """Reads a group once: `settings`, or None where there are `faults` (as ConfigError lists them).

    A store's value that cannot be had is its `last` one with a line in `stale`, where `fallback` is "last"; else a
    fault. `is_early` says that a store will answer later, and not why it should not.
    """

    def __init__(self, group: Group, variables: Variables, cache: ParameterCache) -> None:
        self.faults: list[tuple[str, str, str, str]] = []
        self.stale: list[str] = []
        self.is_early = False
        self.settings: Any = None
        self._group, self._variables, self._cache = group, variables, cache
        self._texts: dict[str, str | Failure] = {}
        self._wanted: dict[str, Wanted] = {}
        # Field -> the setting with the JSON object that its text is from.
        self._spread_from: dict[str, Setting] = {}

    @property
    def asks_stores(self) -> bool:
        """Whether any value came from a store where it may change."""
        return any(wanted.service != "kms" for wanted in self._wanted.values())

    def read(self, max_age: float, *, fallback: Literal["none", "last"] = "none") -> None:
        """Read all, store values that are no older than `max_age` seconds from the cache."""
        settings = list(declared(self._group))
        self.faults += self._variables.faults(setting.variable for setting in settings)
        for setting in settings:
            self._look_up(setting)
        answers = self._cache.get(self._wanted.values(), max_age)
        for field, wanted in self._wanted.items():
            self._texts[field] = self._settled(wanted, answers[wanted], fallback)
        made = self._made(self._group)
        self.settings = None if self.faults or self.is_early else made

    def _look_up(self, setting: Setting) -> None:
        """Note the text of a setting, or what to ask a store for."""
        given, source = self._variables.get(setting.variable), setting.source
        encrypted = source is not None and source.service == "kms"
        if source is None or (given is not None and not encrypted):
            if given is not None:
                self._texts[setting.field] = given
        elif given or not encrypted:
            try:
                self._wanted[setting.field] = wanted_of(source, self._variables.get, given or "")
            except LookupError as error:
                advice = f"set {error.args[0]}, which the source names, or {setting.variable}"
                self._texts[setting.field] = Failure(f"{error.args[0]} is not set", advice)

    def _settled(self, wanted: Wanted, answer: str | Failure, fallback: Literal["none", "last"]) -> str | Failure:
        last = self._cache.last(wanted)
        if fallback == "last" and isinstance(answer, Failure) and last is not None:
            self.stale.append(f"{wanted.shown}: {answer.what}; {answer.advice}")
            return last
        return answer

    def _made(self, group: Group) -> Any:
        """The object of a group, or _FAULTY."""
        values: dict[str, Any] = {}
        for member in group.members:
            value = self._group_value(member) if isinstance(member, Group) else self._value(member)
            if value is not _LEFT_OUT:
                values[member.key] = value
        if any(value is _FAULTY for value in values.values()):
            return _FAULTY
        try:
            return group.make(values)
        except FieldRefused as refused:
            for path, message in refused.faults:
                self._refused(group, path, message)
        except (ValueError, TypeError, AssertionError) as error:
            what = type(error).__name__ if any(one.is_secret for one in declared(group)) else str(error)
            name = group.kind.__name__
            self.faults.append((name, _path_of(group), f"{name} refuses its values: {what}", "correct them"))
        return _FAULTY

    def _refused(self, group: Group, path: str, message: str) -> None:
        name, _, inner = path.partition(".")
        member = next((one for one in group.members if one.key == name), None)
        setting = member.whole if isinstance(member, Group) else member
        if setting is None:
            what = "its rules" if any(one.is_secret for one in declared(group)) else message
            self.faults.append((group.kind.__name__, _path_of(group), "its values are refused", what))
            return
        what = without_users_words(message) if setting.is_secret else message
        self._fault(setting, f"{what} (at {inner})" if inner else what)

    def _group_value(self, group: Group) -> Any:
        whole: Any = group.whole
        text = self._texts.get(whole.field)
        if isinstance(text, Failure):
            return self._failed(whole, text)
        if text is not None and not self._spread(group, whole, text):
            return _FAULTY
        if text is not None or whole.is_required or self._is_given(group):
            return self._made(group)
        return None if whole.may_be_none else _LEFT_OUT

    def _spread(self, group: Group, whole: Setting, text: str) -> bool:
        """Give the members of a group their values in its JSON object; null is as if it were not there."""
        try:
            values = _object_of(self._with_key(whole, text))
        except ValueError as error:
            self._fault(whole, str(error))
            return False
        for member in group.members:
            setting: Any = member.whole if isinstance(member, Group) else member
            value = values.get(member.key, values.get(setting.field.rpartition(".")[2]))
            if value is not None and setting.field not in self._texts and setting.field not in self._wanted:
                self._texts[setting.field] = value if isinstance(value, str) else encode(value).decode()
                self._spread_from[setting.field] = whole
        return True

    def _with_key(self, setting: Setting, text: str) -> str:
        """The text of a setting, its key's where its source has one."""
        key = None if setting.source is None else setting.source.key
        return text if key is None or setting.field not in self._wanted else _member_of(text, key)

    def _is_given(self, group: Group) -> bool:
        return any(one.field in self._texts or one.field in self._wanted for one in declared(group))

    def _value(self, setting: Setting) -> Any:
        text = self._texts.get(setting.field)
        if isinstance(text, Failure):
            return self._failed(setting, text)
        if text is None:
            return self._absent(setting)
        try:
            return setting.reader.read(self._with_key(setting, text))
        except ValueError as error:
            self._fault(setting, str(error))
            return _FAULTY

    def _absent(self, setting: Setting) -> Any:
        if setting.default is not None:
            return _LEFT_OUT
        if setting.may_be_none:
            return None
        advice = f"set it ({setting.reader.says}), or give the field a default"
        self.faults.append((setting.variable, setting.field, "it is not set", advice))
        return _FAULTY

    def _failed(self, setting: Setting, failure: Failure) -> Any:
        if failure.is_early:
            self.is_early = True
        else:
            self.faults.append((self._origin(setting), setting.field, failure.what, failure.advice))
        return _FAULTY

    def _fault(self, setting: Setting, advice: str) -> None:
        self.faults.append((self._origin(setting), setting.field, f"found {self._shown(setting)}", advice))

    def _origin(self, setting: Setting) -> str:
        if setting.field in self._spread_from:
            return self._origin(self._spread_from[setting.field])
        wanted = self._wanted.get(setting.field)
        if wanted is not None and wanted.service != "kms":
            return wanted.shown
        if wanted is None and setting.source is not None and isinstance(self._texts.get(setting.field), Failure):
            return repr(setting.source)
        return setting.variable

    def _shown(self, setting: Setting) -> str:
        text = self._texts.get(setting.field)
        if not isinstance(text, str):
            return "its default"
        if self._is_hidden(setting) or "@" in text or text.lstrip().startswith("{"):
            return "a value that is not shown"
        return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")

    def _is_hidden(self, setting: Setting) -> bool:
        by_name = any(word in setting.variable.upper() for word in _SECRET_WORDS)
        if setting.is_secret or by_name or setting.field in self._wanted:
            return True
        return setting.field in self._spread_from and self._is_hidden(self._spread_from[setting.field])


def _path_of(group: Group) -> str:
    return "all fields" if group.whole is None else group.whole.field


def _object_of(text: str) -> dict[str, Any]:
    try:
        value: Any = decode(text.encode())
    except UnmarshalFault:
        value = None
    if _type(value) is not dict:
        raise ValueError("expected a JSON object")
    found: dict[str, Any] = value
    return found


def _member_of(text: str, key: str) -> str:
    """The text of a key's value in a JSON object."""
    found = _object_of(text).get(key)
    if found is None:
        raise ValueError(f"expected the key {key!r} in the JSON object")
    return found if isinstance(found, str) else encode(found).decode()

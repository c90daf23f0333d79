"""What is asked of a store, and what it answers: the words between settings and the clients of stores."""

from __future__ import annotations

import re
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from lambdakit.middleware.setting_sources import Source

__all__ = ("Answers", "Failure", "Wanted", "detail_of", "filled", "wanted_of")

_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Wanted(NamedTuple):
    """One value of a store: the same request is asked once, however many settings are made of it.

    For KMS `name` is the ciphertext. `detail` are the pairs of an encryption context, or a secret's stage.
    """

    service: str
    name: str
    detail: tuple[tuple[str, str], ...] = ()

    @property
    def shown(self) -> str:
        """What errors call it."""
        return "kms" if self.service == "kms" else f"{self.service}:{self.name}"


class Failure(NamedTuple):
    """Why a store gave no value: what it said, and what to do. `is_early`: it will only answer later."""

    what: str
    advice: str
    is_early: bool = False


if TYPE_CHECKING:
    Answers: TypeAlias = dict[Wanted, str | Failure]
else:
    Answers = dict


def wanted_of(source: Source, lookup: Callable[[str], str | None], ciphertext: str = "") -> Wanted:
    """The request for a source, variables in braces filled in. Raises LookupError naming one that is not set."""
    detail = tuple(sorted((name, filled(value, lookup)) for name, value in source.detail.items()))
    return Wanted(source.service, ciphertext or filled(source.name, lookup), detail)


def filled(text: str, lookup: Callable[[str], str | None]) -> str:
    """The text with `{VARIABLE}` replaced. Raises LookupError naming a variable that is not set."""

    def value(found: re.Match[str]) -> str:
        given = lookup(found[1])
        if not given:
            raise LookupError(found[1])
        return given

    return _BRACES.sub(value, text)


def detail_of(wanted: Wanted) -> Mapping[str, str]:
    """The detail of a request by name."""
    return dict(wanted.detail)

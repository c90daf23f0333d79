"""Packages that a middleware needs and lambdakit does not bring: looked for when the handler is decorated."""

from __future__ import annotations

import sys

from lambdakit.exceptions import MissingExtraError

__all__ = ("require",)


def require(package: str, *, extra: str, feature: str) -> None:
    """Raise MissingExtraError unless `package` is installed; nothing is imported but a dotted name's parents.

    `extra` is the name under which lambdakit's own metadata lists what `feature` needs.
    """
    if package in sys.modules:
        return
    from importlib.util import find_spec

    try:
        found = find_spec(package) is not None
    except ModuleNotFoundError:  # a parent
        found = False
    if not found:
        raise MissingExtraError(feature, package, extra)

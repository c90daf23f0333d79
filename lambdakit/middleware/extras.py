"""Packages that a middleware needs and lambdakit does not bring: looked for when the handler is decorated."""

from __future__ import annotations

import sys

from lambdakit.exceptions import MissingExtraError

__all__ = ("require",)


def require(package: str, *, extra: str, feature: str) -> None:
    """Raise MissingExtraError unless the top-level `package` is installed; nothing of it is imported.

    `extra` is the name under which lambdakit's own metadata lists what `feature` needs.
    """
    if package not in sys.modules and not any(finder.find_spec(package, None) for finder in sys.meta_path):
        raise MissingExtraError(feature, package, extra)

"""A wall between the engine and whoever it tells things: what a sink, an observer or a callback raises stays with it.

They are called in the middle of the engine's work. An error of theirs (a full disk, a mistake) must neither end a
runtime's connection nor leave an environment or a lease behind; it is logged, with its traceback.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVarTuple, Unpack

    Given = TypeVarTuple("Given")

_log = logging.getLogger(__name__)


def tell(listener: Callable[[Unpack[Given]], None], *given: Unpack[Given]) -> None:
    """Call a listener; what it raises is logged and goes no further."""
    try:
        listener(*given)
    except Exception:
        failed()


def failed() -> None:
    """Log the exception that is being handled, which a listener has raised.

    For callers who cannot afford a call more for each of very many things to tell.
    """
    _log.exception("A listener of the local service failed")

"""Runs the example in a module's documentation."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ("example_holds",)


def example_holds(module: ModuleType) -> bool:
    """Whether the sessions (`>>>`) in the documentation give what they say, after the code indented before them."""
    text = (module.__doc__ or "").splitlines()
    first = next(number for number, line in enumerate(text) if line.startswith("    >>> "))
    names: dict[str, Any] = {"__name__": module.__name__}
    source = "\n".join(line[4:] for line in text[:first] if line.startswith("    "))
    exec(compile(source, f"<{module.__name__}>", "exec", dont_inherit=True), names)
    results = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    results.run(doctest.DocTestParser().get_doctest("\n".join(text), names, module.__name__, None, 0))
    return results.tries > 0 and results.failures == 0

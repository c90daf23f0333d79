"""HTTP for functions: one router for every front door, any ASGI or WSGI application, streaming.

Importing this package imports nothing of it: a public name is resolved, and its module imported, when it is first used
(PEP 562), while type checkers see every name exactly. No module here has the name of a function, which the import
system would put in the function's place. `tests/http/test_face.py` freezes the list.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambdakit.http.connections import Connection as Connection
    from lambdakit.http.connections import ConnectionInfo as ConnectionInfo
    from lambdakit.http.connections import Connections as Connections

# Module -> the public names it has.
_PUBLIC = {
    "connections": ("Connection", "ConnectionInfo", "Connections"),
}

__all__ = (
    "Connection",
    "ConnectionInfo",
    "Connections",
)


def __getattr__(name: str) -> object:
    module = next((module for module, names in _PUBLIC.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module 'lambdakit.http' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"lambdakit.http.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""lambdakit: write, run and test Python on AWS Lambda.

Importing this package imports nothing heavy: a public name is resolved when it is first used (PEP 562), while type
checkers see every name exactly. `tests/test_public_surface.py` freezes the list.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambdakit.context import Client as Client
    from lambdakit.context import ClientContext as ClientContext
    from lambdakit.context import CognitoIdentity as CognitoIdentity
    from lambdakit.context import LambdaContext as Context
    from lambdakit.exceptions import Fault as Fault
    from lambdakit.exceptions import LambdakitError as LambdakitError
    from lambdakit.exceptions import UsageError as UsageError
    from lambdakit.handlers import lambda_handler as lambda_handler
    from lambdakit.runtime.hooks import after_restore as after_restore
    from lambdakit.runtime.hooks import before_snapshot as before_snapshot
    from lambdakit.runtime.hooks import on_shutdown as on_shutdown
    from lambdakit.runtime.streaming import StreamingResponse as StreamingResponse

__version__ = "0.1.0"

# Public name -> (module, name there).
_PUBLIC = {
    "Client": ("lambdakit.context", "Client"),
    "ClientContext": ("lambdakit.context", "ClientContext"),
    "CognitoIdentity": ("lambdakit.context", "CognitoIdentity"),
    "Context": ("lambdakit.context", "LambdaContext"),
    "Fault": ("lambdakit.exceptions", "Fault"),
    "LambdakitError": ("lambdakit.exceptions", "LambdakitError"),
    "StreamingResponse": ("lambdakit.runtime.streaming", "StreamingResponse"),
    "UsageError": ("lambdakit.exceptions", "UsageError"),
    "after_restore": ("lambdakit.runtime.hooks", "after_restore"),
    "before_snapshot": ("lambdakit.runtime.hooks", "before_snapshot"),
    "lambda_handler": ("lambdakit.handlers", "lambda_handler"),
    "on_shutdown": ("lambdakit.runtime.hooks", "on_shutdown"),
}

__all__ = (
    "Client",
    "ClientContext",
    "CognitoIdentity",
    "Context",
    "Fault",
    "LambdakitError",
    "StreamingResponse",
    "UsageError",
    "after_restore",
    "before_snapshot",
    "lambda_handler",
    "on_shutdown",
    "__version__",
)


def __getattr__(name: str) -> object:
    try:
        module, attribute = _PUBLIC[name]
    except KeyError:
        raise AttributeError(f"module 'lambdakit' has no attribute {name!r}") from None
    from importlib import import_module

    value: object = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})

"""Start-up: from the command line to the first `next`, and what happens when it fails on the way.

The order is the managed runtime's: streams, log sink, handler, SnapStart hooks, loop. A handler that cannot be loaded
is logged, posted to `init/error`, and ends the process with status 1; a failing before-snapshot hook ends it with 64,
a failing after-restore hook with 65.
"""

from __future__ import annotations

import os
import sys

from lambdakit.exceptions import RuntimeApiError, RuntimeApiStatusError
from lambdakit.runtime import logs
from lambdakit.runtime.client import RuntimeApi
from lambdakit.runtime.loop import Loop
from lambdakit.runtime.resolve import load_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

    from lambdakit.runtime.faults import Report
    from lambdakit.runtime.http1 import Response

__all__ = ("load_or_exit", "main", "restore_or_exit")

API_VARIABLE = "AWS_LAMBDA_RUNTIME_API"
HANDLER_VARIABLE = "_HANDLER"
CONCURRENCY_VARIABLE = "AWS_LAMBDA_MAX_CONCURRENCY"
EXECUTION_VARIABLE = "AWS_EXECUTION_ENV"
INIT_TYPE_VARIABLE = "AWS_LAMBDA_INITIALIZATION_TYPE"
TASK_ROOT_VARIABLE = "LAMBDA_TASK_ROOT"
LOCAL_VARIABLE = "LAMBDAKIT_LOCAL"

EXIT_FAILED, EXIT_BEFORE_SNAPSHOT, EXIT_AFTER_RESTORE = 1, 64, 65
BEFORE_SNAPSHOT_ERROR = "Runtime.BeforeSnapshotError"
AFTER_RESTORE_ERROR = "Runtime.AfterRestoreError"
_REPORTED = frozenset((202,))


def main(arguments: Sequence[str]) -> int:
    """Run the handler named by the first argument, or by _HANDLER, until the environment ends.

    Returns the process's exit status; exits by itself where the handler or its loading does.
    """
    name = arguments[0] if arguments else os.environ.get(HANDLER_VARIABLE, "")
    address = os.environ.get(API_VARIABLE, "")
    if not name:
        return _refuse(f"no handler: give MODULE.FUNCTION as argument or in {HANDLER_VARIABLE}")
    if not address:
        return _refuse(
            f"{API_VARIABLE} is not set; this command runs inside a Lambda execution environment. "
            "To run a function locally: lambdakit invoke MODULE.FUNCTION"
        )
    _extend_import_path()
    try:
        api = RuntimeApi(address)
    except ValueError as error:
        return _refuse(str(error))
    try:
        return _run(api, name)
    except RuntimeApiError as error:
        return _refuse(str(error))


def load_or_exit(
    api: RuntimeApi,
    name: str,
    *,
    reported: frozenset[int] = _REPORTED,
    accept: Callable[[Callable[[Any, Any], Any]], None] | None = None,
) -> Callable[[Any, Any], Any]:
    """The handler; or, when it cannot be loaded, tell the log and the service and exit.

    `reported` are the statuses by which `init/error` says that the failure is known; `accept` raises for a handler
    that the way of serving cannot use.
    """
    try:
        handler = load_handler(name)
        if accept is not None:
            accept(handler)
        start: Any = getattr(handler, "__lambda_init__", None)
        if start is not None:
            start()  # what a handler of our own does once, while INIT has the whole CPU
    except (Exception, SystemExit) as error:
        _fail_init(api, error, reported)
    hooks = sys.modules.get("lambdakit.runtime.hooks")
    if hooks is not None and hooks.shutdown_hooks():
        from lambdakit.runtime.shutdown import arrange

        arrange(api)
    return handler


def restore_or_exit(api: RuntimeApi) -> None:
    """Under SnapStart, run the hooks around the snapshot; do nothing otherwise."""
    if os.environ.get(INIT_TYPE_VARIABLE) != "snap-start":
        return
    from lambdakit.runtime import hooks

    try:
        hooks.run_before_snapshot()
        api.restore_next()
    except BaseException as error:
        _require_report("init/error", api.fail_init(_logged(error).body(), BEFORE_SNAPSHOT_ERROR), _REPORTED)
        sys.exit(EXIT_BEFORE_SNAPSHOT)
    try:
        hooks.run_after_restore()
    except BaseException as error:
        _require_report("restore/error", api.fail_restore(_logged(error).body(), AFTER_RESTORE_ERROR), _REPORTED)
        sys.exit(EXIT_AFTER_RESTORE)


def _run(api: RuntimeApi, name: str) -> int:
    concurrency = os.environ.get(CONCURRENCY_VARIABLE)
    if concurrency is not None:
        from lambdakit.runtime import workers

        return workers.run(api, name, concurrency)
    logs.install()
    _warn_of_preview()
    _share_snapshot()
    handler = load_or_exit(api, name)
    restore_or_exit(api)
    return Loop(api, handler).run()


def _share_snapshot() -> None:
    """In the local service, begin with the state of `random` that all environments of a SnapStart function share.

    They are not restored from one snapshot there, as they are on AWS; code that relies on such state being each
    environment's own is to show all the same.
    """
    if os.environ.get(INIT_TYPE_VARIABLE) == "snap-start" and os.environ.get(LOCAL_VARIABLE):
        import random

        random.seed(os.environ.get("AWS_LAMBDA_FUNCTION_NAME"))


def _fail_init(api: RuntimeApi, error: BaseException, reported: frozenset[int]) -> NoReturn:
    import logging

    from lambdakit.runtime.notices import UNHANDLED_EXCEPTION

    logging.getLogger().warning(UNHANDLED_EXCEPTION)
    failure = _logged(error)
    _require_report("init/error", api.fail_init(failure.body(), failure.error_type), reported)
    sys.exit(EXIT_FAILED)


def _require_report(call: str, answer: Response, reported: frozenset[int]) -> None:
    if answer.status not in reported:
        raise RuntimeApiStatusError(call, answer.status, bytes(answer.body))


def _logged(error: BaseException) -> Report:
    from lambdakit.runtime import faults

    failure = faults.report(error)
    failure.log()
    return failure


def _warn_of_preview() -> None:
    from_service = os.environ.get(EXECUTION_VARIABLE)
    if from_service is None or os.environ.get("LAMBDA_DISABLE_PREVIEW_WARN"):
        return
    from lambdakit.runtime.notices import PREVIEW_ENVIRONMENTS, preview_notice

    if from_service in PREVIEW_ENVIRONMENTS:
        import logging

        logging.getLogger().warning(preview_notice(os.environ.get("AWS_REGION", "")))


def _extend_import_path() -> None:
    root = os.environ.get(TASK_ROOT_VARIABLE)
    if root and root not in sys.path and os.path.isdir(root):
        sys.path.insert(0, root)


def _refuse(message: str) -> int:
    sys.stderr.write(f"lambdakit: {message}\n")
    return EXIT_FAILED

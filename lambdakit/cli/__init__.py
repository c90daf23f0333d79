"""The `lambdakit` command: `main` is the console script.

The command line needs the `local` extra. Without it `main` says which command installs it, instead of a traceback;
therefore nothing outside the standard library is imported before `main` runs.
"""

from __future__ import annotations

import sys

_EXTRA_MODULES = frozenset(
    {"click", "dotenv", "httptools", "httpx", "pathspec", "rich", "tomli", "uvloop", "watchfiles", "yaml"}
)
_USAGE_ERROR = 2


def main() -> None:
    """Run the command line; ends the process with the command's exit status."""
    try:
        from lambdakit.cli.group import cli

        cli()
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA_MODULES:
            raise
        print(
            f"lambdakit: the command line needs {missing}, which is not installed. Install it with:\n\n"
            "    pip install 'lambdakit[local]'\n",
            file=sys.stderr,
        )
        sys.exit(_USAGE_ERROR)

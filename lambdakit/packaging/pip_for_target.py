"""pip, with markers judged for another platform: `python pip_for_target.py MARKERS-AS-JSON PIP-ARGUMENTS...`.

pip's own `--python-version` and `--platform` choose wheels, but `python_version < "3.11"` in a requirement is judged by
the interpreter that pip runs on (pip's documentation of `--python-version` says so). A dependency would be missing, or
one too many, in every package for another Python than the developer's. Run as a script, in a process of its own.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

if __name__ == "__main__":
    # The script's own directory comes first otherwise, and holds modules that are nobody else's business.
    sys.path.pop(0)
    environment: dict[str, str] = json.loads(sys.argv[1])
    markers = import_module("pip._vendor.packaging.markers")
    if not hasattr(markers, "default_environment"):
        sys.exit("ERROR: this pip judges markers in a way that is not known here; install uv, or another pip.")
    vars(markers)["default_environment"] = lambda: dict(environment)
    main = import_module("pip._internal.cli.main").main
    sys.exit(main(sys.argv[2:]))

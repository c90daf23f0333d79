"""`python3 -m rootfs`: the steps of an image's build that are more than copying.

system BASE RUNTIME OUTPUT              OUTPUT/minimal and OUTPUT/slim, of a base's root
dependencies BASE MINIMAL FOLDER        FOLDER completed: libraries, byte code, list of contents
compile FOLDER                          FOLDER with byte code
"""

from __future__ import annotations

import sys
from pathlib import Path

from .dependencies import build_dependencies
from .system import build_system
from .tree import compile_tree, settle


def main(step: str, *folders: str) -> None:
    """Do one step; ends with a message where it is called otherwise than above."""
    match step, [Path(folder) for folder in folders]:
        case "system", [base, runtime, output]:
            build_system(base, runtime, output)
        case "dependencies", [base, minimal, folder]:
            build_dependencies(base, minimal, folder)
        case "compile", [folder]:
            _compile(folder)
        case _:
            sys.exit(f"rootfs: no such step: {step} {' '.join(folders)}")


def _compile(folder: Path) -> None:
    compile_tree(folder, "")
    settle(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])

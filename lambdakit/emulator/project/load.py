"""Which file describes a project, and reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.emulator.project.spec import Project
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("load_project",)

PYPROJECT = "pyproject.toml"
TEMPLATES = ("template.yaml", "template.yml", "sam.yaml")


def load_project(root: Path, *, template: Path | None = None) -> Project:
    """The project in a directory: its pyproject.toml if that names functions, else its SAM template, else an empty one.

    `template` names a template to be read instead. Raises UsageError, which says where in which file.
    """
    if template is not None:
        return _from_template(template)
    pyproject = root / PYPROJECT
    if pyproject.is_file():
        from lambdakit.emulator.project.pyproject import read_pyproject

        project = read_pyproject(pyproject)
        if project.functions:
            return project
    found = next((root / name for name in TEMPLATES if (root / name).is_file()), None)
    return Project() if found is None else _from_template(found)


def _from_template(file: Path) -> Project:
    from lambdakit.emulator.project.template import read_template

    if not file.is_file():
        raise UsageError(f"{file}: no such template.")
    return read_template(file)

"""The functions of a project, from `[tool.lambdakit]` in pyproject.toml or from a SAM template.

    project = load_project(Path("."))
    for function in project.functions:
        print(function.config.name, function.config.handler, function.origin("timeout"))

A SAM template is read where pyproject.toml names no functions. Of what either says, nothing is dropped silently: what
is not understood is an error in pyproject.toml, which is ours, and a note for a template, which is not.
"""

from __future__ import annotations

from lambdakit.emulator.project.load import load_project
from lambdakit.emulator.project.spec import FunctionSpec, FunctionUrl, Project, Route, Schedule, Source

__all__ = ("FunctionSpec", "FunctionUrl", "Project", "Route", "Schedule", "Source", "load_project")

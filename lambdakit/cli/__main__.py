"""`python -m lambdakit.cli`: the same as the `lambdakit` command."""

from __future__ import annotations

from lambdakit.cli import main

main()

"""Packages for AWS Lambda: a function's zip, or a layer, with its dependencies for the platform it will run on.

    request = PackageRequest(Path("dist/thumbnail.zip"), Platform((3, 13), "arm64"), root=Path("src").resolve())
    written = build_package(request)
    print("\\n".join(size_tree(written)))

The same input gives the same bytes. Nothing here imports the function, or runs on a Lambda. Container images are made
of the same parts: `image` lays out what they are built of, `image_builders` has them built, and `rootfs` is what runs
inside the build.
"""

from __future__ import annotations

from lambdakit.packaging.archive import Limits, Written
from lambdakit.packaging.build import PackageRequest, build_package
from lambdakit.packaging.install import Source
from lambdakit.packaging.platforms import Platform, python_version
from lambdakit.packaging.project_files import Selection
from lambdakit.packaging.requirements import Requirements, find_requirements, read_requirements
from lambdakit.packaging.size_tree import size_tree

__all__ = (
    "Limits",
    "PackageRequest",
    "Platform",
    "Requirements",
    "Selection",
    "Source",
    "Written",
    "build_package",
    "find_requirements",
    "python_version",
    "read_requirements",
    "size_tree",
)

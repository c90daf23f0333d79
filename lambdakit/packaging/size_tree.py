"""The size tree: what an archive holds, the heaviest first, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lambdakit.packaging.archive import Size, Written
    from lambdakit.packaging.entries import Entry

__all__ = ("size_tree",)

_WIDTH = 44
_LAYER_FOLDER = "python/"


def size_tree(written: Written) -> Iterator[str]:
    """The archive, its owners (distributions, the project), and the top-level names of each; sizes in KB or MB."""
    yield f"{written.file}  {_size(written.bytes)} zipped, {_size(written.unpacked)} unpacked"
    yield f"sha256 {written.sha256}"
    owners = _grouped((entry.owner, entry, size) for entry, size in written.sizes.items())
    for position, (owner, held) in enumerate(owners, 1):
        last = position == len(owners)
        yield _line("└── " if last else "├── ", owner, held)
        inner = _grouped((_top(entry.name), entry, size) for entry, size in held)
        if len(inner) > 1:
            for place, (name, files) in enumerate(inner, 1):
                yield _line(("    " if last else "│   ") + ("└── " if place == len(inner) else "├── "), name, files)


def _grouped(items: Iterable[tuple[str, Entry, Size]]) -> list[tuple[str, list[tuple[Entry, Size]]]]:
    groups: dict[str, list[tuple[Entry, Size]]] = {}
    for name, entry, size in items:
        groups.setdefault(name, []).append((entry, size))
    return sorted(groups.items(), key=lambda group: (-_unpacked(group[1]), group[0]))


def _unpacked(held: list[tuple[Entry, Size]]) -> int:
    return sum(size.unpacked for _, size in held)


def _line(branch: str, name: str, held: list[tuple[Entry, Size]]) -> str:
    zipped = sum(size.zipped for _, size in held)
    return f"{branch}{name}".ljust(_WIDTH) + f"{_size(_unpacked(held)):>10}  {_size(zipped):>10} zipped"


def _top(name: str) -> str:
    """The first part of a name; in a layer, the one below its `python` folder."""
    return name.removeprefix(_LAYER_FOLDER).partition("/")[0]


def _size(count: int) -> str:
    if count >= 1024 * 1024:
        return f"{count / 1024 / 1024:.1f} MB"
    return f"{count / 1024:.1f} KB"

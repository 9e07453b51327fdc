"""Checks a folder of schemas/ after an edit: each problem with file, line and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ....errors import SpecificationError
from ....specification.loading import load
from . import description, headers, members, requirements, rows, schemas
from .folder import Folder, Problem

__all__ = ["Problem", "problems"]


def problems(path: Path) -> Iterator[Problem]:
    """Yields all problems of a folder, and stops where later checks need sound files."""
    folder = Folder(path)
    yield from folder.broken
    if folder.broken:
        return
    missing = [*rows.missing(folder)]
    yield from missing
    if missing:
        # Everything that refers to them would be reported, too.
        return
    found = [*schemas.problems(folder), *rows.problems(folder)]
    if not found:
        found = [
            *schemas.of_messages(folder, rows.keys(folder)),
            *headers.problems(folder, folder.contents["operations.yaml"]),
            *rows.of_citations(folder),
            *rows.of_page(folder),
        ]
    yield from found
    if found:
        return
    try:
        specification = load(path)
        found = [*members.problems(folder, specification), *requirements.problems(folder, specification)]
        yield from found
        yield from description.problems(folder, specification)
        if not found:
            yield from requirements.of_page(folder, specification)
    except SpecificationError as error:
        yield Problem("common.json", 1, f"cannot be used: {error}", "compare it with the kit's own")

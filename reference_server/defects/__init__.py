"""Bugs that can be planted, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reference_server.catalogue import Catalogue
from reference_server.defects import (
    accepted,
    additions,
    blamed,
    bodies,
    clones,
    credentials,
    derived,
    echoes,
    histories,
    keeping,
    races,
    refused,
    robustness,
    sizes,
    updates,
    wire,
)
from reference_server.defects.defect import Defect
from reference_server.specification import folder as home
from reference_server.specification import load

__all__ = ["DEFECTS", "Defect", "of_specification"]

_FAMILIES = (
    robustness,
    wire,
    credentials,
    accepted,
    blamed,
    refused,
    bodies,
    echoes,
    keeping,
    sizes,
    updates,
    additions,
    races,
    histories,
    clones,
)


def _collect() -> Mapping[str, Defect]:
    """Gather all families; raises ValueError for a name that two defects share."""
    found: dict[str, Defect] = {}
    for family in _FAMILIES:
        for defect in family.defects():
            if defect.name in found:
                raise ValueError(f"two defects are named {defect.name}")
            found[defect.name] = defect
    return found


DEFECTS: Mapping[str, Defect] = _collect()


def of_specification(folder: Path | None) -> Mapping[str, Defect]:
    """Give all defects of a gateway under a folder of schemas: those known, and those that follow from it."""
    if folder is None or folder.resolve() == home():
        return DEFECTS
    known = {(defect.operation, defect.pointer) for defect in DEFECTS.values()}
    more = {defect.name: defect for defect in derived.defects(load(folder), Catalogue(folder), known)}
    return {**more, **DEFECTS}

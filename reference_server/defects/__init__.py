"""Bugs that can be planted, by name."""

from __future__ import annotations

from collections.abc import Mapping

from reference_server.defects import (
    accepted,
    additions,
    blamed,
    bodies,
    clones,
    credentials,
    echoes,
    histories,
    keeping,
    races,
    refused,
    robustness,
    updates,
    wire,
)
from reference_server.defects.defect import Defect

__all__ = ["DEFECTS", "Defect"]

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

"""Bugs that can be planted, by name. Each module is a family, whose ``defects`` yields those that it has."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from reference_server.catalogue import Catalogue
from reference_server.defects import (
    additions,
    blame,
    clones,
    credentials,
    derived,
    histories,
    keeping,
    others,
    races,
    refusals,
    replies,
    robustness,
    updates,
    wire,
)
from reference_server.files import folder as shipped
from reference_server.planting import Defect
from reference_server.specification import load

__all__ = ["DEFECTS", "Defect", "of_specification"]

_OF_OPERATIONS = (wire, credentials)
"""What can go wrong with each operation alike."""
_FAMILIES = (robustness, blame, refusals, replies, keeping, others, updates, additions, races, histories, clones)


def of_specification(folder: Path | None = None) -> Mapping[str, Defect]:
    """Return all defects of a gateway under a folder of schemas: those written by hand, and those that follow from it.

    Raises OSError or ValueError for a folder that holds no schemas.
    """
    return _of((folder or shipped()).resolve())


@lru_cache(maxsize=2)
def _of(folder: Path) -> Mapping[str, Defect]:
    specification, catalogue = load(folder), Catalogue(folder)
    found: dict[str, Defect] = {}
    for defect in itertools.chain(
        *(family.defects(catalogue.failing) for family in _OF_OPERATIONS),
        *(family.defects() for family in _FAMILIES),
        derived.defects(specification, catalogue),
    ):
        if defect.name in found:
            raise ValueError(f"two defects are named {defect.name}")
        # A changed copy may have dropped a requirement or an operation.
        if defect.requirement in catalogue and defect.operation in specification.keys:
            found[defect.name] = defect
    return found


DEFECTS: Mapping[str, Defect] = of_specification()

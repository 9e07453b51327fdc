"""Defects that follow from schemas/ alone: whatever is added there has its defects without a line of Python."""

from __future__ import annotations

from collections.abc import Iterator

from reference_server.catalogue import Catalogue
from reference_server.defects.derived import blame, changes, operations, replies, requests, values
from reference_server.planting import Defect
from reference_server.specification import Specification

_FAMILIES = (operations, changes, requests, blame, replies, values)


def defects(specification: Specification, catalogue: Catalogue) -> Iterator[Defect]:
    """Make a defect for each way in which an operation or a member of it can be mistreated."""
    for family in _FAMILIES:
        yield from family.defects(specification, catalogue)

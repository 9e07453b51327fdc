"""Tables of defects that change one member of an ACK."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from reference_server.defects.defect import Defect
from reference_server.edits import Change, Condition, always, in_ack

Row: TypeAlias = tuple[str, str, str, str, Change, str]
"""Name, requirement, operation, pointer, change, summary."""


def of_members(rows: Iterable[Row], when: Condition = always) -> Iterator[Defect]:
    """Make defects whose change is of the member that the pointer names."""
    for name, requirement, operation, pointer, change, summary in rows:
        yield Defect(name, requirement, operation, pointer, summary, in_ack(operation, pointer, change, when))


def of_items(rows: Iterable[Row]) -> Iterator[Defect]:
    """Make defects whose change is of the list in which the pointer names a member of the items."""
    for name, requirement, operation, pointer, change, summary in rows:
        install = in_ack(operation, pointer[: pointer.index("/*")], change)
        yield Defect(name, requirement, operation, pointer, summary, install)

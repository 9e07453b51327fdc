"""Finds where the schemas differ from the page on purpose, and the readings that settle it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ....specification.catalogue import Operation
from ....specification.members import json_type
from ....specification.pointer import at_or_below, below, overlap
from ....specification.specification import Specification
from .differences import Difference
from .expected import Area, Row, Slot, file_of
from .facts import Facts
from .shapes import Shape, shape

TEXTS: Final = {
    "unshown": "in the schemas, and not on the page",
    "optional": "on the page, and optional in the schemas",
    "types": "of other types as well in the schemas",
    "values": "more literals in the schemas than on the page",
    "unlisted": "in the request, and without a row in the table",
    "example": "an example on the page that nobody has to accept",
    "format": "a format on the page that the schemas do not ask for",
}
"""The differences that a reading can settle."""


@dataclass(frozen=True, slots=True)
class Place:
    """A difference that a reading can settle."""

    difference: str
    part: str
    pointer: str


def settled(
    area: Area, facts: Facts, lines: Mapping[str, Mapping[str, int]], drifted: Sequence[Difference]
) -> Iterator[Difference]:
    """The differences between the schemas and the page that is due: noted with their reading, or drift without one.

    ``lines`` is where the page has each part, "" for the part as a whole, and each member.
    """
    operation = area.operation
    assert operation is not None
    groups: dict[int, list[Place]] = {}
    for place in dict.fromkeys(_places(area, facts)):
        row = facts.reading(place.difference, operation, place.part, place.pointer)
        if row is not None:
            groups.setdefault(id(row), []).append(place)
        elif place.part in lines:
            line = _line(lines[place.part], place.pointer)
            text = f"{TEXTS[place.difference]}; page.yaml cites no reading that settles it"
            yield Difference(
                "drift", line, operation.action, place.part, (place.pointer,) if place.pointer else (), text
            )
    for row in facts.settled:
        part, number = row["parts"][0], row["reading"]
        if operation.key not in row["operations"] or part not in lines:
            continue
        text = TEXTS[row["difference"]]
        pointers = tuple(place.pointer for place in groups.get(id(row), ()))
        if pointers:
            line = min(_line(lines[part], pointer) for pointer in pointers)
            yield Difference("settled", line, operation.action, part, pointers, text, number)
        for pointer in row["pointers"]:
            told = any(d.part == part and _touches(d, pointer) and d.operation == operation.action for d in drifted)
            if not told and not any(at_or_below(covered, pointer) for covered in pointers):
                line = _line(lines[part], pointer)
                gone = f"no longer {text}, as {number} settles"
                yield Difference("drift", line, operation.action, part, (pointer,) if pointer else (), gone)


def _touches(difference: Difference, pointer: str) -> bool:
    return any(overlap(pointer, other) for other in difference.pointers or ("",))


def _line(lines: Mapping[str, int], pointer: str) -> int:
    """The line of a member, or of the nearest one around it that the page has."""
    while pointer and pointer not in lines:
        pointer = pointer.rsplit("/", 1)[0]
    return lines.get(pointer) or lines[""]


def _places(area: Area, facts: Facts) -> Iterator[Place]:
    assert area.operation is not None
    for slot in area.slots:
        if slot.kind == "example":
            yield from _example(slot, area.operation, facts)
        elif slot.kind == "table":
            yield from _table(slot, area.operation, facts)


def _example(slot: Slot, operation: Operation, facts: Facts) -> Iterator[Place]:
    nodes = [*_nodes("", slot.value, {"$ref": file_of(operation.key, slot.part)}, facts.specification)]
    shown: dict[str, list[Any]] = {}
    for pointer, _, due in nodes:
        shown.setdefault(pointer, []).append(due)
    for pointer, found, due in nodes:
        if found.types - {json_type(due), "null"}:
            yield Place("types", slot.part, pointer)
        rest = [other for other in found.literals or () if other not in shown[pointer]]
        # The schema of headers is shared by ACK and NACK, and by all operations.
        if rest and not slot.part.endswith("header") and facts.shown(operation, slot.part, pointer, found)[0]:
            yield Place("values", slot.part, pointer)
        for name, child in found.properties.items():
            inner = below(pointer, name)
            if name not in due:
                yield Place("unshown", slot.part, inner)
            elif name not in found.required or "null" in shape(child, facts.specification).types:
                yield Place("optional", slot.part, inner)


def _nodes(
    pointer: str, due: Any, schema: Mapping[str, Any], specification: Specification
) -> Iterator[tuple[str, Shape, Any]]:
    """Every value of an example with its pointer and what the schema allows there."""
    found = shape(schema, specification)
    yield pointer, found, due
    if isinstance(due, dict):
        for name, child in due.items():
            yield from _nodes(below(pointer, name), child, found.properties[name], specification)
    elif isinstance(due, list) and found.items is not None:
        for item in due:
            yield from _nodes(f"{pointer}/*", item, found.items, specification)


def _table(slot: Slot, operation: Operation, facts: Facts) -> Iterator[Place]:
    listed = {row.member.pointer for row in slot.rows}
    for member in facts.specification.members(operation.action):
        if member.pointer not in listed and not member.pointer.endswith("*"):
            yield Place("unlisted", slot.part, member.pointer)
    for row in slot.rows:
        yield from _row(row, slot.part, facts)


def _row(row: Row, part: str, facts: Facts) -> Iterator[Place]:
    member = row.member
    if (
        row.example != "-"
        and member.scalar
        and member.borders.tolerates(row.example)
        and not member.borders.safe(row.example)
    ):
        yield Place("example", part, member.pointer)
    if facts.formats.get(row.format) == "border" and {"pattern", "format", "enum", "const"}.isdisjoint(member.schema):
        yield Place("format", part, member.pointer)

"""Matches the blocks of a page with the expected layout, operation by operation."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from ...errors import UsageError
from ...specification.catalogue import Operation
from .prose_page import Block


@dataclass(frozen=True, slots=True)
class Departure:
    """A heading, a label, an endpoint or a whole example that is not as in the layout."""

    line: int
    operation: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a page about one operation."""

    operation: Operation | None
    """None where the schemas have no such operation."""
    line: int
    parts: dict[str, Block] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place of the layout for a block."""

    name: str
    kind: str
    text: str
    level: int = 0
    part: str = ""
    section: Section | None = None


def lay_out(
    blocks: Sequence[Block], layout: Mapping[str, Any], operations: Sequence[Operation]
) -> tuple[list[Section], list[Departure]]:
    """The sections of a page, and how it departs from the layout.

    Blocks and layout are aligned as sequences, so that a heading with other words still has its place. Raises
    UsageError for a page that is laid out in another way altogether.
    """
    sections, departures = _sections(blocks, layout, operations)
    slots = [*_slots(layout, sections, blocks)]
    placed: dict[int, Block] = {}
    for block, place in _aligned(blocks, slots, departures):
        placed[place] = block
        slot = slots[place]
        if slot.part and slot.section is not None:
            slot.section.parts[slot.part] = block
        elif block.text != slot.text and not _foreign(slot.section):
            departures.append(
                Departure(block.line, _action(slot.section), f"{slot.kind} {block.text!r} in place of {slot.text!r}")
            )
        elif block.level != slot.level and not _foreign(slot.section):
            text = f"heading {block.text!r} of level {block.level} in place of {slot.level}"
            departures.append(Departure(block.line, _action(slot.section), text))
    wanted = [place for place, slot in enumerate(slots) if slot.part and not _foreign(slot.section)]
    if not wanted or 2 * sum(place in placed for place in wanted) < len(wanted):
        raise UsageError(_another_layout("too little of what the schemas know is where it should be"))
    line = 1
    for place, slot in enumerate(slots):
        if place in placed:
            line = placed[place].line
        elif not _foreign(slot.section):
            what = f"the {slot.part}" if slot.part else f"the {slot.kind} {slot.text!r}"
            departures.append(Departure(line, _action(slot.section), f"{what} is missing after this line"))
    return sections, departures


def _another_layout(why: str) -> str:
    return (
        f"the page is not laid out as the specification page is: {why}. What is expected are headings as in "
        "schemas/page.yaml, endpoints such as /Provider/signup and examples as blocks of code, and a table of "
        "definitions for each operation"
    )


def _action(section: Section | None) -> str:
    return section.operation.action if section is not None and section.operation is not None else ""


def _foreign(section: Section | None) -> bool:
    return section is not None and section.operation is None


def _sections(
    blocks: Sequence[Block], layout: Mapping[str, Any], operations: Sequence[Operation]
) -> tuple[list[Section], list[Departure]]:
    """A section for each endpoint of a page, in its order."""
    endpoints = [(place, block) for place, block in enumerate(blocks) if block.kind == "endpoint"]
    if not endpoints:
        raise UsageError(_another_layout("it has no endpoint"))
    missing = {operation.path: operation for operation in operations}
    found: list[Operation | None] = [missing.pop(block.text, None) for _, block in endpoints]
    if len(missing) == len(operations):
        raise UsageError(_another_layout("it has none of the endpoints of the schemas"))
    departures: list[Departure] = []
    for number, (place, block) in enumerate(endpoints):
        if found[number] is not None:
            continue
        before = endpoints[number - 1][0] if number else -1
        titles = {other.text for other in blocks[before + 1 : place] if other.kind == "heading"}
        meant = next((o for o in missing.values() if layout["titles"].get(o.key) in titles), None)
        if meant is not None:
            del missing[meant.path]
            found[number] = meant
            departures.append(Departure(block.line, meant.action, f"endpoint {block.text} in place of {meant.path}"))
        elif block.text in {operation.path for operation in operations}:
            departures.append(Departure(block.line, block.text[1:], f"endpoint {block.text} a second time"))
        else:
            text = f"endpoint {block.text} is not in the schemas"
            departures.append(Departure(block.line, block.text.removeprefix("/"), text))
    last = blocks[-1].line
    departures += [Departure(last, o.action, f"endpoint {o.path} of the schemas is missing") for o in missing.values()]
    known = [operations.index(operation) for operation in found if operation is not None]
    for one, next_ in itertools.pairwise(known):
        if next_ < one:
            later = operations[next_]
            line = next(b.line for (_, b), o in zip(endpoints, found, strict=True) if o is later)
            departures.append(Departure(line, later.action, f"endpoint {later.path} after {operations[one].path}"))
    return [Section(o, block.line) for o, (_, block) in zip(found, endpoints, strict=True)], departures


def _slots(layout: Mapping[str, Any], sections: Sequence[Section], blocks: Sequence[Block]) -> Iterator[_Slot]:
    for entry in layout["opening"]:
        yield _slot(entry, None)
    for section in sections:
        title = layout["titles"][section.operation.key] if section.operation else _title(blocks, section, layout)
        yield _slot({"heading": title, "level": layout["title_level"]}, section)
        for entry in layout["operation"]:
            yield _slot(entry, section)


def _title(blocks: Sequence[Block], section: Section, layout: Mapping[str, Any]) -> str:
    """The title of a section that the schemas do not know."""
    level = layout["title_level"]
    return next((b.text for b in reversed(blocks) if b.line < section.line and 0 < b.level <= level), "")


def _slot(entry: Mapping[str, Any], section: Section | None) -> _Slot:
    if "part" in entry:
        kind = entry["part"] if entry["part"] in ("endpoint", "table") else "code"
        return _Slot(Block(kind, 0).name, kind, "", part=entry["part"], section=section)
    kind = "heading" if "heading" in entry else "label"
    return _Slot(Block(kind, 0, entry[kind]).name, kind, entry[kind], level=entry.get("level", 0), section=section)


def _aligned(
    blocks: Sequence[Block], slots: Sequence[_Slot], departures: list[Departure]
) -> Iterator[tuple[Block, int]]:
    """Each block with the number of its slot; a block without one is a departure."""
    matcher = SequenceMatcher(None, [b.name for b in blocks], [s.name for s in slots], autojunk=False)
    section: Section | None = None
    for _, first, last, start, end in matcher.get_opcodes():
        free = list(range(start, end))
        for block in blocks[first:last]:
            place = next((n for n in free if slots[n].kind == block.kind), None)
            if place is not None:
                free.remove(place)
                section = slots[place].section
                yield block, place
            elif not _foreign(section):
                what = (
                    f"{block.kind} {block.text!r}" if block.kind in ("heading", "label") else f"a block of {block.kind}"
                )
                departures.append(Departure(block.line, _action(section), f"{what} is not in the layout"))

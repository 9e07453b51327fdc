"""Compares a specification page with the page that the schemas make, and tells drift from what a reading settles."""

from __future__ import annotations

from collections.abc import Iterator

from ....specification.specification import Specification
from . import prose
from .differences import Difference, Drift, merged
from .examples import Example
from .expected import Expected, Slot, build
from .json_example import read
from .locate import Found, locate
from .markdown import Block, blocks
from .settled import settled
from .structure import departures, refuse_another_layout
from .tables import Table


def compare(name: str, text: str, specification: Specification) -> Drift:
    """Compares the text of a page with the schemas; raises UsageError for a page in another layout."""
    page = build(specification)
    parts = locate(blocks(text), page)
    refuse_another_layout(parts, page)
    found = [*departures(parts, page), *prose.compare(parts, page.facts.misspelt)]
    for part in parts:
        if part.operation is not None:
            found += _operation(part, page, specification)
    found += _unknown_actions(specification)
    return Drift(name, merged(found))


def _operation(part: Found, page: Expected, specification: Specification) -> list[Difference]:
    """The differences of the examples and the table of an operation."""
    assert part.area is not None
    found: list[Difference] = []
    lines: dict[str, dict[str, int]] = {}
    for number, block in part.placed.items():
        slot = part.area.slots[number]
        if slot.kind == "example":
            found += _example(part, slot, block, page, specification, lines)
        elif slot.kind == "table":
            assert part.operation is not None
            table = Table(block, slot, part.operation, page.facts)
            found += table.differences()
            lines[slot.part] = {"": block.line, **table.lines}
    return [*found, *settled(part.area, page.facts, specification, lines, found)]


def _example(
    part: Found,
    slot: Slot,
    block: Block,
    page: Expected,
    specification: Specification,
    lines: dict[str, dict[str, int]],
) -> Iterator[Difference]:
    assert part.operation is not None
    value, mistakes = read(block.text, block.line)
    for mistake in mistakes:
        kind = "typing error" if mistake.mended else "drift"
        yield Difference(kind, mistake.line, part.action, slot.part, (), mistake.text)
    if value is not None:
        example = Example(part.operation, slot.part, page.facts, specification)
        yield from example.differences(value, slot.value)
        lines[slot.part] = {"": value.line, **example.lines}


def _unknown_actions(specification: Specification) -> Iterator[Difference]:
    """Actions that the schema of headers has and no operation."""
    known = {operation.action for operation in specification.operations}
    for action in specification.files["header.request.json"]["properties"]["Action"]["enum"]:
        if action not in known:
            yield Difference("drift", 1, action, "", (), f"endpoint /{action} of the schemas is missing")

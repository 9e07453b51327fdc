"""Compares a specification page with the page that the schemas make, and tells drift from what a reading settles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ....specification.catalogue import Operation
from ....specification.specification import Specification
from . import prose
from .block import Block
from .differences import Difference, Drift, merged
from .examples import Example
from .expected import Area, build
from .facts import Facts
from .json_example import read
from .locate import locate
from .markdown import blocks
from .settled import settled
from .structure import departures, refuse_another_layout
from .tables import Table


def compare(name: str, text: str, specification: Specification) -> Drift:
    """Compares the text of a page with the schemas; raises UsageError for a page in another layout."""
    page = build(specification)
    parts = locate(blocks(text), page)
    refuse_another_layout(parts, page)
    found = [*departures(parts, page), *prose.compare(parts, page.facts.misspelt), *_unknown_actions(specification)]
    for part in parts:
        if part.operation is not None:
            found += _operation(part.operation, part.area, part.placed, page.facts)
    return Drift(name, merged(found))


def _operation(operation: Operation, area: Area, placed: Mapping[int, Block], facts: Facts) -> list[Difference]:
    """The differences of the examples and the table of an operation."""
    found: list[Difference] = []
    lines: dict[str, dict[str, int]] = {}
    for number, block in placed.items():
        slot = area.slots[number]
        if slot.kind == "example":
            value, mistakes = read(block.text, block.line)
            for mistake in mistakes:
                kind = "typing error" if mistake.mended else "drift"
                found.append(Difference(kind, mistake.line, operation.action, slot.part, (), mistake.text))
            if value is not None:
                example = Example(operation, slot.part, facts)
                found += example.differences(value, slot.value)
                lines[slot.part] = {"": value.line, **example.lines}
        elif slot.kind == "table":
            table = Table(block, slot, operation, facts)
            found += table.differences()
            lines[slot.part] = {"": block.line, **table.lines}
    return [*found, *settled(area, facts, lines, found)]


def _unknown_actions(specification: Specification) -> Iterator[Difference]:
    """Actions that the schema of headers has and no operation."""
    known = {operation.action for operation in specification.operations}
    for action in specification.files["header.request.json"]["properties"]["Action"]["enum"]:
        if action not in known:
            yield Difference("drift", 1, action, "", (), f"endpoint /{action} of the schemas is missing")

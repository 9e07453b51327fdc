"""Compares a specification page with the page that the schemas make, and tells drift from what a reading settles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ....errors import UsageError
from ....specification.specification import Specification
from .block import Block
from .departures import departures, drift
from .differences import Difference, Drift, merged
from .examples import Example
from .expected import Area, Expected, Slot, build
from .facts import Facts
from .json_example import read
from .markdown import blocks
from .matching import match, sentences_of
from .sentences import respelt
from .settled import settled
from .tables import Table


def compare(name: str, text: str, specification: Specification) -> Drift:
    """Compares the text of a page with the schemas; raises UsageError for a page in another layout."""
    page = build(specification)
    found: list[Difference] = []
    shown: list[Block] = []
    for block in sentences_of(blocks(text)):
        words, mistakes = respelt(block.text, page.facts.misspelt if block.kind in ("text", "bold") else {})
        shown.append(replace(block, text=words))
        for wrong, right in mistakes:
            error = drift(None, block.line, f"{wrong!r} in place of {right!r}", "text")
            found.append(replace(error, kind="typing error"))
    stretches = match(shown, page)
    pairs = [pair for stretch in stretches for pair in stretch.pairs]
    placed = [(block, due) for block, due in pairs if block is not None and due is not None and due.slot.part]
    _refuse_another_layout(len(placed), page)
    found += departures(stretches, page)
    for area in page.operations:
        found += _operation(area, [(block, due.slot) for block, due in placed if due.area is area], page.facts)
    return Drift(name, merged(found))


def _refuse_another_layout(placed: int, page: Expected) -> None:
    """Raises UsageError for a page that has less than half of what the schemas know in its place."""
    if 2 * placed < sum(bool(slot.part) for area in page.operations for slot in area.slots):
        raise UsageError(
            "the page is not laid out as the specification page is: too little of what the schemas know is where it "
            "should be. Expected are headings as in schemas/page.yaml, endpoints such as /Provider/signup, examples as "
            "blocks of code, and a table of definitions for each operation; `spec page` writes such a page"
        )


def _operation(area: Area, placed: Sequence[tuple[Block, Slot]], facts: Facts) -> list[Difference]:
    """The differences of the examples and the table of an operation."""
    found: list[Difference] = []
    lines: dict[str, dict[str, int]] = {}
    operation = area.operation
    assert operation is not None
    for block, slot in placed:
        if slot.kind == "example":
            value, mistakes = read(block.text, block.line)
            for mistake in mistakes:
                kind = "typing error" if mistake.mended else "drift"
                found.append(replace(drift(area, mistake.line, mistake.text, slot.part), kind=kind))
            if value is not None:
                example = Example(operation, slot.part, facts)
                found += example.differences(value, slot.value)
                lines[slot.part] = {"": value.line, **example.lines}
        elif slot.kind == "table":
            table = Table(block, slot, operation, facts)
            found += table.differences()
            lines[slot.part] = {"": block.line, **table.lines}
    return [*found, *settled(area, facts, lines, found)]

"""Compares the structure of a page with that of the schemas: operations, headings, labels, endpoints, whole blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ....errors import UsageError
from .differences import PARTS, Difference
from .expected import Expected, Slot
from .locate import Found, endpoint, plain
from .markdown import Block
from .sentences import Sentence, fingerprint, split, words

LEAD_WORDS: Final = 3
"""Words of a text that only leads to the example beneath it, such as *or*."""


def departures(parts: Sequence[Found], page: Expected) -> Iterator[Difference]:
    """How the structure of a page differs; takes the sentences beneath an added or removed heading with it."""
    yield from _operations(parts, page)
    yield from _levels(parts)
    for part in parts:
        if part.area is not None:
            yield from _words(part)
            yield from _missing(part)
            yield from _extra(part, page)


def refuse_another_layout(parts: Sequence[Found], page: Expected) -> None:
    """Raises UsageError for a page that has less than half of what the schemas know in its place."""
    wanted = sum(bool(slot.part) for area in page.operations for slot in area.slots)
    there = sum(part.area.slots[n].part != "" for part in parts if part.area is not None for n in part.placed)
    if 2 * there < wanted:
        raise UsageError(
            "the page is not laid out as the specification page is: too little of what the schemas know is where it "
            "should be. Expected are headings as in schemas/page.yaml, endpoints such as /Provider/signup, examples as "
            "blocks of code, and a table of definitions for each operation; `spec page` writes such a page"
        )


def _operations(parts: Sequence[Found], page: Expected) -> Iterator[Difference]:
    """Operations that are missing, unknown, there twice or in another order."""
    last = max((block.line for part in parts for block in part.blocks), default=1)
    shown = [part.operation for part in parts]
    for area in page.operations:
        operation = area.operation
        if operation is not None and operation not in shown:
            text = f"endpoint {operation.path} of the schemas is missing"
            yield Difference("drift", last, operation.action, "", (), text)
    paths = {operation.path for operation in shown if operation is not None}
    for part in parts:
        if part.area is None and (found := part.endpoint()) is not None:
            text = f"endpoint {found[1].path} {'a second time' if found[1].path in paths else 'is not in the schemas'}"
            yield Difference("drift", found[0].line, found[1].path.removeprefix("/"), "", (), text)
    known = [part for part in parts if part.operation is not None]
    order = [page.operations.index(part.area) for part in known if part.area is not None]
    for number in range(1, len(known)):
        if order[number] < order[number - 1]:
            text = f"section {_title(known[number])!r} after {_title(known[number - 1])!r}"
            yield Difference("drift", known[number].blocks[0].line, known[number].action, "", (), text)


def _title(part: Found) -> str:
    return part.area.slots[0].text if part.area is not None else ""


def _levels(parts: Sequence[Found]) -> Iterator[Difference]:
    """Headings of another level; those that follow one another and are all shifted alike are one difference."""
    shifted: list[tuple[Found, Block, int]] = []
    for part in (*parts, None):
        headings: list[Any] = [None]
        if part is not None and part.area is not None:
            headings = [(part.area.slots[n], block) for n, block in part.placed.items() if block.level]
            headings = [(slot, block) for slot, block in headings if slot.kind == "heading"]
        for heading in headings:
            shift = heading[1].level - heading[0].level if heading is not None else 0
            if shifted and shift != shifted[0][2]:
                yield _shift(shifted)
                shifted = []
            if shift and part is not None and heading is not None:
                shifted.append((part, heading[1], shift))


def _shift(shifted: list[tuple[Found, Block, int]]) -> Difference:
    part, block, shift = shifted[0]
    action = part.action if all(other is part for other, *_ in shifted) else ""
    if len(shifted) == 1:
        text = f"heading {block.text!r} of level {block.level} in place of {block.level - shift}"
    else:
        deeper = f"{abs(shift)} level{'' if abs(shift) == 1 else 's'} {'deeper' if shift > 0 else 'higher'}"
        text = f"{len(shifted)} headings from here to line {shifted[-1][1].line} are {deeper} than in the layout"
    return Difference("drift", block.line, action, "", (), text)


def _words(part: Found) -> Iterator[Difference]:
    """Headings, labels and endpoints with other words or in another order."""
    assert part.area is not None
    for block, before in part.moved:
        kind = "heading" if block.kind == "heading" else "label"
        text = f"{kind} {block.text!r} with what is beneath it after {before.text!r}"
        yield Difference("drift", block.line, part.action, "", (), text)
    for number, block in part.placed.items():
        slot = part.area.slots[number]
        if slot.kind in ("heading", "label") and plain(block.text) != plain(slot.text):
            text = f"{slot.kind} {block.text!r} in place of {slot.text!r}"
            yield Difference("drift", block.line, part.action, "", (), text)
        elif slot.kind == "endpoint" and (text := _endpoint(block, slot)):
            yield Difference("drift", block.line, part.action, "", (), text)


def _endpoint(block: Block, slot: Slot) -> str:
    """How an endpoint is written differently; "" if it is not."""
    shown = endpoint(block)
    if shown is None:
        return f"a block of code in place of the endpoint {slot.text}"
    if shown.path != slot.text:
        prefix = shown.path.removesuffix(slot.text)
        if prefix == shown.path:
            return f"endpoint {shown.path} in place of {slot.text}"
        return f"endpoint with {shown.host}{prefix} before its path"
    if shown.method:
        return f"endpoint with the method {shown.method}, about which T1 has the page as silent"
    return f"endpoint with {shown.host} before its path" if shown.host else ""


def _missing(part: Found) -> Iterator[Difference]:
    """What the page lacks; all that stands between two blocks that are there is one difference."""
    assert part.area is not None
    spare = Counter(fingerprint(found.text) for block in part.extra for found in split(block.text))
    spare.subtract(fingerprint(found.text) for found in part.area.sentences)
    line = part.blocks[0].line if part.blocks else 1
    run: list[Slot] = []
    for number, slot in enumerate((*part.area.slots, None)):
        if slot is not None and slot.kind == "text":
            if run and all(spare[fingerprint(found.text)] < 0 for found in slot.sentences):
                run.append(slot)
            continue
        if slot is not None and number not in part.placed:
            run.append(slot)
            continue
        if run:
            yield _gone(part, run, line)
            run = []
        if slot is not None:
            line = part.placed[number].line


def _gone(part: Found, run: list[Slot], line: int) -> Difference:
    """The difference for slots that are missing; the sentences of headings that are gone go with them."""
    names: list[str] = []
    level = 0
    beneath = ""
    for slot in run:
        part.without |= set(slot.sentences)
        if slot.kind == "heading" and (not level or slot.level <= level):
            level = slot.level
            names.append(f"the heading {slot.text!r}")
        elif level:
            beneath = " with what is beneath"
        else:
            names.append(f"the {PARTS.get(slot.part, slot.part) or f'{slot.kind} {slot.text!r}'}")
    text = f"{_listed(names)}{beneath} {'is' if len(names) == 1 else 'are'} missing after this line"
    covered = dict.fromkeys(cited for slot in run for found in slot.sentences for cited in found.covered_by)
    return Difference("drift", line, part.action, "", (), text, covered_by=tuple(covered))


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _extra(part: Found, page: Expected) -> Iterator[Difference]:
    """What the layout has not: headings with all beneath them, labels, examples and tables."""
    assert part.area is not None
    known = {fingerprint(found.text) for found in part.area.sentences}
    title = plain(page.facts.front_matter["title"])
    placed = {id(block) for block in part.placed.values()}
    under: Block | None = None
    """The unknown heading that the block stands beneath."""
    follows = False
    """Whether the block before it is one that the layout has not."""
    for block, after in zip(part.blocks, [*part.blocks[1:], None], strict=True):
        if id(block) in placed:
            under, follows = None, False
        elif block.kind in ("text", "bold") and (under is None or _is_due(block, known)):
            # What introduces an example that is not in the layout goes with it.
            introduces = block.kind == "bold" or block.text.endswith(":") or len(words(block.text)) <= LEAD_WORDS
            if not introduces or after is None or after.kind != "code" or id(after) in placed:
                part.prose.append(block)
        elif block.kind == "heading":
            if (under is None or block.level <= under.level) and not _is_title(block, title):
                under = block
                yield Difference(
                    "drift", block.line, part.action, "", (), f"heading {block.text!r} is not in the layout"
                )
        elif under is None:
            if not follows:
                name = "a table" if block.kind == "table" else "a block of code"
                yield Difference("drift", block.line, part.action, "", (), f"{name} is not in the layout")
            follows = True


def _is_title(block: Block, title: tuple[str, ...]) -> bool:
    return block.level == 1 and plain(block.text) == title


def _is_due(block: Block, known: set[str]) -> bool:
    return any(fingerprint(found.text) in known for found in split(block.text))


def due(part: Found) -> tuple[Sentence, ...]:
    """The sentences that are due in a part, without those that went with their heading."""
    return tuple(found for found in part.area.sentences if found not in part.without) if part.area is not None else ()

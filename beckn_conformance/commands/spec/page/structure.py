"""Compares the structure of a page with that of the schemas: operations, headings, labels, endpoints, whole blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final

from ....errors import UsageError
from .block import Block
from .differences import PARTS, Difference
from .expected import Expected, Slot
from .locate import UNKNOWN, Found, endpoint, plain
from .sentences import fingerprint, split, words

LEAD_WORDS: Final = 3
"""Words of a text that only leads to the example beneath it, such as *or*."""


def departures(parts: Sequence[Found], page: Expected) -> Iterator[Difference]:
    """How the structure of a page differs; takes the sentences beneath an added or removed heading with it."""
    yield from _operations(parts, page)
    yield from _levels(parts)
    for part in parts:
        if part.area is not UNKNOWN:
            yield from _words(part)
            yield from _missing(part)
            yield from _extra(part, page)


def refuse_another_layout(parts: Sequence[Found], page: Expected) -> None:
    """Raises UsageError for a page that has less than half of what the schemas know in its place."""
    wanted = sum(bool(slot.part) for area in page.operations for slot in area.slots)
    there = sum(part.area.slots[number].part != "" for part in parts for number in part.placed)
    if 2 * there < wanted:
        raise UsageError(
            "the page is not laid out as the specification page is: too little of what the schemas know is where it "
            "should be. Expected are headings as in schemas/page.yaml, endpoints such as /Provider/signup, examples as "
            "blocks of code, and a table of definitions for each operation; `spec page` writes such a page"
        )


def _operations(parts: Sequence[Found], page: Expected) -> Iterator[Difference]:
    """Operations that are missing, unknown, there twice or in another order."""
    last = max((block.line for part in parts for block in part.blocks), default=1)
    paths = {part.area.path for part in parts}
    for area in page.operations:
        if area.path not in paths:
            yield Found(area, []).drift(last, f"endpoint {area.path} of the schemas is missing")
    for part in parts:
        if part.area is UNKNOWN and (found := part.endpoint()) is not None:
            block, shown = found
            text = f"endpoint {shown.path} {'a second time' if shown.path in paths else 'is not in the schemas'}"
            yield Difference("drift", block.line, shown.path.removeprefix("/"), "", (), text)
    known = [part for part in parts if part.operation is not None]
    for before, part in pairwise(known):
        if page.operations.index(part.area) < page.operations.index(before.area):
            yield part.drift(part.blocks[0].line, f"section {part.area.title!r} after {before.area.title!r}")


def _levels(parts: Sequence[Found]) -> Iterator[Difference]:
    """Headings of another level; those that follow one another and are all shifted alike are one difference."""
    placed = ((part, part.area.slots[n], block) for part in parts for n, block in sorted(part.placed.items()))
    headings = [(part, slot, block) for part, slot, block in placed if block.level and slot.level]
    runs = [[*group] for _, group in groupby(headings, key=lambda h: h[2].level - h[1].level)]
    alone = Counter((run[0][1].level, run[0][2].level) for run in runs if len(run) == 1)
    for run in runs:
        part, slot, block = run[0]
        shift = block.level - slot.level
        if shift and len(run) == 1:
            # All titles, for one, may have another level.
            name = f" {block.text!r}" if alone[slot.level, block.level] == 1 else ""
            yield part.drift(block.line, f"heading{name} of level {block.level} in place of {slot.level}")
        elif shift:
            within = part if all(other is part for other, *_ in run) else Found(UNKNOWN, [])
            deeper = f"{abs(shift)} level{'' if abs(shift) == 1 else 's'} {'deeper' if shift > 0 else 'higher'}"
            text = f"{len(run)} headings from here to line {run[-1][2].line} are {deeper} than in the layout"
            yield within.drift(block.line, text)


def _words(part: Found) -> Iterator[Difference]:
    """Headings, labels and endpoints with other words or in another order."""
    for block, before in part.moved:
        kind = "heading" if block.kind == "heading" else "label"
        yield part.drift(block.line, f"{kind} {block.text!r} with what is beneath it after {before.text!r}")
    for block in part.blocks:
        if block.fault:
            yield part.drift(block.line, block.fault)
    for number, block in part.placed.items():
        slot = part.area.slots[number]
        if slot.kind in ("heading", "label") and plain(block.text) != plain(slot.text):
            yield part.drift(block.line, f"{slot.kind} {block.text!r} in place of {slot.text!r}")
        elif slot.kind == "endpoint" and (text := _endpoint(block, slot)):
            yield part.drift(block.line, text)


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
    spare = Counter(fingerprint(found.text) for block in part.extra() for found in split(block.text))
    spare.subtract(fingerprint(found.text) for found in part.area.sentences)
    line = part.blocks[0].line if part.blocks else 1
    run: list[Slot] = []
    for number, slot in enumerate(part.area.slots):
        if slot.kind == "text":
            if run and all(spare[fingerprint(found.text)] < 0 for found in slot.sentences):
                run.append(slot)
        elif number not in part.placed:
            run.append(slot)
        else:
            if run:
                yield _gone(part, run, line)
            run, line = [], part.placed[number].line
    if run:
        yield _gone(part, run, line)


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
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    text = f"{listed}{beneath} {'is' if len(names) == 1 else 'are'} missing after this line"
    return part.drift(line, text, covered_by=(c for slot in run for found in slot.sentences for c in found.covered_by))


def _extra(part: Found, page: Expected) -> Iterator[Difference]:
    """What the layout does not have: headings with all beneath them, examples and tables. Finds the running text."""
    known = {fingerprint(found.text) for found in part.area.sentences}
    title = plain(page.facts.front_matter["title"])
    extra = {id(block) for block in part.extra()}
    under: Block | None = None
    """The unknown heading that the block stands beneath."""
    follows = False
    """True if the block before it is one that the layout does not have."""
    for block, after in zip(part.blocks, [*part.blocks[1:], None], strict=True):
        if id(block) not in extra:
            under, follows = None, False
        elif block.kind in ("text", "bold") and (under is None or _is_due(block, known)):
            # What introduces an example that is not in the layout goes with it.
            introduces = block.kind == "bold" or block.text.endswith(":") or len(words(block.text)) <= LEAD_WORDS
            if not introduces or after is None or after.kind not in ("code", "table") or id(after) not in extra:
                part.prose.append(block)
        elif block.kind == "heading":
            is_title = block.level == 1 and plain(block.text) == title
            if (under is None or block.level <= under.level) and not is_title:
                under = block
                yield part.drift(block.line, f"heading {block.text!r} is not in the layout")
        elif under is None:
            if not follows:
                name = "a table" if block.kind == "table" else "a block of code"
                yield part.drift(block.line, f"{name} is not in the layout")
            follows = True


def _is_due(block: Block, known: set[str]) -> bool:
    return any(fingerprint(found.text) in known for found in split(block.text))

"""Finds the parts of a page: which blocks belong to which operation, and which block shows what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ....specification.catalogue import Operation
from .align import align
from .block import Block
from .differences import Difference
from .expected import Area, Expected, Slot
from .sentences import Sentence, similarity, words

_ENDPOINT = re.compile(
    r"(?:[A-Za-z][A-Za-z ]{0,30}:\s+)?(?:(?P<method>[A-Z]{3,7})\s+)?"
    r"(?P<host>[a-z]+://[^\s/]+|\{\{?\w+\}?\}|<\w+>|\$\w+)?(?P<path>/[^\s\"'{}<>]*|\w+(?:/\w+)+)"
    r"(?:\s+HTTP/[0-9.]+|\s+\((?P<after>[A-Z]{3,7})\))?"
)


UNKNOWN: Final = Area(None, ())
"""An operation that the schemas do not have."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as a page writes it."""

    method: str
    host: str
    path: str


@dataclass(slots=True)
class Found:
    """The part of a page that shows an area."""

    area: Area
    """UNKNOWN if the schemas have no such area."""
    blocks: list[Block]
    placed: dict[int, Block] = field(default_factory=dict)
    """The block of each slot."""
    moved: list[tuple[Block, Block]] = field(default_factory=list)
    """Headings and labels that stand after a later one, each with that."""
    prose: list[Block] = field(default_factory=list)
    """Running text that is compared sentence by sentence."""
    without: set[Sentence] = field(default_factory=set)
    """Sentences that are due and gone together with their heading."""

    @property
    def operation(self) -> Operation | None:
        return self.area.operation

    def drift(self, line: int, text: str, part: str = "", covered_by: Iterable[str] = ()) -> Difference:
        """A difference in this part of the page."""
        action = self.operation.action if self.operation is not None else ""
        return Difference("drift", line, action, part, (), text, covered_by=tuple(dict.fromkeys(covered_by)))

    def endpoint(self) -> tuple[Block, Endpoint] | None:
        """The first endpoint of the blocks."""
        return next(((block, found) for block in self.blocks if (found := endpoint(block)) is not None), None)

    def extra(self) -> list[Block]:
        """Blocks without a slot, running text included."""
        placed = {id(block) for block in self.placed.values()}
        return [block for block in self.blocks if id(block) not in placed]

    def due(self) -> list[Sentence]:
        """The sentences that are due, without those that are gone with their heading."""
        return [sentence for sentence in self.area.sentences if sentence not in self.without]

    def place(self) -> None:
        """Finds the slot of each block; what stands beneath a heading that was moved goes with it."""
        self.placed, total = _fit(self.blocks, self.area.slots)
        ordered, moved = self._reordered(self.area.slots)
        if moved:
            placed, better = _fit(ordered, self.area.slots)
            if better > total:
                self.blocks, self.moved, self.placed = ordered, moved, placed

    def _reordered(self, slots: Sequence[Slot]) -> tuple[list[Block], list[tuple[Block, Block]]]:
        """The blocks in the order of the layout, by the headings and labels that both have, and which were moved."""
        moved: list[tuple[Block, Block]] = []
        order: dict[tuple[str, ...], int] = {}
        heading: tuple[str, ...] = ()
        name: tuple[str, ...]
        for number, slot in enumerate(slots):
            if slot.kind in ("heading", "label"):
                heading, name = _names_of(slot.kind, slot.text, heading)
                order.setdefault(name, number)
        heading = ()
        chunks: list[tuple[int, list[Block]]] = [(-1, [])]
        last: dict[str, tuple[int, Block]] = {}
        for block in self.blocks:
            name = ()
            if block.kind in ("heading", "bold"):
                heading, name = _names_of(block.kind, block.text, heading)
            if name in order:
                chunks.append((order.pop(name), []))
                if block.kind in last and chunks[-1][0] < last[block.kind][0]:
                    moved.append((block, last[block.kind][1]))
                if block.kind == "heading":
                    last.pop("bold", None)
                last[block.kind] = chunks[-1][0], block
            chunks[-1][1].append(block)
        return [block for _, chunk in sorted(chunks, key=lambda chunk: chunk[0]) for block in chunk], moved


def _names_of(kind: str, text: str, heading: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of the heading that holds from here on, and of this heading or of this label beneath it."""
    if kind == "heading":
        return plain(text), plain(text)
    return heading, (*heading, "", *plain(text))


def endpoint(block: Block) -> Endpoint | None:
    """The endpoint that a block consists of, if it does."""
    found = _ENDPOINT.fullmatch(block.text.strip()) if block.kind in ("code", "text", "bold") else None
    return Endpoint(found["method"] or found["after"] or "", found["host"] or "", found["path"]) if found else None


@lru_cache(maxsize=4096)
def plain(title: str) -> tuple[str, ...]:
    """The words of a heading, without its number and without case."""
    return words(re.sub(r"^[0-9]+(?:\.[0-9]+)*[.)]?\s+", "", title).casefold())


def locate(blocks: Sequence[Block], page: Expected) -> list[Found]:
    """The parts of a page in order, each with its blocks in their slots.

    An operation is found by its title or, if that is another one, by its endpoint.
    """
    found = [Found(page.opening, [])]
    cuts = _cuts(blocks, page)
    for number, block in enumerate(blocks):
        if number in cuts:
            found.append(Found(cuts[number], []))
        found[-1].blocks.append(block)
    found = list(_divided(_joined(found, page), page))
    for part in found:
        part.place()
    return found


def _cuts(blocks: Sequence[Block], page: Expected) -> dict[int, Area]:
    """Where areas begin: at their titles, and at headings of the same level that nobody knows."""
    titles = {plain(area.slots[0].text): area for area in (*page.operations, page.interpretation)}
    known = {plain(slot.text) for area in page.areas for slot in area.slots if slot.kind == "heading"}
    headings = [(number, block) for number, block in enumerate(blocks) if block.kind == "heading"]
    operations = {plain(area.slots[0].text) for area in page.operations}
    levels = (block.level for _, block in headings if plain(block.text) in operations)
    level = next(levels, page.facts.layout["title_level"])
    cuts: dict[int, Area] = {}
    for number, block in headings:
        title = plain(block.text)
        if title in titles:
            cuts[number] = titles.pop(title)
        elif title in operations or (title not in known and block.level <= level):
            cuts[number] = UNKNOWN
    return cuts


def _joined(found: list[Found], page: Expected) -> list[Found]:
    """The parts, those without a known title recognised by their endpoint or joined to the one before."""
    claimed = [part.area for part in found]
    parts = found[:1]
    for part in found[1:]:
        shown = part.endpoint() if part.area is UNKNOWN else None
        if part.area is UNKNOWN and shown is None:
            parts[-1].blocks += part.blocks
            continue
        if shown is not None:
            part.area = _unclaimed(shown[1], page, claimed)
            claimed.append(part.area)
        parts.append(part)
    return parts


def _unclaimed(shown: Endpoint, page: Expected, claimed: Sequence[Area]) -> Area:
    """The area of an endpoint; UNKNOWN if there is none, or none that is still to be found."""
    path = shown.path.rstrip("/")
    return next((area for area in page.operations if area not in claimed and path.endswith(area.path)), UNKNOWN)


def _divided(parts: list[Found], page: Expected) -> Iterator[Found]:
    """The parts, each cut where the endpoint of an operation without a title stands."""
    claimed = [part.area for part in parts]
    for part in parts:
        cuts = {0: part.area}
        shown = [(number, found) for number, block in enumerate(part.blocks) if (found := endpoint(block)) is not None]
        for number, found in shown[part.operation is not None :]:
            if (area := _unclaimed(found, page, claimed)) is not UNKNOWN:
                claimed.append(area)
                cuts[number - (number > 0 and part.blocks[number - 1].kind == "heading")] = area
        starts = sorted(cuts)
        for start, end in zip(starts, [*starts[1:], None], strict=True):
            yield Found(cuts[start], part.blocks[start:end])


def _fit(blocks: Sequence[Block], slots: Sequence[Slot]) -> tuple[dict[int, Block], float]:
    """The best placing of blocks in slots, and how good it is."""
    pairs = align(len(blocks), len(slots), lambda i, j: _score(blocks[i], slots[j]))
    placed = {j: blocks[i] for i, j in pairs if i is not None and j is not None}
    return placed, sum(_score(block, slots[j]) for j, block in placed.items())


def _score(block: Block, slot: Slot) -> float:
    """How well a block fills a slot; 0 if not at all."""
    same = slot.kind in ("heading", "label") and plain(block.text) == plain(slot.text)
    if slot.kind == "heading":
        if block.kind == "heading":
            return 10 + (block.level == slot.level) if same else 1 + similarity(block.text, slot.text)
        return 8.0 * (same and block.kind in ("bold", "text"))
    if slot.kind == "label":
        if block.kind == "bold":
            return 10 if same else 1 + similarity(block.text, slot.text)
        return 8.0 * (same and block.kind in ("heading", "text"))
    if slot.kind == "endpoint":
        if (shown := endpoint(block)) is not None:
            return 15 if shown.path == slot.text else 10
        return 2.0 * (block.kind == "code" and slot.text in block.text and not _is_json(block))
    if slot.kind == "example" and block.kind == "code":
        return 3 + 20 * _overlap(block.text, slot) if _is_json(block) else 0.3
    if slot.kind == "table" and block.kind == "table":
        return 3.0
    return 0.0


def _is_json(block: Block) -> bool:
    return block.text.lstrip()[:1] in ("{", "[", '"')


def _overlap(text: str, slot: Slot) -> float:
    """How many names an example has in common with the one that is due, from 0 to 1."""
    shown, due = set(re.findall(r'"([^"\n]{1,60})"\s*:', text)), set(_names(slot.value))
    return 2 * len(shown & due) / (len(shown) + len(due) or 1)


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _names(item)

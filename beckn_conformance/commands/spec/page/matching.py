"""Matches what a page shows with what it should show: headings, labels, endpoints, examples, tables and sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, TypeVar

from .align import anchored
from .block import Block
from .expected import Area, Expected, Slot
from .sentences import fingerprint, similarity, split, words

_ENDPOINT = re.compile(
    r"(?:[A-Za-z][A-Za-z ]{0,30}:\s+)?(?:(?P<method>[A-Z]{3,7})\s+)?"
    r"(?P<host>[a-z]+://[^\s/]+|\{\{?\w+\}?\}|<\w+>|\$\w+)?(?P<path>/[^\s\"'{}<>]*|\w+(?:/\w+)+)"
    r"(?:\s+HTTP/[0-9.]+|\s+\((?P<after>[A-Z]{3,7})\))?"
)
_NAMES = re.compile(r'"([^"\n]{1,60})"\s*:')
_LABEL = 7
"""The level of a label, which stands beneath all headings."""

T = TypeVar("T")


class Endpoint(NamedTuple):
    """An endpoint as a page writes it."""

    method: str
    host: str
    path: str


class Due(NamedTuple):
    """A block or a sentence that the page should show."""

    area: Area
    slot: Slot


class Pair(NamedTuple):
    """A block or a sentence of the page, and the one that is due in its place; None if there is none."""

    shown: Block | None
    due: Due | None

    @property
    def is_whole(self) -> bool:
        return self.shown is not None and self.due is not None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the page whose order is that of the layout."""

    pairs: list[Pair]
    after: Block | None = None
    """The heading or label that it stands after, if it should stand elsewhere."""


@lru_cache(maxsize=4096)
def plain(title: str) -> tuple[str, ...]:
    """The words of a heading, without its number and without case."""
    return words(re.sub(r"^[0-9]+(?:\.[0-9]+)*[.)]?\s+", "", title).casefold())


@lru_cache(maxsize=4096)
def endpoint(block: Block) -> Endpoint | None:
    """The endpoint that a block consists of, if it does."""
    found = _ENDPOINT.fullmatch(block.text.strip()) if block.kind in ("code", "text", "bold") else None
    return Endpoint(found["method"] or found["after"] or "", found["host"] or "", found["path"]) if found else None


def path_of(block: Block) -> str:
    """The path of the endpoint that a block consists of; "" if it does not."""
    found = endpoint(block)
    return found.path if found is not None else ""


def sentences_of(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks of a page, each sentence of its running text as one; a sentence may go on in the next paragraph."""
    paragraphs: list[Block] = []
    for block in blocks:
        before = paragraphs[-1] if paragraphs else None
        if before and block.kind == before.kind == "text" and before.text[-1:] not in ".!?:" and not path_of(before):
            gap = block.line - before.line - before.text.count("\n")
            paragraphs[-1] = replace(before, text=before.text + "\n" * gap + block.text)
        else:
            paragraphs.append(block)
    for block in paragraphs:
        if block.kind in ("text", "bold") and not path_of(block):
            yield from (replace(block, text=one.text, line=one.line) for one in split(block.text, block.line))
        else:
            yield block


def match(shown: Sequence[Block], page: Expected) -> list[Stretch]:
    """Matches the whole page. What was moved, with all beneath it, is a stretch of its own.

    The readings are due only on a page that has a heading for them.
    """
    headings = {plain(block.text) for block in shown if block.kind == "heading"}
    areas = page.areas if plain(page.interpretation.title) in headings else page.areas[:-1]
    pairs = _paired(shown, [due for area in areas for due in _due(area)])
    stretches: list[Stretch] = []
    runs = [[*run] for is_whole, run in groupby(pairs, lambda pair: pair.is_whole) if not is_whole]
    absent = [chunk for run in runs for chunk in chunks([pair.due for pair in run if pair.due], _level_due)]
    for run in runs:
        for chunk in chunks([pair.shown for pair in run if pair.shown], _level):
            for missing in absent:
                if _is_same(chunk, missing):
                    taken = {*map(id, chunk), *map(id, missing)}
                    pairs = [pair for pair in pairs if not {id(pair.shown), id(pair.due)} & taken]
                    stretches.append(Stretch(_paired(chunk, missing), _before(shown, chunk[0])))
                    absent.remove(missing)
                    break
    return [Stretch(pairs), *stretches]


def chunks(items: Sequence[T], level: Callable[[T], int]) -> list[list[T]]:
    """Divides items at headings; what stands beneath a heading goes with it. ``level`` is 0 for others."""
    found: list[list[T]] = []
    for item in items:
        here, above = level(item), level(found[-1][0]) if found else 0
        if not found or (here and (not above or here <= above)):
            found.append([])
        found[-1].append(item)
    return found


def _level(block: Block) -> int:
    return _LABEL if block.kind == "bold" else block.level


def _level_due(due: Due) -> int:
    return _LABEL if due.slot.kind == "label" else due.slot.level


def _is_same(chunk: Sequence[Block], missing: Sequence[Due]) -> bool:
    """Whether both have the same heading or label, or are about the same endpoint."""
    if not (_level(chunk[0]) and _level_due(missing[0])):
        return False
    is_named = plain(chunk[0].text) == plain(missing[0].slot.text)
    return is_named or missing[0].area.path in filter(None, map(path_of, chunk))


def _before(shown: Sequence[Block], head: Block) -> Block:
    """The heading or label after which one stands, of the same level or a higher one."""
    place = next(number for number, block in enumerate(shown) if block is head)
    return next((block for block in reversed(shown[:place]) if 0 < _level(block) <= _level(head)), shown[0])


def _due(area: Area) -> Iterator[Due]:
    for slot in area.slots:
        for one in slot.sentences:
            pieces = (replace(one, text=piece.text) for piece in split(one.text))
            yield from (Due(area, Slot("text", piece.text, sentences=(piece,))) for piece in pieces)
        if slot.kind != "text":
            yield Due(area, slot)


def _paired(shown: Sequence[Block], due: Sequence[Due]) -> list[Pair]:
    here = _keys((block.kind, block.text, path_of(block)) for block in shown)
    there = _keys((slot.kind, slot.text, slot.text if slot.kind == "endpoint" else "") for _, slot in due)
    indices = anchored(here, there, lambda i, j: _score(shown[i], due[j].slot))
    return [Pair(None if i is None else shown[i], None if j is None else due[j]) for i, j in indices]


def _keys(blocks: Iterable[tuple[str, str, str]]) -> list[Hashable]:
    """A key for each kind, text and endpoint; where those of two sides are equal, they surely belong together."""
    found: list[Hashable] = []
    last = ""
    """The path of the last endpoint: what follows it is much the same in all operations."""
    for kind, text, path in blocks:
        last = path or last
        if kind == "heading":
            found.append(plain(text))
        elif kind in ("code", "example") and (names := _NAMES.findall(text)):
            found.append((last, frozenset(names)))
        else:
            found.append((last, fingerprint(text)))
    return found


def _score(block: Block, slot: Slot) -> float:
    """How well a block fills a slot; 0 if not at all."""
    is_json = block.kind == "code" and block.text.lstrip()[:1] in ("{", "[", '"')
    match slot.kind:
        case "endpoint":
            if (found := endpoint(block)) is not None:
                return 15.0 if found.path == slot.text else 10.0
            return 2.0 * (block.kind == "code" and not is_json and slot.text in block.text)
        case "example":
            shown, due = set(_NAMES.findall(block.text)), set(_NAMES.findall(slot.text))
            return 3 + 40 * len(shown & due) / (len(shown) + len(due) or 1) if is_json else 0.0
        case "table":
            return 3.0 * (block.kind == "table")
    if block.kind in ("code", "table"):
        return 0.0
    is_same = plain(block.text) == plain(slot.text)
    if block.kind != {"heading": "heading", "label": "bold"}.get(slot.kind, "text"):
        return 8.0 * is_same
    return 15.0 if is_same else 1 + 4 * similarity(block.text, slot.text)

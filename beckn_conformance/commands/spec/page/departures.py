"""Tells where the blocks and sentences of a page are other than the layout has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import dropwhile, groupby
from typing import Final

from ....messages.text import counted
from ....untrusted.text import brief
from .block import Block
from .differences import PARTS, Difference
from .expected import Area, Expected, Slot
from .matching import Due, Pair, Stretch, chunks, endpoint, path_of, plain
from .sentences import Sentence, fingerprint, reworded, words

FEW: Final = 3
"""Sentences in a row that are told one by one if they are new or gone."""
LEAD_WORDS: Final = 3
"""Words of a text that only leads to the example beneath it, such as *or*."""
LABEL_WORDS: Final = 2
"""Words of a bold paragraph that says nothing, such as **Note**."""


def drift(area: Area | None, line: int, text: str, part: str = "", covered_by: Iterable[str] = ()) -> Difference:
    """A difference in an area of the page."""
    action = area.operation.action if area is not None and area.operation is not None else ""
    return Difference("drift", line, action, part, (), text, covered_by=tuple(dict.fromkeys(covered_by)))


def departures(stretches: Sequence[Stretch], page: Expected) -> Iterator[Difference]:
    """Yields what is new, gone, moved, or other than it should be, leaving aside what examples and tables show."""
    told = _Absences([pair for stretch in stretches for pair in stretch.pairs], page)
    for stretch in stretches:
        head, due = stretch.pairs[0] if stretch.pairs else (None, None)
        if stretch.after is not None and head is not None and due is not None:
            text = f"{due.slot.kind} {head.text!r} with what is beneath it after {stretch.after.text!r}"
            yield drift(due.area, head.line, text)
        yield from _stretch(stretch.pairs, told)


def _stretch(pairs: Sequence[Pair], told: _Absences) -> Iterator[Difference]:
    line = next((pair.shown.line for pair in pairs if pair.shown), 1)
    area = next((pair.due.area for pair in pairs if pair.due), None)
    for is_whole, run in groupby(pairs, lambda pair: pair.is_whole):
        if not is_whole:
            absent = [*run]
            yield from told.new([pair.shown for pair in absent if pair.shown], area)
            yield from told.gone([pair.due for pair in absent if pair.due], line)
            continue
        for shown, due in run:
            assert shown is not None
            assert due is not None
            line, area = shown.line, due.area
            if text := _changed(shown, due.slot):
                covered = due.slot.sentences[0].covered_by if due.slot.sentences else ()
                yield drift(area, line, text, "text" if due.slot.kind == "text" else "", covered)
            if (shift := shown.level - due.slot.level) and shown.level:
                how = f"{counted(abs(shift), 'level')} {'deeper' if shift > 0 else 'higher'}"
                yield drift(area, line, f"a heading {how} than in the layout")
            if shown.fault:
                yield drift(area, line, shown.fault)


def _changed(block: Block, slot: Slot) -> str:
    """How a heading, a label, an endpoint or a sentence is other than it should be; "" if it is not."""
    if slot.kind in ("heading", "label"):
        return "" if plain(block.text) == plain(slot.text) else f"{slot.kind} {block.text!r} in place of {slot.text!r}"
    if slot.kind == "text":
        return reworded(slot.sentences[0], block.text)
    if slot.kind != "endpoint":
        return ""
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


# What only one side has.


class _Absences:
    """Tells what is new on a page and what is gone; what is both has been moved."""

    def __init__(self, pairs: Sequence[Pair], page: Expected) -> None:
        absent = [pair for pair in pairs if not pair.is_whole]
        texts = (due for _, due in absent if due is not None and due.slot.kind == "text")
        self._gone = {fingerprint(due.slot.text): due.slot.sentences[0] for due in texts}
        self._new = {fingerprint(block.text) for block, _ in absent if block is not None}
        self._paths = {path_of(pair.shown) for pair in pairs if pair.shown is not None and pair.is_whole}
        self._title = plain(page.facts.front_matter["title"])

    def new(self, blocks: Sequence[Block], area: Area | None) -> Iterator[Difference]:
        """Yields what the layout does not have: whole operations, headings with all beneath them, blocks, sentences."""
        for chunk in chunks(blocks, lambda block: block.level):
            head = chunk[0]
            if head.level and (shown := [block for block in chunk if path_of(block)]):
                path = path_of(shown[0])
                text = f"endpoint {path} {'a second time' if path in self._paths else 'is not in the schemas'}"
                yield replace(drift(None, shown[0].line, text), operation=path.removeprefix("/"))
            elif head.level and not (head.level == 1 and plain(head.text) == self._title):
                yield drift(area, head.line, f"heading {head.text!r} is not in the layout")
                yield from self._sentences([block for block in chunk if fingerprint(block.text) in self._gone], area)
            else:
                yield from self._blocks(chunk[bool(head.level) :], area)

    def _blocks(self, blocks: Sequence[Block], area: Area | None) -> Iterator[Difference]:
        for is_text, group in groupby(blocks, lambda block: block.kind in ("text", "bold")):
            run = [*group]
            if not is_text:
                name = "a table" if run[0].kind == "table" else "a block of code"
                yield drift(area, run[0].line, f"{name} is not in the layout")
                continue
            last = run[-1]
            # What introduces an example that is not in the layout goes with it.
            introduces = last.kind == "bold" or last.text.endswith(":") or len(words(last.text)) <= LEAD_WORDS
            yield from self._sentences(run[:-1] if introduces and last is not blocks[-1] else run, area)

    def _sentences(self, blocks: Sequence[Block], area: Area | None) -> Iterator[Difference]:
        said = [block for block in blocks if block.kind == "text" or len(words(block.text)) > LABEL_WORDS]
        for was_due, group in groupby(said, lambda block: fingerprint(block.text) in self._gone):
            run = [*group]
            if was_due:
                for block in run:
                    covered = self._gone[fingerprint(block.text)].covered_by
                    yield drift(area, block.line, f"moved: '{brief(block.text)}'", "text", covered)
                continue
            if len(run) > FEW:
                run = [replace(run[0], text=" ".join(block.text for block in run))]
            for block in run:
                yield drift(area, block.line, f"new text that nothing covers: '{brief(block.text)}'", "text")

    def gone(self, missing: Sequence[Due], line: int) -> Iterator[Difference]:
        """Yields what the page lacks: one difference for all that is missing between two blocks that it has."""
        for _, group in groupby(missing, lambda due: id(due.area)):
            run = [*group]
            area, slots = run[0].area, [due.slot for due in run]
            if _is_operation(area, slots):
                yield drift(area, line, f"endpoint {area.path} of the schemas is missing")
                continue
            blocks = [*dropwhile(lambda slot: slot.kind == "text", slots)]
            texts = [slot.sentences[0] for slot in slots[: len(slots) - len(blocks)]]
            yield from self._gone_sentences(texts, area, line)
            if blocks:
                yield _gone_blocks(blocks, area, line)

    def _gone_sentences(self, texts: Sequence[Sentence], area: Area, line: int) -> Iterator[Difference]:
        lost = [sentence for sentence in texts if fingerprint(sentence.text) not in self._new]
        if len(lost) > FEW:
            covered = [cited for sentence in lost for cited in sentence.covered_by]
            text = " ".join(sentence.text for sentence in lost)
            lost = [Sentence(text, tuple(covered))]
        for sentence in lost:
            yield drift(area, line, f"gone: '{brief(sentence.text)}'", "text", sentence.covered_by)


def _is_operation(area: Area, slots: Sequence[Slot]) -> bool:
    """True if the title and the endpoint of an operation are among the slots."""
    kinds = [slot.kind for slot in slots]
    return bool(area.path) and "endpoint" in kinds and any(slot is area.slots[0] for slot in slots)


def _gone_blocks(slots: Sequence[Slot], area: Area, line: int) -> Difference:
    """The difference for blocks that are missing, with the sentences beneath them."""
    names: list[str] = []
    level = 0
    beneath = ""
    for slot in slots:
        if slot.kind == "heading" and (not level or slot.level <= level):
            level = slot.level
            names.append(f"the heading {slot.text!r}")
        elif level:
            beneath = " with what is beneath"
        elif slot.kind != "text":
            names.append(f"the {PARTS.get(slot.part, slot.part) or f'{slot.kind} {slot.text!r}'}")
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    text = f"{listed}{beneath} {'is' if len(names) == 1 else 'are'} missing after this line"
    covered = [cited for slot in slots for sentence in slot.sentences for cited in sentence.covered_by]
    return drift(area, line, text, covered_by=covered)

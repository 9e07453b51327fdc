"""Compares the running text of a page with the sentences of the schemas, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from ....untrusted.text import brief
from .align import align
from .differences import Difference
from .locate import Found
from .sentences import Sentence, change, fingerprint, respelt, similarity, split, words

Pair = tuple[Sentence | None, Sentence | None]
"""A sentence of the page and the one that is due in its place."""
LABEL_WORDS: Final = 2
"""Words of a bold paragraph that says nothing, such as **Note**."""
FEW: Final = 3
"""Sentences in a row that are told one by one if they are new or gone."""


def compare(parts: Sequence[Found], misspelt: Mapping[str, str]) -> Iterator[Difference]:
    """The sentences that were changed, added, removed or moved, and the words that are known to be misspelt."""
    pairs: list[list[Pair]] = []
    for part in parts:
        shown: list[Sentence] = []
        for sentence in _sentences(part):
            text, mistakes = respelt(sentence.text, misspelt)
            shown.append(replace(sentence, text=text))
            for wrong, right in mistakes:
                text = f"{wrong!r} in place of {right!r}"
                yield replace(part.drift(sentence.line, text, "text"), kind="typing error")
        pairs.append(_pairs(shown, part.due()))
    gone = {fingerprint(d.text): d for found in pairs for s, d in found if s is None and d is not None}
    new = {fingerprint(s.text) for found in pairs for s, d in found if s is not None and d is None}

    def kind(pair: Pair) -> str:
        if pair[0] is not None and pair[1] is None:
            return "moved" if fingerprint(pair[0].text) in gone else "new"
        if pair[1] is not None and pair[0] is None:
            return "elsewhere" if fingerprint(pair[1].text) in new else "gone"
        return "kept"

    for part, found in zip(parts, pairs, strict=True):
        for name, group in groupby(found, kind):
            yield from _differences(part, name, [*group], gone)


def _sentences(part: Found) -> Iterator[Sentence]:
    for block in part.prose:
        if block.kind == "text" or len(words(block.text)) > LABEL_WORDS:
            yield from split(block.text, block.line)


def _pairs(shown: Sequence[Sentence], wanted: Sequence[Sentence]) -> list[Pair]:
    """The sentences of one part, each with the one in whose place it stands."""
    prints = [fingerprint(s.text) for s in shown], [fingerprint(s.text) for s in wanted]

    def score(i: int, j: int) -> float:
        return 20.0 if prints[0][i] == prints[1][j] else 1 + 4 * similarity(shown[i].text, wanted[j].text)

    indices = align(len(shown), len(wanted), score)
    pairs: list[Pair] = [(None if i is None else shown[i], None if j is None else wanted[j]) for i, j in indices]
    for start in range(len(pairs)):
        if start < len(pairs) and (window := _window(pairs, start)) is not None:
            pairs[window] = [_whole(pairs[window])]
    return pairs


def _window(pairs: Sequence[Pair], start: int) -> slice | None:
    """The neighbours that a changed sentence was split into, or put together from; None if it has none."""
    if None in pairs[start] or _alike(pairs[start : start + 1]) == 1:
        return None
    first, end = start, start + 1
    while first and None in pairs[first - 1] and _alike(pairs[first - 1 : end]) > _alike(pairs[first:end]):
        first -= 1
    while end < len(pairs) and None in pairs[end] and _alike(pairs[first : end + 1]) > _alike(pairs[first:end]):
        end += 1
    grown = _alike(pairs[first:end]) > _alike(pairs[start : start + 1]) + 0.1
    return slice(first, end) if grown else None


def _alike(pairs: Sequence[Pair]) -> float:
    shown, wanted = _whole(pairs)
    return similarity(shown.text, wanted.text) if shown is not None and wanted is not None else 0.0


def _whole(pairs: Sequence[Pair]) -> Pair:
    """Neighbouring pairs as one."""
    shown, wanted = ([sentence for sentence in side if sentence is not None] for side in zip(*pairs, strict=True))
    return _together(shown) if shown else None, _together(wanted) if wanted else None


def _together(sentences: Sequence[Sentence]) -> Sentence:
    covered = tuple(dict.fromkeys(cited for sentence in sentences for cited in sentence.covered_by))
    text = " ".join(sentence.text for sentence in sentences)
    return Sentence(text, covered, sentences[0].line, any(sentence.stale for sentence in sentences))


def _differences(part: Found, kind: str, pairs: Sequence[Pair], gone: Mapping[str, Sentence]) -> Iterator[Difference]:
    """The differences of neighbouring pairs of one kind; many that are new, or gone, are one."""
    if kind in ("new", "gone") and len(pairs) > FEW:
        pairs = [_whole(pairs)]
    for shown, wanted in pairs:
        if shown is not None and kind == "new":
            yield part.drift(shown.line, f"new text that nothing covers: '{brief(shown.text)}'", "text")
        elif shown is not None and kind == "moved":
            covered = gone[fingerprint(shown.text)].covered_by
            yield part.drift(shown.line, f"moved: '{brief(shown.text)}'", "text", covered)
        elif wanted is not None and kind == "gone":
            line, text = _line(part, wanted), f"gone: '{brief(wanted.text)}'"
            yield part.drift(line, text, "text", wanted.covered_by)
        elif shown is not None and wanted is not None and (text := reworded(wanted, shown.text)):
            yield part.drift(shown.line, text, "text", wanted.covered_by)


def _line(part: Found, wanted: Sentence) -> int:
    """The line of the block after which a sentence is due."""
    line = part.blocks[0].line if part.blocks else 1
    for number, slot in enumerate(part.area.slots):
        if number in part.placed:
            line = part.placed[number].line
        if any(wanted.text.startswith(sentence.text) for sentence in slot.sentences):
            break
    return line


def reworded(wanted: Sentence, text: str) -> str:
    """How a text differs from the sentence that is due; "" if it does not."""
    if fingerprint(wanted.text) != fingerprint(text):
        return change(wanted.text, text)
    return "a sentence whose coverage was considered for other words; see `spec coverage`" if wanted.stale else ""

"""Compares the running text of a page with the sentences of the schemas, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ....untrusted.text import brief
from .align import align
from .differences import Difference
from .locate import Found
from .sentences import Sentence, change, fingerprint, respelt, similarity, split, words
from .structure import due

Pair = tuple[Sentence | None, Sentence | None]
"""A sentence of the page and the one that is due in its place."""
LABEL_WORDS = 2
"""Words of a bold paragraph that says nothing, such as **Note**."""


def compare(parts: Sequence[Found], misspelt: Mapping[str, str]) -> Iterator[Difference]:
    """The sentences that were changed, added, removed or moved, and the words that are known to be misspelt."""
    pairs: list[tuple[Found, Pair]] = []
    for part in parts:
        shown: list[Sentence] = []
        for sentence in _sentences(part):
            text, mistakes = respelt(sentence.text, misspelt)
            shown.append(replace(sentence, text=text))
            for wrong, right in mistakes:
                text = f"{wrong!r} in place of {right!r}"
                yield Difference("typing error", sentence.line, part.action, "text", (), text)
        pairs += ((part, pair) for pair in _pairs(shown, due(part)))
    yield from _told(pairs)


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
    return _unsplit([(None if i is None else shown[i], None if j is None else wanted[j]) for i, j in indices])


def _unsplit(pairs: list[Pair]) -> list[Pair]:
    """The pairs, with a sentence that became two, or two that became one, as one pair."""
    found: list[Pair] = []
    for pair in pairs:
        if found and (joined := _joined(found[-1], pair)) is not None:
            found[-1] = joined
        else:
            found.append(pair)
    return found


def _joined(one: Pair, other: Pair) -> Pair | None:
    """Two pairs as one, if one side of them is a single sentence and together they are more alike than apart."""
    sides = [[s for s in side if s is not None] for side in zip(one, other, strict=True)]
    if sorted(map(len, sides)) != [1, 2]:
        return None
    whole = [_together(side) for side in sides]
    alone = next(pair for pair in (one, other) if None not in pair)
    if similarity(whole[0].text, whole[1].text) <= _alike(alone) + 0.1:
        return None
    return whole[0], whole[1]


def _alike(pair: Pair) -> float:
    return similarity(pair[0].text, pair[1].text) if pair[0] is not None and pair[1] is not None else 0.0


def _together(sentences: Sequence[Sentence]) -> Sentence:
    covered = tuple(dict.fromkeys(cited for sentence in sentences for cited in sentence.covered_by))
    text = " ".join(sentence.text for sentence in sentences)
    return Sentence(text, covered, sentences[0].line, any(sentence.stale for sentence in sentences))


def _told(pairs: Sequence[tuple[Found, Pair]]) -> Iterator[Difference]:
    """A difference for each pair that is none; one for a sentence that is gone here and new there."""
    gone = {fingerprint(d.text): (part, d) for part, (s, d) in pairs if s is None and d is not None}
    new = {fingerprint(s.text) for _, (s, d) in pairs if s is not None and d is None}
    line = 1
    for part, (shown, wanted) in pairs:
        if shown is not None:
            line = shown.line
        elif part.blocks:
            line = max(line, part.blocks[0].line)
        if wanted is None and shown is not None:
            if (origin := gone.get(fingerprint(shown.text))) is not None:
                text, covered = f"a sentence was moved: '{brief(shown.text)}'", origin[1].covered_by
            else:
                text, covered = f"a new sentence that nothing covers: '{brief(shown.text)}'", ()
        elif wanted is not None and shown is None:
            if fingerprint(wanted.text) in new:
                continue
            text, covered = f"a sentence is gone: '{brief(wanted.text)}'", wanted.covered_by
        elif wanted is not None and shown is not None:
            text, covered = reworded(wanted, shown.text), wanted.covered_by
        if text:
            yield Difference("drift", line, part.action, "text", (), text, covered_by=covered)


def reworded(wanted: Sentence, text: str) -> str:
    """How a text differs from the sentence that is due; "" if it does not."""
    if fingerprint(wanted.text) != fingerprint(text):
        return change(wanted.text, text)
    return "a sentence whose coverage was considered for other words; see `spec coverage`" if wanted.stale else ""

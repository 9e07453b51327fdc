"""Sentences of prose: splitting, fingerprints, and how one differs from another."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from ....untrusted.text import brief

_END = re.compile(r"(?<=;)\s++|(?i:(?<!\be\.g\.)(?<!\bi\.e\.))(?<=[.!?])[\"'”’)\]]*+\s++(?=[\"'“‘(\[]*[A-Z0-9])")
_WORD = re.compile(r"(?:(?<=\s)|^)[-−](?=\d)|\w+|[^\w\s.,;:!?'\"()\[\]*`…·•’‘“”\u2010-\u2015−-]")
_INVISIBLE = dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""A digest of digits alone would be a number in YAML."""
DIGEST_LENGTH = 10
SHOWN_WORDS = 12
"""Words around a change that are quoted."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a page, or the words of a definition."""

    text: str
    covered_by: tuple[str, ...] = ()
    """Ids of requirements and numbers of readings."""
    line: int = 0
    """Where a page has it; 0 for one of the schemas."""
    stale: bool = False
    """True if it was reworded since its coverage was considered."""


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """The words of a text: without case, except for MUST and its like, and without punctuation."""
    found = _WORD.findall(unicodedata.normalize("NFKC", text.translate(_INVISIBLE)))
    return tuple(word if word.isupper() and len(word) > 2 else word.casefold() for word in found)


@lru_cache(maxsize=4096)
def fingerprint(text: str) -> str:
    """Ten letters that change with the words of a sentence, not with its markup or punctuation."""
    digest = hashlib.sha256(" ".join(words(text)).encode("utf-8", "replace")).hexdigest()
    return digest[:DIGEST_LENGTH].translate(_LETTERS)


def split(text: str, line: int = 0) -> Iterator[Sentence]:
    """The sentences of a paragraph whose line breaks are still there, divided at semicolons, too; each has its line."""
    start = 0
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        sentence = text[start:end]
        line += sentence[: len(sentence) - len(sentence.lstrip())].count("\n")
        if words(sentence):
            yield Sentence(" ".join(sentence.split()), line=line)
        line += sentence.lstrip().count("\n")
        start = end


@lru_cache(maxsize=4096)
def _different_words(text: str) -> frozenset[str]:
    return frozenset(words(text))


def similarity(one: str, other: str) -> float:
    """How many words two texts share, from 0 to 1."""
    left, right = _different_words(one), _different_words(other)
    return 2 * len(left & right) / (len(left) + len(right)) if left or right else 1.0


def change(old: str, new: str) -> str:
    """What became of a sentence, in a few words: ``'12' in place of '24' in '… less than 12 hours …'``."""
    before, after = old.split(), new.split()
    matcher = SequenceMatcher(None, [words(w) for w in before], [words(w) for w in after], autojunk=False)
    edits = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    if len(edits) != 1 or similarity(old, new) < 0.5:
        return f"{_quoted(new)} in place of {_quoted(old)}"
    _, first, last, start, end = edits[0]
    lost, gained = " ".join(before[first:last]), " ".join(after[start:end])
    place = _around(after, start, end)
    if not gained:
        return f"{_quoted(lost)} is gone from {place}"
    return (
        f"{_quoted(gained)} in place of {_quoted(lost)} in {place}" if lost else f"{_quoted(gained)} is new in {place}"
    )


def _around(all_words: list[str], start: int, end: int) -> str:
    first, last = max(0, start - SHOWN_WORDS // 2), end + SHOWN_WORDS // 2
    cut = " ".join(all_words[first:last])
    return _quoted(f"{'… ' * (first > 0)}{cut}{' …' * (last < len(all_words))}")


def _quoted(text: str) -> str:
    return f"'{brief(text, 120)}'"


def respelt(text: str, misspelt: Mapping[str, str]) -> tuple[str, list[tuple[str, str]]]:
    """A text with known misspellings corrected, and each of them with its correction."""
    found = [(word, misspelt[word]) for word in words(text) if word in misspelt]
    for wrong, right in found:
        text = text.replace(wrong, right)
    return text, found


def reworded(wanted: Sentence, text: str) -> str:
    """How a text differs from the sentence that is due; "" if it does not."""
    if fingerprint(wanted.text) != fingerprint(text):
        return change(wanted.text, text)
    return "a sentence whose coverage was considered for other words; see `spec coverage`" if wanted.stale else ""

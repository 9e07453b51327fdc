"""Pairs what two sequences have in common, in order."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from ....errors import UsageError
from .sentences import similarity

MOST_PAIRS: Final = 500_000

Indices = tuple[int | None, int | None]


def align(left: int, right: int, score: Callable[[int, int], float]) -> list[Indices]:
    """Pairs items 0 to ``left`` with items 0 to ``right`` so that the sum of their scores is highest.

    Items without a partner are paired with None; items with a score of zero or less are never paired. Raises UsageError
    if there are too many.
    """
    if left * right > MOST_PAIRS:
        raise UsageError("the page has too many parts to be compared")
    scores = [[score(i, j) for j in range(right)] for i in range(left)]
    best = [[0.0] * (right + 1) for _ in range(left + 1)]
    for row, after, scored in zip(best[-2::-1], best[:0:-1], reversed(scores), strict=True):
        for j in range(right - 1, -1, -1):
            together = scored[j] + after[j + 1] if scored[j] > 0 else 0.0
            row[j] = max(after[j], row[j + 1], together)
    pairs: list[Indices] = []
    i = j = 0
    while i < left or j < right:
        if i < left and j < right and scores[i][j] > 0 and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif i < left and (j == right or best[i][j] == best[i + 1][j]):
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return pairs


def anchored(here: Sequence[Hashable], there: Sequence[Hashable], score: Callable[[int, int], float]) -> list[Indices]:
    """Pairs as ``align`` does, after items with equal keys in the longest runs that both sides have."""
    pairs: list[Indices] = []
    i = j = 0
    for run in SequenceMatcher(None, here, there, autojunk=False).get_matching_blocks():
        between = align(run.a - i, run.b - j, lambda a, b, i=i, j=j: score(i + a, j + b))  # type: ignore[misc]
        pairs += [(None if a is None else i + a, None if b is None else j + b) for a, b in between]
        pairs += [(run.a + number, run.b + number) for number in range(run.size)]
        i, j = run.a + run.size, run.b + run.size
    return pairs


def renamed(here: Sequence[str], there: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
    """Names that only one side has, each with the name of the other side in whose place it stands, or None.

    Order alone is no difference.
    """

    def score(i: int, j: int) -> float:
        name, other = here[i], there[j]
        if name == other:
            return 10
        # Only an unknown name stands for a missing one.
        return 0 if name in known or other in shown else 1 + similarity(name.replace("_", " "), other.replace("_", " "))

    known, shown = frozenset(there), frozenset(here)
    for i, j in align(len(here), len(there), score):
        name = here[i] if i is not None and here[i] not in known else None
        other = there[j] if j is not None and there[j] not in shown else None
        if name is not None or other is not None:
            yield name, other

"""Pairs what two sequences have in common, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ....errors import UsageError

MOST_PAIRS: Final = 500_000


def align(
    left: int, right: int, score: Callable[[int, int], float], *, what: str = "the page"
) -> list[tuple[int | None, int | None]]:
    """Pairs items 0 to ``left`` with items 0 to ``right`` so that the sum of their scores is highest.

    Items without a partner are paired with None; items with a score of zero or less are never paired. Raises UsageError
    if there are too many.
    """
    if left * right > MOST_PAIRS:
        raise UsageError(f"{what} has too many parts to be compared")
    best = [[0.0] * (right + 1) for _ in range(left + 1)]
    scores = [[score(i, j) for j in range(right)] for i in range(left)]
    for i in range(left - 1, -1, -1):
        for j in range(right - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if scores[i][j] > 0:
                best[i][j] = max(best[i][j], scores[i][j] + best[i + 1][j + 1])
    pairs: list[tuple[int | None, int | None]] = []
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

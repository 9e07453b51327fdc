"""Regular expressions of strangers: matched in linear time, and sampled within bounds."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

import jsonschema_rs

ENGINE: Final = jsonschema_rs.RegexOptions()
"""The engine without backtracking; it has no look-around and no back-references."""
LONGEST: Final = 1000
"""Characters of a pattern."""
MOST_REPEATS: Final = 100
"""Repeats in a sampled text."""
FEW_REPEATS: Final = 8
"""How often a text repeats at most what may be repeated without end."""
MOST_DRAWS: Final = 1000
"""Random choices for one sampled text."""
COST_OF_A_REPEAT: Final = 20
"""Characters to choose from that take as long as a repeat."""
MOST_LISTED: Final = 500_000
"""Characters to choose from for all texts that are sampled for one purpose; nested repeats would take seconds."""
CHARACTERS: Final = 2000
"""Characters to choose from that count as one more choice."""
REPEATS = re.compile(r"\{(\d*)(?:,(\d*))?\}")

T = TypeVar("T")


class PatternError(ValueError):
    """A rejected pattern, with the reason."""


class Pattern:
    """A regular expression; raises PatternError for one that is invalid or could take forever."""

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > LONGEST:
            raise PatternError(f"it is longer than {LONGEST} characters")
        if any(int(number) > MOST_REPEATS for found in REPEATS.findall(text) for number in found if number):
            raise PatternError(f"it repeats something more than {MOST_REPEATS} times")
        try:
            # Texts are sampled from Python's parse of the pattern.
            re.compile(text)
            self._anywhere, self._whole = _matcher(text), _matcher(f"^(?:{text})$")
        except (re.error, OverflowError, RecursionError) as error:
            raise PatternError(f"it is not a regular expression: {error}") from error
        except ValueError as error:
            raise PatternError("not supported; leave out look-around and back-references") from error

    def search(self, text: str) -> bool:
        """True if it matches anywhere in a text."""
        return _is_valid(self._anywhere, text)

    def fullmatch(self, text: str) -> bool:
        """True if it matches a text as a whole."""
        return _is_valid(self._whole, text)

    def draw(self, rng: random.Random) -> str:
        """Returns a text that usually matches; raises PatternError if it would be too long."""
        return self._drawn(_Counted(rng))

    def draws(self, rng: random.Random, most: int) -> Iterator[str]:
        """Yields up to so many texts that usually match, fewer if they are long; leaves out what is too long."""
        left = MOST_LISTED
        for _ in range(most):
            counted = _Counted(rng)
            with contextlib.suppress(PatternError):
                yield self._drawn(counted)
            left -= counted.listed
            if left < 0:
                return

    def _drawn(self, source: _Counted) -> str:
        import rstr

        try:
            text: str = rstr.Rstr(source).xeger(self.text)
        except (KeyError, IndexError) as error:
            raise PatternError("no texts can be drawn that it matches") from error
        return text


@lru_cache(maxsize=256)
def pattern(text: str) -> Pattern:
    """Compiles a pattern, once for each text."""
    return Pattern(text)


def _matcher(text: str) -> Any:
    return jsonschema_rs.Draft202012Validator({"pattern": text}, pattern_options=ENGINE)


def _is_valid(matcher: Any, text: str) -> bool:
    try:
        return bool(matcher.is_valid(text))
    except UnicodeEncodeError:
        # A lone surrogate is not a character, so no pattern matches it.
        return False


class _Counted(random.Random):
    """A source of randomness that stops after a number of draws."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(0)
        self._rng = rng
        self._left = MOST_DRAWS
        self.listed = 0
        """Characters that were listed to choose from, and what took as long."""

    def _count(self, amount: int = 1) -> None:
        self._left -= amount
        if self._left < 0:
            raise PatternError(f"a text that it matches can take more than {MOST_DRAWS} choices")

    def choice(self, seq: Sequence[T]) -> T:  # type: ignore[override]
        # They are listed each time.
        self._count(1 + len(seq) // CHARACTERS)
        self.listed += len(seq)
        return self._rng.choice(seq)

    def randint(self, a: int, b: int) -> int:
        self._count()
        self.listed += COST_OF_A_REPEAT
        # Repeats without end would multiply where they are nested.
        return self._rng.randint(a, b if b < MOST_REPEATS else max(a, FEW_REPEATS))

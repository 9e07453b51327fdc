"""Draws valid values from the schemas alone, for members that ``values.py`` does not know."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import SpecificationError
from ..specification.members import Member
from ..untrusted.patterns import Pattern, PatternError, pattern

MOST_TRIES = 200
"""Attempts before a kind of value counts as impossible."""
LONGEST = 40
"""Characters of a text without a pattern."""


class Samples:
    """Draws values of single members, in all their kinds, distinct where the schemas allow it."""

    def __init__(self, rng: random.Random, word: Callable[[], str]) -> None:
        self._random = rng
        self._word = word
        self._used: dict[str, set[str]] = {}

    def draw(self, member: Member, variant: str = "") -> Any:
        """Returns a value that every reading accepts, of the given kind in ``x-variants`` or ``x-variants-should`` if
        any.

        Raises SpecificationError if the schemas allow none.
        """
        if choices := _choices(member):
            return self._random.choice(self._fitting(member, variant, choices))
        match member.type:
            case "boolean":
                return self._random.random() < 0.5
            case "number":
                return self._number(member)
        return self._text(member, variant)

    def _fitting(self, member: Member, variant: str, choices: list[Any]) -> list[Any]:
        fitting = [value for value in choices if fits(member, variant, value)]
        if not fitting:
            raise _impossible(member, variant)
        return fitting

    def _number(self, member: Member) -> int | float:
        limits = {**member.schema, **member.schema.get("x-safe", {})}
        least = limits.get("minimum", 0)
        most = limits.get("maximum", least + 10**6)
        for _ in range(MOST_TRIES):
            value = self._random.randint(int(least), int(most))
            if fits(member, "", value):
                return value
        raise _impossible(member, "")

    def _text(self, member: Member, variant: str) -> str:
        used = self._used.setdefault(member.pointer, set())
        found = None
        for text in self._candidates(member, variant):
            if fits(member, variant, text):
                found = text
                if text.casefold() not in used:
                    break
        if found is None:
            raise _impossible(member, variant)
        used.add(found.casefold())
        return found

    def _candidates(self, member: Member, variant: str) -> Iterator[str]:
        """Yields texts that may fit, those of the narrowest patterns first."""
        safe = ("x-safe-should", "x-safe") if variant in member.variants("should") else ("x-safe",)
        narrow = [*(member.schema.get(key, {}).get("pattern") for key in safe), _pattern_of(member, variant)]
        patterns = [*filter(None, narrow)] or [*filter(None, [member.schema.get("pattern")])]
        for text in patterns:
            yield from _usable(member, text).draws(self._random, MOST_TRIES)
        if not patterns:
            for _ in range(MOST_TRIES):
                yield self._word()[:LONGEST]
        yield from (text for text in member.schema.get("examples", ()) if isinstance(text, str))


def _choices(member: Member) -> list[Any]:
    """Returns the values of ``const`` or ``enum``, if there are any."""
    for schema in (member.schema.get("x-safe", {}), member.schema):
        if "const" in schema:
            return [schema["const"]]
        if "enum" in schema:
            return list(schema["enum"])
    return []


def _pattern_of(member: Member, variant: str) -> str:
    return member.variants("must").get(variant) or member.variants("should").get(variant, "")


def _usable(member: Member, text: str) -> Pattern:
    try:
        return pattern(text)
    except PatternError as error:
        raise SpecificationError(f"{member.pointer}: the pattern {text[:80]!a} cannot be used: {error}") from error


def fits(member: Member, variant: str, value: Any) -> bool:
    """Reports if every reading accepts a value, and if it is of the given kind."""
    if not member.borders.tolerates(value) or not member.borders.approves(value):
        return False
    if isinstance(value, str) and not value.isprintable():
        return False
    safe = member.borders.nearly_safe(value) if variant in member.variants("should") else member.borders.safe(value)
    text = _pattern_of(member, variant)
    return safe and (not text or (isinstance(value, str) and _usable(member, text).search(value)))


def _impossible(member: Member, variant: str) -> SpecificationError:
    kind = f" of the kind {variant!r}" if variant else ""
    return SpecificationError(
        f"{member.pointer}: no value{kind} is found that x-safe, x-should and the schema proper all accept"
    )

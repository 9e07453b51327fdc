"""Reads the JSON of an example with the line of every value, and forgives what is plainly a typing error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ....untrusted import reading

MOST_VALUES: Final = 5000

_STRING = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_TOKEN = re.compile(rf'{_STRING}|[{{}}\[\]]|[^\s{{}}\[\],:"]+')
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*+[}}\]])")


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value of an example and the line on which it begins."""

    value: Any
    line: int
    """Of a member, the line of its name."""
    members: Mapping[str, Value] = field(default_factory=dict)
    items: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """A reason why an example is not JSON."""

    line: int
    text: str
    mended: bool
    """True if the meaning is clear, so the example is read anyway."""


def read(text: str, line: int) -> tuple[Value | None, tuple[Mistake, ...]]:
    """The value of a text that begins on a line, None if it has none, and what is wrong with it."""
    mistakes: list[Mistake] = []

    def line_at(place: int) -> int:
        return line + text.count("\n", 0, place)

    def mended(found: re.Match[str]) -> str:
        if found[1] is None:
            mistakes.append(Mistake(line_at(found.start()), "a trailing comma", mended=True))
        return found[1] or " "

    text = _TRAILING_COMMA.sub(mended, text)
    try:
        reading.json_value(text, values=MOST_VALUES, unique=False)
    except json.JSONDecodeError as error:
        return None, (*mistakes, Mistake(line + error.lineno - 1, f"no JSON: {error.msg}", mended=False))
    except ValueError as error:
        return None, (*mistakes, Mistake(line, f"no example: {error}", mended=False))
    value = _value(((found[0], line_at(found.start())) for found in _TOKEN.finditer(text)), mistakes)
    return value, tuple(mistakes)


def _value(tokens: Iterator[tuple[str, int]], mistakes: list[Mistake]) -> Value | None:
    """The next value of a valid text without commas and colons; None for a closing bracket."""
    token, line = next(tokens)
    if token in ("}", "]"):
        return None
    if token == "[":
        items = tuple(iter(lambda: _value(tokens, mistakes), None))
        return Value([item.value for item in items], line, items=items)
    if token != "{":
        return Value(reading.json_value(token), line)
    members: dict[str, Value] = {}
    while (name := _value(tokens, mistakes)) is not None and (member := _value(tokens, mistakes)) is not None:
        if name.value in members:
            mistakes.append(Mistake(name.line, f"a second {name.value!r} in one object", mended=True))
        members[name.value] = replace(member, line=name.line)
    return Value({name: member.value for name, member in members.items()}, line, members)

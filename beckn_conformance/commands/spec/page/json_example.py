"""Reads the JSON of an example with the line of every value, and forgives what is plainly a typing error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ....untrusted.text import brief

DEEPEST: Final = 40
MOST_VALUES: Final = 5000

_TOKEN = re.compile(r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|[{}\[\],:]|[^\s{}\[\],:"]+|.', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value of an example and the line on which it begins."""

    value: Any
    """The value as ``json.loads`` gives it."""
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


class _NoJson(Exception):
    """The text is no JSON from here on."""

    def __init__(self, line: int, text: str) -> None:
        self.mistake = Mistake(line, text, mended=False)


def read(text: str, line: int) -> tuple[Value | None, tuple[Mistake, ...]]:
    """The value of a text that begins on a line, None if it has none, and what is wrong with it."""
    reader = _Reader(text, line)
    try:
        return reader.whole(), tuple(reader.mistakes)
    except _NoJson as error:
        return None, (*reader.mistakes, error.mistake)


class _Reader:
    """Reads tokens one by one; a trailing comma and a second member of one name are noted."""

    def __init__(self, text: str, line: int) -> None:
        self.mistakes: list[Mistake] = []
        self._tokens: list[tuple[str, int]] = []
        for found in _TOKEN.finditer(text):
            if not found[0].isspace():
                self._tokens.append((found[0], line))
            line += found[0].count("\n")
        self._tokens.append(("", line))
        self._at = 0

    def whole(self) -> Value:
        if len(self._tokens) > MOST_VALUES:
            raise _NoJson(self._tokens[0][1], f"an example of more than {MOST_VALUES} words and signs")
        value = self._value(DEEPEST)
        if self._peek():
            raise _NoJson(self._line(), f"no JSON: {_shown(self._peek())} after its end")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at][0]

    def _line(self) -> int:
        return self._tokens[self._at][1]

    def _take(self) -> str:
        token = self._peek()
        self._at += bool(token)
        return token

    def _value(self, room: int) -> Value:
        line = self._line()
        if not room:
            raise _NoJson(line, "no example: nested too deeply")
        token = self._take()
        if token == "{":
            members = self._members(room)
            return Value({name: member.value for name, member in members.items()}, line, members)
        if token == "[":
            items: list[Value] = []
            while not self._closes("]", bool(items)):
                items.append(self._value(room - 1))
            return Value([item.value for item in items], line, items=tuple(items))
        return Value(self._scalar(token, line), line)

    def _members(self, room: int) -> dict[str, Value]:
        members: dict[str, Value] = {}
        while not self._closes("}", bool(members)):
            line = self._line()
            name = self._scalar(self._take(), line)
            if not isinstance(name, str):
                raise _NoJson(line, f"no JSON: a name in quotes is expected, not {_shown(str(name))}")
            if self._peek() != ":":
                raise _NoJson(self._line(), f"no JSON: ':' is expected, not {_shown(self._peek())}")
            self._take()
            value = self._value(room - 1)
            if name in members:
                self.mistakes.append(Mistake(line, f"a second {name!r} in one object", mended=True))
            members[name] = Value(value.value, line, value.members, value.items)
        return members

    def _closes(self, bracket: str, more: bool) -> bool:
        """Takes a closing bracket or, before all but the first value, a comma."""
        if more and self._peek() != bracket:
            line = self._line()
            if self._peek() != ",":
                raise _NoJson(line, f"no JSON: ',' or '{bracket}' is expected, not {_shown(self._peek())}")
            self._take()
            if self._peek() == bracket:
                self.mistakes.append(Mistake(line, "a trailing comma", mended=True))
        if self._peek() == bracket:
            self._take()
            return True
        return False

    def _scalar(self, token: str, line: int) -> Any:
        try:
            return json.loads(token)
        except ValueError:
            raise _NoJson(line, f"no JSON: a value is expected, not {_shown(token)}") from None


def _shown(token: str) -> str:
    return f"'{brief(token, 40)}'" if token else "the end"

"""Reads the JSON of an example with the line of every value, and forgives a trailing comma."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from ....untrusted import reading, yaml_text

MOST_VALUES: Final = 5000

_STRING = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*+[}}\]])")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A reason why an example is not JSON."""

    line: int
    text: str
    mended: bool
    """True if the meaning is clear, so the example is read anyway."""


def read(text: str, line: int) -> tuple[yaml_text.Node | None, tuple[Mistake, ...]]:
    """The value of a text that begins on a line, None if it has none, and what is wrong with it."""
    mistakes: list[Mistake] = []
    # All lines are those of the page.
    text = "\n" * (line - 1) + text

    def mended(found: re.Match[str]) -> str:
        if found[1] is None:
            mistakes.append(Mistake(1 + text.count("\n", 0, found.start()), "a trailing comma", mended=True))
        return found[1] or " "

    try:
        sound = _TRAILING_COMMA.sub(mended, text)
        value = reading.json_value(sound, values=MOST_VALUES)
        # JSON is the YAML that it is, so that all of it has lines.
        node = yaml_text.read(sound.replace("\t", " "))
        if node.value != value:
            raise ValueError("it holds a number that is too long")
        return node, tuple(mistakes)
    except json.JSONDecodeError as error:
        return None, (*mistakes, Mistake(error.lineno, f"no JSON: {error.msg}", mended=False))
    except yaml_text.YamlError as error:
        return None, (*mistakes, Mistake(error.line, f"no example: {error}", mended=False))
    except ValueError as error:
        return None, (*mistakes, Mistake(line, f"no example: {error}", mended=False))

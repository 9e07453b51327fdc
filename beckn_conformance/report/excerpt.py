"""Makes an excerpt of a body: the member that a finding is about is marked, and the rest is shortened."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..specification.pointer import INDEX, parts_of

LONGEST_TEXT = 60
"""Characters of a text within an excerpt."""
MOST_LINES = 40
MOST_SIBLINGS = 12
DEEPEST = 6
INDENT = "  "


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    marked: bool = False


def excerpt(value: Any, pointer: str) -> list[Line]:
    """The lines of a JSON value around a JSON Pointer. The member is marked and in full, the rest is shortened.

    A member that its object lacks gets a line that says so.
    """
    lines = list(islice(_lines(value, parts_of(pointer)), MOST_LINES + 1))
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], Line("…")]


def _lines(
    value: Any, path: Sequence[str] | None, indent: str = "", before: str = "", after: str = "", room: int = DEEPEST
) -> Iterator[Line]:
    """The lines of a value around the member at the end of a path; of that member itself, whose path is None, all."""
    marked = path is None
    if not isinstance(value, dict | list) or not (value or path) or not room:
        yield Line(f"{indent}{before}{_short(value)}{after}", marked)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield Line(f"{indent}{before}{opening}", marked)
    items = value if isinstance(value, dict) else {str(number): child for number, child in enumerate(value)}
    for place, (key, child) in enumerate(items.items()):
        name = f"{_short(key)}: " if isinstance(value, dict) else ""
        comma = "," if place < len(items) - 1 else ""
        if path is None:
            yield from _lines(child, None, indent + INDENT, name, comma, room - 1)
        elif key in path[:1]:
            yield from _lines(child, path[1:] or None, indent + INDENT, name, comma)
        elif place < MOST_SIBLINGS:
            yield Line(f"{indent}{INDENT}{name}{_short(child)}{comma}")
        elif place == MOST_SIBLINGS:
            yield Line(f"{indent}{INDENT}…")
    if path and len(path) == 1 and path[0] not in items and (isinstance(value, dict) or INDEX.fullmatch(path[0])):
        yield Line(f"{indent}{INDENT}{path[0]}: not there", True)
    yield Line(f"{indent}{closing}{after}", marked)


def _short(value: Any) -> str:
    """A value on one line, with texts cut and objects and lists folded."""
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    if isinstance(value, list):
        return f"[… {len(value)}]" if value else "[]"
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= LONGEST_TEXT:
        return text
    return f'{text[: LONGEST_TEXT - 20]}…" ({len(value) if isinstance(value, str) else len(text)} characters)'

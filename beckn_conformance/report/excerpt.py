"""Makes an excerpt of a body: the member that a finding is about is marked, and the rest is shortened."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
    lines = list(islice(_around(value, list(parts_of(pointer))), MOST_LINES + 1))
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], Line("…")]


def _around(
    value: Any, path: list[str], indent: str = "", before: str = "", after: str = "", *, root: bool = True
) -> Iterator[Line]:
    if not isinstance(value, dict | list) or (not value and not path):
        yield Line(f"{indent}{before}{_short(value)}{after}", not path and not root)
        return
    if not path and not root:
        for line in _whole(value, indent, before, after, DEEPEST):
            yield Line(line, True)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield Line(f"{indent}{before}{opening}")
    items = list(value.items()) if isinstance(value, dict) else [(str(n), child) for n, child in enumerate(value)]
    head, rest = (path[0], path[1:]) if path else ("", [])
    for place, (key, child) in enumerate(items):
        name = f"{json.dumps(key, ensure_ascii=False)}: " if isinstance(value, dict) else ""
        comma = "," if place < len(items) - 1 else ""
        if path and key == head:
            yield from _around(child, rest, indent + INDENT, name, comma, root=False)
        elif place < MOST_SIBLINGS:
            yield Line(f"{indent}{INDENT}{name}{_short(child)}{comma}")
        elif place == MOST_SIBLINGS:
            yield Line(f"{indent}{INDENT}…")
    if (
        path
        and head not in {key for key, _ in items}
        and not rest
        and (isinstance(value, dict) or INDEX.fullmatch(head))
    ):
        yield Line(f"{indent}{INDENT}{head}: not there", True)
    yield Line(f"{indent}{closing}{after}")


def _whole(value: Any, indent: str, before: str, after: str, depth: int) -> Iterator[str]:
    if not isinstance(value, dict | list) or not value or not depth:
        yield f"{indent}{before}{_short(value)}{after}"
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield f"{indent}{before}{opening}"
    items = list(value.items()) if isinstance(value, dict) else [("", child) for child in value]
    for place, (key, child) in enumerate(items):
        name = f"{json.dumps(key, ensure_ascii=False)}: " if isinstance(value, dict) else ""
        yield from _whole(child, indent + INDENT, name, "," if place < len(items) - 1 else "", depth - 1)
    yield f"{indent}{closing}{after}"


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

"""Edits files of schemas so that what is not changed stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ....errors import UsageError
from ....specification.loading import LARGEST_FILE
from ....untrusted import reading, yaml_text
from ....untrusted.writing import replaced

WIDTH: Final = 120


def text_of(folder: Path, name: str) -> str:
    return reading.text(folder / name, most=LARGEST_FILE, below=folder)


def write(folder: Path, name: str, text: str) -> None:
    with replaced(folder / name) as file:
        file.write(text)


def change(folder: Path, name: str, edit: Callable[[Any], None]) -> None:
    """Changes the value in a JSON file, in the style of schemas/."""
    value = reading.json_value(text_of(folder, name))
    edit(value)
    write(folder, name, styled(value) + "\n")


def append(folder: Path, name: str, text: str) -> None:
    """Puts a text at the end of a file."""
    write(folder, name, text_of(folder, name).rstrip() + "\n\n" + text.strip("\n") + "\n")


def insert(folder: Path, name: str, after: str, text: str) -> None:
    """Inserts lines after a line; raises UsageError if there is no such line."""
    content = text_of(folder, name)
    if f"{after}\n" not in content:
        raise UsageError(f"{folder / name} has no line {after.strip()!r}; add the rest by hand")
    write(folder, name, content.replace(f"{after}\n", f"{after}\n{text}", 1))


def block(text: str, first: int) -> str:
    """Returns the line, counted from 1, and the lines after it that are indented more."""
    lines = text.splitlines(keepends=True)
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    deeper = re.compile(rf"\s*$| {{{indent + 1},}}")
    last = next((n for n in range(first, len(lines)) if not deeper.match(lines[n])), len(lines))
    return "".join(lines[first - 1 : last])


def line_of(text: str, *path: object) -> int:
    """Returns the line at which a value of a YAML text stands."""
    return yaml_text.read(text).at(path).line


def styled(value: Any, indent: int = 0, before: int = 0) -> str:
    """Writes JSON in the style of schemas/: on one line if it fits, except for schemas with several members."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value:
        return line
    if indent + before + len(line) < WIDTH and not _is_tall(value):
        return line
    inner = indent + 2
    if isinstance(value, dict):
        items = [(f"{json.dumps(key, ensure_ascii=False)}: ", child) for key, child in value.items()]
    else:
        items = [("", child) for child in value]
    rows = [f"{' ' * inner}{key}{styled(child, inner, len(key) + 1)}" for key, child in items]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n" + ",\n".join(rows) + f"\n{' ' * indent}{closing}"


def _is_tall(value: Any) -> bool:
    """Tells whether a value takes several lines although it might fit on one."""
    if isinstance(value, dict):
        tall = "$schema" in value or "$defs" in value or len(value.get("properties", ())) > 1
        return tall or any(map(_is_tall, value.values()))
    return isinstance(value, list) and any(map(_is_tall, value))

"""JSON Pointers (RFC 6901), in which ``*`` stands for any index of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

INDEX: Final = re.compile(r"[0-9]{1,9}")


MISSING: Final = "\0missing"
"""Stands for a member that is not there, where None means JSON null."""


def member(value: Any, pointer: str) -> Any:
    """The value at a JSON Pointer without ``*``; MISSING where there is none."""
    for part in pointer.split("/")[1:]:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def places(value: Any, pattern: str) -> Iterator[tuple[str, Any]]:
    """Every pointer that a pattern with ``*`` stands for in a value, with what lies there or MISSING."""
    head, star, tail = pattern.partition("/*")
    if not star:
        yield pattern, member(value, pattern)
        return
    items = member(value, head)
    if isinstance(items, list):
        for index in range(len(items)):
            for pointer, found in places(items[index], tail) if tail else [("", items[index])]:
                yield f"{head}/{index}{pointer}", found


AN_INDEX = re.compile(r"/(?:0|[1-9][0-9]*)(?=/|$)")


def pattern_of(pointer: str) -> str:
    """A JSON Pointer in which the items of a list are not told apart."""
    return AN_INDEX.sub("/*", pointer)

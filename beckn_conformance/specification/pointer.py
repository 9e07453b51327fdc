"""JSON Pointers (RFC 6901), in which ``*`` stands for any index of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

INDEX: Final = re.compile(r"[0-9]{1,9}")


MISSING: Final = "\0missing"
"""Stands for an absent member, since None means JSON null."""


LONGEST: Final = 2000
"""Characters of a pointer beneath which nothing is looked for: each would repeat them, and names can have megabytes."""


def parts_of(pointer: str) -> tuple[str, ...]:
    """Splits a pointer into names and indices."""
    return _parts(pointer) if len(pointer) <= LONGEST else _parts.__wrapped__(pointer)


@lru_cache(maxsize=4096)
def _parts(pointer: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def escaped(part: object) -> str:
    """Escapes a name or an index for use in a pointer."""
    return str(part).replace("~", "~0").replace("/", "~1")


def below(pointer: str, *parts: object) -> str:
    """Appends names or indices to a pointer."""
    for part in parts:
        pointer = f"{pointer}/{escaped(part)}"
    return pointer


def at_or_below(pointer: str, other: str) -> bool:
    """Reports if a pointer leads to the place of another or into it."""
    return pointer == other or pointer.startswith(f"{other}/")


def overlap(pointer: str, other: str) -> bool:
    """Reports if one of two pointers leads to the place of the other or into it."""
    return at_or_below(pointer, other) or at_or_below(other, pointer)


def put(value: Any, pointer: str, new: Any) -> None:
    """Sets the value at a pointer, in place; raises LookupError if its parent does not exist."""
    *path, last = parts_of(pointer)
    for part in path:
        value = value[int(part)] if isinstance(value, list) else value[part]
    value[int(last) if isinstance(value, list) else last] = new


def member(value: Any, pointer: str) -> Any:
    """Returns the value at a pointer without ``*``, or MISSING."""
    for part in parts_of(pointer):
        if isinstance(value, dict):
            value = value.get(part, MISSING)
        elif isinstance(value, list) and INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def objects(value: Any, pointer: str) -> list[tuple[int, dict[str, Any]]]:
    """Returns the objects in the list at a pointer, with their indices; nothing else of it, and none without a list."""
    items = member(value, pointer)
    return [(i, item) for i, item in enumerate(items) if isinstance(item, dict)] if isinstance(items, list) else []


def walk(value: Any, pointer: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yields every member of every object in a value: its pointer, name and value."""
    if len(pointer) > LONGEST:
        return
    if isinstance(value, dict):
        for key, child in value.items():
            here = below(pointer, key)
            yield here, key, child
            if isinstance(child, dict | list):
                yield from walk(child, here)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            if isinstance(child, dict | list):
                yield from walk(child, f"{pointer}/{index}")


@lru_cache(maxsize=4096)
def _split(pattern: str) -> tuple[str, str] | None:
    """Splits a pattern at its first ``*``; None if it has none."""
    star = ANY_INDEX.search(pattern)
    return (pattern[: star.start()], pattern[star.end() :]) if star else None


def places(value: Any, pattern: str) -> Iterator[tuple[str, Any]]:
    """Yields every pointer that matches a pattern with ``*``, with its value or MISSING."""
    split = _split(pattern)
    if split is None:
        yield pattern, member(value, pattern)
        return
    head, tail = split
    items = member(value, head)
    if isinstance(items, list):
        for index in range(len(items)):
            for pointer, found in places(items[index], tail) if tail else [("", items[index])]:
                yield f"{head}/{index}{pointer}", found


ANY_INDEX: Final = re.compile(r"/\*(?=/|$)")
AN_INDEX: Final = re.compile(r"/(?:0|[1-9][0-9]*)(?=/|$)")


def pattern_of(pointer: str) -> str:
    """Replaces every index in a pointer by ``*``."""
    return AN_INDEX.sub("/*", pointer)

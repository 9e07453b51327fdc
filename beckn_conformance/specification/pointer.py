"""JSON Pointers (RFC 6901), in which ``*`` stands for any index of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

INDEX: Final = re.compile(r"[0-9]{1,9}")


MISSING: Final = "\0missing"
"""Stands for a member that is not there, where None means JSON null."""


@lru_cache(maxsize=4096)
def parts_of(pointer: str) -> tuple[str, ...]:
    """The names and indices that a pointer is made of."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def escaped(part: object) -> str:
    """A name or an index as a part of a pointer."""
    return str(part).replace("~", "~0").replace("/", "~1")


def below(pointer: str, *parts: object) -> str:
    """The pointer to what lies at names or indices below another one."""
    return "".join((pointer, *(f"/{escaped(part)}" for part in parts)))


def put(value: Any, pointer: str, new: Any) -> None:
    """Sets what lies at a pointer, in place; raises LookupError where its parent is not there."""
    *path, last = parts_of(pointer)
    for part in path:
        value = value[int(part)] if isinstance(value, list) else value[part]
    value[int(last) if isinstance(value, list) else last] = new


def member(value: Any, pointer: str) -> Any:
    """The value at a JSON Pointer without ``*``; MISSING where there is none."""
    for part in parts_of(pointer):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def places(value: Any, pattern: str) -> Iterator[tuple[str, Any]]:
    """Every pointer that a pattern with ``*`` stands for in a value, with what lies there or MISSING."""
    star = ANY_INDEX.search(pattern)
    if star is None:
        yield pattern, member(value, pattern)
        return
    head, tail = pattern[: star.start()], pattern[star.end() :]
    items = member(value, head)
    if isinstance(items, list):
        for index in range(len(items)):
            for pointer, found in places(items[index], tail) if tail else [("", items[index])]:
                yield f"{head}/{index}{pointer}", found


ANY_INDEX: Final = re.compile(r"/\*(?=/|$)")
AN_INDEX: Final = re.compile(r"/(?:0|[1-9][0-9]*)(?=/|$)")


def pattern_of(pointer: str) -> str:
    """A JSON Pointer in which the items of a list are not told apart."""
    return AN_INDEX.sub("/*", pointer)

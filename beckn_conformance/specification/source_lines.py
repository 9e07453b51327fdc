"""JSON Pointers (RFC 6901), taken apart and put together."""

from __future__ import annotations


def parts_of(pointer: str) -> list[str]:
    """The names and indices that a pointer is made of."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def escaped(part: object) -> str:
    """A name or an index as a part of a pointer."""
    return str(part).replace("~", "~0").replace("/", "~1")

"""Small changes of values, and the tests and names of places."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from reference_server.message import Json, Place

Change: TypeAlias = Callable[[Json], Json]
"""Makes another value of one."""

GONE: Any = object()
"""Returned by a change to leave a member out."""


def parts(pointer: str) -> tuple[str, ...]:
    """Split a JSON Pointer; `*` stays as it is."""
    return tuple(pointer.split("/")[1:])


def matches(place: Place, pointer: str) -> bool:
    """Return whether a place is the one of a pointer, `*` standing for any index."""
    pattern = parts(pointer)
    return len(place) == len(pattern) and all(
        wanted == part or (wanted == "*" and isinstance(part, int)) for part, wanted in zip(place, pattern, strict=True)
    )


def places(value: Json, path: tuple[str, ...], place: Place = ()) -> Iterator[Place]:
    """Find the places of a path in a value."""
    if not path:
        yield place
    elif path[0] == "*" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, path[1:], (*place, index))
    elif isinstance(value, Mapping) and path[0] in value:
        yield from places(value[path[0]], path[1:], (*place, path[0]))


def edited(value: Json, path: tuple[str, ...], change: Change) -> Json:
    """Copy a value with a change at each place of a path that is there."""
    if not path:
        return change(value)
    if path[0] == "*" and isinstance(value, list):
        items = (edited(item, path[1:], change) for item in value)
        return [item for item in items if item is not GONE]
    if isinstance(value, Mapping) and path[0] in value:
        members = {**value, path[0]: edited(value[path[0]], path[1:], change)}
        return {name: member for name, member in members.items() if member is not GONE}
    return value


def to(value: Json) -> Change:
    """Put this in the place of any value."""
    return lambda _: value


gone = to(GONE)
"""Leaves a member out."""


def on_items(select: Callable[[list[Json]], list[Json]]) -> Change:
    """Change a list, and leave alone what is none."""
    return lambda value: select(value) if isinstance(value, list) else value


def nth(index: int, change: Change) -> Change:
    """Change one item of a list where it has that many."""

    def at(items: list[Json]) -> list[Json]:
        changed = [change(item) if number == index else item for number, item in enumerate(items)]
        return [item for item in changed if item is not GONE]

    return on_items(at)


def member(name: str, change: Change) -> Change:
    """Change a member of an object."""
    return lambda value: edited(value, (name,), change)


def decomposed(text: Json) -> Json:
    """Return a text in Unicode normal form D."""
    return unicodedata.normalize("NFD", text)


def ascii_only(text: Json) -> Json:
    """Return a text with a question mark for each character that is not ASCII."""
    return text.encode("ascii", "replace").decode()


@lru_cache(maxsize=4096)
def slug(name: str) -> str:
    """Write a name in kebab case."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("@", "at")).strip("-") or "kind"


def short(action: str) -> str:
    """Name an operation without the word that all of them begin with."""
    return "-".join(action.split("/")[1:])


@lru_cache(maxsize=4096)
def place_name(action: str, pointer: str) -> str:
    """Name a place, as `signup-documents-item-name`."""
    return "-".join((short(action), *("item" if part == "*" else slug(part) for part in parts(pointer))))

"""Finds a message that two versions of a schema judge differently."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ....specification.pointer import parts_of
from .candidates import MISSING, candidates, members_of, sample, samples
from .inclusion import child_of
from .inlining import Side, leading, place
from .normal import Schema

MOST_CONTROLS: Final = 6
MOST_ITEMS: Final = 1000
"""Items of a list that is made."""
ENOUGH: Final = 40
"""Witnesses of which the shortest is taken."""


def witness(accepting: Side, refusing: Side, pointer: str, *, alone: bool) -> tuple[Any, int]:
    """Finds a small message that one side accepts and the other refuses for what is at the pointer.

    Returns it, or MISSING if none is found, and the number of messages tried.

    ``alone`` means that the sides differ nowhere else. Otherwise the first choice is a message that the other side
    would accept with another value in this place, and the second choice is one whose error lies there.
    """
    path = parts_of(pointer)
    here, there = place(accepting.schema, path).schema, place(refusing.schema, path).schema
    controls = [*itertools.islice(samples(there), MOST_CONTROLS)]
    tried = 0

    def differs(message: Any) -> bool:
        nonlocal tried
        tried += 1
        return accepting.accepts(message) and not refusing.accepts(message)

    def for_this(message: Any) -> bool:
        if not differs(message):
            return False
        return alone or not path or any(map(refusing.accepts, _controlled(message, path, controls)))

    def blamed(message: Any) -> bool:
        return differs(message) and refusing.blames(message, path)

    base = _base(accepting.schema, path)
    for holds in (for_this,) if alone else (for_this, blamed):
        placed = (_placed(base, path, value) for value in candidates(here, there))
        holding = filter(holds, (message for message in placed if message is not MISSING))
        found = [*itertools.islice(holding, ENOUGH)]
        if found:
            return min(found, key=lambda message: len(repr(message))), tried
    return MISSING, tried


def _controlled(message: Any, path: Sequence[str], values: Sequence[Any]) -> Iterator[Any]:
    """Yields a message with each of some other values in a place, and without any value there."""
    return (_placed(message, path, value) for value in (*values, *([] if path[-1] == "*" else [MISSING])))


def _base(schema: Schema, path: Sequence[str]) -> Any:
    """Makes a small message that has a place, whatever is there."""
    if not path:
        return sample(schema)
    option = leading(schema, path[0])
    inner = _base(child_of(option, path[0]), path[1:])
    if path[0] == "*":
        return [inner] * min(max(option.get("minItems", 1), 1), MOST_ITEMS)
    made = {n: v for n, v in members_of(option).items() if n in option.get("required", ()) and v is not MISSING}
    return {**made, path[0]: inner}


def _placed(message: Any, path: Sequence[str], value: Any) -> Any:
    """Puts a value into a place of a message, in the first item of a list; MISSING removes what is there."""
    if not path:
        return value
    if path[0] == "*" and isinstance(message, list) and message:
        first = _placed(message[0], path[1:], value)
        return [*([] if first is MISSING else [first]), *message[1:]]
    if isinstance(message, dict):
        inner = _placed(message.get(path[0], MISSING), path[1:], value)
        made = {**message, path[0]: inner}
        return {name: child for name, child in made.items() if child is not MISSING}
    return message

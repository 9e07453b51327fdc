"""Takes apart JSON of which nothing is known: a member of the wrong type counts as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def object_at(value: object, name: str) -> Mapping[str, Any]:
    """Returns the object that is a member of a value, or an empty one."""
    member = value.get(name) if isinstance(value, Mapping) else None
    return member if isinstance(member, Mapping) else {}


def list_at(value: object, name: str) -> list[Any]:
    """Returns the list that is a member of a value, or an empty one."""
    member = value.get(name) if isinstance(value, Mapping) else None
    return member if isinstance(member, list) else []


def text_at(value: object, name: str) -> str:
    """Returns the text that is a member of a value, or an empty one."""
    member = value.get(name) if isinstance(value, Mapping) else None
    return member if isinstance(member, str) else ""

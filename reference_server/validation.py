"""What is wrong with the body of a request, and what of it is kept."""

from __future__ import annotations

from collections.abc import Iterator

from reference_server import formats
from reference_server.message import Json, Place
from reference_server.specification import Member

_TYPES: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def json_type(value: Json) -> str:
    """Name the JSON type of a value."""
    return _TYPES[type(value)]


def examine(member: Member, value: Json, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Return a message for each place at fault (reading Q1-Q12); members without a shape are ignored."""
    found = json_type(value)
    if found not in member.types:
        expected = " or ".join(sorted(member.types - {"null"}))
        yield place, f"must be of the type {expected}, not {found}"
    elif found in ("string", "number", "boolean"):
        message = _scalar_fault(member, value, place)
        if message is not None:
            yield place, message
    elif found == "array" and member.items is not None:
        message = _limit_fault(member, value)
        if message is not None:
            yield place, message
        for index, item in enumerate(value):
            yield from examine(member.items, item, (*place, index))
    elif found == "object":
        yield from _examine_object(member, value, place)


def _scalar_fault(member: Member, value: Json, place: Place) -> str | None:
    if isinstance(value, str) and not value.strip():
        return "must not be empty"
    check = formats.BY_PLACE.get(tuple(part for part in place if isinstance(part, str)))
    if check is not None and (message := check(value)) is not None:
        return message
    return _limit_fault(member, value)


def _limit_fault(member: Member, value: Json) -> str | None:
    return None if all(test(value) for _, test in member.limits) else "is not as the specification has it"


def _examine_object(member: Member, value: dict[str, Json], place: Place) -> Iterator[tuple[Place, str]]:
    # A null says as little as a missing member (reading T12, Q14).
    given = [name for name in member.members if value.get(name) is not None]
    if len(given) < member.fewest:
        yield place, f"must have one of {', '.join(member.members)} at least"
        return
    for name, child in member.members.items():
        if name in value:
            yield from examine(child, value[name], (*place, name))
        elif name in member.required:
            yield (*place, name), "is required"


def keep(member: Member, value: Json) -> Json:
    """Copy what the shape names and the value has, without nulls."""
    if isinstance(value, dict):
        return {name: keep(child, value[name]) for name, child in member.members.items() if value.get(name) is not None}
    if isinstance(value, list) and member.items is not None:
        return [keep(member.items, item) for item in value]
    return value

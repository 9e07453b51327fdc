"""Derives faulty requests from the schemas: one fault each, with the member that the NACK must name."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..config.gateway import GatewayConfig
from ..specification.members import Member
from ..specification.pointer import member as member_at
from ..specification.pointer import parts_of, put
from ..specification.specification import Specification

WRONG_TYPES: dict[str, Any] = {
    "string": "text",
    "number": 12345,
    "boolean": True,
    "array": ["text"],
    "object": {"text": "text"},
}
"""One value of each JSON type, to put where another type belongs (Q2). The array is not empty, because some languages
cannot tell an empty one from an empty object."""

HEADER_KINDS: dict[str, tuple[str, ...]] = {
    "Action": ("missing", "another operation", "unknown"),
    "Timestamp": ("missing", "a word", "a 13th month", "30 February"),
}
"""Faults of header members that every operation must refuse (T5, H1)."""

TOKEN_KINDS = ("missing", "empty", "unknown", "foreign")
"""Faults of the token in a call about a registration (H3)."""

LATER = " in a later document"


@dataclass(frozen=True, slots=True)
class FaultCase:
    """A fault of one member of a request body."""

    action: str
    requirement: str
    member: str
    """JSON Pointer, with ``*`` for any index."""
    pointer: str
    """JSON Pointer of this fault."""
    kind: str
    """``missing``, ``null``, a JSON type, ``empty``, ``malformed: …`` or ``unknown``."""
    spoil: Callable[[Any], Any] = field(repr=False)
    """Returns a copy of a valid body with the fault in it."""

    @property
    def obligation(self) -> str:
        return obligation(self.member, self.kind, self.pointer)

    @property
    def id(self) -> str:
        return f"{self.requirement}:{self.pointer}-{self.kind}".replace(" ", "_")


def obligation(member: str, kind: str, pointer: str) -> str:
    """Name of what is to be seen refused: member, kind, and whether a later item of a list is meant."""
    later = "*" in member and not pointer.startswith(member.partition("*")[0] + "0")
    return f"{member} {kind}{LATER if later else ''}"


def fault_cases(action: str, specification: Specification, config: GatewayConfig) -> Iterator[FaultCase]:
    """Yields every fault of a single member that a requirement covers."""
    for member in specification.members(action):
        for kind, strength, value in kinds(member, config):
            requirement = specification.requirement_for_fault(action, member.pointer, kind, strength)
            if requirement is None:
                continue
            for pointer in _places(member.pointer):
                yield FaultCase(action, requirement.id, member.pointer, pointer, kind, _spoiler(pointer, kind, value))


def kinds(member: Member, config: GatewayConfig) -> Iterator[tuple[str, str, Any]]:
    """Yields kind, strength (``must`` or ``should``) and faulty value of every fault of a member."""
    if member.required and member.pointer not in config.optional:
        yield "missing", "must", None
    if (
        not member.nullable
        and member.pointer not in config.optional
        and (member.required or member.pointer.endswith("*"))
    ):
        yield "null", "must", None
    for kind, value in WRONG_TYPES.items():
        if kind != member.type:
            yield kind, "must", value
    if member.type == "string":
        if not member.tolerates(""):
            yield "empty", "must", ""
        elif not member.approves(""):
            yield "empty", "should", ""
        for strength in ("must", "should"):
            for name, value in member.malformed(strength).items():
                yield f"malformed: {name}", strength, value
    if member.filled is not None:
        yield "none of its members", member.filled, {}


def _places(pattern: str) -> tuple[str, ...]:
    """Returns a first and a later item of a list, because a gateway may check only the first."""
    return (pattern.replace("*", "0"), pattern.replace("*", "1")) if "*" in pattern else (pattern,)


def _spoiler(pointer: str, kind: str, value: Any) -> Callable[[Any], Any]:
    def spoil(body: Any) -> Any:
        body = copy.deepcopy(body)
        parent = member_at(body, pointer.rpartition("/")[0])
        if kind == "missing" and isinstance(parent, dict):
            del parent[parts_of(pointer)[-1]]
        else:
            put(body, pointer, value)
        return body

    return spoil

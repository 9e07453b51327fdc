"""Derives faulty requests from the schemas: one fault each, with the member that the NACK must name."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..config.gateway import GatewayConfig
from ..specification import requests
from ..specification.members import Member
from ..specification.pointer import member as member_at
from ..specification.pointer import parts_of, put
from ..specification.specification import Specification

WRONG_TYPES: dict[str, Any] = {
    "string": "text",
    "number": 12345,
    "boolean": False,
    "array": ["text"],
    "object": {"text": "text"},
}
"""One value of each JSON type, to put where another type belongs (Q2). The array is not empty, because some languages
cannot tell an empty one from an empty object; the boolean is false, which careless checks take for nothing."""

HEADER_FAULTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "HEADER-NACK-ACTION": ("Action", ("missing", "another operation", "unknown")),
    "HEADER-NACK-TIMESTAMP": ("Timestamp", ("missing", "a word", "a 13th month", "30 February")),
    "TOKEN-NACK-ABSENT": ("Token", ("missing", "empty")),
    "TOKEN-NACK-UNKNOWN": ("Token", ("unknown",)),
    "TOKEN-NACK-FOREIGN": ("Token", ("foreign",)),
}
"""By requirement, a member of the header and its faults that must be refused (T5, H1, H3)."""

TOKEN_KINDS = tuple(kind for name, kinds in HEADER_FAULTS.values() if name == "Token" for kind in kinds)
"""Faults of the token in a call about a registration."""

LATER = " in a later document"
MOST_IN_A_CALL = 5
"""Documents in a call that no reading has a gateway refuse (Q10)."""
LEFT_OUT = "left out"
"""Kind of a valid request without an optional member."""


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
    def id(self) -> str:
        return f"{self.requirement}:{self.pointer}-{self.kind}".replace(" ", "_")

    @property
    def in_first_item(self) -> bool:
        """Whether it is the first item of a list, or in it."""
        return "/0" in self.pointer

    @property
    def documents(self) -> int:
        """Documents that a request with this fault should have."""
        return 1 if self.in_first_item else MOST_IN_A_CALL


def header_requirement(name: str, kind: str) -> str:
    """The requirement that a fault of a header member is refused."""
    of_member = {requirement: kinds for requirement, (member, kinds) in HEADER_FAULTS.items() if member == name}
    return next((requirement for requirement, kinds in of_member.items() if kind in kinds), next(iter(of_member)))


def place_of(kind: str, member: str, pointer: str) -> str:
    """The kind of a fault; one in a later item of a list is a kind of its own."""
    later = "*" in member and not pointer.startswith(member.partition("*")[0] + "0")
    return f"{kind}{LATER if later else ''}"


def fault_cases(
    action: str, specification: Specification, config: GatewayConfig, members: Collection[str] | None = None
) -> Iterator[FaultCase]:
    """Yields every fault of a single member (of ``members``, if given) that a requirement covers."""
    for member in specification.members(action):
        if members is not None and member.pointer not in members:
            continue
        for number, (kind, strength, value) in enumerate(kinds(member, config)):
            requirement = requests.refusing(specification, action, member.pointer, kind, strength)
            if requirement is None:
                continue
            for pointer in _places(member.pointer, number):
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
        if not member.borders.tolerates(""):
            yield "empty", "must", ""
        elif not member.borders.approves(""):
            yield "empty", "should", ""
        for strength in ("must", "should"):
            for name, value in member.malformed(strength).items():
                yield f"malformed: {name}", strength, value
    if member.filled is not None:
        yield "none of its members", member.filled, {}


def _places(pattern: str, number: int) -> tuple[str, ...]:
    """Returns the first item of a list and, in turn, one of the others, because a gateway may check only some."""
    places = ("0", str(1 + number % (MOST_IN_A_CALL - 1))) if "*" in pattern else ("",)
    return tuple(pattern.replace("*", place) for place in places)


def _spoiler(pointer: str, kind: str, value: Any) -> Callable[[Any], Any]:
    def spoil(body: Any) -> Any:
        body = copy.deepcopy(body)
        parent, present = member_at(body, pointer.rpartition("/")[0]), member_at(body, pointer)
        if kind == "missing" and isinstance(parent, dict):
            del parent[parts_of(pointer)[-1]]
        elif kind == "array":
            # Some readers take a list or an object of one for what is in it, and the other way round.
            put(body, pointer, [present])
        elif kind == "object" and isinstance(present, list) and present:
            put(body, pointer, present[0])
        elif kind == "string" and isinstance(present, dict) and len(present) == 1:
            put(body, pointer, next(iter(present.values())))
        else:
            put(body, pointer, value)
        return body

    return spoil

"""Everything in schemas/, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from .actions import SIGNUP
from .catalogue import Operation, Requirement
from .members import Member
from .schemas import Schemas


@dataclass(frozen=True, eq=False)
class Specification:
    """Everything in schemas/, read once; raises SpecificationError if it cannot be used."""

    folder: Path
    files: Mapping[str, Any]
    requirements: Mapping[str, Requirement]
    readings: Mapping[str, Mapping[str, Any]]
    operations: tuple[Operation, ...]
    digest: str
    title: str = "Beckn Gateway Registration API"
    source: str = "Beckn Gateway Registration API, draft page (beckn-gateway-registration-api.md)"
    _members: dict[str, tuple[Member, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def schemas(self) -> Schemas:
        """The JSON Schemas among the files."""
        return Schemas(self.folder, self.files)

    def operation(self, action: str) -> Operation:
        """Returns the operation of an action; raises KeyError for an unknown one."""
        for operation in self.operations:
            if operation.action == action:
                return operation
        raise KeyError(f"the specification has no operation {action}")

    @cached_property
    def changes(self) -> Mapping[str, Operation]:
        """The operations that change a registration, by action."""
        return {operation.action: operation for operation in self.operations if operation.part}

    def blames_registration(self, action: str) -> bool:
        """Tells whether the failure body of an operation has a place for its registration."""
        return "registration" in self.files[f"{self.operation(action).key}.nack.json"].get("properties", {})

    def members(self, action: str) -> tuple[Member, ...]:
        """Returns the members of an operation's request body, parents before children."""
        if action not in self._members:
            found = self.schemas.members(f"{self.operation(action).key}.request.json")
            if action != SIGNUP:
                # Whatever a signup needs, an update may be refused without (Q14).
                needed = {member.pointer for member in self.members(SIGNUP) if not member.omissible}
                found = tuple(replace(m, omissible=False) if m.omissible and m.pointer in needed else m for m in found)
            self._members[action] = found
        return self._members[action]

    def children(self, action: str, pointer: str) -> tuple[Member, ...]:
        """Returns the members of an object in an operation's request body; "" means the body itself."""
        return _children(self, action, pointer)

    def names(self, pointer: str, action: str = SIGNUP) -> tuple[str, ...]:
        """Returns the names of those members, such as those of ``/info`` in a signup."""
        return tuple(member.name for member in self.children(action, pointer))

    @cached_property
    def unchanging(self) -> tuple[str, ...]:
        """Pointers of signup members that no later call changes: values outside of lists and replaced objects."""
        replaced = tuple(f"{operation.replaces}/" for operation in self.operations if operation.replaces)
        return tuple(
            member.pointer
            for member in self.members(SIGNUP)
            if member.scalar and "*" not in member.pointer and not member.pointer.startswith(replaced)
        )

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Specification) and self.digest == other.digest


@lru_cache(maxsize=256)
def _children(specification: Specification, action: str, pointer: str) -> tuple[Member, ...]:
    return tuple(member for member in specification.members(action) if member.parent == pointer)

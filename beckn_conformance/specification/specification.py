"""Everything in schemas/, as one value."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from ..errors import SpecificationError
from .actions import SIGNUP
from .catalogue import Operation, Requirement
from .members import Acceptance, Member, _pattern
from .pointer import below, parts_of
from .validators import BASE, compile_schema

MOST_MEMBERS: Final = 2000
"""Most members of one request, counting referenced parts each time."""


DEEPEST: Final = 16
"""Longest chain of references, and deepest nesting of members."""


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
            found = self.all_members(f"{self.operation(action).key}.request.json")
            if action != SIGNUP:
                # Whatever a signup needs, an update may be refused without (Q14).
                needed = {member.pointer for member in self.members(SIGNUP) if not member.omissible}
                found = tuple(replace(m, omissible=False) if m.omissible and m.pointer in needed else m for m in found)
            self._members[action] = found
        return self._members[action]

    @cached_property
    def places(self) -> frozenset[str]:
        """Places of possible findings, with ``*`` for any index: whole bodies, their members, header members."""
        bodies = (f"{o.key}.{kind}.json" for o in self.operations for kind in ("request", "ack"))
        headers = (name for kind in ("request", "reply") for name in self.files[f"header.{kind}.json"]["properties"])
        members = {member.pointer for body in bodies for member in self.all_members(body)}
        return frozenset({"", *members, *(f"header:{name}" for name in headers)})

    def children(self, action: str, pointer: str) -> tuple[Member, ...]:
        """Returns the members of an object in an operation's request body; "" means the body itself."""
        return _children(self, action, pointer)

    @cached_property
    def info_names(self) -> tuple[str, ...]:
        """Names of the members of ``info`` in a signup."""
        return tuple(member.name for member in self.children(SIGNUP, "/info"))

    def replaced_names(self, change: Operation) -> tuple[str, ...]:
        """Returns the names of the values in the object that an operation replaces, in signups and in its request."""
        found = (*self.children(SIGNUP, change.replaces), *self.children(change.action, change.replaces))
        return tuple(dict.fromkeys(member.name for member in found if member.scalar))

    @cached_property
    def document_names(self) -> tuple[str, ...]:
        """Names of the members of a document in a signup."""
        return tuple(member.name for member in self.children(SIGNUP, "/documents/*"))

    @cached_property
    def unchanging(self) -> tuple[str, ...]:
        """Pointers of signup members that no later call changes: values outside of lists and replaced objects."""
        replaced = tuple(f"{operation.replaces}/" for operation in self.operations if operation.replaces)
        return tuple(
            member.pointer
            for member in self.members(SIGNUP)
            if member.scalar and "*" not in member.pointer and not member.pointer.startswith(replaced)
        )

    def values_sent(self, action: str) -> tuple[str, ...]:
        """Returns the pointers of the values in an operation's request body, those of the registration apart."""
        members = self.members(action)
        return tuple(m.pointer for m in members if m.scalar and not m.pointer.startswith("/registration/"))

    def top_members(self, action: str) -> frozenset[str]:
        """Returns the names of the top-level members of an operation's request body."""
        return frozenset(member.name for member in self.children(action, ""))

    def resolve(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
        """Follows $ref, and anyOf with one alternative to null; returns the schema, and whether null is allowed."""
        nullable = False
        for _ in range(DEEPEST):
            if "$ref" in schema:
                schema = {**self.target(schema["$ref"]), **{k: v for k, v in schema.items() if k != "$ref"}}
            elif "anyOf" in schema:
                options = [o for o in schema["anyOf"] if isinstance(o, dict) and o.get("type") != "null"]
                nullable = len(schema["anyOf"]) > len(options)
                if len(options) != 1:
                    return schema, nullable
                (chosen,) = options
                schema = {**chosen, **{k: v for k, v in schema.items() if k != "anyOf"}}
            else:
                return schema, nullable
        raise SpecificationError(f"{self.folder}: a schema has more than {DEEPEST} references in a row")

    def target(self, reference: str) -> Mapping[str, Any]:
        """Resolves a $ref into any of the files."""
        file, _, pointer = reference.partition("#")
        node: Any = self.files[file or "common.json"]
        for part in parts_of(pointer):
            node = node[part]
        return dict(node)

    def all_members(self, file: str) -> tuple[Member, ...]:
        """Returns the members of the body in a file, parents first.

        Raises SpecificationError for endless references.
        """
        found = tuple(itertools.islice(self._walk(self.files[file], "", DEEPEST), MOST_MEMBERS + 1))
        if len(found) > MOST_MEMBERS:
            raise SpecificationError(f"{self.folder}: a body has more than {MOST_MEMBERS} members")
        return found

    def _walk(self, schema: Mapping[str, Any], pointer: str, room: int) -> Iterator[Member]:
        if not room:
            raise SpecificationError(f"{self.folder}: the members of {pointer[:80]} are nested too deeply")
        schema, _ = self.resolve(schema)
        required = schema.get("required", ())
        needed = (*required, *schema.get("x-safe", {}).get("required", ()))
        for name, child in schema.get("properties", {}).items():
            resolved, nullable = self.resolve(child)
            yield Member(below(pointer, name), resolved, name in required, nullable, name not in needed)
            yield from self._walk(resolved, below(pointer, name), room - 1)
        if "items" in schema:
            resolved, nullable = self.resolve(schema["items"])
            yield Member(f"{pointer}/*", resolved, False, nullable)
            yield from self._walk(resolved, f"{pointer}/*", room - 1)

    def reply_schema(self, action: str, kind: str) -> Any:
        """Returns the validator of an ``ack`` or ``nack`` body of an operation."""
        return self.validator(f"{self.operation(action).key}.{kind}.json")

    def validator(self, reference: str) -> Any:
        """Returns the validator of a schema, such as ``get.ack.json`` or ``catalogue.json#/$defs/page``."""
        return _validator(self, reference)

    def requirement_for_fault(self, action: str, member: str, kind: str, strength: str) -> Requirement | None:
        """Returns the requirement that a request with this fault is refused, or None if there is none."""
        general = None
        for requirement in self._refusals.get(action, ()):
            selector = requirement.refuses
            assert selector is not None
            if member not in selector.members or selector.strength != strength:
                continue
            if kind in selector.kinds or kind.partition(":")[0] in selector.kinds:
                return requirement
            if not selector.kinds:
                general = requirement
        return general

    def requirement_for_acceptance(self, action: str, member: str, strength: str) -> Requirement | None:
        """Returns the requirement that valid values of this member are accepted, or None if there is none."""
        return self._accepting.get((action, member, strength))

    def acceptances(self, action: str) -> tuple[Acceptance, ...]:
        """Returns the kinds of valid values that must be accepted, member by member."""
        return _acceptances_of(self, action)

    @cached_property
    def _refusals(self) -> Mapping[str, list[Requirement]]:
        found: dict[str, list[Requirement]] = {}
        for requirement in filter(lambda requirement: requirement.refuses, self.requirements.values()):
            for action in requirement.operations:
                found.setdefault(action, []).append(requirement)
        return found

    @cached_property
    def _accepting(self) -> Mapping[tuple[str, str, str], Requirement]:
        """By action, member and strength."""
        found: dict[tuple[str, str, str], Requirement] = {}
        for requirement in self.requirements.values():
            if (accepted := requirement.accepts) is not None:
                for action, member in itertools.product(requirement.operations, accepted.members):
                    found.setdefault((action, member, accepted.strength), requirement)
        return found

    def prefix(self, action: str) -> str:
        """Returns the first word of the ids of an operation's requirements, such as ``UPDATE``."""
        return self.operation(action).prefix

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Specification) and self.digest == other.digest


@lru_cache(maxsize=64)
def _validator(specification: Specification, reference: str) -> Any:
    return compile_schema({"$ref": BASE + reference}, specification.files)


@lru_cache(maxsize=256)
def _children(specification: Specification, action: str, pointer: str) -> tuple[Member, ...]:
    return tuple(member for member in specification.members(action) if member.parent == pointer)


@lru_cache(maxsize=64)
def _acceptances_of(specification: Specification, action: str) -> tuple[Acceptance, ...]:
    return tuple(
        Acceptance(
            member.pointer,
            requirement.id,
            tuple((name, _pattern(member, name, text)) for name, text in member.variants(strength).items()),
            member.longest if strength == "must" else 0,
        )
        for member in specification.members(action)
        for strength in ("must", "should")
        if (requirement := specification.requirement_for_acceptance(action, member.pointer, strength)) is not None
    )

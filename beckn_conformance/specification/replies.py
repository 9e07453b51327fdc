"""Looks up what the schemas say of replies: members, the requirements that own them, and statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ..errors import SpecificationError
from .actions import SIGNUP, UPDATE
from .catalogue import Requirement
from .members import Member
from .specification import Specification


@dataclass(frozen=True, slots=True)
class Statuses:
    """Literals of the statuses; None for one that the schemas do not fix."""

    waiting: str | None
    """Of a document that was just handed in."""
    verified: str | None
    pending: str | None
    """Of a registration after an acknowledged change."""
    failed: str | None
    """Of a registration after a refused update."""


@lru_cache(maxsize=8)
def statuses(specification: Specification) -> Statuses:
    """Reads the literals from the replies to a signup and to an update."""
    documents = [*literals(specification, SIGNUP, "ack", "documents", "*", "status"), None, None]
    pending = [*literals(specification, UPDATE, "ack", "registration", "status"), None]
    failed = [*literals(specification, UPDATE, "nack", "registration", "status"), None]
    return Statuses(documents[0], documents[1], pending[0], failed[0])


def declared_statuses(specification: Specification, names: Mapping[str, str]) -> Statuses:
    """The same, with the gateway's own words as ``status_names`` declares them (R5, R6)."""
    literal = statuses(specification)
    pending, failed = names.get("UPDATE-PENDING", literal.pending), names.get("UPDATE-FAIL", literal.failed)
    return replace(literal, pending=pending, failed=failed)


@lru_cache(maxsize=64)
def literals(specification: Specification, action: str, kind: str, *path: str) -> tuple[str, ...]:
    """The texts that ``const`` or ``enum`` allow at a place of a body; none without such a keyword."""
    try:
        schema = specification.files[f"{specification.operation(action).key}.{kind}.json"]
        for name in path:
            schema, _ = specification.schemas.resolve(schema)
            schema = schema["items"] if name == "*" else schema["properties"][name]
        schema, _ = specification.schemas.resolve(schema)
    except (KeyError, ValueError, SpecificationError):
        return ()
    allowed: Any = [schema["const"]] if "const" in schema else schema.get("enum", [])
    return tuple(literal for literal in allowed if isinstance(literal, str))


def schema_of(specification: Specification, action: str, kind: str) -> Any:
    """The validator of an ``ack`` or ``nack`` body of an operation."""
    return specification.schemas.validator(f"{specification.operation(action).key}.{kind}.json")


@lru_cache(maxsize=8)
def places(specification: Specification) -> frozenset[str]:
    """Places of possible findings, with ``*`` for any index: whole bodies, their members, header members."""
    bodies = (f"{o.key}.{kind}.json" for o in specification.operations for kind in ("request", "ack"))
    headers = (
        name for kind in ("request", "reply") for name in specification.files[f"header.{kind}.json"]["properties"]
    )
    members = {member.pointer for body in bodies for member in specification.schemas.members(body)}
    return frozenset({"", *members, *(f"header:{name}" for name in headers)})


@lru_cache(maxsize=64)
def members_of_ack(specification: Specification, action: str) -> tuple[Member, ...]:
    """The members of the body of an operation's ACK, parents before children."""
    return specification.schemas.members(f"{specification.operation(action).key}.ack.json")


@lru_cache(maxsize=1024)
def owner(specification: Specification, action: str, pattern: str) -> str:
    """Id of the requirement under which a member of an ACK is judged: one that owns it, or the general one."""
    general = f"{specification.operation(action).prefix}-BODY"
    owners = (r.id for r in specification.requirements.values() if action in r.operations and pattern in r.owns)
    return next(owners, general)


@lru_cache(maxsize=64)
def owners(specification: Specification, action: str) -> tuple[Requirement, ...]:
    """The requirements that own members of an operation's ACK."""
    return tuple(r for r in specification.requirements.values() if action in r.operations and r.owns)


def declarations(specification: Specification, requirement: Requirement) -> frozenset[str]:
    """Keys of the gateway configuration that settle the readings of a requirement."""
    return frozenset(key for number in requirement.reading for key in specification.readings[number].get("keys", ()))

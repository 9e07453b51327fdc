"""Looks up which requirements are about the members of a request, and about their values."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..errors import SpecificationError
from ..untrusted import patterns
from .actions import SIGNUP
from .catalogue import Operation, Requirement
from .members import Member
from .specification import Specification


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The obligation to accept valid values of a member, in each of their kinds."""

    pointer: str
    requirement: str
    variants: tuple[tuple[str, patterns.Pattern], ...]
    """Name and pattern of every kind."""
    longest: int = 0
    """Characters of the longest value, if a limit on that length is likely."""


def values_sent(specification: Specification, action: str) -> tuple[str, ...]:
    """Pointers of the values in an operation's request body, those of the registration apart."""
    members = specification.members(action)
    return tuple(m.pointer for m in members if m.scalar and not m.pointer.startswith("/registration/"))


def replaced_names(specification: Specification, change: Operation) -> tuple[str, ...]:
    """Names of the values in the object that an operation replaces, in signups and in its request."""
    part = change.replaces
    found = (*specification.children(SIGNUP, part), *specification.children(change.action, part))
    return tuple(dict.fromkeys(member.name for member in found if member.scalar))


def refusing(specification: Specification, action: str, member: str, kind: str, strength: str) -> Requirement | None:
    """The requirement that a request with a fault of a kind in a member is refused; None if there is none."""
    general = None
    for requirement in _refusals(specification).get(action, ()):
        selector = requirement.refuses
        assert selector is not None
        if member not in selector.members or selector.strength != strength:
            continue
        if kind in selector.kinds or kind.partition(":")[0] in selector.kinds:
            return requirement
        if not selector.kinds:
            general = requirement
    return general


def accepting(specification: Specification, action: str, member: str, strength: str) -> Requirement | None:
    """The requirement that valid values of a member are accepted; None if there is none."""
    return _accepting(specification).get((action, member, strength))


@lru_cache(maxsize=64)
def acceptances(specification: Specification, action: str) -> tuple[Acceptance, ...]:
    """The kinds of valid values that an operation must accept, member by member."""
    return tuple(
        Acceptance(
            member.pointer,
            requirement.id,
            tuple((name, _pattern(member, name, text)) for name, text in member.variants(strength).items()),
            member.longest if strength == "must" else 0,
        )
        for member in specification.members(action)
        for strength in ("must", "should")
        if (requirement := accepting(specification, action, member.pointer, strength)) is not None
    )


def _pattern(member: Member, name: str, text: str) -> patterns.Pattern:
    try:
        return patterns.pattern(text)
    except patterns.PatternError as error:
        raise SpecificationError(f"{member.pointer}: the pattern of {name} cannot be used: {error}") from error


@lru_cache(maxsize=8)
def _refusals(specification: Specification) -> Mapping[str, list[Requirement]]:
    found: dict[str, list[Requirement]] = {}
    for requirement in specification.requirements.values():
        for action in requirement.operations if requirement.refuses else ():
            found.setdefault(action, []).append(requirement)
    return found


@lru_cache(maxsize=8)
def _accepting(specification: Specification) -> Mapping[tuple[str, str, str], Requirement]:
    """By action, member and strength."""
    found: dict[tuple[str, str, str], Requirement] = {}
    for requirement in specification.requirements.values():
        if (accepted := requirement.accepts) is not None:
            for action, member in itertools.product(requirement.operations, accepted.members):
                found.setdefault((action, member, accepted.strength), requirement)
    return found

"""Declares which check judges which requirement, and what has to be exercised before the requirement can pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ..config.gateway import GatewayConfig
from ..specification.catalogue import Operation, Requirement
from ..specification.specification import Specification
from .finding import Judgement, Obligation

if TYPE_CHECKING:
    from .checks.observation import Observation

Due = Callable[[Requirement, Specification, GatewayConfig], Iterable[Obligation]]
"""Lists the obligations of a requirement."""
Tie = Literal["", "accepts", "refuses", "owns"]
"""Key of ``requirements.yaml`` that ties a requirement to members."""
Judging = TypeVar("Judging", bound=Callable[..., Any])

FOR_EACH = "*-"
"""Begins the id of a requirement that every operation has, such as ``*-ACK``; in the history, every operation that
changes a registration."""


def per_operation(requirement: Requirement, _: Specification, __: GatewayConfig) -> Iterator[Obligation]:
    """Each operation of the requirement once."""
    return map(Obligation, requirement.operations)


def each_of(*kinds: str) -> Due:
    """Each of these kinds with each operation of the requirement."""
    return lambda requirement, _, __: (Obligation(a, kind=k) for a in requirement.operations for k in kinds)


@dataclass(frozen=True, slots=True)
class Check:
    """A function that judges, with the requirements that it judges."""

    function: Callable[..., Any]
    ids: tuple[str, ...]
    tie: Tie
    due: Due
    history: bool
    """Compares a reply with earlier ones of the same registration, so it is called by the history."""
    follows: Callable[[Operation], object]
    """Of the history: tells for which operations ``*-`` stands."""

    def judges(self, requirement: Requirement, specification: Specification) -> bool:
        """True if the check can judge exchanges under a requirement."""
        return (
            requirement.id in self.ids
            or bool(self.tie and getattr(requirement, self.tie))
            or any(
                f"{FOR_EACH}{requirement.id.removeprefix(f'{operation.prefix}-')}" in self.ids
                for operation in specification.operations
                if requirement.id.startswith(f"{operation.prefix}-")
                and (self.follows(operation) if self.history else operation.action in requirement.operations)
            )
        )


CHECKS: list[Check] = []
"""Every check, in the order of declaration."""


def check(
    *ids: str, tie: Tie = "", obligations: Due = per_operation
) -> Callable[[Callable[[Observation], Iterable[Judgement]]], Callable[[Observation], Iterable[Judgement]]]:
    """Declares a check of single exchanges.

    ``ids`` name the requirements that it judges; ``*-ACK`` stands for ``SIGNUP-ACK`` and its like. With ``tie`` it
    also judges every requirement that has this key in ``requirements.yaml``.
    """
    return _declared(ids, tie, obligations, history=False)


def history_check(
    *ids: str, obligations: Due = per_operation, follows: Callable[[Operation], object] = attrgetter("replaces")
) -> Callable[[Judging], Judging]:
    """Declares a part of the history that judges these requirements; ``*-`` stands for operations that it follows."""
    return _declared(ids, "", obligations, history=True, follows=follows)


def _declared(
    ids: tuple[str, ...],
    tie: Tie,
    due: Due,
    *,
    history: bool,
    follows: Callable[[Operation], object] = attrgetter("action"),
) -> Callable[[Judging], Judging]:
    def declare(function: Judging) -> Judging:
        CHECKS.append(Check(function, ids, tie, due, history, follows))
        return function

    return declare

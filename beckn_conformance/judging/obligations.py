"""Looks up the checks of a requirement and everything that has to be exercised before it can pass."""

from __future__ import annotations

from functools import cache, lru_cache

from ..config.gateway import GatewayConfig
from ..specification.catalogue import Operation, Requirement
from ..specification.specification import Specification
from . import checks, history  # noqa: F401  (their import declares the checks)
from .finding import Obligation
from .registry import CHECKS, FOR_EACH, Check


def obligations(specification: Specification, config: GatewayConfig) -> dict[str, frozenset[Obligation]]:
    """Maps each requirement to its obligations; an untestable one has none."""
    return {
        requirement.id: frozenset(
            obligation
            for check in checks_of(requirement, specification)
            if not requirement.untestable
            for obligation in check.due(requirement, specification, config)
        )
        for requirement in specification.requirements.values()
    }


@lru_cache(maxsize=1024)
def checks_of(requirement: Requirement, specification: Specification) -> tuple[Check, ...]:
    """The checks that judge a requirement; none means that nobody can be held to it."""
    return tuple(check for check in CHECKS if check.judges(requirement, specification))


@cache
def compares_replies(requirement: str) -> bool:
    """True if replies are compared with earlier ones under the requirement with an id."""
    named = {id_: check.history for check in CHECKS for id_ in check.ids}
    endings = tuple(id_.removeprefix("*") for id_, follows in named.items() if follows and id_.startswith(FOR_EACH))
    return named.get(requirement, requirement.endswith(endings))


def is_general(ending: str, operation: Operation) -> bool:
    """True if a check judges the requirements with this ending for any operation of the kind."""
    return any(f"{FOR_EACH}{ending}" in check.ids and check.follows(operation) for check in CHECKS)

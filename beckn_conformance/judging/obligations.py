"""Looks up the checks of a requirement and everything that has to be exercised before it can pass."""

from __future__ import annotations

from functools import cache

from ..config.gateway import GatewayConfig
from ..specification.catalogue import Requirement
from ..specification.specification import Specification
from . import checks, history  # noqa: F401  (their import declares the checks)
from .finding import Obligation
from .registry import CHECKS, Check


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


def checks_of(requirement: Requirement, specification: Specification) -> list[Check]:
    """The checks that judge a requirement; none means that nobody can be held to it."""
    return [check for check in CHECKS if check.judges(requirement, specification)]


@cache
def history_requirements() -> frozenset[str]:
    """Ids of the requirements for which replies are compared with earlier ones."""
    return frozenset(id_ for check in CHECKS if check.history for id_ in check.ids)

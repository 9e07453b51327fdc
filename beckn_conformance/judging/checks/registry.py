"""Which check judges which requirement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ...specification.catalogue import Requirement
from ..finding import Judgement

if TYPE_CHECKING:
    from .observation import Observation

Check = Callable[["Observation"], Iterable[Judgement]]
CHECKS: list[tuple[Callable[[Requirement], bool], Check]] = []


def check(*ids: str, when: Callable[[Requirement], bool] | None = None) -> Callable[[Check], Check]:
    """Registers a check under the requirements that it judges.

    They are named by id, by what follows the word of any operation (``*-BODY``), or by a predicate.
    """

    def covers(requirement: Requirement) -> bool:
        return (
            requirement.id in ids
            or any(i.startswith("*-") and requirement.id.partition("-")[2] == i[2:] for i in ids)
            or (when is not None and when(requirement))
        )

    def register(function: Check) -> Check:
        CHECKS.append((covers, function))
        return function

    return register

"""Chooses which of the exchanges that show the same finding is reported: the one with the lowest preference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..messages.exchange import Exchange, overlapping
from ..specification.actions import SIGNUP

DRAWN: Final = 1 << 22
"""Added for an example drawn at random: a test made for the finding explains more."""
UNUSUAL: Final = 1 << 20
"""Added for a request that readings disagree about."""
BESIDE: Final = 500_000
"""Added if other calls overlapped the exchange, or one another before it."""
CALL: Final = 10_000
"""Added for each earlier call, if a finding depends on them."""


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances in which a finding's exchange is weighed."""

    exchanges: Sequence[Exchange]
    """All exchanges of the scenario."""
    doubtful: bool = False
    """Readings disagree about the request."""
    history: bool = False
    """The finding depends on earlier calls."""
    shared: bool = False
    """The finding is that an earlier signup was given the same."""


@dataclass(frozen=True, slots=True)
class Weight:
    """The rank of a scenario's findings among those of others."""

    offset: int = 0
    """Added to the preference of each finding."""
    exact: int | None = None
    """Replaces it."""


PLAIN: Final = Weight()


def preference(exchange: Exchange, context: Context, weight: Weight = PLAIN) -> int:
    """Ranks an exchange that shows a finding: low for a short and plain request that few others precede or overlap."""
    if weight.exact is not None:
        return weight.exact
    others = [other for other in context.exchanges if not other.peer]
    # Calls at the same time are a matter of luck, also if the finding shows later.
    abreast = overlapping(others) if context.history else {e.id for e in others if exchange.overlaps(e)}
    return (
        weight.offset
        + len(exchange.request.content)
        + (UNUSUAL if context.doubtful or (context.shared and not _has_twin(exchange, others)) else 0)
        + (BESIDE if abreast else 0)
        + (CALL * sum(other.ended <= exchange.started for other in others) if context.history else 0)
    )


def _has_twin(signup: Exchange, others: Sequence[Exchange]) -> bool:
    """True if an earlier signup of the same scenario was given the same id or token."""
    return any(
        other.ended <= signup.ended
        and other is not signup
        and other.action == SIGNUP
        and (other.id_received == signup.id_received or other.token_received == signup.token_received)
        for other in others
    )

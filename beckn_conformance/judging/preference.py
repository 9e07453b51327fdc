"""Chooses which of the exchanges that show the same finding is reported: the one with the lowest preference."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ..messages.exchange import Exchange, overlapping
from ..specification.actions import SIGNUP

DRAWN: Final = 1 << 22
"""Added for an example drawn at random: a test made for the finding explains more."""
UNUSUAL: Final = 1 << 20
"""Added for a request that readings disagree about."""
BESIDE: Final = 1 << 23
"""Added if other calls overlapped the exchange, or one another before it: even a drawn example explains more."""
CALL: Final = 10_000
"""Added for each earlier call, if a finding depends on them."""
ODD: Final = 5_000
"""Added for a request with a remarkable value or hostile input, or after such input: neither need be the cause."""


@dataclass(frozen=True, slots=True)
class Weight:
    """The rank of a scenario's findings among those of others."""

    offset: int = 0
    """Added to the preference of each finding."""
    exact: int | None = None
    """Added in its place for an example that was tried because it is smaller."""


PLAIN: Final = Weight()


class Surroundings:
    """The exchanges of a scenario, by which each of them is weighed."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._others = sorted((exchange for exchange in exchanges if not exchange.peer), key=lambda e: e.ended)
        self._ends = [exchange.ended for exchange in self._others]
        self._abreast = overlapping(self._others)
        self._first_hostile = next((one.ended for one in self._others if one.purpose), math.inf)

    def preference(
        self,
        exchange: Exchange,
        weight: Weight = PLAIN,
        *,
        doubtful: bool = False,
        remarkable: bool = False,
        history: bool = False,
        shared: bool = False,
    ) -> int:
        """Ranks an exchange that shows a finding: low for a short and plain request that few others precede or overlap.

        ``doubtful`` if readings disagree about the request, ``remarkable`` if it has values that are rare, ``history``
        if the finding depends on earlier calls, ``shared`` if it is that an earlier signup was given the same.
        """
        # Calls at the same time are a matter of luck, also if the finding shows later.
        beside = bool(self._abreast) if history else exchange.id in self._abreast
        odd = remarkable or exchange.purpose or (history and self._first_hostile <= exchange.started)
        return (
            (weight.offset if weight.exact is None else weight.exact)
            + len(exchange.request.content)
            + (UNUSUAL if doubtful or (shared and exchange.id not in self._twins) else 0)
            + (BESIDE if beside else 0)
            + (ODD if odd else 0)
            + (CALL * bisect_right(self._ends, exchange.started) if history else 0)
        )

    @cached_property
    def _twins(self) -> set[str]:
        """Ids of the signups that were given the same id or token as an earlier one of the scenario."""
        found: set[str] = set()
        seen: set[tuple[str, str | None]] = set()
        for signup in self._others:
            if signup.action == SIGNUP:
                given = {("id", signup.id_received), ("token", signup.token_received)} - {("id", None), ("token", None)}
                found |= {signup.id} if given & seen else set()
                seen |= given
        return found

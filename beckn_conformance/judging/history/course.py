"""Keeps what happened to a registration last; it decides which requirement a wrong reply fails."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...specification.actions import SIGNUP
from ..checks import Observation


@dataclass(slots=True)
class Course:
    """The changes of a registration as they come; all parts of its history read it."""

    written: str | None = SIGNUP
    """Action of the last acknowledged change; None if nobody can say what it did."""
    written_at: float = 0.0
    refused: str | None = None
    """Action of a change that was surely refused since the last Provider/get."""
    under_way: set[str] = field(default_factory=set)
    """Changes that were sent before the end of the call that is judged, and not answered by then."""
    documents_intact: bool = True
    """The last reply showed all documents as they should be."""

    def change(self, observation: Observation) -> None:
        """Takes note of an acknowledged change."""
        self.written, self.written_at = observation.action, observation.exchange.ended
        self.refused = None


def settled(observation: Observation, since: float) -> bool:
    """Tells whether a change is old enough to be seen by every call (R19)."""
    return observation.exchange.started >= since + observation.config.settle

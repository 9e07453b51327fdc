"""Keeps what happened to a registration last; it decides which requirement a wrong reply fails."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...specification.actions import ADD, GET, SIGNUP
from ..checks import Observation


@dataclass(slots=True)
class Watch:
    """The longest that statuses of registrations without a change were seen to stay, in seconds; for a whole run.

    Until then, time alone does not explain another status (R7, R17).
    """

    registration: float = 0.0
    documents: float = 0.0


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
    quiet: bool = True
    """No change was sent since the last reply that showed the registration."""
    untouched: bool = True
    """No change was ever sent."""
    certain: bool = True
    """No answer to a change was lost. Such a change may be made at any later time."""
    begun_at: float = 0.0
    touched_at: float = 0.0
    replaced_at: float = 0.0
    """End of the last change of anything but documents, whatever became of it."""
    watch: Watch = field(default_factory=Watch)

    def begin(self, observation: Observation) -> None:
        """Takes note of the signup, or of the first Provider/get of a registration that was made beforehand."""
        self.begun_at = observation.exchange.ended

    def change(self, observation: Observation) -> None:
        """Takes note of an acknowledged change."""
        self.written, self.written_at = observation.action, observation.exchange.ended
        self.refused = None
        self.touch(observation)

    def touch(self, observation: Observation) -> None:
        """Takes note of a change, whatever became of it."""
        self.quiet = self.untouched = False
        self.touched_at = observation.exchange.ended
        if observation.action != ADD:
            self.replaced_at = observation.exchange.ended

    def look(self, observation: Observation) -> None:
        """Takes note of a Provider/get; one that overlaps a change may show what was there before it."""
        self.refused = None
        self.quiet = not self.under_way and observation.exchange.started >= self.touched_at

    def alone(self, observation: Observation) -> bool:
        """Tells for a Provider/get whether nothing was sent that could have changed what the last reply showed."""
        return observation.action == GET and self.quiet and self.certain and not self.under_way

    def age(self, observation: Observation) -> float:
        """Seconds from the beginning to the end of a call."""
        return observation.exchange.ended - self.begun_at

    def waited(self, observation: Observation) -> float:
        """Seconds for which the registration was sent nothing but Provider/get by the start of a call; 0 if it was."""
        alone = self.untouched and not self.under_way
        return observation.exchange.started - self.begun_at if alone else 0.0


def settled(observation: Observation, since: float) -> bool:
    """Tells whether a change is old enough to be seen by every call (R19)."""
    return observation.exchange.started >= since + observation.config.settle

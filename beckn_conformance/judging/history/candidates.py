"""The values that ``info`` may have while the order of calls is open (R12, Q14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NEVER = float("inf")
MOST_VALUES = 512
"""Most candidates with which a registration is judged; they multiply only by partial updates without a read between."""


@dataclass(slots=True, eq=False)
class Write:
    """A call that set members of ``info`` and was acknowledged, or may have been carried out."""

    exchange: str
    started: float
    sent: dict[str, Any]
    partial: bool
    """It left out members, so its result depends on what was there."""
    time: float = NEVER
    """When its acknowledgement arrived. Until then, and without one, it may have been carried out or not."""
    seen_at: float = NEVER
    """End of the first Provider/get that showed a value of it."""

    @property
    def seen(self) -> bool:
        return self.seen_at < NEVER

    def follows(self, other: Write) -> bool:
        """Tells whether it was sent after the other was acknowledged, and so is surely the later one."""
        return self is not other and self.started >= other.time


@dataclass(slots=True, eq=False)
class Candidate:
    """Values that ``info`` may have: those of one call, or of several partial ones laid over each other."""

    info: dict[str, Any]
    sources: dict[str, Write]
    """By member, the write that its value comes from."""
    write: Write
    """The write that was laid over the others."""
    applied: frozenset[str]
    """Exchanges whose writes are in it."""
    first: float = NEVER
    """End of the first Provider/get that showed it."""
    replaced: bool = False
    """Later values are surely in force, so nothing is laid over these any more."""

    def lacks(self, write: Write) -> bool:
        """Tells whether a write is surely not in force where these values are shown.

        The value of one of its members comes from an earlier write, and nothing here ran in parallel with it: of
        parallel updates only one may remain, together with what it took for the old values (X3).
        """
        sources = self.sources.values()
        return any(write.follows(source) for key, source in self.sources.items() if key in write.sent) and all(
            write.follows(source) or source.follows(write) for source in sources
        )


class Candidates:
    """All values that ``info`` of one registration may have, or has had."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.writes: list[Write] = []
        self.values: list[Candidate] = []
        """In the order in which their last writes were sent."""
        self.deferring = False
        """Updates were seen to take longer than ``settle``, or are declared to."""
        self.certain = True
        """False once ``info`` may be anything."""

    def begin(self, write: Write) -> None:
        """Starts with the values that a registration was made with."""
        self.writes.append(write)
        sources = dict.fromkeys(self.names, write)
        self.values.append(Candidate(write.sent, sources, write, frozenset({write.exchange}), first=-NEVER))

    def add(self, exchange: str, started: float, sent: dict[str, Any]) -> None:
        """Adds what an update may lead to: its members, laid over anything that may be in force."""
        write = Write(exchange, started, sent, len(sent) < len(self.names))
        self.writes.append(write)
        unfinished = [w for w in self.writes if w.partial and (w.time > started or (self.deferring and not w.seen))]
        bases = [v for v in self.values if not v.replaced] if write.partial else self.values[-1:]
        known = {self._key(values) for values in self.values}
        fresh = [_laid_over(base, write) for base in bases]
        while fresh and self.certain:
            values = fresh.pop(0)
            if self._key(values) in known:
                continue
            known.add(self._key(values))
            self.values.append(values)
            fresh += [_laid_over(values, w) for w in unfinished if w.exchange not in values.applied]
            self.certain = len(self.values) <= MOST_VALUES

    def withdraw(self, exchange: str) -> None:
        """Drops an update that was refused, and everything built on it."""
        self.writes = [w for w in self.writes if w.exchange != exchange]
        self.values = [v for v in self.values if exchange not in v.applied]

    def by(self, exchange: str) -> list[Write]:
        """The write that an exchange sent, if it sent one."""
        return [write for write in self.writes if write.exchange == exchange]

    def shown(self, values: Candidate, at: float) -> None:
        """Notes that a Provider/get which ended at a moment showed certain values."""
        if sum(values.info == other.info for other in self.values) > 1:
            # The same values were sent twice, and nobody can say which of the two is seen.
            return
        values.first = min(values.first, at)
        sources = values.sources.values()
        for write in sources:
            write.seen_at = min(write.seen_at, at)
        if not self.deferring:
            for other in self.values:
                other.replaced = other.replaced or any(other.lacks(write) for write in sources)

    def _key(self, values: Candidate) -> tuple[str, ...]:
        return tuple(values.sources[name].exchange for name in self.names)


def _laid_over(base: Candidate, write: Write) -> Candidate:
    sources = {**base.sources, **dict.fromkeys(write.sent, write)}
    below = base.applied if write.partial else frozenset[str]()
    return Candidate({**base.info, **write.sent}, sources, write, below | {write.exchange})

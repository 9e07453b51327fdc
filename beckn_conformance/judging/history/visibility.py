"""Judges when the values of an update are seen, and that they do not go again (R12, R19)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...messages.text import shown
from ...specification.actions import GET
from ...specification.catalogue import Operation
from ..checks import Observation
from ..finding import Judgement
from ..registry import history_check
from .candidates import Candidate, Candidates, Write
from .course import settled


@dataclass(frozen=True, slots=True)
class Read:
    """A Provider/get that showed certain values: they were in force at some time between the two."""

    values: Candidate
    earliest: float
    latest: float


@history_check("*-STAYS", "*-VISIBLE")
class Visibility:
    """The values of an object that a Provider/get has shown."""

    def __init__(self, change: Operation, candidates: Candidates) -> None:
        self._change = change
        self._candidates = candidates
        self._reads: list[Read] = []

    def judge(self, observation: Observation, values: Candidate) -> Iterator[Judgement]:
        """Judges whether values are late, or were replaced before and have come back."""
        writes = self._candidates.writes
        lacking = [w for w in writes if w.time <= observation.exchange.ended and values.lacks(w)]
        overdue = [w for w in lacking if settled(observation, w.time)]
        if observation.action == GET:
            read = self._read(observation, values)
            if (earlier := self._replaced_by(read, overdue)) is not None:
                yield _gone(observation, self._change, earlier, values)
                return
            if values.write.seen and values is not self._candidates.values[0]:
                yield observation.ok(f"{self._change.prefix}-STAYS")
            self._reads.append(read)
            self._candidates.shown(values, read.latest)
        if observation.config.updates == "deferred" or observation.action not in (self._change.action, GET):
            return
        late = overdue or [w for w in lacking if w.exchange == observation.exchange.id]
        if late:
            self._candidates.deferring = self._candidates.deferring or observation.action == GET
            yield _late(observation, self._change, late[-1].sent, values)
        elif not lacking and values.write is not writes[0] and values.write.time <= observation.exchange.ended:
            yield observation.ok(f"{self._change.prefix}-VISIBLE")

    def _read(self, observation: Observation, values: Candidate) -> Read:
        """The span in which values shown now may have been in force: now, or as long ago as reads may lag."""
        candidates = self._candidates
        exact = not candidates.deferring and all(settled(observation, w.time) for w in candidates.writes)
        lag = 0.0 if exact else observation.config.settle
        return Read(values, observation.exchange.started - lag, observation.exchange.ended)

    def _replaced_by(self, read: Read, overdue: list[Write]) -> dict[str, Any] | None:
        """Values that were surely in force after those of a read, and before it."""
        seen = [write for write in overdue if write.seen]
        if seen and not self._candidates.deferring:
            return seen[-1].sent
        later = (r for r in self._reads if r.values.info != read.values.info and read.values.first < r.earliest)
        return next((r.values.info for r in later if r.latest < read.earliest), None)


def _gone(observation: Observation, change: Operation, earlier: Mapping[str, Any], values: Candidate) -> Judgement:
    key = _difference(earlier, values)
    return observation.bad(
        f"{change.prefix}-STAYS",
        change.replaces,
        "update-gone",
        "values of an update are lost again",
        f"{key} {shown(earlier[key], 60)}, as an earlier Provider/get showed",
        f"{key} {shown(values.info[key], 60)}, from before the update",
    )


def _late(observation: Observation, change: Operation, sent: Mapping[str, Any], values: Candidate) -> Judgement:
    key = _difference(sent, values)
    return observation.bad(
        f"{change.prefix}-VISIBLE",
        change.replaces,
        "earlier-values",
        "old values are shown after an acknowledged update",
        f"{key} {shown(sent[key], 60)}",
        f"{key} {shown(values.info[key], 60)}, as before",
    )


def _difference(earlier: Mapping[str, Any], values: Candidate) -> str:
    """The first member that shows which values these are."""
    return next(
        (key for key in values.info if key in earlier and earlier[key] != values.info[key]), next(iter(earlier))
    )

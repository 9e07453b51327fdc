"""What a run has shown so far, by requirement: findings with the exchanges that show them, and what was exercised."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from ..messages.shell import NOTHING, Command
from ..specification.pointer import pattern_of
from .finding import MOST_PLACES, Finding, Judgement, Obligation
from .obligations import history_requirements
from .omissions import Omissions
from .statistics import Statistics

EVERY = 3
"""Refusals that must have been replaced before it is said of every one of them."""
KEPT_REGISTRATIONS = 2000
KEPT_EXCHANGES = 40
"""Exchange ids kept of one finding; the rest is counted."""


@dataclass(slots=True)
class Found:
    """A finding at one place, with all the exchanges that show it there; the lightest stands for them."""

    finding: Finding
    place: str
    """Its pointer, with ``*`` for the index where it was found at too many places to tell them apart."""
    exchanges: list[str] = field(default_factory=list)
    cases: list[Obligation] = field(default_factory=list)
    """Obligations in which it was found, such as kinds of faulty values."""
    registrations: set[str] = field(default_factory=set)
    """Ids of the registrations concerned; "" where there was none."""
    count: int = 0
    curl: Command = NOTHING
    """This and what follows is computed from the record when a report is made."""
    steps: list[str] = field(default_factory=list)
    """The calls of the history that shows it, where it takes one."""
    script: Command = NOTHING
    """A shell script of those calls."""
    replay: Command = NOTHING

    def joined(self, other: Found) -> Found:
        """The same finding with what another item of a list has shown of it."""
        lighter = other if other.finding.weight < self.finding.weight else self
        return replace(
            lighter,
            exchanges=(self.exchanges + other.exchanges)[:KEPT_EXCHANGES],
            cases=list(dict.fromkeys(self.cases + other.cases)),
            registrations=self.registrations | other.registrations,
            count=self.count + other.count,
        )

    def to_json(self) -> dict[str, Any]:
        finding = self.finding
        return {
            "id": finding.id,
            "operation": finding.operation,
            "pointer": finding.pointer,
            "message": finding.message,
            "sent": finding.sent,
            "expected": finding.expected,
            "observed": finding.observed,
            "cases": sorted(map(str, self.cases)),
            "exchanges": list(dict.fromkeys((finding.exchange, *self.exchanges)))[:KEPT_EXCHANGES],
            "count": self.count,
            "curl": self.curl,
            "steps": self.steps,
            "script": self.script,
            "replay": self.replay,
        }


@dataclass(slots=True)
class Tally:
    """What a run has shown so far, by requirement."""

    exercised: dict[str, set[Obligation]] = field(default_factory=lambda: defaultdict(set))
    found: dict[str, dict[tuple[str, str], Found]] = field(default_factory=dict)
    """By requirement, what was found; each by its id and its place, since a waiver may be for one item of a list."""
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    tests: dict[str, list[str]] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)
    """Registration ids that were given more than once: what was found of them only follows from that."""
    samples: dict[str, str] = field(default_factory=dict)
    """By requirement, an exchange that met it."""
    statistics: Statistics = field(default_factory=Statistics)
    omissions: Omissions = field(default_factory=Omissions)

    def add(self, judgement: Judgement, exchange: str = "") -> None:
        """Counts a judgement of an exchange."""
        self.exercised[judgement.requirement].add(judgement.obligation)
        finding = judgement.finding
        if finding is None:
            self.samples.setdefault(judgement.requirement, exchange)
            return
        known = self.found.setdefault(judgement.requirement, {})
        key = _key(known, finding.id, finding.pointer)
        record = known.get(key)
        if record is None:
            record = known[key] = Found(finding, key[1])
        elif finding.weight < record.finding.weight:
            record.finding = finding
        record.count += 1
        # Of more registrations than can be kept it is no longer known that another was given each id too.
        record.registrations.add(finding.registration if len(record.registrations) < KEPT_REGISTRATIONS else "")
        if judgement.obligation not in record.cases:
            record.cases.append(judgement.obligation)
        if len(record.exchanges) < KEPT_EXCHANGES:
            record.exchanges.append(finding.exchange)

    def hinder(self, requirement: str, reason: str) -> None:
        """Notes why something under a requirement could not be judged."""
        self.reasons.setdefault(requirement, Counter())[reason] += 1

    def follows(self, record: Found) -> bool:
        """Whether a finding only repeats another fault of the gateway, or was none in the end.

        What histories say does where all of it concerns registrations whose id another was given too; and where of
        several faults one is not blamed, that does which is never refused at all.
        """
        finding = record.finding
        if self.takes_back(record):
            return True
        if finding.requirement == "SIGNUP-ID-UNIQUE":
            return False
        if (
            record.registrations
            and record.registrations <= self.doubled
            and finding.requirement in history_requirements()
        ):
            return True
        return finding.requirement == "NACK-ALL" and any(
            other.finding.operation == finding.operation
            and pattern_of(other.finding.pointer) == pattern_of(finding.pointer)
            for requirement, others in self.found.items()
            if "-NACK-" in requirement
            for other in others.values()
        )

    def takes_back(self, record: Found) -> bool:
        """Whether the rest of the run shows that there is nothing in a finding."""
        unless = record.finding.unless
        exercised = self.exercised.get(record.finding.requirement, ())
        return unless is not None and (record.count < EVERY or unless in exercised)

    def shown(self, requirement: str) -> set[Obligation]:
        """Obligations that were exercised; where only consequences of other findings were seen, none was."""
        found = self.found.get(requirement, {}).values()
        clouded = {case for record in found if self.follows(record) for case in record.cases}
        return self.exercised.get(requirement, set()) - clouded

    def ids(self) -> set[str]:
        """Ids of all findings so far."""
        return {id_ for records in self.found.values() for id_, _ in records}


def _key(known: Collection[tuple[str, str]], id_: str, pointer: str) -> tuple[str, str]:
    """Under which a finding is kept: by its place, as long as that does not take too many."""
    pattern = pattern_of(pointer)
    if pointer == pattern or (id_, pointer) in known:
        return id_, pointer
    return id_, pointer if sum(one == id_ for one, _ in known) < MOST_PLACES else pattern

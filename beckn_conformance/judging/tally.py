"""Counts what a run has shown of each requirement: findings with their exchanges, and obligations exercised."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from ..messages.shell import NOTHING, Command
from ..specification.actions import GET, SIGNUP, UPDATE
from ..specification.pointer import AN_INDEX, pattern_of
from .finding import (
    ADDED_MISSING,
    AFTER_CHANGE,
    ANOTHER_STATUS,
    CUT,
    DROPPED,
    EARLIER_MISSING,
    LATER,
    MISSING_DOCUMENT,
    MOST_PLACES,
    NO_TEXT,
    NO_TEXTS,
    NOT_BLAMED,
    NOWHERE,
    REGISTRATION_BLAMED,
    REPLACED,
    SOUND,
    UNEXPLAINED,
    VALUE,
    Finding,
    Judgement,
    Obligation,
)
from .obligations import compares_replies
from .omissions import Omissions
from .statistics import Statistics

EVERY = 3
"""Replaced refusals from which on all refusals are taken to be replaced."""
KEPT_REGISTRATIONS = 2000
KEPT_EXCHANGES = 40
"""Exchange ids kept for one finding; the rest is only counted."""
ACCEPTANCE = "-ACK-"
"""Part of the ids, with a dash at the end, of the requirements that valid requests and values are accepted."""
CAUSES = {"NACK-ALL": "-NACK-", SOUND: ACCEPTANCE, "SIGNUP-ACK-CORRECTED": ACCEPTANCE}
"""Requirements whose findings follow from findings at the same members, with a part of the ids of the requirements that
those are of: a fault is not blamed on its own either, or a valid value is refused."""
BROADER = {
    NOT_BLAMED: (NOWHERE,),
    NO_TEXT: (NO_TEXTS,),
    REPLACED: (MISSING_DOCUMENT, EARLIER_MISSING, ADDED_MISSING),
    DROPPED: (MISSING_DOCUMENT,),
    AFTER_CHANGE: (MISSING_DOCUMENT, EARLIER_MISSING, ADDED_MISSING, DROPPED),
}
"""By kind of finding, broader kinds: a finding of one of those in the same operation is its cause."""
BY_UPDATE = (DROPPED, AFTER_CHANGE)
"""Kinds of findings whose cause an update, or a Provider/get after it, may show as well."""
REGISTRATION = "/registration/id"
ALTERED = {SIGNUP: "SIGNUP-ECHO", GET: "GET-ROUND-TRIP"}
"""The requirements that a signup and a Provider/get show what was sent."""


@dataclass(slots=True)
class Found:
    """A finding at one place, with the exchanges that show it there; the one with the lowest weight is reported."""

    finding: Finding
    place: str
    """Its pointer, with ``*`` for the index beyond the first items of a list."""
    exchanges: list[str] = field(default_factory=list)
    cases: list[Obligation] = field(default_factory=list)
    """Obligations under which it was found, such as kinds of faulty values."""
    registrations: set[str] = field(default_factory=set)
    """Ids of the registrations concerned; "" stands for none, or for too many to tell."""
    count: int = 0
    curl: Command = NOTHING
    """This and what follows is computed from the record when a report is made."""
    steps: list[str] = field(default_factory=list)
    """The calls of the history that shows it, if it takes one."""
    script: Command = NOTHING
    """A shell script of those calls."""
    replay: Command = NOTHING

    def joined(self, later: Found) -> Found:
        """Returns the finding together with what came later of it, or what another item of a list has shown."""
        lighter = later if later.finding.weight < self.finding.weight else self
        registrations = self.registrations | later.registrations
        return replace(
            lighter,
            exchanges=(self.exchanges + later.exchanges)[:KEPT_EXCHANGES],
            cases=list(dict.fromkeys(self.cases + later.cases)),
            registrations=registrations if len(registrations) <= KEPT_REGISTRATIONS else {""},
            count=self.count + later.count,
        )

    def to_json(self) -> dict[str, Any]:
        finding = self.finding
        return {
            **finding.to_json(),
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
    """Everything that a run has shown so far; the keys of its mappings are requirements."""

    exercised: dict[str, set[Obligation]] = field(default_factory=lambda: defaultdict(set))
    found: dict[str, dict[tuple[str, str], Found]] = field(default_factory=dict)
    """Findings by id and place, because a waiver may be for one item of a list."""
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    tests: dict[str, list[str]] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)
    """Registration ids that were given more than once; other findings about them only follow from that."""
    samples: dict[str, str] = field(default_factory=dict)
    """An exchange that met the requirement."""
    statistics: Statistics = field(default_factory=Statistics)
    omissions: Omissions = field(default_factory=Omissions)

    def add(self, judgement: Judgement, exchange: str = "") -> None:
        """Counts a judgement of an exchange."""
        self.exercised[judgement.requirement].add(judgement.obligation)
        finding = judgement.finding
        if finding is None:
            self.samples.setdefault(judgement.requirement, exchange)
            return
        place = _place(finding.pointer)
        shown = Found(finding, place, [finding.exchange], [judgement.obligation], {finding.registration}, 1)
        self._find(judgement.requirement, (finding.id, place), shown)

    def _find(self, requirement: str, key: tuple[str, str], shown: Found) -> None:
        known = self.found.setdefault(requirement, {})
        known[key] = known[key].joined(shown) if key in known else shown

    def join(self, later: Tally) -> None:
        """Adds what another process of the run has shown, as if its exchanges had been judged after all others."""
        for requirement, exercised in later.exercised.items():
            self.exercised[requirement] |= exercised
        for requirement, records in later.found.items():
            for key, record in records.items():
                self._find(requirement, key, record)
        for requirement, reasons in later.reasons.items():
            self.reasons.setdefault(requirement, Counter()).update(reasons)
        for requirement, tests in later.tests.items():
            self.tests.setdefault(requirement, []).extend(tests)
        self.doubled |= later.doubled
        self.samples = {**later.samples, **self.samples}
        self.statistics.join(later.statistics)
        self.omissions.join(later.omissions)

    def hinder(self, requirement: str, reason: str) -> None:
        """Notes why a test could not judge something under a requirement."""
        self.reasons.setdefault(requirement, Counter())[reason] += 1

    def follows(self, record: Found) -> bool:
        """True if a finding only follows from another one, or was taken back.

        A finding of the history follows if all its registrations share their id with another, or if another operation
        shows the same more simply. One of a requirement in CAUSES follows if the finding that causes it was made at
        each of its members. That the registration is blamed for something else follows if it is blamed for valid
        requests, too. That sound members are blamed follows if they are so together with others. One of a kind in
        BROADER follows if there is one of a broader kind. That a Provider/get shows another value after a change
        follows if it does so after a mere signup, and that a long text is lost if others are.
        """
        finding = record.finding
        if self.takes_back(record):
            return True
        if finding.requirement == "SIGNUP-ID-UNIQUE":
            return False
        if compares_replies(finding.requirement) and (
            (record.registrations and record.registrations <= self.doubled) or self._shown_more_simply(record)
        ):
            return True
        if finding.kind in BROADER:
            return any(
                _is_broader(other.finding, finding) and not self.takes_back(other)
                for others in self.found.values()
                for other in others.values()
            )
        if finding.requirement == SOUND and any(
            other.finding.operation == finding.operation
            and finding.pointer.startswith(f"{other.finding.pointer}/")
            and {*record.cases} <= {*other.cases}
            for other in self.found[SOUND].values()
        ):
            return True
        if finding.kind == CUT or (finding.operation == GET and finding.kind in (VALUE, LATER)):
            place, altered = pattern_of(finding.pointer), ALTERED.get(finding.operation, "")
            return (finding.requirement, finding.kind) != (altered, VALUE) and any(
                (other.finding.kind, pattern_of(other.finding.pointer)) == (VALUE, place)
                for other in self.found.get(altered, {}).values()
            )
        if finding.kind == REGISTRATION_BLAMED:
            cause: str | None = ACCEPTANCE
            members = {REGISTRATION}
        else:
            cause = CAUSES.get(finding.requirement)
            members = {case.member or pattern_of(finding.pointer) for case in record.cases}
        return cause is not None and members <= {
            pattern_of(other.finding.pointer)
            for requirement, others in self.found.items()
            if cause in f"{requirement}-" and requirement not in CAUSES
            for other in others.values()
            if other.finding.operation == finding.operation
        }

    def _shown_more_simply(self, record: Found) -> bool:
        """True if a reply to another operation shows the same with a lower weight: all replies show what is kept."""

        def rank(one: Found) -> tuple[int, str]:
            return one.finding.weight, one.finding.operation

        return any(
            (other.place, other.finding.kind) == (record.place, record.finding.kind)
            and other.finding.operation != record.finding.operation
            and rank(other) < rank(record)
            and not self.follows(other)
            for other in self.found[record.finding.requirement].values()
        )

    def takes_back(self, record: Found) -> bool:
        """True if the rest of the run disproves a finding."""
        unless = record.finding.unless
        if record.finding.kind == NO_TEXTS:
            return len(record.cases) < EVERY
        if not unless or not self.exercised.get(record.finding.requirement, set()).isdisjoint(unless):
            return bool(unless)
        if record.finding.kind in (NOT_BLAMED, ANOTHER_STATUS, NOWHERE) and any(
            one.kind == UNEXPLAINED for several in self.exercised.values() for one in several
        ):
            # A call without a fault was refused without a reason, too.
            return True
        # What is not seen under two requirements is a finding under the one.
        rare = record.count < EVERY or (record.finding.kind == NOWHERE and len(record.cases) < 2)
        return rare and record.finding.kind not in (NOT_BLAMED, ANOTHER_STATUS)

    def shown(self, requirement: str) -> set[Obligation]:
        """Returns the obligations that were exercised, without those that only consequences of other findings show."""
        found = self.found.get(requirement, {}).values()
        clouded = {case for record in found if self.follows(record) for case in record.cases}
        return self.exercised.get(requirement, set()) - clouded

    def ids(self) -> set[str]:
        """Returns the ids of all findings so far."""
        return {id_ for records in self.found.values() for id_, _ in records}


def _is_broader(other: Finding, finding: Finding) -> bool:
    """True if a finding of a kind in BROADER follows from another one."""
    if other.kind not in BROADER[finding.kind]:
        return False
    # That a Provider/get lacks what was added is only a warning, which hides no failure of another operation.
    by_update = finding.kind in BY_UPDATE and other.kind != ADDED_MISSING
    return other.operation in (finding.operation, *((UPDATE, GET) if by_update else ()))


def _place(pointer: str) -> str:
    """The place of a finding: its pointer, or the pattern of that beyond the first items of a list."""
    # Python reads no number of thousands of digits, which may be the name of a member.
    first = all(len(index) < 4 and int(index[1:]) < MOST_PLACES for index in AN_INDEX.findall(pointer))
    return pointer if first else pattern_of(pointer)

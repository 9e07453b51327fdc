"""Draws the outcome of every requirement, and the verdict, from the tally of a run."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..config.gateway import GatewayConfig, Waiver
from ..messages.text import counted
from ..specification.catalogue import Requirement
from ..specification.specification import Specification
from . import waivers
from .finding import Obligation
from .history.status import moves_by_itself
from .obligations import obligations
from .tally import Found, Tally

CONFORMANT, NON_CONFORMANT, INCONCLUSIVE, INCOMPLETE = ("conformant", "non-conformant", "inconclusive", "incomplete")
STATUSES = ("passed", "failed", "warned", "inconclusive", "not-applicable", "waived", "untested")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run for one requirement."""

    requirement: Requirement
    status: str
    reason: str
    exercised: int
    of: int
    findings: tuple[Found, ...]
    waived: Mapping[str, tuple[Waiver, ...]]
    """By id, the findings that waivers excuse."""
    tests: tuple[str, ...]
    sample: str
    """Id of an exchange that met it; empty if none did."""
    hindrance: str
    """What kept most tests from judging the rest of it; empty unless it is inconclusive."""
    left_out: bool
    """True if only the selection of tests keeps it from being settled."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a run for the gateway."""

    verdict: str
    outcomes: tuple[Outcome, ...]
    waived: Mapping[str, tuple[str, ...]]
    """By level, the requirements that would fail the class without waivers."""
    waivers: tuple[waivers.Standing, ...]
    """In the order of the configuration."""
    notes: tuple[str, ...]
    """Remarks on waivers and declarations."""

    @property
    def summary(self) -> dict[str, int]:
        counts = Counter(outcome.status for outcome in self.outcomes)
        return {status: counts[status] for status in STATUSES}

    @property
    def failing(self) -> bool:
        return any(outcome.status == "failed" for outcome in self.outcomes)

    @property
    def exit_status(self) -> int:
        """0 conformant, 1 a finding that fails the class, 10 inconclusive; an incomplete run without one is 0."""
        if self.failing:
            return 1
        if self.verdict == INCONCLUSIVE:
            return 10
        if self.verdict == INCOMPLETE and not any(o.status in ("passed", "warned") for o in self.outcomes):
            return 10
        return 0


def conclude(
    tally: Tally,
    specification: Specification,
    config: GatewayConfig,
    *,
    strict: bool = False,
    narrowed: bool = False,
    unreachable: str = "",
    can_verify: bool = False,
    payload: bool = False,
    today: datetime.date | None = None,
) -> Verdict:
    """Draws the verdict from everything a run has shown.

    Non-conformant beats inconclusive; a narrowed run is incomplete. ``payload`` marks a recording without the HTTP
    around its messages. ``today`` is the day by which waivers expire (default: today in UTC).
    """
    today = today or datetime.datetime.now(datetime.UTC).date()
    run = _Run(tally, config, strict, narrowed, unreachable, can_verify, payload)
    due = obligations(specification, config)
    outcomes = tuple(
        _outcome(_Evidence(requirement, run, due[requirement.id], *_findings(requirement.id, tally, config, today)))
        for requirement in specification.requirements.values()
    )
    standings = tuple(_standings({o.requirement.id: o for o in outcomes}, run, due, today))
    failing = ("MUST", "SHOULD") if strict else ("MUST",)
    waived = {
        level: tuple(o.requirement.id for o in outcomes if o.status == "waived" and o.requirement.level == level)
        for level in failing
    }
    return Verdict(
        _verdict(outcomes, run),
        outcomes,
        {level: ids for level, ids in waived.items() if ids},
        standings,
        (*waivers.notes(standings), *_notes(config, tally)),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """Everything that the outcomes of all requirements depend on."""

    tally: Tally
    config: GatewayConfig
    strict: bool
    narrowed: bool
    unreachable: str
    can_verify: bool
    payload: bool
    """True if a recording holds headers and bodies only, without the HTTP around them."""

    @property
    def cut_short(self) -> str:
        """Why much of the suite was not run; empty if it was."""
        if self.narrowed:
            return "only a part of the suite was run"
        return "the gateway gives no usable answer" if self.unreachable else ""

    def fails(self, requirement: Requirement) -> bool:
        """True if a finding under the requirement fails the class."""
        return self.strict or requirement.level == "MUST"

    def lacks_peers(self, requirement: Requirement) -> bool:
        """True if nobody is held to the requirement, because it takes other gateways to see it (X1)."""
        return requirement.needs == "peers" and not self.config.peers


def _verdict(outcomes: Sequence[Outcome], run: _Run) -> str:
    if run.narrowed:
        return INCOMPLETE
    if any(o.status == "failed" for o in outcomes):
        return NON_CONFORMANT
    unsettled = (
        o.status in ("inconclusive", "untested")
        and not o.requirement.untestable
        and not run.lacks_peers(o.requirement)
        and run.fails(o.requirement)
        for o in outcomes
    )
    return INCONCLUSIVE if run.unreachable or any(unsettled) else CONFORMANT


def _standings(
    outcomes: Mapping[str, Outcome], run: _Run, due: Mapping[str, Collection[Obligation]], today: datetime.date
) -> Iterator[waivers.Standing]:
    for waiver in run.config.waivers:
        outcome = outcomes[waiver.requirement]
        standing = waivers.standing(
            waiver, outcome.waived, run.cut_short or outcome.reason, run.tally, due[waiver.requirement], today
        )
        stale = standing.state == "stale" and run.cut_short
        yield replace(standing, state="idle", reason=run.cut_short) if stale else standing


def worded(verdict: str, waived: Mapping[str, Collection[str]]) -> str:
    """Words a verdict for people: "conformant, 1 MUST waived".

    ``waived`` lists, by level, the requirements that would fail the class without waivers.
    """
    counts = " and ".join(counted(len(ids), level) for level, ids in waived.items() if ids)
    return f"{verdict}, {counts} waived" if counts else verdict


@dataclass(frozen=True)
class _Evidence:
    """The evidence of a run for one requirement."""

    requirement: Requirement
    run: _Run
    due: frozenset[Obligation]
    findings: tuple[Found, ...]
    waived: Mapping[str, tuple[Waiver, ...]]
    """By id, the findings that waivers excuse at every place."""

    @property
    def exercised(self) -> bool:
        return bool(self.run.tally.exercised.get(self.requirement.id))

    @property
    def tests(self) -> Sequence[str]:
        return self.run.tally.tests.get(self.requirement.id, ())

    @cached_property
    def missing(self) -> list[Obligation]:
        return sorted(self.due - self.run.tally.shown(self.requirement.id))

    @property
    def open(self) -> bool:
        """True with a finding that no waiver excuses."""
        return len(self.waived) < len(self.findings)

    @property
    def hindrance(self) -> str:
        """The most frequent reason for which tests could not judge it."""
        tally, id_ = self.run.tally, self.requirement.id
        if any(not tally.takes_back(record) for record in tally.found.get(id_, {}).values()):
            return "what was found follows from another finding"
        reasons = tally.reasons.get(id_)
        return reasons.most_common(1)[0][0] if reasons else ""


Rule = Callable[[_Evidence], str | None]
"""Gives the reason for a status; None if the rule does not apply."""


def _excuses(evidence: _Evidence) -> str | None:
    if not evidence.findings:
        return None
    return "; ".join(sorted({waiver.reason for excuses in evidence.waived.values() for waiver in excuses}))


def _unrecorded(evidence: _Evidence) -> str | None:
    if not evidence.run.payload or evidence.requirement.evidence != "http":
        return None
    return "the log holds headers and bodies only: no URL, HTTP status, media type or time"


def _unseen_peers(evidence: _Evidence) -> str | None:
    if evidence.exercised or not evidence.run.lacks_peers(evidence.requirement):
        return None
    return "no peers are declared, so nothing is seen of the other gateways of the region"


def never_shown(requirement: str, config: GatewayConfig) -> str:
    """Why a gateway need not show what the requirement with an id is about; empty if it has to (R12)."""
    deferred = requirement.partition("-")[2] == "VISIBLE" and config.updates == "deferred"
    return "updates are declared as deferred" if deferred else ""


def _unshown_update(evidence: _Evidence) -> str | None:
    """A gateway that applies updates later need not show them (R12)."""
    run, id_ = evidence.run, evidence.requirement.id
    if evidence.exercised:
        return None
    prefix, _, ending = id_.partition("-")
    if why := never_shown(id_, run.config):
        return why
    visible = "UPDATE-VISIBLE" if id_ == "CLONE-UPDATED" else f"{prefix}-VISIBLE"
    if (id_ == "CLONE-UPDATED" or ending == "STAYS") and (
        run.config.updates == "deferred" or run.tally.found.get(visible)
    ):
        return "no Provider/get showed the values of an update, so none could be taken back or cloned"
    return None


def _unverifiable(evidence: _Evidence) -> str | None:
    if evidence.requirement.needs != "verification" or evidence.run.can_verify or not evidence.missing:
        return None
    return "no verification_hook is declared, so nothing can be verified"


def _moving_status(evidence: _Evidence) -> str | None:
    """A gateway that works in the background may change a status at any time (R5, R7, R17)."""
    exercised = evidence.run.tally.exercised.get(evidence.requirement.id, ())
    if not evidence.missing or not moves_by_itself(exercised):
        return None
    return "statuses change by themselves at this gateway, so they do not show what a change did"


def _unsent(evidence: _Evidence) -> str | None:
    if evidence.exercised or evidence.tests:
        return None
    run = evidence.run
    return run.unreachable or ("it was left out of this run" if run.narrowed else "nothing was sent for it")


def _partly_exercised(evidence: _Evidence) -> str | None:
    missing, of = evidence.missing, len(evidence.due)
    if not missing:
        return None
    named = ", ".join(map(str, missing[:3])) + (" …" if len(missing) > 3 else "")
    why = evidence.hindrance or ("left out of this run" if evidence.run.narrowed else "")
    return f"{of - len(missing)} of {of} exercised; missing: {named}{f' ({why})' if why else ''}"


RULES: tuple[tuple[str, Rule], ...] = (
    ("untested", lambda e: e.requirement.untestable or None),
    ("untested", _unrecorded),
    ("failed", lambda e: "" if e.open and e.run.fails(e.requirement) else None),
    ("warned", lambda e: "" if e.open else None),
    ("waived", _excuses),
    (
        "not-applicable",
        lambda e: None if e.due else "the configuration declares every member that it concerns as optional",
    ),
    ("untested", _unseen_peers),
    (
        "untested",
        lambda e: (
            "hostile: none is declared, so nothing hostile is sent"
            if e.requirement.needs == "hostile" and e.run.config.hostile == "none"
            else None
        ),
    ),
    ("not-applicable", _unshown_update),
    ("not-applicable", _unverifiable),
    ("not-applicable", _moving_status),
    ("untested", _unsent),
    ("inconclusive", _partly_exercised),
    ("passed", lambda e: ""),
)
"""Status of a requirement by the first rule that gives a reason; an empty reason counts."""


def _outcome(evidence: _Evidence) -> Outcome:
    run, id_ = evidence.run, evidence.requirement.id
    status, reason, rule = next(
        (status, reason, rule) for status, rule in RULES if (reason := rule(evidence)) is not None
    )
    left_out = (rule is _unsent and not run.unreachable) or (rule is _partly_exercised and not evidence.hindrance)
    return Outcome(
        evidence.requirement,
        status,
        reason,
        exercised=len(evidence.due) - len(evidence.missing),
        of=len(evidence.due),
        findings=evidence.findings,
        waived=evidence.waived,
        tests=tuple(evidence.tests),
        sample=run.tally.samples.get(id_, ""),
        hindrance=evidence.hindrance if status == "inconclusive" else "",
        left_out=run.narrowed and left_out,
    )


def _findings(
    requirement: str, tally: Tally, config: GatewayConfig, today: datetime.date
) -> tuple[tuple[Found, ...], dict[str, tuple[Waiver, ...]]]:
    """Returns the findings under a requirement, and by id the waivers of those that are waived at every place.

    A finding that is waived at some places only is reported for the others.
    """
    waived: dict[str, Found] = {}
    open_: dict[str, Found] = {}
    matching: dict[str, tuple[Waiver, ...]] = {}
    for (id_, place), record in tally.found.get(requirement, {}).items():
        if tally.follows(record):
            continue
        found = waivers.matching(config.waivers, requirement, place, today)
        kind = waived if found else open_
        kind[id_] = kind[id_].joined(record) if id_ in kind else record
        matching[id_] = tuple(dict.fromkeys((*matching.get(id_, ()), *found)))
    records = sorted({**waived, **open_}.values(), key=lambda r: (r.finding.operation, r.finding.pointer))
    return tuple(records), {id_: found for id_, found in matching.items() if id_ not in open_}


def _notes(config: GatewayConfig, tally: Tally) -> Iterator[str]:
    if tally.omissions.note:
        yield tally.omissions.note
    if config.policy_update_frequency is not None and config.policy_update_frequency < 24:
        yield (
            f"the declared policy update frequency of {config.policy_update_frequency:g} h is below the 24 h that the "
            "specification recommends (X2; recorded only)"
        )

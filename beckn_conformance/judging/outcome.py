"""From judgements to the outcome of every requirement, and from those to the verdict."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..config.gateway import GatewayConfig, Waiver
from ..specification.catalogue import Requirement
from ..specification.specification import Specification
from . import waivers
from .finding import Obligation
from .obligations import obligations
from .tally import Found, Tally

CONFORMANT, NON_CONFORMANT, INCONCLUSIVE, INCOMPLETE = (
    "conformant",
    "non-conformant",
    "inconclusive",
    "incomplete",
)
STATUSES = ("passed", "failed", "warned", "inconclusive", "not-applicable", "waived", "untested")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run says of one requirement."""

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
    """Id of an exchange that met it; empty where none did."""
    left_out: bool
    """Whether nothing but the selection of tests keeps it from being settled."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run says of a gateway."""

    verdict: str
    outcomes: tuple[Outcome, ...]
    waived: Mapping[str, tuple[str, ...]]
    """By level, the requirements that would fail the class without waivers."""
    waivers: tuple[waivers.Standing, ...]
    """In the order of the configuration."""
    notes: tuple[str, ...]
    """What the reader must know of waivers and declarations."""

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
    today: datetime.date | None = None,
) -> Verdict:
    """Weighs everything a run has shown. Non-conformant beats inconclusive; a narrowed run is incomplete.

    ``today`` is the day by which waivers expire, of now in UTC where none is given.
    """
    today = today or datetime.datetime.now(datetime.UTC).date()
    due = obligations(specification, config)
    outcomes = tuple(
        _outcome(requirement, tally, due[requirement.id], config, strict, can_verify, unreachable, narrowed, today)
        for requirement in specification.requirements.values()
    )
    by_id = {outcome.requirement.id: outcome for outcome in outcomes}
    partly = (
        "only a part of the suite was run" if narrowed else "the gateway gives no usable answer" if unreachable else ""
    )
    standings = tuple(
        waivers.standing(w, by_id[w.requirement].waived, partly or by_id[w.requirement].reason, tally, due, today)
        for w in config.waivers
    )
    if partly:
        standings = tuple(replace(s, state="idle", reason=partly) if s.state == "stale" else s for s in standings)
    if narrowed:
        verdict = INCOMPLETE
    elif any(o.status == "failed" for o in outcomes):
        verdict = NON_CONFORMANT
    elif unreachable or any(
        o.status in ("inconclusive", "untested")
        and not o.requirement.untestable
        and not _lacks_peers(o.requirement, config)
        and (strict or o.requirement.level == "MUST")
        for o in outcomes
    ):
        verdict = INCONCLUSIVE
    else:
        verdict = CONFORMANT
    failing = ("MUST", "SHOULD") if strict else ("MUST",)
    waived = {
        level: ids
        for level in failing
        if (ids := tuple(id_ for id_, o in by_id.items() if o.status == "waived" and o.requirement.level == level))
    }
    return Verdict(verdict, outcomes, waived, standings, (*waivers.notes(standings), *_notes(config)))


def worded(verdict: str, waived: Mapping[str, Collection[str]]) -> str:
    """A verdict as people are told it: "conformant, 1 MUST waived".

    ``waived`` are the requirements that fail the class but for waivers, by level.
    """
    counts = " and ".join(f"{len(ids)} {level}{'s' if len(ids) > 1 else ''}" for level, ids in waived.items() if ids)
    return f"{verdict}, {counts} waived" if counts else verdict


def _outcome(
    requirement: Requirement,
    tally: Tally,
    due: frozenset[Obligation],
    config: GatewayConfig,
    strict: bool,
    can_verify: bool,
    unreachable: str,
    narrowed: bool,
    today: datetime.date,
) -> Outcome:
    exercised = tally.exercised.get(requirement.id, set())
    records, waived = _weighed(requirement.id, tally, config.waivers, today)
    missing = sorted(due - tally.shown(requirement.id))
    met = len(due) - len(missing)
    reason, left_out = "", False
    if requirement.untestable:
        status, reason = "untested", requirement.untestable
    elif len(waived) < len(records):
        status = "failed" if strict or requirement.level == "MUST" else "warned"
    elif records:
        status, reason = "waived", "; ".join(sorted({w.reason for excuses in waived.values() for w in excuses}))
    elif not due:
        status, reason = (
            "not-applicable",
            "the configuration declares every member that it concerns as optional",
        )
    elif _lacks_peers(requirement, config) and not exercised:
        status, reason = "untested", "no peers are declared, so nothing is seen of the other gateways of the region"
    elif requirement.needs == "hostile" and config.hostile == "none":
        status, reason = "untested", "hostile: none is declared, so nothing hostile is sent"
    elif not exercised and (why := _vacuous(requirement.id, tally, config)):
        status, reason = "not-applicable", why
    elif requirement.needs == "verification" and not can_verify and not exercised:
        status, reason = "not-applicable", "no verification_hook is declared, so nothing can be verified"
    elif not exercised and not tally.tests.get(requirement.id):
        left_out = narrowed and not unreachable
        status = "untested"
        reason = unreachable or ("it was left out of this run" if narrowed else "nothing was sent for it")
    elif missing:
        status = "inconclusive"
        named = ", ".join(map(str, missing[:3])) + (" …" if len(missing) > 3 else "")
        reason = f"{met} of {len(due)} exercised; missing: {named}"
        common = tally.reasons.get(requirement.id)
        if common:
            reason += f" ({common.most_common(1)[0][0]})"
        elif narrowed:
            left_out = True
            reason += " (left out of this run)"
    else:
        status = "passed"
    return Outcome(
        requirement,
        status,
        reason,
        met,
        len(due),
        records,
        waived,
        tuple(tally.tests.get(requirement.id, ())),
        tally.samples.get(requirement.id, ""),
        left_out,
    )


def _weighed(
    requirement: str, tally: Tally, known: Sequence[Waiver], today: datetime.date
) -> tuple[tuple[Found, ...], dict[str, tuple[Waiver, ...]]]:
    """The findings under a requirement, and by id the waivers of those that are excused at every place.

    A finding that is excused at some places only is told of the others.
    """
    excused: dict[str, Found] = {}
    open_: dict[str, Found] = {}
    waived: dict[str, tuple[Waiver, ...]] = {}
    for (id_, place), record in tally.found.get(requirement, {}).items():
        if tally.follows(record):
            continue
        excuses = waivers.excusing(known, requirement, place, today)
        kind = excused if excuses else open_
        kind[id_] = kind[id_].joined(record) if id_ in kind else record
        waived[id_] = tuple(dict.fromkeys((*waived.get(id_, ()), *excuses)))
    records = sorted({**excused, **open_}.values(), key=lambda r: (r.finding.operation, r.finding.pointer))
    return tuple(records), {id_: excuses for id_, excuses in waived.items() if id_ not in open_}


def _lacks_peers(requirement: Requirement, config: GatewayConfig) -> bool:
    """Whether nobody is held to a requirement, since other gateways are needed to see it (X1)."""
    return requirement.needs == "peers" and not config.peers


def _vacuous(requirement: str, tally: Tally, config: GatewayConfig) -> str:
    """Why a requirement asks for nothing at a gateway that applies updates later (R12)."""
    if requirement == "UPDATE-VISIBLE" and config.updates == "deferred":
        return "updates are declared as deferred"
    if requirement in ("UPDATE-STAYS", "CLONE-UPDATED") and (
        config.updates == "deferred" or tally.found.get("UPDATE-VISIBLE")
    ):
        return "no Provider/get showed the values of an update, so none could be taken back or cloned"
    return ""


def _notes(config: GatewayConfig) -> Iterator[str]:
    if config.policy_update_frequency is not None and config.policy_update_frequency < 24:
        yield (
            f"the declared policy update frequency of {config.policy_update_frequency:g} h is below the 24 h that the "
            "specification recommends (X2; recorded only)"
        )

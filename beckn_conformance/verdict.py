"""From judgements to the outcome of every requirement, and from those to the verdict."""

from __future__ import annotations

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .config import GatewayConfig, Waiver
from .finding import Finding, Judgement
from .model import REQUIREMENTS
from .obligations import obligations
from .specification import Requirement, Specification
from .statistics import Statistics

CONFORMANT, NON_CONFORMANT, INCONCLUSIVE, INCOMPLETE = (
    "conformant",
    "non-conformant",
    "inconclusive",
    "incomplete",
)
STATUSES = ("passed", "failed", "warned", "inconclusive", "not-applicable", "waived", "untested")
KEPT_REGISTRATIONS = 2000
KEPT_EXCHANGES = 40
"""Exchange ids kept of one finding; the rest is counted."""


@dataclass(slots=True)
class Found:
    """A finding with all the exchanges that show it; the lightest stands for them."""

    finding: Finding
    exchanges: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    """Obligations in which it was found, such as kinds of faulty values."""
    registrations: set[str] = field(default_factory=set)
    """Ids of the registrations concerned; "" where there was none."""
    count: int = 0
    curl: str = ""
    steps: list[str] = field(default_factory=list)
    """The calls of the history that shows it, where it takes one."""
    script: str = ""
    """A shell script of those calls."""
    replay: str = ""

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
            "cases": sorted(self.cases),
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

    exercised: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    found: dict[str, dict[str, Found]] = field(default_factory=dict)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    tests: dict[str, list[str]] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)
    """Registration ids that were given more than once: what was found of them only follows from that."""
    samples: dict[str, str] = field(default_factory=dict)
    """By requirement, an exchange that met it."""
    statistics: Statistics = field(default_factory=Statistics)

    def add(self, judgement: Judgement, exchange: str = "") -> Found | None:
        """Counts a judgement of an exchange; returns the finding's record where its representative is new or
        lighter."""
        self.exercised[judgement.requirement].add(judgement.obligation)
        finding = judgement.finding
        if finding is None:
            self.samples.setdefault(judgement.requirement, exchange)
            return None
        known = self.found.setdefault(judgement.requirement, {})
        record = known.get(finding.id)
        changed = record is None or finding.weight < record.finding.weight
        if record is None:
            record = known[finding.id] = Found(finding)
        elif changed:
            record.finding = finding
        record.count += 1
        # Of more registrations than can be kept it is no longer known that another was given each id too.
        record.registrations.add(finding.registration if len(record.registrations) < KEPT_REGISTRATIONS else "")
        if judgement.obligation not in record.cases:
            record.cases.append(judgement.obligation)
        if len(record.exchanges) < KEPT_EXCHANGES:
            record.exchanges.append(finding.exchange)
        return record if changed else None

    def hinder(self, requirement: str, reason: str) -> None:
        """Notes why something under a requirement could not be judged."""
        self.reasons.setdefault(requirement, Counter())[reason] += 1

    def merge(self, other: Mapping[str, Any]) -> None:
        """Adds what another process of the same run has shown, in the form of ``to_json``."""
        self.doubled.update(other["doubled"])
        self.samples = {**other["samples"], **self.samples}
        self.statistics.merge(other["statistics"])
        for requirement, names in other["exercised"].items():
            self.exercised[requirement].update(names)
        for requirement, reasons in other["reasons"].items():
            self.reasons.setdefault(requirement, Counter()).update(reasons)
        for requirement, tests in other["tests"].items():
            self.tests.setdefault(requirement, []).extend(tests)
        for requirement, rows in other["found"].items():
            mine = self.found.setdefault(requirement, {})
            for row in rows:
                theirs = Found(
                    **{
                        **row,
                        "finding": Finding(**row["finding"]),
                        "registrations": set(row["registrations"]),
                    }
                )
                known = mine.get(theirs.finding.id)
                if known is None:
                    mine[theirs.finding.id] = theirs
                    continue
                known.count += theirs.count
                known.registrations |= theirs.registrations
                known.cases = list(dict.fromkeys(known.cases + theirs.cases))
                known.exchanges = (known.exchanges + theirs.exchanges)[:KEPT_EXCHANGES]
                if theirs.finding.weight < known.finding.weight:
                    known.finding, known.curl, known.replay = theirs.finding, theirs.curl, theirs.replay
                    known.steps, known.script = theirs.steps, theirs.script

    def to_json(self) -> dict[str, Any]:
        return {
            "exercised": {key: sorted(names) for key, names in self.exercised.items()},
            "reasons": {key: dict(reasons) for key, reasons in self.reasons.items()},
            "tests": self.tests,
            "doubled": sorted(self.doubled),
            "samples": self.samples,
            "statistics": self.statistics.to_json(),
            "found": {
                key: [
                    {
                        "finding": {name: getattr(r.finding, name) for name in Finding.__dataclass_fields__},
                        "exchanges": r.exchanges,
                        "cases": r.cases,
                        "registrations": sorted(r.registrations),
                        "count": r.count,
                        "curl": r.curl,
                        "steps": r.steps,
                        "script": r.script,
                        "replay": r.replay,
                    }
                    for r in records.values()
                ]
                for key, records in self.found.items()
            },
        }


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


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a waiver in a run."""

    waiver: Waiver
    state: str
    """``used``: it excuses a finding; ``stale``: what it excuses was tested and is not found any more; ``expired``: it
    counts no more; ``idle``: what it excuses was not tested."""
    findings: tuple[str, ...] = ()
    """Ids of the findings that it excuses."""
    reason: str = ""
    """Why it is idle."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run says of a gateway."""

    verdict: str
    outcomes: tuple[Outcome, ...]
    waivers: tuple[Standing, ...]
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
    standings = tuple(
        _standing(waiver, next(o for o in outcomes if o.requirement.id == waiver.requirement), tally, due, today)
        for waiver in config.waivers
    )
    if narrowed or unreachable:
        partly = "only a part of the suite was run" if narrowed else "the gateway gives no usable answer"
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
    told = () if narrowed or unreachable else ("idle",)
    notes = (*_waiver_notes(standings, ("stale", "expired", *told)), *_notes(config))
    return Verdict(verdict, outcomes, standings, notes)


def _outcome(
    requirement: Requirement,
    tally: Tally,
    due: frozenset[str],
    config: GatewayConfig,
    strict: bool,
    can_verify: bool,
    unreachable: str,
    narrowed: bool,
    today: datetime.date,
) -> Outcome:
    exercised = tally.exercised.get(requirement.id, set())
    records = tuple(
        sorted(
            (r for r in tally.found.get(requirement.id, {}).values() if not _follows(r, tally)),
            key=lambda r: (r.finding.operation, r.finding.pointer),
        )
    )
    waived = {
        record.finding.id: excuses for record in records if (excuses := excusing(config.waivers, record.finding, today))
    }
    missing = sorted(due - _shown(requirement.id, tally))
    met = len(due) - len(missing)
    reason = ""
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
    elif not exercised and (why := _vacuous(requirement.id, tally, config)):
        status, reason = "not-applicable", why
    elif requirement.needs == "verification" and not can_verify and not exercised:
        status, reason = "not-applicable", "no verification_hook is declared, so nothing can be verified"
    elif _lacks_peers(requirement, config) and not exercised:
        status, reason = "untested", "no peers are declared, so nothing is seen of the other gateways of the region"
    elif not exercised and not tally.tests.get(requirement.id):
        left_out = "it was left out of this run" if narrowed else "nothing was sent for it"
        status, reason = "untested", unreachable or left_out
    elif missing:
        status = "inconclusive"
        reason = f"{met} of {len(due)} exercised; missing: {', '.join(missing[:3])}{' …' if len(missing) > 3 else ''}"
        common = tally.reasons.get(requirement.id)
        if common:
            reason += f" ({common.most_common(1)[0][0]})"
        elif narrowed:
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
    )


def _shown(requirement: str, tally: Tally) -> set[str]:
    """Obligations that were exercised; where only consequences of other findings were seen, none was."""
    found = tally.found.get(requirement, {}).values()
    clouded = {case for record in found if _follows(record, tally) for case in record.cases}
    return tally.exercised.get(requirement, set()) - clouded


def _follows(record: Found, tally: Tally) -> bool:
    """Whether a finding only repeats another fault of the gateway.

    What histories say does where all of it concerns registrations whose id another was given too; and where of
    several faults one is not blamed, that does which is never refused at all.
    """
    finding = record.finding
    if finding.requirement == "SIGNUP-ID-UNIQUE":
        return False
    if record.registrations and record.registrations <= tally.doubled and finding.requirement in REQUIREMENTS:
        return True
    return finding.requirement == "NACK-ALL" and any(
        other.finding.operation == finding.operation and _place(other.finding.pointer) == _place(finding.pointer)
        for requirement, others in tally.found.items()
        if "-NACK-" in requirement
        for other in others.values()
    )


def _place(pointer: str) -> str:
    """A pointer in which items of a list are not told apart."""
    return re.sub(r"/\d+(?=/|$)", "/*", pointer)


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


def excusing(waivers: Sequence[Waiver], finding: Finding, today: datetime.date) -> tuple[Waiver, ...]:
    """Those of some waivers that are for a finding, and in force on a day."""
    return tuple(waiver for waiver in waivers if waiver.expires >= today and _covers(waiver, finding))


def _covers(waiver: Waiver, finding: Finding) -> bool:
    """Whether a finding is one that a waiver is for; items of a list are not told apart, as in the ids of findings."""
    if waiver.requirement != finding.requirement:
        return False
    return waiver.pointer is None or _place(waiver.pointer) == _place(finding.pointer)


def _standing(
    waiver: Waiver, outcome: Outcome, tally: Tally, due: Mapping[str, frozenset[str]], today: datetime.date
) -> Standing:
    """What became of a waiver; it is stale where all that could have shown its finding has been exercised."""
    if waiver.expires < today:
        return Standing(waiver, "expired")
    if findings := tuple(id_ for id_, excuses in outcome.waived.items() if waiver in excuses):
        return Standing(waiver, "used", findings)
    of_all = due[waiver.requirement]
    # Most obligations name a member; a waiver for another place than any of them waits for all.
    concerned = {o for o in of_all if waiver.pointer and _place(waiver.pointer) in o.split(" ")} or of_all
    if concerned and concerned <= _shown(waiver.requirement, tally):
        return Standing(waiver, "stale")
    return Standing(waiver, "idle", reason=outcome.reason)


def _waiver_notes(standings: Iterable[Standing], told: Collection[str]) -> Iterator[str]:
    for standing in standings:
        waiver, state = standing.waiver, standing.state
        if state not in told:
            continue
        what = f"waiver for {waiver.requirement}"
        if waiver.pointer is not None:
            what += f" at {waiver.pointer or 'the whole body'}"
        what += f" ({waiver.owner})"
        if state == "expired":
            yield f"{what} expired on {waiver.expires.isoformat()}, and counts no more"
        elif state == "stale":
            yield f"{what} is stale: what it excuses was tested and is not found any more, so it can go"
        else:
            yield f"{what} is idle: what it excuses was not tested" + (
                f" ({standing.reason})" if standing.reason else ""
            )


def _notes(config: GatewayConfig) -> Iterator[str]:
    if config.policy_update_frequency is not None and config.policy_update_frequency < 24:
        yield (
            f"the declared policy update frequency of {config.policy_update_frequency:g} h is below the 24 h that the "
            "page recommends (X2; recorded only)"
        )

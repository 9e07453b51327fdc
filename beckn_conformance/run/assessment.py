"""The state of a run: what follows from its events, whether they happen now or come from a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from ..judging.finding import Finding
from ..judging.judge import Judge
from ..judging.outcome import Verdict, conclude, never_shown
from ..judging.tally import Tally
from ..judging.waivers import matching
from ..messages.exchange import Exchange, TroubleKind
from ..messages.registration import registration_of
from ..messages.times import read_time
from ..record.events import Event, Probe, ProcessEnd, RunEnd, RunStart, ScenarioEnd, TestEnd
from ..record.masking import Masker
from ..record.run import Run
from ..specification.actions import SIGNUP
from ..specification.pointer import MISSING, member
from .recorded import judge_of

MOST_NOTES = 50
"""Different notes on exchanges that one process adds."""
MOST_NAMED = 5
"""Requests without an answer that are named; of more, none is the one that ends the gateway."""
EXPIRED = (
    "some requests were refused less than a minute before their token may have expired (auth.exp), or later; that is "
    "not judged. Longer lives of tokens, a time with a zone in auth.exp, or a faster run would help"
)
UNREADABLE_EXP = (
    "auth.exp cannot be read as a time, so a token may expire 30 seconds after its signup (recorded only, H4)"
)


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The result of a scenario, or of all scenarios of a test together."""

    findings: Mapping[str, Finding] = field(default_factory=dict)
    """By id; of equal findings the first that no waiver excuses."""
    exercised: AbstractSet[str] = frozenset()
    """Requirements of which something could be judged."""
    reason: str = ""
    """Why the others could not be judged."""

    def __or__(self, later: ScenarioResult) -> ScenarioResult:
        return ScenarioResult(
            {**later.findings, **self.findings}, self.exercised | later.exercised, later.reason or self.reason
        )


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """The outcome of a test under the requirements that it exercises."""

    __test__ = False

    status: str
    """``passed``, ``failed``, ``warned``, ``waived`` or ``inconclusive``."""
    text: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """Everything that the events of one process have shown of a run, see Tally and Run."""

    tally: Tally
    binding: str
    exchanges: int
    unreachable: str
    registrations: Sequence[str]
    notes: Sequence[str]


class Assessment:
    """Folds the events of a run into its tally.

    Raises ValueError for events in an order that no run has.
    """

    def __init__(self, run: Run, masker: Masker | None = None) -> None:
        self.run = run
        self.tally = Tally()
        self.scenario = ScenarioResult()
        """Result of the last scenario."""
        self.outcome = TestOutcome("inconclusive", "")
        """Outcome of the last test."""
        self._mask = masker.text if masker is not None else str
        self._process = run
        """The run as the process sees it whose events are folded; in its record secrets are masked."""
        self._noted: set[str] = set()
        """Notes on the exchanges of that process."""
        self._lost = 0
        """Requests of that process that were lost with their connection."""
        self.judge: Judge | None = None
        """Judge of that process, from its probe on."""
        self._test = ScenarioResult()
        """Result of the scenarios since the last test ended."""

    def apply(self, event: Event) -> None:
        """Takes an event into account."""
        match event:
            case RunStart():
                self._process, self.judge, self._test = event.run, None, ScenarioResult()
                self._noted, self._lost = set(), 0
                self.tally.statistics.forget_all()
            case Probe():
                self._begin(event)
            case Exchange():
                made = registration_of(event) if event.action == SIGNUP else None
                if made is not None:
                    self.run.register(made.id)
            case ScenarioEnd():
                self.scenario = self._judged(event)
                self._test = self._joined(event)
            case TestEnd():
                self.outcome = self._ended(event, self._test)
                self._test = ScenarioResult()
            case ProcessEnd():
                self._note(event.notes)
                self.run.exchanges += event.exchanges
                self.run.unreachable = self.run.unreachable or event.unreachable
            case RunEnd():
                self.run.narrowed, self.run.seconds = event.narrowed, event.seconds

    @property
    def share(self) -> Share:
        """Everything so far, for another process to join to what it has."""
        run = self.run
        return Share(self.tally, run.binding, run.exchanges, run.unreachable, run.registrations, run.notes)

    def join(self, share: Share) -> None:
        """Adds the share of another process, as if its events came after all others."""
        run = self.run
        self.tally.join(share.tally)
        run.binding = run.binding or share.binding
        run.exchanges += share.exchanges
        run.unreachable = run.unreachable or share.unreachable
        for id_ in share.registrations:
            run.register(id_)
        self._note(share.notes)

    def conclude(self, *, narrowed: bool = False) -> Verdict:
        """The verdict on everything so far; waivers count as of the day of the run."""
        run = self.run
        return conclude(
            self.tally,
            run.specification,
            run.config,
            strict=run.strict,
            narrowed=run.narrowed or narrowed,
            unreachable=run.unreachable,
            can_verify=run.can_verify,
            payload=run.payload,
            today=run.started.date(),
        )

    def _begin(self, probe: Probe) -> None:
        if self.judge is not None:
            raise ValueError("what was begun is begun again")
        self.judge = judge_of(self._process, probe)
        self.run.binding = self.run.binding or probe.binding.name
        self._note(probe.notes)

    def _note(self, notes: Iterable[str]) -> None:
        known = self.run.notes
        known += [note for note in dict.fromkeys(notes) if note not in known]

    def _observe(self, exchange: Exchange, judge: Judge) -> None:
        self._lost += exchange.trouble is not None and exchange.trouble.kind is TroubleKind.CONNECTION
        for note in _observed(exchange, judge, named=self._lost <= MOST_NAMED):
            if len(self._noted) < MOST_NOTES and note not in self._noted:
                self._noted.add(note)
                self._note([note])

    def _judged(self, event: ScenarioEnd) -> ScenarioResult:
        """Judges every exchange of a scenario by everything that applies to it."""
        judge = self.judge
        if judge is None:
            raise ValueError("something is judged before the run was begun")
        transcript = event.transcript
        judge.observer.look_at(transcript.controls)
        exchanges = transcript.calls
        findings: dict[str, Finding] = {}
        exercised: set[str] = set()
        shown_by: dict[str, list[Finding]] = {}
        for exchange, judgement in judge.judge_together(exchanges, event.weight):
            exercised.add(judgement.requirement)
            self.tally.add(judgement, exchange.id)
            if (finding := judgement.finding) is not None:
                known = findings.get(finding.id)
                if known is None or (self._waived(known) and not self._waived(finding)):
                    findings[finding.id] = finding
                shown_by.setdefault(exchange.id, []).append(finding)
        for exchange in exchanges:
            self._observe(exchange, judge)
        self.tally.doubled |= judge.doubled
        if judge.expired:
            self._note([EXPIRED])
        self.tally.omissions.observe(exchanges, self.run.specification)
        self.tally.statistics.observe([e for e in exchanges if not e.peer], shown_by)
        if not self.run.recorded:
            for id_ in transcript.registrations:
                judge.forget(id_)
                self.tally.statistics.forget(id_)
        reason = transcript.unmet or _hindrance(exchanges, judge)
        return ScenarioResult(findings, exercised, self._mask(reason))

    def _joined(self, event: ScenarioEnd) -> ScenarioResult:
        """The result of the present test with the last scenario, which may only show a finding with less."""
        if event.weight.exact is None:
            return self._test | self.scenario
        known = self._test.findings
        smaller = {
            id_: finding
            for id_, finding in self.scenario.findings.items()
            if id_ in known and finding.weight < known[id_].weight and not self._waived(finding)
        }
        return replace(self._test, findings={**known, **smaller})

    def _ended(self, event: TestEnd, shown: ScenarioResult) -> TestOutcome:
        for requirement in event.requirements:
            self.tally.tests.setdefault(requirement, []).append(event.test)
            if requirement not in shown.exercised and shown.reason:
                self.tally.hinder(requirement, shown.reason)
        # What only the whole run can tell is no finding of a single test.
        findings = tuple(f for f in shown.findings.values() if f.requirement in event.requirements and not f.unless)
        if findings:
            text = "\n".join(map(_told, findings))
            unwaived = [finding for finding in findings if not self._waived(finding)]
            levels = {self.run.specification.requirements[finding.requirement].level for finding in unwaived}
            failed = self.run.strict or "MUST" in levels
            status = "waived" if not unwaived else "failed" if failed else "warned"
            return TestOutcome(status, self._mask(text), findings)
        missing = [requirement for requirement in event.requirements if requirement not in shown.exercised]
        if missing and not (event.drawn and shown.exercised):
            why = shown.reason or never_shown(missing[0], self.run.config) or "no reply of this test could show it"
            return TestOutcome("inconclusive", f"{missing[0]} could not be judged: {why}")
        return TestOutcome("passed", "")

    def _waived(self, finding: Finding) -> bool:
        run = self.run
        return bool(matching(run.config.waivers, finding.requirement, finding.pointer, run.started.date()))


def _told(finding: Finding) -> str:
    """A finding as JUnit XML and pytest show it for a test."""
    place = f" at {finding.pointer}" if finding.pointer else ""
    return (
        f"{finding.id}: {finding.message}{place}\n  sent      {finding.sent}\n  expected  {finding.expected}\n"
        f"  observed  {finding.observed}"
    )


def _observed(exchange: Exchange, judge: Judge, *, named: bool) -> Iterator[str]:
    """Notes on what is recorded only, and not judged (T8, T13, T14, H4)."""
    if exchange.peer:
        return
    for note in exchange.received.notes if exchange.received else ():
        yield f"{exchange.action}: {note}"
    exp = member(exchange.body_of_reply, "/auth/exp") if exchange.action == SIGNUP else MISSING
    if exchange.acknowledged and isinstance(exp, str) and exp not in ("", MISSING) and read_time(exp) is None:
        yield UNREADABLE_EXP
    reply = exchange.reply
    if reply is not None and 300 <= reply.status < 400:
        yield f"{exchange.stimulus or exchange.action}: a redirect (status {reply.status}), which is not followed"
    unusual = exchange.purpose == "unusual" and judge.observer.by_gateway(exchange)
    if unusual and reply is not None and reply.status >= 500:
        yield f"{exchange.stimulus or 'unusual content'}: answered with status {reply.status} (recorded only, T14)"
    if exchange.trouble and exchange.trouble.kind is not TroubleKind.PASSING and exchange.purpose != "broken":
        longer = "; on a slow line, a large document needs a longer timeout" if exchange.purpose == "large" else ""
        yield f"{_subject(exchange, judge, named=named)}{exchange.trouble}{longer}"


def _subject(exchange: Exchange, judge: Judge, *, named: bool) -> str:
    """Names the request that stayed without an answer as far as it may matter."""
    assert exchange.trouble is not None
    if exchange.trouble.kind in (TroubleKind.PATIENCE, TroubleKind.NO_CONNECTION):
        return ""
    seen = judge.observation(exchange)
    # A gateway that ends may have ended for a fault.
    lost = exchange.trouble.kind is TroubleKind.CONNECTION and seen is not None and seen.diagnosis.faulty
    return f"{judge.describe(exchange) if lost and named else exchange.action}: "


def _each_time(lost: Exchange, exchanges: Sequence[Exchange], judge: Judge) -> str:
    """Says that the connection was lost whenever a request was sent, if it was sent several times."""
    asked = judge.describe(lost)
    like = [one for one in exchanges if one.action == lost.action and judge.describe(one) == asked]
    each = len(like) > 1 and all(one.trouble and one.trouble.kind is TroubleKind.CONNECTION for one in like)
    return f", each of the {len(like)} times that {asked} was sent" if each else ""


def _hindrance(exchanges: Sequence[Exchange], judge: Judge) -> str:
    """Names what probably kept requirements of a scenario from being judged; empty if nothing did."""
    for exchange in reversed(exchanges):
        if exchange.trouble:
            return f"{exchange.trouble}{_each_time(exchange, exchanges, judge)}"
        if exchange.reply is not None and exchange.action_of_reply is None:
            return f"{exchange.action} was answered with status {exchange.reply.status} without ACK or NACK"
    if not judge.observer.known.serves_fresh:
        return "the gateway serves no registration before it is verified"
    if judge.expired:
        return "tokens may have expired (auth.exp) when they were used"
    refused = [e for e in exchanges if e.refused and (seen := judge.observation(e)) and seen.due == "ACK"]
    return f"a valid {refused[-1].action} was refused" if refused else ""

"""What follows from what scenarios exchanged: judges it, in a run or from a record, and keeps the tally."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..judging.finding import Finding
from ..judging.judge import Judge
from ..judging.obligations import history_requirements
from ..judging.outcome import Verdict, conclude
from ..judging.preference import PLAIN, Weight
from ..judging.tally import Tally
from ..judging.waivers import excusing
from ..messages.binding import Binding, HttpBinding
from ..messages.exchange import CONTROL, Exchange
from ..record.masking import Masker
from ..record.run import Run
from ..specification.pointer import member
from .reproduction import replay, tell

MOST_NOTES = 50


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a scenario sent and received."""

    exchanges: Sequence[Exchange]
    unmet: str = ""
    lost: bool = False
    """Whether answers were lost each time it was played, so that it can be played again (T13)."""

    @property
    def registrations(self) -> frozenset[str]:
        """Ids of the registrations that it used; nobody else will."""
        return frozenset(
            id_
            for exchange in self.exchanges
            for value in (exchange.body_of_reply, exchange.sent.body if exchange.sent else None)
            if isinstance(id_ := member(value, "/registration/id"), str)
        )


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What follows from a scenario, under whichever requirement."""

    findings: Mapping[str, Finding]
    """By id; of equal ones the first that no waiver excuses."""
    exercised: set[str]
    """Requirements under which anything could be judged."""
    reason: str = ""
    """Why the rest could not."""


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What a test says under the requirements it exercises."""

    __test__ = False

    status: str
    """``passed``, ``failed``, ``warned``, ``waived`` or ``inconclusive``."""
    text: str
    findings: tuple[Finding, ...] = ()


class Assessment:
    """Judges one scenario after the other, in the order in which a run or its record brings them."""

    def __init__(self, run: Run, masker: Masker) -> None:
        self.run = run
        self.tally = Tally()
        self.binding: Binding = HttpBinding()
        """The one that was found; until then nothing is judged."""
        self._judge = Judge(run.specification, run.config, closed=not run.recorded)
        self._mask = masker.text

    def learn(
        self,
        *,
        binding: Binding,
        served: Iterable[str],
        signups_work: bool,
        serves_fresh: bool,
        unheld: Iterable[str] = (),
    ) -> None:
        """Takes over what was found out before anything is judged; ``unheld`` are members of the header of which a
        recording says nothing."""
        self.binding = binding
        self._judge.known.unheld = frozenset(unheld)
        self._judge.learn_served(served)
        if signups_work:
            self._judge.learn_signups_work()
        self._judge.known.serves_fresh = serves_fresh

    def judge(self, played: Transcript, node_id: str, weight: Weight = PLAIN) -> ScenarioResult:
        """Judges every exchange of a scenario by everything; ``weight`` says how much its findings weigh."""
        findings: dict[str, Finding] = {}
        exercised: set[str] = set()
        shown_by: dict[str, list[Finding]] = {}
        self._judge.look_at([exchange for exchange in played.exchanges if exchange.purpose == CONTROL])
        played = replace(played, exchanges=[e for e in played.exchanges if e.purpose != CONTROL])
        for exchange in played.exchanges:
            self._observe(exchange)
        for exchange, judgement in self._judge.judge_together(played.exchanges, weight):
            exercised.add(judgement.requirement)
            if judgement.finding is None:
                self.tally.add(judgement, exchange.id)
                continue
            known = findings.get(judgement.finding.id)
            if known is None or (self._excused(known) and not self._excused(judgement.finding)):
                findings[judgement.finding.id] = judgement.finding
            shown_by.setdefault(exchange.id, []).append(judgement.finding)
            record = self.tally.add(judgement)
            if record is not None:
                finding = judgement.finding
                told = tell(
                    exchange,
                    played.exchanges,
                    self.binding,
                    self.run.config,
                    history=finding.requirement in history_requirements(),
                    title=f"{finding.requirement} {finding.pointer}: {finding.message}",
                    describe=self._judge.describe,
                    mask=self._mask,
                )
                record.steps = list(told.steps)
                if not self.run.recorded:
                    # What others recorded may need what was not recorded, and their tokens are masked.
                    record.curl, record.script = told.curl, told.script
                    record.replay = replay(node_id, self.run.config.url)
        self.tally.doubled |= self._judge.doubled
        self.tally.statistics.observe([e for e in played.exchanges if not e.peer], shown_by)
        if not self.run.recorded:
            for id_ in played.registrations:
                self._judge.forget(id_)
                self.tally.statistics.forget(id_)
        return ScenarioResult(findings, exercised, self._mask(self._reason(played)))

    def found(self) -> set[str]:
        """Ids of all findings so far."""
        return self.tally.ids()

    def outcome(
        self, requirements: Sequence[str], judged: ScenarioResult, node_id: str, *, drawn: bool = False
    ) -> TestOutcome:
        """What a test says under the requirements that it is there to exercise; one whose messages are drawn need not
        come across all of them."""
        for requirement in requirements:
            self.tally.tests.setdefault(requirement, []).append(node_id)
            if requirement not in judged.exercised and judged.reason:
                self.tally.hinder(requirement, judged.reason)
        # What only the whole run can tell is nothing that a test has found.
        mine = tuple(f for f in judged.findings.values() if f.requirement in requirements and not f.unless)
        exercised = judged.exercised
        if drawn and exercised:
            exercised = {*requirements}
        return self._outcome(requirements, mine, exercised, judged.reason)

    def _excused(self, finding: Finding) -> bool:
        run = self.run
        return bool(excusing(run.config.waivers, finding.requirement, finding.pointer, run.started.date()))

    def _observe(self, exchange: Exchange) -> None:
        """Notes what is recorded and judged by nobody (T8, T13, T14)."""
        if exchange.peer:
            return
        notes = [f"{exchange.action}: {note}" for note in (exchange.received.notes if exchange.received else ())]
        reply = exchange.reply
        if reply is not None and 300 <= reply.status < 400:
            notes.append(f"{exchange.action}: a redirect (status {reply.status}), which is not followed")
        if (
            exchange.purpose == "unusual"
            and reply is not None
            and reply.status >= 500
            and self._judge.by_gateway(exchange)
        ):
            notes.append(
                f"{exchange.stimulus or 'unusual content'}: answered with status {reply.status} (recorded only, T14)"
            )
        if exchange.trouble and exchange.purpose != "broken":
            longer = "; on a slow line, a large document needs a longer timeout" if exchange.purpose == "large" else ""
            notes.append(f"{exchange.action}: {exchange.trouble}{longer}")
        known = self.run.notes
        known += [note for note in dict.fromkeys(notes) if note not in known and len(known) < MOST_NOTES]

    def _outcome(
        self, requirements: Sequence[str], findings: tuple[Finding, ...], exercised: set[str], reason: str
    ) -> TestOutcome:
        unexcused = [f for f in findings if not self._excused(f)]
        levels = {self.run.specification.requirements[finding.requirement].level for finding in unexcused}
        text = self._mask("\n".join(f"{f.requirement} {f.pointer}: {f.message}; {f.observed}" for f in findings))
        if findings:
            failed = self.run.strict or "MUST" in levels
            return TestOutcome("waived" if not unexcused else "failed" if failed else "warned", text, findings)
        missing = [requirement for requirement in requirements if requirement not in exercised]
        if missing:
            return TestOutcome(
                "inconclusive", f"{missing[0]} could not be judged: {reason or 'nothing it needs happened'}"
            )
        return TestOutcome("passed", "")

    def _reason(self, played: Transcript) -> str:
        if played.unmet:
            return played.unmet
        for exchange in reversed(played.exchanges):
            if exchange.trouble:
                return str(exchange.trouble)
            if exchange.reply is not None and exchange.action_of_reply is None:
                return f"{exchange.action} was answered with status {exchange.reply.status} without ACK or NACK"
        if self._judge.known.serves_fresh is False:
            return "the gateway serves no registration before it is verified"
        refused = [e for e in played.exchanges if e.refused and self._judge.due(e) == "ACK"]
        return f"a valid {refused[-1].action} was refused" if refused else ""

    def conclude(self) -> Verdict:
        """The verdict on everything that was shown so far; waivers count as of the day of the run."""
        run = self.run
        return conclude(
            self.tally,
            run.specification,
            run.config,
            strict=run.strict,
            narrowed=run.narrowed,
            unreachable=run.unreachable,
            can_verify=run.can_verify,
            today=run.started.date(),
        )
